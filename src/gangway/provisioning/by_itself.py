"""Credentials that stand as leftovers and that their registration may remove itself: tried again once a day. Sync.

A failure that passes, a timeout or a Microsoft that didn't answer, needs nobody. What only a person may remove, what a
look found and what somebody waits for is left alone, and after a fortnight a person has to look at it.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db.models import QuerySet

from gangway.audit.record import Actor
from gangway.foundation.errors import GangwayError
from gangway.organizations.scope import within, within_everything
from gangway.provisioning.engine.rotation import CHANGES_ITSELF
from gangway.provisioning.errors import RunUnderWay
from gangway.provisioning.models import Leftover, Run
from gangway.provisioning.starting import try_again
from gangway.provisioning.states import HOLDING, RESTING, LeftoverKind, RegistrationState, RunKind

SCHEDULE: Final = Actor.system("leftovers schedule")
DAILY: Final = timedelta(days=1)
AT_MOST_FOR: Final = timedelta(days=14)
MOST: Final = 50
"""So many in one go; the rest an hour later."""

log = structlog.get_logger(__name__)


def try_what_needs_nobody(*, now: datetime) -> None:
    """Start a tear-down for each of them, the one first that was met the longest ago."""
    with within_everything("leftovers of everybody that need nobody"):
        rows = Leftover.objects.filter(
            kind=LeftoverKind.CREDENTIAL.value,
            cleared_at=None,
            seen_at__lte=now - DAILY,
            since__gt=now - AT_MOST_FOR,
            registration__state=RegistrationState.PROVED.value,
            registration__plan__permissions__has_any_keys=sorted(CHANGES_ITSELF),
        )
        rows = rows.exclude(facts__has_any_keys=["by_hand", "look"]).exclude(registration_id__in=_in_hand())
        due = list(rows.order_by("seen_at", "pk").values_list("pk", "organization__path")[:MOST])
    for leftover_id, path in due:
        with within(path):
            _try(leftover_id, now=now)


def _in_hand() -> QuerySet[Run, UUID]:
    """Registrations on which a run is at work, or rests for somebody: what is tried here would take its place."""
    resting = Run.objects.filter(state__in=[state.value for state in RESTING]).exclude(kind=RunKind.ROTATION.value)
    waits = resting.exclude(kind=RunKind.TEARDOWN.value, on_end="", wanted__whole=False)
    at_work = Run.objects.filter(state__in=[state.value for state in HOLDING])
    return (at_work | waits).values_list("registration_id", flat=True)


def _try(leftover_id: UUID, *, now: datetime) -> None:
    """Whatever comes of it, its next turn is tomorrow; unless another one of its registration goes first."""
    try:
        try_again(leftover_id=leftover_id, by=SCHEDULE, now=now)
    except RunUnderWay:
        return
    except GangwayError as error:
        log.info("leftover_not_tried_again", leftover=str(leftover_id), error=error.code)
    Leftover.objects.filter(pk=leftover_id).update(seen_at=now)
