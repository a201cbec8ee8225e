"""A service that goes: what of its registration goes with it, what stays, and how far that has come. Sync.

A registration goes with the last service that uses it, if we made it; else only what this service signs in with goes.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from gangway.audit.record import Actor
from gangway.provisioning import credential_rows
from gangway.provisioning.added import Added, added_by, give_back_plan, leaves_nobody
from gangway.provisioning.errors import NoSuchRegistration
from gangway.provisioning.in_use import living_others, not_gone
from gangway.provisioning.models import MADE, Credential, Leftover, Registration, Run
from gangway.provisioning.moves import is_first, locked
from gangway.provisioning.starting import start_teardown
from gangway.provisioning.states import HOLDING, CredentialState, LeftoverKind, RegistrationState, RunKind, RunState
from gangway.services.states import Lifecycle


class Leaving(StrEnum):
    """How far a service has left its tenant. `stuck`: a person has to sign in, or to remove what is listed."""

    NOT_BEGUN = "not_begun"
    UNDER_WAY = "under_way"
    STUCK = "stuck"
    GONE = "gone"


FURTHEST_FIRST: Final = (Leaving.STUCK, Leaving.UNDER_WAY, Leaving.NOT_BEGUN, Leaving.GONE)


@dataclass(frozen=True, slots=True)
class Going:
    """What happens in the tenant when a service goes.

    `others`: services that go on with the same registration; who moved away from it holds it up only while that rests.
    """

    registration_id: UUID
    name: str
    app_id: str
    tenant_id: str
    tenant_name: str
    is_ours: bool
    others: tuple[str, ...]
    credentials: tuple[str, ...]
    """Ours: they are taken away."""
    typed: tuple[str, ...]
    """Somebody typed them in: they stay in the tenant unless the registration goes, and our copy is destroyed."""
    others_go: bool = False
    """Whether all of the others will be deleted as well, unless somebody keeps one."""

    @property
    def whole(self) -> bool:
        """Whether the registration itself goes with this service, and its permissions and roles."""
        return self.is_ours and not self.others

    @property
    def goes(self) -> bool:
        """Whether the registration goes in the end, be it with this service or with the last of the others."""
        return self.whole or (self.is_ours and self.others_go)


@dataclass(frozen=True, slots=True)
class Left:
    """How far it has come; `run_id` is None before a run was started."""

    state: Leaving
    run_id: UUID | None = None


def going(*, registration_id: UUID, service_id: UUID) -> Going:
    """Say beforehand what goes with a service. Raises NoSuchRegistration."""
    row = Registration.objects.filter(pk=registration_id).first()
    if row is None:
        raise NoSuchRegistration
    mine = list(_credentials(registration_id).filter(service_id=service_id).order_by("announced_at"))
    others = living_others(registration_id, service_id).exclude(state=CredentialState.RESTING.value)
    staying = others.exclude(service__lifecycle=Lifecycle.LEAVING.value)
    return Going(
        registration_id=row.pk,
        name=row.display_name,
        app_id=row.app_id,
        tenant_id=row.tenant_id,
        tenant_name=row.tenant_name,
        is_ours=row.origin == MADE,
        others=tuple(_names(others)),
        credentials=tuple(one.display_name for one in mine if one.origin == MADE),
        typed=tuple(one.display_name for one in mine if one.origin != MADE),
        others_go=others.exists() and not staying.exists(),
    )


def is_known(registration_id: UUID) -> bool:
    """Whether we hold a record of this registration in the scope."""
    return bool(Registration.objects.filter(pk=registration_id).exists())


def known_before(registration_id: UUID, at: datetime) -> bool:
    """Whether a registration of ours was made and proved before this time, and is still there."""
    there = Registration.objects.filter(pk=registration_id, origin=MADE, made_at__lt=at, proved_at__isnull=False)
    return bool(there.exclude(state=RegistrationState.REMOVED.value).exists())


def held_by(service_id: UUID) -> tuple[UUID, ...]:
    """All registrations that hold a credential of ours for the service, those that it moved away from as well."""
    rows = Credential.objects.filter(service_id=service_id, origin=MADE).exclude(state=CredentialState.REMOVED.value)
    return tuple(rows.values_list("registration_id", flat=True).distinct())


def left(*, service_id: UUID, on_end: str, registration_id: UUID | None = None) -> Left:
    """Say how far the service has left by the runs that `leave` started with this `on_end`.

    `registration_id`: asks for that one only; else the one that is furthest from gone counts.
    """
    runs = Run.objects.filter(service_id=service_id, kind=RunKind.TEARDOWN.value, on_end=on_end)
    runs = runs.filter(registration_id=registration_id) if registration_id else runs
    runs = runs.select_related("registration")
    latest = runs.order_by("registration_id", "-created_at").distinct("registration_id")
    return min((_left(run) for run in latest), key=lambda one: FURTHEST_FIRST.index(one.state), default=_left(None))


def _left(run: Run | None) -> Left:
    if run is None:
        return Left(Leaving.NOT_BEGUN)
    if run.state == RunState.PROVED:
        return Left(Leaving.GONE, run.pk)
    if RunState(run.state) in HOLDING:
        return Left(Leaving.UNDER_WAY, run.pk)
    if run.state == RunState.CANCELLED and run.registration.state == RegistrationState.REMOVED:
        return Left(Leaving.GONE, run.pk)  # another service's tear-down took its place, and all of it went
    listed = Leftover.objects.filter(run_id=run.pk, facts__look__isnull=True)  # what a look found, it didn't leave
    listed = listed.exclude(kind=LeftoverKind.SIGN_IN_APPLICATION.value)  # of whoever signed in, not of the service
    cleared = listed.exists() and not listed.filter(cleared_at__isnull=True).exists()
    return Left(Leaving.GONE if cleared else Leaving.STUCK, run.pk)


@transaction.atomic
def leave(*, registration_id: UUID, service_id: UUID, on_end: str, by: Actor, now: datetime) -> UUID:
    """Start taking away what goes with a service that lives no more; gives the run's id. Asking again goes on.

    Of two services that leave at once, the second one sees the first gone and takes the registration along.
    Raises NoSuchRegistration, RunUnderWay.
    """
    registration = Registration.objects.select_for_update(of=("self",)).filter(pk=registration_id).first()
    if registration is None:
        raise NoSuchRegistration
    mine = _credentials(registration_id).filter(service_id=service_id, origin=MADE)
    others = living_others(registration_id, service_id).values("pk")
    whole = registration.origin == MADE and not not_gone(registration_id, now=now).filter(pk__in=others).exists()
    if not whole:
        for row in mine:
            if credential_rows.is_needed_by_others(row):
                credential_rows.remove(row, by=by)
    run_id = start_teardown(
        registration_id=registration_id,
        service_id=service_id,
        whole=whole,
        credentials=() if whole else mine.values_list("pk", flat=True),
        on_end=on_end,
        by=by,
        now=now,
    )
    Run.objects.filter(pk=run_id).update(on_end=on_end)
    return run_id


@transaction.atomic
def undo_proved(*, run_id: UUID, by: Actor, now: datetime) -> None:
    """Start taking back what a proved run made that nobody wants any more.

    Of a registration that others use, or that was there before, only what this run added goes, unless nobody has it
    then. Raises NoSuchRun, RunUnderWay.
    """
    run = locked(run_id)
    own = run.registration.origin == MADE and run.kind == RunKind.SETUP and is_first(run)
    never_used = own and not living_others(run.registration_id, run.service_id).exists()
    added = Added() if never_used else added_by(run)
    whole = never_used or leaves_nobody(run, added)
    give_back_plan(run)
    if whole or added:
        start_teardown(
            registration_id=run.registration_id,
            service_id=run.service_id,
            whole=whole,
            for_good=never_used,
            **(Added() if whole else added).wanted(),
            by=by,
            now=now,
        )


@transaction.atomic
def forget(*, service_id: UUID, by: Actor) -> None:
    """Destroy our copies of what a service that is gone signed in with."""
    for row in Credential.objects.select_for_update(of=("self",)).filter(service_id=service_id):
        if row.state != CredentialState.REMOVED.value:
            credential_rows.remove(row, by=by)


def _credentials(registration_id: UUID) -> QuerySet[Credential]:
    rows = Credential.objects.filter(registration_id=registration_id)
    return rows.exclude(state=CredentialState.REMOVED.value)


def _names(rows: QuerySet[Credential]) -> list[str]:
    """Short names of the services that these are for."""
    return sorted(set(rows.values_list("service__short_name", flat=True)))
