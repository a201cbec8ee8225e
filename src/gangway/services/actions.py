"""Changes to services. The short name is reserved when a service is planned and free again when it is abandoned."""

import unicodedata
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, differing, record
from gangway.foundation import clock
from gangway.foundation.names import CURE, WHAT, holds_address
from gangway.organizations import queries as organizations
from gangway.organizations.changing import hold_in_use, take_out_of_use
from gangway.organizations.search import LONGEST_KEY, fold, words
from gangway.services import names
from gangway.services.errors import (
    CustomerHasServices,
    InvalidFullName,
    NameTaken,
    NoSuchService,
    SameLicence,
    ServiceMoved,
)
from gangway.services.licences import check_type, check_users
from gangway.services.models import NAME_CONSTRAINT, Service
from gangway.services.pool import take
from gangway.services.states import HOLDS_ITS_NAME, LIVES, MOVES, Connection, Deployment, Lifecycle

LONGEST_FULL_NAME: Final = 200
LONGEST_REASON: Final = 500
_TURNS_TEXT: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""Kinds of invisible signs that turn the reading direction: a name in a mail must not read as another one."""


@transaction.atomic
def plan_service(
    *, customer_id: UUID, full_name: str, short_name: str, licence_type: str, licensed_users: int, by: Actor
) -> UUID:
    """Start a service of a customer in the scope and reserve its short name within the provider.

    An empty full name becomes the short name. Raises, each at its field: `InvalidName` and `NameTaken` ("short_name"),
    `InvalidFullName` ("full_name"), `InvalidLicence` ("licence_type"), `InvalidUsers` and `PoolUsedUp`
    ("licensed_users").
    """
    hold_in_use(customer_id)
    customer = organizations.customer(customer_id)
    short = names.check(short_name, field="short_name")
    full = check_full_name(full_name) or short
    now = clock.now()
    service = Service(
        organization_id=customer.id,
        provider_id=customer.provider_id,
        full_name=full,
        full_name_key=fold(full)[:LONGEST_KEY],
        short_name=short,
        short_name_key=names.key(short),
        search_words=words(short, full, customer.name),
        customer_key=fold(customer.name)[:LONGEST_KEY],
        licence_type=check_type(licence_type).value,
        licensed_users=check_users(licensed_users),
        lifecycle=Lifecycle.PLANNED.value,
        connection_status=Connection.UNKNOWN.value,
        deployment_status=Deployment.NONE.value,
        created_at=now,
        changed_at=now,
    )
    take(customer.provider_id, service.licensed_users)
    _reserve(service)
    facts: dict[str, str | int] = {
        "short_name": short,
        "full_name": full,
        "licence": service.licence_type,
        "users": licensed_users,
    }
    _record(Event.SERVICE_PLANNED, service, by, facts)
    return service.id


def check_full_name(text: str, *, field: str = "full_name") -> str:
    """Return a full name in its composed form without blanks around it; raises `InvalidFullName` at `field`."""
    name = unicodedata.normalize("NFC", text).strip()
    if len(name) > LONGEST_FULL_NAME or not all(map(_can_be_read, name)):
        raise InvalidFullName(field=field)
    if holds_address(name):
        raise InvalidFullName(WHAT, cure=CURE, field=field)
    return name


def _can_be_read(sign: str) -> bool:
    hidden = unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"}
    return not hidden and unicodedata.bidirectional(sign) not in _TURNS_TEXT


def _reserve(service: Service) -> None:
    """Write the row; of two at the same time the database lets one in, and the other is told at its field."""
    try:
        with transaction.atomic():
            service.save()
    except IntegrityError as error:
        if NAME_CONSTRAINT not in str(error):
            raise
        raise NameTaken(field="short_name") from error


@transaction.atomic
def rename_planned(*, service_id: UUID, full_name: str, short_name: str, by: Actor) -> None:
    """Change the names of a service that is only planned; the earlier short name is free again.

    Raises as `plan_service` about names, `NoSuchService`; `ServiceMoved` when it isn't planned any more.
    """
    _rename(service_id, full_name, short_name, only={Lifecycle.PLANNED}, by=by)


@transaction.atomic
def rename_service(*, service_id: UUID, full_name: str, short_name: str, by: Actor) -> None:
    """Give a living service other names. An empty full name becomes the short name.

    Raises as `plan_service` about names, `NoSuchService`; `ServiceMoved` when it lives no more.
    """
    _rename(service_id, full_name, short_name, only=LIVES, by=by)


def _rename(service_id: UUID, full_name: str, short_name: str, *, only: Collection[Lifecycle], by: Actor) -> None:
    short = names.check(short_name, field="short_name")
    full = check_full_name(full_name) or short
    service = _locked(service_id)
    if Lifecycle(service.lifecycle) not in only:
        raise ServiceMoved(state=service.lifecycle)
    was = {"short_name": service.short_name, "full_name": service.full_name}
    before, after = differing(was, {"short_name": short, "full_name": full})
    if not after:
        return
    service.full_name, service.full_name_key = full, fold(full)[:LONGEST_KEY]
    service.short_name, service.short_name_key = short, names.key(short)
    service.search_words = words(short, full, organizations.customer(service.organization_id).name)
    service.changed_at = clock.now()
    _reserve(service)
    subject, organization_id = f"service:{service.id}", service.organization_id
    record(Event.SERVICE_RENAMED, by=by, organization_id=organization_id, subject=subject, before=before, after=after)


@transaction.atomic
def create_service(*, service_id: UUID, by: Actor) -> None:
    """Turn a planned service into a created one, ready for voice routing.

    Raises `NoSuchService`; `ServiceMoved` when it isn't planned any more.
    """
    _move(service_id, Lifecycle.CREATED, sources=(Lifecycle.PLANNED,))
    service = _get(service_id)
    _record(Event.SERVICE_CREATED, service, by, {"short_name": service.short_name})


@transaction.atomic
def abandon_service(*, service_id: UUID, by: Actor) -> None:
    """Give up a planned service; its short name is free again. Raises `NoSuchService` and `ServiceMoved`."""
    _move(service_id, Lifecycle.ABANDONED)
    service = _get(service_id)
    _record(Event.SERVICE_ABANDONED, service, by, {"short_name": service.short_name})


def hold(service_id: UUID) -> None:
    """Keep a service as it stands until the transaction ends. Raises `NoSuchService`."""
    _locked(service_id)


@transaction.atomic
def begin_leaving(*, service_id: UUID, until: datetime, by: Actor) -> None:
    """Say that a created service will be deleted at `until`; before that `keep_service` takes it back.

    Raises `NoSuchService`; `ServiceMoved` when it isn't created, or is leaving already.
    """
    service = _locked(service_id)
    service.leaves_at = until
    service.save(update_fields=["leaves_at"])
    _move(service_id, Lifecycle.LEAVING)
    _record(Event.SERVICE_LEAVING, service, by, {"short_name": service.short_name, "until": until.isoformat()})


@transaction.atomic
def keep_service(*, service_id: UUID, by: Actor) -> None:
    """Take a deletion back while nothing was taken away. Raises `NoSuchService`, `ServiceMoved` when it is too late."""
    _move(service_id, Lifecycle.CREATED, sources=(Lifecycle.LEAVING,))
    service = _get(service_id)
    service.leaves_at = None
    service.save(update_fields=["leaves_at"])
    _record(Event.SERVICE_KEPT, service, by, {"short_name": service.short_name})


@transaction.atomic
def begin_deletion(*, service_id: UUID, by: Actor) -> None:
    """Say that a service's time to be kept is over: what is ours goes now; its name stays taken until `end_deletion`.

    Raises `NoSuchService`; `ServiceMoved` when it doesn't leave, or is being deleted already.
    """
    _move(service_id, Lifecycle.DELETING)
    service = _get(service_id)
    _record(Event.SERVICE_DELETION_BEGUN, service, by, {"short_name": service.short_name})


@transaction.atomic
def end_deletion(*, service_id: UUID, by: Actor) -> None:
    """Nothing of it is left: its short name and its licensed users are free again.

    Raises `NoSuchService`, `ServiceMoved`.
    """
    _move(service_id, Lifecycle.DELETED)
    service = _get(service_id)
    _record(Event.SERVICE_DELETED, service, by, {"short_name": service.short_name})


@transaction.atomic
def change_users(*, service_id: UUID, licensed_users: int, by: Actor) -> None:
    """Give a living service more or fewer licensed users; fewer always fit.

    Raises `NoSuchService`, `ServiceMoved` when it lives no more, `InvalidUsers` and `PoolUsedUp` at "licensed_users".
    """
    wanted = check_users(licensed_users)
    service = _locked(service_id)
    if Lifecycle(service.lifecycle) not in LIVES:
        raise ServiceMoved(state=service.lifecycle)
    before = service.licensed_users
    take(service.provider_id, wanted - before)
    service.licensed_users, service.changed_at = wanted, clock.now()
    service.save(update_fields=["licensed_users", "changed_at"])
    _record(Event.SERVICE_USERS_CHANGED, service, by, {"before": before, "after": wanted})


@transaction.atomic
def change_licence(*, service_id: UUID, licence_type: str, licensed_users: int, by: Actor) -> None:
    """Give a living service the other licence type, and its users with it. The same type again is refused.

    Raises `NoSuchService`, `ServiceMoved` when it lives no more, `InvalidLicence` and `SameLicence` at "licence_type",
    `InvalidUsers` and `PoolUsedUp` at "licensed_users".
    """
    wanted = check_type(licence_type)
    service = _locked(service_id)
    if Lifecycle(service.lifecycle) not in LIVES:
        raise ServiceMoved(state=service.lifecycle)
    if wanted.value == service.licence_type:
        raise SameLicence(field="licence_type")
    before, service.licence_type, service.changed_at = service.licence_type, wanted.value, clock.now()
    service.save(update_fields=["licence_type", "changed_at"])
    _record(Event.SERVICE_LICENCE_CHANGED, service, by, {"before": before, "after": wanted.value})
    if licensed_users != service.licensed_users:
        change_users(service_id=service_id, licensed_users=licensed_users, by=by)


@transaction.atomic
def remove_customer(*, customer_id: UUID, by: Actor) -> None:
    """Take a customer without living services out of all lists.

    Raises `CustomerHasServices`, and the errors of `organizations.changing.take_out_of_use`.
    """
    take_out_of_use(organization_id=customer_id, by=by)
    living = Service.objects.filter(organization_id=customer_id, lifecycle__in=[each.value for each in HOLDS_ITS_NAME])
    if living.exists():
        raise CustomerHasServices


@transaction.atomic
def follow_customer(*, customer_id: UUID) -> None:
    """Let a customer's services be found and ordered by its name as it is now. Raises NoSuchOrganization."""
    customer = organizations.customer(customer_id)
    key = fold(customer.name)[:LONGEST_KEY]
    rows = list(Service.objects.select_for_update(of=("self",)).filter(organization_id=customer_id))
    for row in rows:
        row.customer_key, row.search_words = key, words(row.short_name, row.full_name, customer.name)
    Service.objects.bulk_update(rows, ["customer_key", "search_words"])


def note_forgotten(*, service_id: UUID, now: datetime) -> None:
    """Mark that the people of a service that is gone for long were forgotten."""
    Service.objects.filter(pk=service_id).update(forgotten_at=now)


@transaction.atomic
def note_credential(*, service_id: UUID, ends_at: datetime | None, validated_at: datetime | None) -> None:
    """Keep, for lists, when the service's credential ends and when it was last validated. Raises NoSuchService."""
    service = _locked(service_id)
    service.credential_ends_at, service.last_validated_at = ends_at, validated_at
    service.save(update_fields=["credential_ends_at", "last_validated_at"])


@transaction.atomic
def set_connection(*, service_id: UUID, status: Connection, reason: str, by: Actor | None = None) -> None:
    """Say what was last read about the service's credentials; `reason` is a sentence, empty for OK."""
    service = _locked(service_id)
    before = service.connection_status
    service.connection_status, service.connection_reason = Connection(status).value, reason[:LONGEST_REASON]
    service.save(update_fields=["connection_status", "connection_reason"])
    if before != service.connection_status:
        facts = {"before": before, "after": service.connection_status, "reason": reason}
        _record(Event.SERVICE_CONNECTION_CHANGED, service, by or Actor.system("connections"), facts)


@transaction.atomic
def set_deployment(*, service_id: UUID, status: Deployment, reason: str = "", by: Actor | None = None) -> None:
    """Say how far voice routing stands; `reason` is a sentence, empty where nothing is wrong."""
    service = _locked(service_id)
    before = service.deployment_status
    service.deployment_status, service.deployment_reason = Deployment(status).value, reason[:LONGEST_REASON]
    service.save(update_fields=["deployment_status", "deployment_reason"])
    if before != service.deployment_status:
        facts = {"before": before, "after": service.deployment_status, "reason": reason}
        _record(Event.SERVICE_DEPLOYMENT_CHANGED, service, by or Actor.system("connections"), facts)


def _move(service_id: UUID, to: Lifecycle, *, sources: Collection[Lifecycle] = tuple(Lifecycle)) -> None:
    """Compare and set: only from a state that allows it, and is one of `sources`."""
    allowed = [state.value for state, onward in MOVES.items() if to in onward and state in sources]
    rows = Service.objects.filter(pk=service_id, lifecycle__in=allowed)
    if not rows.update(lifecycle=to.value, changed_at=clock.now()):
        raise ServiceMoved(state=_get(service_id).lifecycle)


def _get(service_id: UUID) -> Service:
    service = Service.objects.filter(pk=service_id).first()
    if service is None:
        raise NoSuchService
    return service


def _locked(service_id: UUID) -> Service:
    service = Service.objects.select_for_update(of=("self",)).filter(pk=service_id).first()
    if service is None:
        raise NoSuchService
    return service


def _record(event: Event, service: Service, by: Actor, data: Mapping[str, str | int]) -> None:
    record(event, by=by, organization_id=service.organization_id, subject=f"service:{service.id}", data=data)
