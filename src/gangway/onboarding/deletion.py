"""Deleting a service: from the button to the moment when nothing of ours is known to be left in the tenant.

A planned service is given up with its invitation. A created one is suspended at once; a worker then takes away what
goes with it, and the short name is free again when that was seen gone, or a person said that they removed the rest.
Each step is looked at again every minute, so nothing hangs on a job or a process that was lost.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction

from gangway.audit.record import Actor
from gangway.connections import actions as connections
from gangway.connections.queries import registration_of
from gangway.foundation.errors import GangwayError
from gangway.invitations.queries import open_of
from gangway.jobs.actions import defer
from gangway.onboarding.errors import NameDiffers
from gangway.onboarding.withdrawal import withdraw
from gangway.organizations.scope import within, within_everything
from gangway.provisioning.errors import RunUnderWay
from gangway.provisioning.leaving import Going, Leaving, Left, forget, going, leave, left
from gangway.provisioning.queries import run
from gangway.services import actions as services
from gangway.services.errors import ServiceMoved
from gangway.services.queries import being_deleted, service
from gangway.services.states import Lifecycle

log = structlog.get_logger(__name__)

TAKE: Final = "onboarding:take_service_away"
ENDED: Final = "onboarding:service_left"
WORKER: Final = Actor.system("onboarding")


@dataclass(frozen=True, slots=True)
class Deletion:
    """What deleting a service means, or how far it has come. `going`: None when nothing was made for it."""

    going: Going | None
    left: Left

    @property
    def is_stuck(self) -> bool:
        """Whether a person has to do something before it ends."""
        return self.left.state is Leaving.STUCK


def deletion(service_id: UUID) -> Deletion:
    """Say what happens, or has happened, in the customer's tenant. Call it inside a scope."""
    registration_id = registration_of(service_id)
    goes = going(registration_id=registration_id, service_id=service_id) if registration_id else None
    return Deletion(goes, left(service_id=service_id, on_end=ENDED))


@transaction.atomic
def delete_service(*, service_id: UUID, typed: str, by: Actor, now: datetime) -> None:
    """*Delete*: begin it, or try again what is stuck. Call it inside a scope.

    Raises `NoSuchService`; `NameDiffers` at "typed" unless that is the short name; `ServiceMoved` when it is gone.
    """
    about = service(service_id)
    if typed.strip() != about.short_name:
        raise NameDiffers(field="typed")
    if about.lifecycle is Lifecycle.PLANNED:
        _give_up(service_id, by=by, now=now)
        return
    if about.lifecycle is not Lifecycle.DELETING:
        services.begin_deletion(service_id=service_id, by=by)
        connections.suspend(service_id=service_id, by=by, now=now)
    defer(TAKE, queueing_lock=f"{TAKE}:{service_id}", service_id=str(service_id))


def _give_up(service_id: UUID, *, by: Actor, now: datetime) -> None:
    invitation_id = open_of(service_id)
    if invitation_id is not None:
        withdraw(invitation_id=invitation_id, by=by, now=now)
    if service(service_id).lifecycle is Lifecycle.PLANNED:
        services.abandon_service(service_id=service_id, by=by)


def take_away(service_id: UUID, *, again: bool, now: datetime) -> None:
    """Take the next step of a deletion, if there is one. `again`: somebody wants what is stuck to be tried again."""
    with within_everything("a worker is given a service by its id"):
        about = service(service_id)
    with within(about.customer_path), transaction.atomic():
        if service(service_id).lifecycle is not Lifecycle.DELETING:
            return
        registration_id = registration_of(service_id)
        stands = left(service_id=service_id, on_end=ENDED).state
        if registration_id is None or stands is Leaving.GONE:
            forget(service_id=service_id, by=WORKER)
            with suppress(ServiceMoved):
                services.end_deletion(service_id=service_id, by=WORKER)
        elif stands is Leaving.NOT_BEGUN or (again and stands is Leaving.STUCK):
            with suppress(RunUnderWay), transaction.atomic():
                leave(registration_id=registration_id, service_id=service_id, on_end=ENDED, by=WORKER, now=now)


def go_on(*, now: datetime) -> None:
    """Take the next step of every deletion; one that fails doesn't hold up the others."""
    with within_everything("services of everybody that are being deleted"):
        rows = being_deleted()
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
