"""Deleting a service: from the button to the moment when nothing of ours is known to be left in the tenant.

A planned service is given up with its invitation. A created one is suspended at once, links to renew it die, and it
can be kept for some days; a worker then takes away what goes with it, and the short name is free again when that was
seen gone, or a person said that they removed the rest. Each step is looked at again every minute, so nothing hangs on a
lost job or process.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction

from gangway.audit.record import Actor
from gangway.connections import actions as connections
from gangway.connections.companions import used_beside
from gangway.connections.queries import registration_of
from gangway.connections.states import SuspendedWhy
from gangway.foundation.errors import GangwayError
from gangway.invitations.queries import open_of
from gangway.jobs.actions import defer
from gangway.onboarding import disconnections
from gangway.onboarding.errors import NameDiffers
from gangway.onboarding.farewell import say_farewell
from gangway.onboarding.models import OperatorOnboarding
from gangway.onboarding.withdrawal import stop, withdraw
from gangway.organizations.scope import within, within_everything
from gangway.provisioning.beside import besides
from gangway.provisioning.errors import NoSuchRegistration, RunUnderWay
from gangway.provisioning.leaving import Going, Leaving, Left, forget, going, held_by, is_known, leave, left
from gangway.provisioning.queries import run
from gangway.services import actions as services
from gangway.services.errors import ServiceMoved
from gangway.services.queries import being_deleted, leaving_by, service
from gangway.services.states import Lifecycle

log = structlog.get_logger(__name__)

TAKE: Final = "onboarding:take_service_away"
ENDED: Final = "onboarding:service_left"
WORKER: Final = Actor.system("onboarding")


@dataclass(frozen=True, slots=True)
class Deletion:
    """What deleting a service means, or how far it has come. `going`: None when nothing was made for it.

    `lost`: its connection names a registration that we hold no record of, so nobody can say what is in the tenant.
    """

    going: Going | None
    left: Left
    lost: bool = False
    beside: tuple[Going, ...] = ()
    """Registrations of their own that go with it."""
    rests: tuple[Going, ...] = ()
    """Registrations that it moved away from and that hold a credential of it yet."""
    trouble: str = ""
    """Why it takes longer or is stuck, such as Microsoft that does not answer; empty when nothing is wrong."""

    @property
    def is_stuck(self) -> bool:
        """Whether a person has to do something before it ends."""
        return self.left.state is Leaving.STUCK


def deletion(service_id: UUID) -> Deletion:
    """Say what happens, or has happened, in the customer's tenant. Call it inside a scope."""
    registration_id = registration_of(service_id)
    goes: Going | None = None
    too: tuple[UUID, ...] = ()
    if registration_id is not None:
        too = _beside(registration_id, service_id)
        with suppress(NoSuchRegistration):
            goes = going(registration_id=registration_id, service_id=service_id)
    lost = registration_id is not None and goes is None
    beside = tuple(going(registration_id=one, service_id=service_id) for one in too)
    before = [one for one in held_by(service_id) if one not in {registration_id, *too}]
    rests = tuple(going(registration_id=one, service_id=service_id) for one in before)
    stands = left(service_id=service_id, on_end=ENDED)
    error = run(stands.run_id).error if stands.run_id and stands.state is not Leaving.GONE else None
    return Deletion(goes, stands, lost, beside, rests, error.what if error else "")


@transaction.atomic
def delete_service(*, service_id: UUID, typed: str, by: Actor, now: datetime) -> None:
    """*Delete*: begin it, or try again what is stuck; while it leaves nothing more happens. Call it inside a scope.

    Raises `NoSuchService`; `NameDiffers` at "typed" unless that is the short name; `ServiceMoved` when it is gone.
    """
    connections.hold_all(service_id)
    about = service(service_id)
    if typed.strip() != about.short_name:
        raise NameDiffers(field="typed")
    if about.lifecycle is Lifecycle.PLANNED:
        _give_up(service_id, by=by, now=now)
        return
    if about.lifecycle is Lifecycle.LEAVING:
        return
    if about.lifecycle is not Lifecycle.DELETING:
        days = settings.GANGWAY.deletion_grace_days if registration_of(service_id) else 0
        until = now + timedelta(days=days)
        services.begin_leaving(service_id=service_id, until=until, by=by)
        connections.suspend(service_id=service_id, why=SuspendedWhy.LEAVING, by=by, now=now)
        _withdraw_all(service_id, by=by, now=now)
    defer(TAKE, queueing_lock=f"{TAKE}:{service_id}", service_id=str(service_id))


@transaction.atomic
def keep_service(*, service_id: UUID, by: Actor, now: datetime) -> None:
    """*Keep it*: take a deletion back in time; the connection is used again, unless it was paused before.

    Call it inside a scope. Raises `NoSuchService`; `ServiceMoved` when it doesn't leave, or is being taken away.
    """
    connections.hold_all(service_id)
    services.keep_service(service_id=service_id, by=by)
    connections.resume(service_id=service_id, why=SuspendedWhy.LEAVING, by=by, now=now)
    disconnections.take_back(service_id, now=now)


def _give_up(service_id: UUID, *, by: Actor, now: datetime) -> None:
    _withdraw_all(service_id, by=by, now=now)
    if service(service_id).lifecycle is Lifecycle.PLANNED:
        for added in OperatorOnboarding.objects.filter(service_id=service_id, finished_at__isnull=True):
            stop(added.invitation_id, by, now)
        services.abandon_service(service_id=service_id, by=by)


def _withdraw_all(service_id: UUID, *, by: Actor, now: datetime) -> None:
    """What is made for a service that goes would be left in the tenant; who keeps the service invites anew."""
    while invitation_id := open_of(service_id):
        withdraw(invitation_id=invitation_id, by=by, now=now)


def take_away(service_id: UUID, *, again: bool, now: datetime) -> None:
    """Take the next step of a deletion, if there is one. `again`: somebody wants what is stuck to be tried again."""
    with within_everything("a worker is given a service by its id"):
        about = service(service_id)
    with within(about.customer_path), transaction.atomic():
        connections.hold_all(service_id)
        about = service(service_id)
        if about.lifecycle is Lifecycle.LEAVING and about.leaves_at is not None and about.leaves_at <= now:
            services.begin_deletion(service_id=service_id, by=WORKER)
            disconnections.ask_to_tell(service_id)
        elif about.lifecycle is not Lifecycle.DELETING:
            return
        registration_id = registration_of(service_id)
        going_too = _beside(registration_id, service_id) if registration_id else ()
        named = dict.fromkeys((*going_too, registration_id, *held_by(service_id)))
        rest = [one for one in named if one and is_known(one) and not _is_gone(service_id, one)]
        if not rest:
            say_farewell(service_id, on_end=ENDED, by=WORKER, now=now)
            forget(service_id=service_id, by=WORKER)
            with suppress(ServiceMoved):
                services.end_deletion(service_id=service_id, by=WORKER)
        for one in rest:
            _leave(service_id, one, again=again, now=now)


def _beside(registration_id: UUID, service_id: UUID) -> tuple[UUID, ...]:
    """What was made beside the connection, and what somebody typed there."""
    made = besides(registration_id=registration_id, service_id=service_id)
    return tuple(dict.fromkeys((*made, *used_beside(service_id))))


def _is_gone(service_id: UUID, registration_id: UUID) -> bool:
    return left(service_id=service_id, on_end=ENDED, registration_id=registration_id).state is Leaving.GONE


def _leave(service_id: UUID, registration_id: UUID, *, again: bool, now: datetime) -> None:
    stands = left(service_id=service_id, on_end=ENDED, registration_id=registration_id).state
    if stands is Leaving.NOT_BEGUN or (again and stands is Leaving.STUCK):
        with suppress(RunUnderWay), transaction.atomic():
            leave(registration_id=registration_id, service_id=service_id, on_end=ENDED, by=WORKER, now=now)


def go_on(*, now: datetime) -> None:
    """Take the next step of every deletion; one that fails doesn't hold up the others."""
    with within_everything("services of everybody that are being deleted"):
        rows = [*leaving_by(now), *being_deleted()]
    for service_id in rows:
        try:
            take_away(service_id, again=False, now=now)
        except GangwayError:
            log.exception("deletion_failed", service=str(service_id))


def run_ended(run_id: UUID, *, now: datetime) -> None:
    """Take note that the run which takes a service away came to an end or to rest."""
    with within_everything("a worker is given a run by its id"):
        service_id = run(run_id).service_id
    take_away(service_id, again=False, now=now)
