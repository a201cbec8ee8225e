"""Leftovers that their registration may remove itself, a credential or all of it: tried again once a day. Sync.

All of it only where a tear-down failed of whose end nobody is told. A failure that passes, a timeout or a Microsoft
that didn't answer, needs nobody. What only a person may remove, what a look found and what somebody waits for is left
alone, and after a fortnight of days that were not held up a person has to look at it.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db.models import F, Q, QuerySet

from gangway.audit.record import Actor
from gangway.foundation.errors import GangwayError
from gangway.organizations.scope import within, within_everything
from gangway.provisioning.engine.rotation import CHANGES_ITSELF
from gangway.provisioning.errors import RunUnderWay
from gangway.provisioning.models import Leftover, Run
from gangway.provisioning.resting import Resting, held_back
from gangway.provisioning.starting import try_again
from gangway.provisioning.states import HOLDING, RESTING, LeftoverKind, RegistrationState, RunKind, RunState

SCHEDULE: Final = Actor.system("leftovers schedule")
DAILY: Final = timedelta(days=1)
AT_MOST: Final = 14
"""Tries; a day in a freeze, or while its service is suspended or leaves, is none."""
MOST: Final = 50
"""So many in one go; the rest an hour later."""

log = structlog.get_logger(__name__)


def try_what_needs_nobody(*, now: datetime) -> None:
    """Start a tear-down for each of them, the one first that was met the longest ago."""
    with within_everything("leftovers of everybody that need nobody"):
        single = Q(kind=LeftoverKind.CREDENTIAL.value) & ~Q(registration_id__in=_in_hand())
        whole = Q(kind=LeftoverKind.APPLICATION.value, run__in=_failed_whole())
        rows = Leftover.objects.filter(
            single | whole,
            cleared_at=None,
            seen_at__lte=now - DAILY,
            tries__lt=AT_MOST,
            registration__state=RegistrationState.PROVED.value,
            registration__plan__permissions__has_any_keys=sorted(CHANGES_ITSELF),
        )
        rows = rows.exclude(facts__has_any_keys=["by_hand", "look"])
        due = list(rows.order_by("seen_at", "pk").select_related("organization")[:MOST])
    resting = {row.pk: Resting(row.service_id, row.organization.path, row.since) for row in due}
    held = held_back(resting.values(), now=now)
    for leftover_id, one in resting.items():
        with within(one.path):
            _try(leftover_id, held=one in held, now=now)


def _in_hand() -> QuerySet[Run, UUID]:
    """Registrations on which a run is at work, or rests for somebody: what is tried here would take its place."""
    resting = Run.objects.filter(state__in=[state.value for state in RESTING]).exclude(kind=RunKind.ROTATION.value)
    waits = resting.exclude(kind=RunKind.TEARDOWN.value, on_end="", wanted__whole=False)
    at_work = Run.objects.filter(state__in=[state.value for state in HOLDING])
    return (at_work | waits).values_list("registration_id", flat=True)


def _failed_whole() -> QuerySet[Run]:
    """Tear-downs of whole registrations that failed, and of whose end nobody is told; the same one goes on.

    One that ends Microsoft's thirty days as well stays a person's: to try it again here asks for less.
    """
    rows = Run.objects.filter(kind=RunKind.TEARDOWN.value, state=RunState.FAILED.value, on_end="", wanted__whole=True)
    return rows.exclude(wanted__for_good=True)


def _try(leftover_id: UUID, *, held: bool, now: datetime) -> None:
    """Whatever comes of it, its next turn is tomorrow; unless another one of its registration goes first."""
    try:
        if not held:
            try_again(leftover_id=leftover_id, by=SCHEDULE, now=now)
    except RunUnderWay:
        return
    except GangwayError as error:
        log.info("leftover_not_tried_again", leftover=str(leftover_id), error=error.code)
    Leftover.objects.filter(pk=leftover_id).update(seen_at=now, tries=F("tries") + (0 if held else 1))
