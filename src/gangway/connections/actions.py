"""What is done with connections: made at the end of an onboarding, validated whenever somebody asks."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.connections import validation
from gangway.connections.errors import AlreadyConnected, ConnectionSuspended, NoSuchConnection
from gangway.connections.models import Connection, Validation
from gangway.connections.verdict import KeptItem
from gangway.jobs.actions import defer
from gangway.services import actions as services
from gangway.services.states import Connection as Status


@transaction.atomic
def connect_service(
    *,
    service_id: UUID,
    organization_id: UUID,
    registration_id: UUID,
    credential_id: UUID,
    user_name: str,
    m365_domain: str,
    items: Sequence[KeptItem],
    granted: list[str] | None,
    seen_at: datetime,
    by: Actor,
    now: datetime,
) -> None:
    """Give a service its connection; what was last seen of it becomes its first validation.

    That is `items` and `granted` (permissions in a fresh token, None when there was none), seen at `seen_at`.
    Raises `AlreadyConnected`.
    """
    row = Connection(
        organization_id=organization_id,
        service_id=service_id,
        registration_id=registration_id,
        credential_id=credential_id,
        user_name=user_name,
        m365_domain=m365_domain,
        status_since=now,
        created_at=now,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise AlreadyConnected from error
    facts = {"registration": str(registration_id), "user_name": user_name}
    _record(Event.CONNECTION_MADE, row, by, facts)
    first = Validation.objects.create(
        organization_id=organization_id, connection=row, asked_by=by.name[:200], asked_at=seen_at
    )
    validation.write_down(first, row, items=list(items), granted=granted, by=by, now=seen_at)


@transaction.atomic
def validate_connection(*, service_id: UUID, by: Actor, now: datetime) -> UUID:
    """*Validate Authentication*: a worker signs in as the registration and reads back what it may.

    One at a time: while one runs, its id is returned. Raises `NoSuchConnection`, `ConnectionSuspended`.
    """
    row = Connection.objects.select_for_update(of=("self",)).filter(service_id=service_id).first()
    if row is None:
        raise NoSuchConnection
    if row.suspended_at is not None:
        raise ConnectionSuspended
    running = validation.running(row)
    if running is not None:
        return running.pk
    asked = Validation.objects.create(
        organization_id=row.organization_id, connection=row, asked_by=by.name[:200], asked_at=now
    )
    _record(Event.CONNECTION_VALIDATION_ASKED, row, by, {"validation": str(asked.pk)})
    defer("connections:validate_connection", validation_id=str(asked.pk))
    return asked.pk


@transaction.atomic
def suspend(*, service_id: UUID, by: Actor, now: datetime) -> None:
    """Use a service's connection no more; validations that are asked for from now on are refused. Twice does nothing.

    A service without a connection has nothing to suspend.
    """
    row = Connection.objects.select_for_update(of=("self",)).filter(service_id=service_id).first()
    if row is None or row.suspended_at is not None:
        return
    row.status, row.status_words, row.status_since, row.suspended_at = "unknown", ConnectionSuspended.what, now, now
    row.save(update_fields=["status", "status_words", "status_since", "suspended_at"])
    services.set_connection(service_id=service_id, status=Status.UNKNOWN, reason=ConnectionSuspended.what, by=by)
    _record(Event.CONNECTION_SUSPENDED, row, by, {"registration": str(row.registration_id)})


def follow_switch(service_id: UUID, old_id: UUID, new_id: UUID) -> None:
    """A rotation proved a new credential: the service's connection uses it from now on. In the switch's transaction."""
    Connection.objects.filter(service_id=service_id, credential_id=old_id).update(credential_id=new_id)


def _record(event: Event, row: Connection, by: Actor, data: dict[str, str]) -> None:
    record(event, by=by, organization_id=row.organization_id, subject=f"service:{row.service_id}", data=data)
