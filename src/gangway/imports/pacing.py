"""How many rows may be done now: of a provider in a minute, whoever imports, and of one person's links in an hour.

Mail servers and Microsoft know a provider, not our imports, and take offence at too much at once. So all imports of a
provider share its pace, each as much of it as the others: rows are taken under a lock, and it is written down when.
Where more share it than it has rows, each does one row and then lets the others go first.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from gangway.imports.models import Import, Row
from gangway.imports.states import ImportState, Kind, RowState, Wait
from gangway.invitations.minting import MOST_BY_ONE, links_left
from gangway.organizations.queries import provider_of
from gangway.organizations.scope import within

A_MINUTE: Final = timedelta(minutes=1)
LATER: Final = timedelta(minutes=5)
WAITS: Final = {Wait.PACE: A_MINUTE, Wait.LINKS: LATER}
"""How long until it is tried again."""
AT_ONCE: Final = {Kind.NEW: 30, Kind.EXISTING: 20}
"""Rows of one provider in a minute."""
FOR_HANDS: Final = MOST_BY_ONE // 5
"""Of the links that a person may make within an hour, those that an import leaves to their own hands."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The rows whose turn it is, and what the rest waits for."""

    rows: list[UUID]
    wait: Wait


@transaction.atomic
def take_turn(whole: Import, *, now: datetime) -> Turn:
    """Take as many rows of a running import as may be done now."""
    kind = Kind(whole.kind)
    with within(provider_of(whole.organization_id).path):
        allowed = _share(whole, kind, now=now)
    links = _links(whole, now=now) if kind is Kind.NEW else allowed
    waiting = whole.rows.filter(state=RowState.READY.value).order_by("number")
    rows = list(waiting.values_list("pk", flat=True)[: min(allowed, links)])
    Row.objects.filter(pk__in=rows).update(begun_at=now)
    return Turn(rows, Wait.PACE if links else Wait.LINKS)


def give_back(turn: Turn) -> None:
    """Let what was not tried count for nothing: others may have its part of the pace."""
    Row.objects.filter(pk__in=turn.rows, state=RowState.READY.value).update(begun_at=None)


def _share(whole: Import, kind: Kind, *, now: datetime) -> int:
    """Return what one import may take of the provider's pace; holds the running ones until the transaction ends."""
    running = Import.objects.filter(state=ImportState.RUNNING.value, kind=kind.value)
    held = list(running.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    going = running.filter(pk__in=held).exclude(waits_for=Wait.LINKS.value, goes_on_at__gt=now)
    ready = Row.objects.filter(whole__in=going, state=RowState.READY.value)
    sharing, most = max(1, ready.values("whole").distinct().count()), AT_ONCE[kind]
    minutes = -(-sharing // most)
    if minutes > 1 and whole.rows.filter(begun_at__gt=now - minutes * A_MINUTE).exists():
        return 0
    begun = Row.objects.filter(whole__kind=kind.value, begun_at__gt=now - A_MINUTE).count()
    return max(0, min(most - begun, max(1, most // sharing)))


def _links(whole: Import, *, now: datetime) -> int:
    """Return how many links this person may make now without taking those that are left to their own hands."""
    return max(0, links_left(whole.by_id, now=now) - FOR_HANDS)
