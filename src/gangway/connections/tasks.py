"""What workers do for this room."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import structlog

from gangway.connections import (
    adopting,
    aging,
    announcing,
    companions,
    emergency,
    fleet,
    following,
    looking_round,
    rotation,
    tending,
    validation,
)
from gangway.foundation import clock
from gangway.foundation.errors import GangwayError
from gangway.jobs.registry import task
from gangway.jobs.retry import RetryDecision
from gangway.jobs.schedule import every
from gangway.jobs.threads import in_database
from gangway.provisioning.actions import CheckItem, check_registration

log = structlog.get_logger(__name__)

GIVE_UP: Final = "connections:give_up_validations"
TEND: Final = "connections:tend"
TEND_EVERY_SECONDS: Final = 60
FORGET_OLD: Final = "connections:forget_old_looks"
FORGET_OLD_EVERY_SECONDS: Final = 900
DRIVE_EVERY_SECONDS: Final = 30


@task(name=fleet.VALIDATE, retry=RetryDecision(waits=(2, 10)), deadline_seconds=150)
async def validate_connection(validation_id: str) -> None:
    """Sign in as the registration, read back what it may, and write down what was seen."""
    wanted = UUID(validation_id)
    begun = await in_database(validation.begin, validation_id=wanted, now=clock.now())
    if begun is None:
        return

    async def tell(items: Sequence[CheckItem]) -> None:
        await in_database(validation.note, items, validation_id=wanted)

    try:
        result = await check_registration(
            registration_id=begun.registration_id,
            credential_id=begun.credential_id,
            users_wanted=begun.users,
            by=validation.WORKER,
            tell=tell,
        )
    except GangwayError as error:
        if await in_database(validation.look_again, validation_id=wanted, begun=begun):
            return
        log.exception("validation_failed", validation=validation_id)
        await in_database(validation.fail, validation_id=wanted, error=error, now=clock.now())
        return
    seen_of = begun.registration_id
    if await in_database(validation.end, validation_id=wanted, begun=begun, result=result, now=clock.now()):
        await in_database(looking_round.seen_by_itself, result.around, registration_id=seen_of, now=clock.now())


@task(name=GIVE_UP, deadline_seconds=60)
def give_up_validations() -> None:
    """End validations that lost their worker for good."""
    validation.give_up(now=clock.now())


@task(name=TEND, deadline_seconds=600)
def tend() -> None:
    """Look after the connections whose time has come: warnings, rotations, and validations as many as fit."""
    now = clock.now()
    adopting.adopt_new(now=now)
    tending.tend_due(now=now)
    fleet.validate_due(now=now)
    companions.validate_due(now=now)
    fleet.forget(now=now)


@task(name=FORGET_OLD, deadline_seconds=300)
def forget_old_looks() -> None:
    """Say of what nobody looked at for long that nobody knows."""
    aging.forget_old_looks(now=clock.now())


@task(name=rotation.ENDED, retry=RetryDecision(waits=(2, 5, 15, 60)), deadline_seconds=60)
def rotation_ended(run_id: str) -> None:
    """Take note of how a rotation ended or came to rest."""
    following.ended(UUID(run_id), now=clock.now())


@task(name=announcing.ENDED, retry=RetryDecision(waits=(5, 60, 600)), deadline_seconds=60)
def advance_notice_ended(subject_ref: str) -> None:
    """See whom the advance notice of a renewal reached."""
    announcing.note_ended(subject_ref, now=clock.now())


@task(name=emergency.DRIVE, deadline_seconds=600)
def drive_emergencies() -> None:
    """Go on with every emergency: after a crash, and whenever there is room for more."""
    emergency.drive(now=clock.now())


every(60, GIVE_UP)
every(TEND_EVERY_SECONDS, TEND)
every(FORGET_OLD_EVERY_SECONDS, FORGET_OLD)
every(DRIVE_EVERY_SECONDS, emergency.DRIVE)
