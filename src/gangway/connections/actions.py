"""What is done with connections: made at the end of an onboarding, validated whenever somebody asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.connections import adopting, companions, fleet, rotation, validation
from gangway.connections.errors import (
    AlreadyConnected,
    ConnectionSuspended,
    DecidedAbove,
    NoSuchConnection,
    NotADomain,
)
from gangway.connections.models import Care, Companion, Connection, Validation
from gangway.connections.states import AuthenticatedBy, SuspendedWhy
from gangway.connections.verdict import KeptItem
from gangway.organizations.roles import Kind, stands_over
from gangway.provisioning import actions as provisioning
from gangway.provisioning.actions import hold_registrations, hold_registrations_of, switch, taken_into_use
from gangway.provisioning.leaving import held_by
from gangway.provisioning.queries import credential_end, registration, registration_of_credential
from gangway.services import actions as services
from gangway.services.errors import ServiceMoved
from gangway.services.queries import service
from gangway.services.states import Connection as Status
from gangway.services.states import Lifecycle

RESUMED: Final = "Resumed, not validated yet."


@dataclass(frozen=True, slots=True)
class Paused:
    """A pause of a connection: of whoever has which level, and since when."""

    level: Kind
    since: datetime


@transaction.atomic
def connect_service(
    *,
    service_id: UUID,
    organization_id: UUID,
    registration_id: UUID,
    credential_id: UUID,
    user_name: str,
    authenticated_by: AuthenticatedBy = AuthenticatedBy.SIGN_IN,
    m365_domain: str,
    items: Sequence[KeptItem],
    granted: list[str] | None,
    roles: list[str] | None = None,
    seen_at: datetime,
    by: Actor,
    now: datetime,
) -> None:
    """Give a service its connection; what was last seen of it becomes its first validation.

    That is `items`, `granted` (permissions in a fresh token, None when there was none) and `roles` (template ids of its
    directory roles, None when nobody could say), seen at `seen_at`. Its care begins with it, so that its pages say at
    once what was seen. `user_name` is who signed in, or who typed the
    credentials in, as `authenticated_by` says. Raises `AlreadyConnected`.
    """
    row = Connection(
        organization_id=organization_id,
        service_id=service_id,
        registration_id=registration_id,
        credential_id=credential_id,
        user_name=user_name,
        authenticated_by=authenticated_by.value,
        m365_domain=m365_domain,
        status_since=now,
        created_at=now,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise AlreadyConnected from error
    taken_into_use([credential_id], now=now)
    facts = {"registration": str(registration_id), "user_name": user_name}
    _record(Event.CONNECTION_MADE, row, by, facts)
    first = Validation.objects.create(
        organization_id=organization_id, connection=row, asked_by=by.name[:200], asked_at=seen_at, roles=roles
    )
    validation.write_down(first, row, items=list(items), granted=granted, by=by, now=seen_at)
    adopting.adopt(row, now=now)


@transaction.atomic
def validate_connection(*, service_id: UUID, by: Actor, now: datetime) -> UUID:
    """*Validate Authentication*: a worker signs in as the registration and reads back what it may.

    One at a time: while one runs, its id is returned. Raises `NoSuchConnection`, `ConnectionSuspended`.
    """
    row = _of(service_id)
    if row is None:
        raise NoSuchConnection
    if row.suspended_at is not None:
        raise ConnectionSuspended.at(row.suspended_level)
    running = validation.running(row)
    if running is not None:
        return running.pk
    asked_id = fleet.queue(row, by=by, now=now)
    _record(Event.CONNECTION_VALIDATION_ASKED, row, by, {"validation": str(asked_id)})
    return asked_id


@transaction.atomic
def suspend(
    *,
    service_id: UUID,
    why: SuspendedWhy = SuspendedWhy.PAUSED,
    level: Kind = Kind.PROVIDER,
    by: Actor,
    now: datetime,
) -> Paused | None:
    """Use a service's connection no more, nor validate it; its credential is kept. Twice does nothing.

    `level`: of whoever pauses it, who alone, with those above, can resume it. What a lower level paused before becomes
    theirs; that pause is returned, for whoever gives it back by `end_pause`. A rotation that is under way is broken
    off. What was suspended as its service leaves may be paused besides: it stays so when the service is kept. A service
    without a connection has nothing to suspend.
    """
    hold_all(service_id)
    rotation.break_off(service_id, by=by, now=now)
    row = _of(service_id)
    if row is None or row.suspended_why == why != SuspendedWhy.PAUSED:
        return None
    earlier = _pause(row)
    if earlier is not None and (why != SuspendedWhy.PAUSED or stands_over(earlier.level, level)):
        return None
    row.suspended_at, row.suspended_why = now, why.value
    row.suspended_level = level.value if why is SuspendedWhy.PAUSED else ""
    _forget_status(row, ConnectionSuspended.what, Status.SUSPENDED, by=by, now=now)
    facts = {"registration": str(row.registration_id), "why": why.value, "level": row.suspended_level}
    _record(Event.CONNECTION_SUSPENDED, row, by, facts)
    return earlier


def _pause(row: Connection) -> Paused | None:
    if row.suspended_at is None or row.suspended_why != SuspendedWhy.PAUSED:
        return None
    return Paused(Kind(row.suspended_level), row.suspended_at)


@transaction.atomic
def resume(
    *,
    service_id: UUID,
    why: SuspendedWhy = SuspendedWhy.PAUSED,
    level: Kind = Kind.PROVIDER,
    by: Actor,
    now: datetime,
) -> None:
    """Use a connection again that was suspended for this reason; another one stays as it is.

    It is looked at anew, and so is what the service uses beside it. Raises `ServiceMoved` when its service goes, and
    `DecidedAbove` when somebody above this `level` paused it.
    """
    hold_all(service_id)
    row = _of(service_id)
    if row is None or row.suspended_why != why:
        return
    _need_level(row, level)
    if service(service_id).lifecycle is not Lifecycle.CREATED:
        raise ServiceMoved
    row.suspended_at, row.suspended_why, row.suspended_level = None, "", ""
    _forget_status(row, RESUMED, Status.UNKNOWN, by=by, now=now)
    _record(Event.CONNECTION_RESUMED, row, by, {"registration": str(row.registration_id)})
    validate_connection(service_id=service_id, by=by, now=now)
    for beside in companions.companions(service_id):
        if beside.credential is not None:
            companions.validate(service_id=service_id, profile=beside.profile, by=by, now=now)


@transaction.atomic
def end_pause(
    *, service_id: UUID, level: Kind = Kind.PROVIDER, earlier: Paused | None = None, by: Actor, now: datetime
) -> None:
    """Resume a connection; one whose service leaves stays suspended for that alone, and is used again when it is kept.

    `earlier`: whose place this pause took: that one stands again, and is theirs to end. Raises `ServiceMoved` when its
    service is taken away by now, and `DecidedAbove` as `resume` does.
    """
    hold_all(service_id)
    row = _of(service_id)
    if row is None or row.suspended_why != SuspendedWhy.PAUSED or (earlier is None and not _leaves(service_id)):
        resume(service_id=service_id, level=level, by=by, now=now)
        return
    _need_level(row, level)
    facts = {"registration": str(row.registration_id)}
    if earlier is not None:
        row.suspended_at, row.suspended_level = earlier.since, earlier.level.value
        facts["level"] = row.suspended_level
    else:
        row.suspended_why, row.suspended_level = SuspendedWhy.LEAVING.value, ""
    row.save(update_fields=["suspended_at", "suspended_why", "suspended_level"])
    facts["why"] = row.suspended_why
    _record(Event.CONNECTION_SUSPENDED, row, by, facts)


def need_no_pause_above(service_id: UUID, level: Kind) -> None:
    """Let pass whoever may renew, repair or upgrade a service's connection: not those below who suspended it.

    Whoever holds the service sees a suspension of the same moment. Raises `DecidedAbove`.
    """
    row = Connection.objects.filter(service_id=service_id).first()
    if row is not None:
        _need_level(row, level)


def _need_level(row: Connection, level: Kind) -> None:
    """Let pass who stands where it was paused, or above; what leaves goes with its service, whoever deletes that."""
    if row.suspended_level and not stands_over(level, Kind(row.suspended_level)):
        raise DecidedAbove


def _leaves(service_id: UUID) -> bool:
    return service(service_id).lifecycle is Lifecycle.LEAVING


def _forget_status(row: Connection, words: str, status: Status, *, by: Actor, now: datetime) -> None:
    row.status, row.status_words, row.status_since = "unknown", words, now
    suspended = ("suspended_at", "suspended_why", "suspended_level")
    row.save(update_fields=["status", "status_words", "status_since", *suspended])
    Care.objects.filter(pk=row.pk).update(tend_at=now)
    Companion.objects.filter(service_id=row.service_id).update(tend_at=now)
    services.set_connection(service_id=row.service_id, status=status, reason=words, by=by)


@transaction.atomic
def save_settings(*, service_id: UUID, m365_domain: str, by: Actor) -> None:
    """*Save* on Microsoft 365 Settings. Raises `NoSuchConnection`; `NotADomain` at "domain"."""
    row = _of(service_id)
    if row is None:
        raise NoSuchConnection
    wanted = m365_domain.strip().casefold()
    verified = {domain.casefold() for domain in registration(row.registration_id).domains}
    if wanted not in verified | {row.m365_domain}:
        raise NotADomain(field="domain")
    if wanted == row.m365_domain:
        return
    before, row.m365_domain = row.m365_domain, wanted
    row.save(update_fields=["m365_domain"])
    _record(Event.CONNECTION_SETTINGS_CHANGED, row, by, {"before": before, "after": wanted})


def hold(service_id: UUID) -> None:
    """Keep a connection as it stands until the transaction ends: it comes before its service, as everywhere."""
    if _of(service_id) is None:
        raise NoSuchConnection


def hold_all(service_id: UUID) -> None:
    """Keep a service and what hangs on it as they stand until the transaction ends, locked in everybody's order.

    Its registrations, its connection, how its rotations stand, and the service last. Whoever locks one of the later
    first and then needs an earlier one stands in the way of somebody who stands in theirs.

    Raises `NoSuchService`.
    """
    mine = Companion.objects.filter(service_id=service_id)
    used = Connection.objects.filter(service_id=service_id).values_list("registration_id", flat=True)
    hold_registrations({*used, *mine.values_list("registration_id", flat=True), *held_by(service_id)})
    _of(service_id)
    list(Care.objects.select_for_update(of=("self",)).filter(connection__service_id=service_id).values_list("pk"))
    list(mine.select_for_update(of=("self",)).order_by("pk").values_list("pk"))
    services.hold(service_id)


@transaction.atomic
def type_end(*, service_id: UUID, ends_on: date | None, by: Actor, now: datetime) -> None:
    """Keep on which day the typed credential of a connection ends, and have its warnings follow at once.

    What was said of another end is said no more: a worker looks at it anew, unless it is suspended.

    Raises `NoSuchConnection`; provisioning's NoSuchCredential, and EndNotPlausible at "ends_on".
    """
    row = _of(service_id)
    if row is None:
        raise NoSuchConnection
    before = credential_end(row.credential_id)
    provisioning.type_end(credential_id=row.credential_id, ends_on=ends_on, by=by, now=now)
    ends_at = credential_end(row.credential_id)
    services.note_credential(service_id=service_id, ends_at=ends_at, validated_at=row.last_validated_at)
    Care.objects.filter(pk=row.pk).update(tend_at=now)
    if ends_at != before and row.suspended_at is None:
        validate_connection(service_id=service_id, by=by, now=now)


def _of(service_id: UUID) -> Connection | None:
    return Connection.objects.select_for_update(of=("self",), no_key=True).filter(service_id=service_id).first()


@transaction.atomic
def renew(
    *,
    service_id: UUID,
    credential_id: UUID,
    user_name: str,
    authenticated_by: AuthenticatedBy = AuthenticatedBy.SIGN_IN,
    by: Actor,
    now: datetime,
) -> None:
    """Let a connection use another credential that was proved, of the same registration or of another one.

    The old one rests for a while, and is then taken away if it is ours. A worker looks at it anew. Doing it twice
    changes nothing. Raises `NoSuchConnection`.
    """
    used = Connection.objects.filter(service_id=service_id).values_list("credential_id", flat=True)
    hold_registrations_of([credential_id, *used])
    row = _of(service_id)
    if row is None:
        raise NoSuchConnection
    if row.credential_id == credential_id:
        return
    old_id, row.user_name, row.authenticated_by = row.credential_id, user_name, authenticated_by.value
    row.save(update_fields=["user_name", "authenticated_by"])
    if registration_of_credential(old_id) is None:
        follow_switch(service_id, old_id, credential_id)
    else:
        switch(old_id, credential_id, by=by, now=now)
    care = Care.objects.select_for_update(of=("self",)).select_related("connection").filter(pk=row.pk).first()
    if care is not None:
        rotation.forget_plan(care, by=by, now=now)
        care.save()
    ends_at = credential_end(credential_id)
    services.note_credential(service_id=service_id, ends_at=ends_at, validated_at=row.last_validated_at)
    facts = {"user_name": user_name, "authenticated_by": authenticated_by.value, "credential": str(credential_id)}
    now_at = registration_of_credential(credential_id)
    if now_at != row.registration_id:
        facts |= {"registration": str(now_at), "in_place_of": str(row.registration_id)}
    _record(Event.CONNECTION_RENEWED, row, by, facts)
    if row.suspended_at is None:
        validate_connection(service_id=service_id, by=by, now=now)


@transaction.atomic
def look_anew(*, service_id: UUID, by: Actor, now: datetime) -> None:
    """Have a connection looked at, whose registration was mended; not while it is suspended, as resuming does so.

    A look that began before is begun anew when it ends.
    """
    row = _of(service_id)
    if row is None:
        raise NoSuchConnection
    if row.suspended_at is None:
        validate_connection(service_id=service_id, by=by, now=now)


def follow_switch(service_id: UUID, old_id: UUID, new_id: UUID) -> None:
    """A new credential was proved: the service's connection uses it from now on. In the switch's transaction."""
    Connection.objects.filter(service_id=service_id, credential_id=old_id).update(
        credential_id=new_id, registration_id=registration_of_credential(new_id)
    )


def _record(event: Event, row: Connection, by: Actor, data: dict[str, str]) -> None:
    record(event, by=by, organization_id=row.organization_id, subject=f"service:{row.service_id}", data=data)
