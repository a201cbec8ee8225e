"""Registrations that a service uses beside its connection, each looked at by itself: call quality beside calling.

What is wrong with one says nothing about the service's connection, which keeps its own status.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.connections import fleet, rights, rotation, schedule, validation
from gangway.connections.errors import ConnectionSuspended, NoSuchConnection, NotMadeYet
from gangway.connections.kept import credential_of, credentials_of
from gangway.connections.models import RUNNING, Companion, Connection, Validation
from gangway.connections.queries import ItemView, ValidationRow, history_of
from gangway.connections.rights import GrantRow
from gangway.connections.verdict import Status
from gangway.organizations.scope import within_everything
from gangway.provisioning import queries as provisioning
from gangway.provisioning.actions import hold_registrations, switch
from gangway.provisioning.beside_view import credential_beside
from gangway.provisioning.renewable import proved_ids
from gangway.provisioning.shapes import CredentialView, RegistrationView
from gangway.services.states import HOLDS_ITS_NAME

REASON: Final = "a worker validates everybody's connections"


@dataclass(frozen=True, slots=True)
class CompanionView:
    """One such registration: its facts, and what the latest look at it showed."""

    service_id: UUID
    profile: str
    title: str
    registration: RegistrationView
    credential: CredentialView | None
    status: Status
    words: str
    last_validated_at: datetime | None
    last_good_at: datetime | None
    history: tuple[ValidationRow, ...]
    """Newest first, at most 20."""
    grants: tuple[GrantRow, ...] = ()
    """Its permissions as they were last seen."""

    @property
    def is_over(self) -> bool:
        """Whether a live page may stop asking."""
        return not self.history or self.history[0].is_over

    @property
    def items(self) -> tuple[ItemView, ...]:
        """What the latest look saw, as far as it is."""
        return self.history[0].items if self.history else ()


@transaction.atomic
def take_over(
    *, service_id: UUID, organization_id: UUID, registration_id: UUID, profile: str, by: Actor, now: datetime
) -> None:
    """Give a service a registration beside its connection; from another one it moves here once this one is proved."""
    pk = uuid4()
    defaults = {
        "id": pk,
        "organization_id": organization_id,
        "registration_id": registration_id,
        "tenant_id": provisioning.registration(registration_id).tenant_id,
        "validate_at": schedule.slot(pk, now),
        "tend_at": now,
        "created_at": now,
    }
    _of(registration_id).exclude(service__lifecycle__in=HOLDS_ITS_NAME).delete()
    row, made = Companion.objects.get_or_create(service_id=service_id, profile=profile, defaults=defaults)
    if made:
        _record(Event.CONNECTION_MADE, row, by, {"registration": str(registration_id)})
    elif row.registration_id != registration_id:
        _move(row.pk, registration_id, by=by, now=now)


def _move(companion_id: UUID, registration_id: UUID, *, by: Actor, now: datetime) -> None:
    """What was used until now rests, and goes as a connection's does that moved away."""
    hold_registrations([registration_id, *_registrations(pk=companion_id)])
    row = Companion.objects.select_for_update(of=("self",)).get(pk=companion_id)
    proved = proved_ids(registration_id=registration_id, service_id=row.service_id)
    if not proved:
        return
    for old in proved_ids(registration_id=row.registration_id, service_id=row.service_id):
        switch(old, proved[0], by=by, now=now)
    rotation.forget_plan(row, by=by, now=now)
    row.registration_id, row.tenant_id = registration_id, provisioning.registration(registration_id).tenant_id
    row.validate_at = now
    row.save()
    _record(Event.CONNECTION_RENEWED, row, by, {"registration": str(registration_id), "credential": str(proved[0])})


@transaction.atomic
def pass_over(*, service_id: UUID, registration_id: UUID, profile: str, by: Actor, now: datetime) -> None:
    """What was made for a service isn't used, as another one is by now: it rests, and goes as what was replaced."""
    hold_registrations([registration_id, *_registrations(service_id=service_id, profile=profile)])
    row = Companion.objects.select_for_update(of=("self",)).get(service_id=service_id, profile=profile)
    used = proved_ids(registration_id=row.registration_id, service_id=service_id)
    for made in proved_ids(registration_id=registration_id, service_id=service_id) if used else ():
        switch(made, used[0], by=by, now=now)


@transaction.atomic
def validate(*, service_id: UUID, profile: str, by: Actor, now: datetime) -> None:
    """*Validate*: a worker signs in as this registration; asking while one looks changes nothing.

    Raises `NoSuchConnection`, `ConnectionSuspended`, `NotMadeYet` while it has nothing to sign in with.
    """
    row = Companion.objects.select_for_update(of=("self",)).filter(service_id=service_id, profile=profile).first()
    if row is None:
        raise NoSuchConnection
    suspended = Connection.objects.filter(service_id=service_id, suspended_at__isnull=False).first()
    if suspended is not None:
        raise ConnectionSuspended.at(suspended.suspended_level)
    if credential_of(row) is None:
        raise NotMadeYet
    if validation.running(row) is None:
        fleet.queue(row, by=by, now=now)
        _record(Event.CONNECTION_VALIDATION_ASKED, row, by, {})


def validate_due(*, now: datetime) -> int:
    """Start the fleet's own looks that are due, in the room that connections leave; gives how many. For workers."""
    with within_everything(REASON), transaction.atomic():
        room = fleet.room_left()
        rows = fleet.due_beside(now).exclude(tenant_id__in=fleet.paused(now))
        taken = list(rows.select_for_update(of=("self",), skip_locked=True).order_by("validate_at")[:room])
        looks = Validation.objects.filter(companion__in=taken, state__in=RUNNING)
        idle = credentials_of(taken).keys() - set(looks.values_list("companion_id", flat=True))
        for row in taken:
            row.validate_at = schedule.slot(row.pk, now)
            row.save(update_fields=["validate_at"])
            if row.pk in idle:
                fleet.queue(row, tenant_id=row.tenant_id, by=fleet.FLEET, now=now)
    return len(idle)


@transaction.atomic
def renew(*, service_id: UUID, by: Actor, now: datetime) -> None:
    """Let a service use what was made and proved beside its connection while that was renewed; the old ones rest.

    Workers look at it anew. Where nothing was made, nothing happens.
    """
    hold_registrations(used_beside(service_id))
    for row in Companion.objects.select_for_update(of=("self",)).filter(service_id=service_id):
        proved = proved_ids(registration_id=row.registration_id, service_id=service_id)
        if not proved[1:]:
            continue
        rotation.forget_plan(row, by=by, now=now)
        row.validate_at = now
        row.save()
        for old in proved[1:]:
            switch(old, proved[0], by=by, now=now)
            _record(Event.CONNECTION_RENEWED, row, by, {"credential": str(proved[0])})


def companions(service_id: UUID) -> tuple[CompanionView, ...]:
    """What a service uses beside its connection. Call it inside a scope."""
    return tuple(map(_view, Companion.objects.filter(service_id=service_id).order_by("profile")))


def used_beside(service_id: UUID) -> tuple[UUID, ...]:
    """Return the registrations that a service uses beside its connection. Call it inside a scope."""
    return _registrations(service_id=service_id)


def _registrations(**whose: UUID | str) -> tuple[UUID, ...]:
    rows = Companion.objects.filter(**whose).order_by("profile")
    return tuple(rows.values_list("registration_id", flat=True))


def used_by(registration_id: UUID) -> UUID | None:
    """Return the service that uses a registration beside its connection; None when none does. Inside a scope.

    One that is gone uses nothing: its successor may.
    """
    standing = _of(registration_id).filter(service__lifecycle__in=HOLDS_ITS_NAME)
    return standing.values_list("service_id", flat=True).first()


def _of(registration_id: UUID) -> QuerySet[Companion]:
    return Companion.objects.filter(registration_id=registration_id)


def companion(service_id: UUID, profile: str) -> CompanionView:
    """One of them, live. Raises `NoSuchConnection`."""
    row = Companion.objects.filter(service_id=service_id, profile=profile).first()
    if row is None:
        raise NoSuchConnection
    return _view(row)


def _view(row: Companion) -> CompanionView:
    about = provisioning.registration(row.registration_id)
    return CompanionView(
        service_id=row.service_id,
        profile=row.profile,
        title=provisioning.choices(row.profile).title,
        registration=about,
        credential=credential_beside(about, row.service_id),
        status=cast("Status", row.status),
        words=row.status_words,
        last_validated_at=row.last_validated_at,
        last_good_at=row.last_good_at,
        history=history_of(row),
        grants=rights.rows_of(about, rights.seen_of(row, about)),
    )


def _record(event: Event, row: Companion, by: Actor, data: dict[str, str]) -> None:
    facts = {"profile": row.profile, **data}
    record(event, by=by, organization_id=row.organization_id, subject=f"service:{row.service_id}", data=facts)
