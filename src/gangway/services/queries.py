"""Reading services. Everything returned is a plain frozen value."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.db.models.expressions import OrderBy

from gangway.organizations.pages import Page, every, one_of, page_of
from gangway.organizations.place_queries import path_in_scope
from gangway.organizations.roles import Kind
from gangway.organizations.scope import Door, through
from gangway.organizations.search import matching
from gangway.services import names
from gangway.services.errors import NoSuchService
from gangway.services.licences import LicenceType
from gangway.services.models import Service
from gangway.services.states import HOLDS_ITS_NAME, Connection, Deployment, Lifecycle

NAMES: Final = ("short_name_key", "full_name_key")
"""The folded columns of which a search may be the beginning."""

SORTS: Final[Mapping[str, tuple[str | OrderBy, ...]]] = {
    "short_name": ("short_name_key", "id"),
    "-short_name": ("-short_name_key", "-id"),
    "full_name": ("full_name_key", "id"),
    "-full_name": ("-full_name_key", "-id"),
    "customer": ("customer_key", "id"),
    "-customer": ("-customer_key", "-id"),
    "connection": ("connection_status", "id"),
    "-connection": ("-connection_status", "-id"),
    "deployment": ("deployment_status", "id"),
    "-deployment": ("-deployment_status", "-id"),
    "credential": (F("credential_ends_at").asc(nulls_last=True), "id"),
    "-credential": (F("credential_ends_at").desc(nulls_first=True), "-id"),
    "validated": (F("last_validated_at").asc(nulls_first=True), "id"),
    "-validated": (F("last_validated_at").desc(nulls_last=True), "-id"),
    "created_at": ("created_at", "-id"),
    "-created_at": ("-created_at", "id"),
}
"""What a list may be sorted by; a minus turns it round. Anything else means the newest first."""


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """One service in a list. `channel_name` is empty without a channel."""

    id: UUID
    full_name: str
    short_name: str
    customer_id: UUID
    customer_name: str
    channel_name: str
    licence: LicenceType
    licensed_users: int
    lifecycle: Lifecycle
    connection: Connection
    connection_reason: str
    deployment: Deployment
    credential_ends_at: datetime | None
    last_validated_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ServiceView:
    """One service with its names, its customer and provider, and its two statuses."""

    id: UUID
    full_name: str
    short_name: str
    customer_id: UUID
    customer_name: str
    customer_path: str
    channel_name: str
    provider_id: UUID
    provider_name: str
    licence: LicenceType
    licensed_users: int
    lifecycle: Lifecycle
    connection: Connection
    connection_reason: str
    deployment: Deployment
    deployment_reason: str
    created_at: datetime
    changed_at: datetime
    leaves_at: datetime | None = None
    """Until when a deletion can be taken back, while it leaves."""


@dataclass(frozen=True, slots=True)
class Sought:
    """Which services are wanted, in which order; empty means all.

    `search`: beginning of a name or words; `status`: a created service's Connection ("ok"), or a Lifecycle ("deleted");
    `licence`: a licence type; `deployment`: a Deployment; `below`: the id of a customer, channel or provider; `sort`: a
    key of `SORTS`. With a value of a filter that there isn't, nothing is found; an unknown `sort` is taken as empty.
    """

    search: str = ""
    status: str = ""
    licence: str = ""
    deployment: str = ""
    below: str = ""
    sort: str = ""


def services(sought: Sought = Sought(), page: int = 1) -> Page[ServiceRow]:
    """Return the scope's services that are planned, created, leaving or being deleted."""
    return page_of(_found(sought), page, row_of, keys_first=True)


def every_service(sought: Sought) -> Iterator[ServiceRow]:
    """Give all services that `services` would show on its pages, for an export; read in portions."""
    return every(_found(sought), row_of)


def of_services(search: str, *, at: str = "service") -> Q:
    """Return the condition for rows of services that a person means by `search`: beginning of a name, or words.

    For lists of what services have, `at`: by which field. None for an empty search. Call it inside a scope.
    """
    meant = matching(search, begins=NAMES)
    return one_of(Service.objects.filter(meant), at=at) if meant else meant


def matching_services(sought: Sought, *, most: int) -> list[UUID]:
    """Return the first services that a list shows, for what is done with all."""
    return list(_found(sought).values_list("pk", flat=True)[:most])


def some_services(ids: Collection[UUID]) -> tuple[ServiceRow, ...]:
    """Return those of the services that are in the scope, by name."""
    rows = Service.objects.filter(pk__in=ids).select_related("organization__parent").order_by("short_name_key", "id")
    return tuple(map(row_of, rows))


def _found(sought: Sought) -> QuerySet[Service]:
    rows = Service.objects.filter(matching(sought.search, begins=NAMES))
    rows = _with_status(rows, sought.status)
    if sought.licence:
        rows = rows.filter(licence_type=sought.licence)
    if sought.deployment:
        rows = rows.filter(deployment_status=sought.deployment)
    if sought.below:
        rows = rows.filter(_below(sought.below))
    return rows.select_related("organization__parent").order_by(*SORTS.get(sought.sort, SORTS["-created_at"]))


def _below(organization_id: str) -> Q:
    path = path_in_scope(organization_id)
    return Q(pk__in=()) if path is None else Service.objects.below(path)


def services_of(customer_id: UUID) -> tuple[ServiceRow, ...]:
    """Return a customer's services that hold their names, by name, as many as one page of a list has."""
    rows = Service.objects.filter(organization_id=customer_id, lifecycle__in=[state.value for state in HOLDS_ITS_NAME])
    found = rows.select_related("organization__parent").order_by("short_name_key", "id")
    return page_of(found, 1, row_of).rows


def _with_status(rows: QuerySet[Service], status: str) -> QuerySet[Service]:
    if status in set(Lifecycle) - {Lifecycle.ABANDONED}:
        return rows.filter(lifecycle=status)
    living = rows.filter(lifecycle__in=[state.value for state in HOLDS_ITS_NAME])
    return living.filter(connection_status=status, lifecycle=Lifecycle.CREATED.value) if status else living


def service(service_id: UUID) -> ServiceView:
    """Return one service of the scope, abandoned ones included; raises `NoSuchService`."""
    row = Service.objects.filter(pk=service_id).select_related("organization__parent", "provider").first()
    if row is None:
        raise NoSuchService
    return ServiceView(
        id=row.id,
        full_name=row.full_name,
        short_name=row.short_name,
        customer_id=row.organization.id,
        customer_name=row.organization.name,
        customer_path=row.organization.path,
        channel_name=_channel_name(row),
        provider_id=row.provider.id,
        provider_name=row.provider.name,
        licence=LicenceType(row.licence_type),
        licensed_users=row.licensed_users,
        lifecycle=Lifecycle(row.lifecycle),
        connection=Connection(row.connection_status),
        connection_reason=row.connection_reason,
        deployment=Deployment(row.deployment_status),
        deployment_reason=row.deployment_reason,
        created_at=row.created_at,
        changed_at=row.changed_at,
        leaves_at=row.leaves_at,
    )


def being_deleted(*, most: int = 500) -> list[UUID]:
    """Return the services that are being deleted, for whoever takes the next step."""
    rows = Service.objects.filter(lifecycle=Lifecycle.DELETING.value).order_by("changed_at")
    return list(rows.values_list("pk", flat=True)[:most])


def leaving_by(now: datetime, *, most: int = 500) -> list[UUID]:
    """Return the services whose time to be kept is over, for whoever takes the next step."""
    rows = Service.objects.filter(lifecycle=Lifecycle.LEAVING.value, leaves_at__lte=now).order_by("leaves_at")
    return list(rows.values_list("pk", flat=True)[:most])


def gone_for_long(*, before: datetime, most: int) -> list[UUID]:
    """Return the services that are gone since before this moment and whose people were not forgotten yet."""
    gone = [Lifecycle.DELETED.value, Lifecycle.ABANDONED.value]
    rows = Service.objects.filter(lifecycle__in=gone, changed_at__lt=before, forgotten_at__isnull=True)
    return list(rows.order_by("changed_at").values_list("pk", flat=True)[:most])


def all_forgotten(customer_id: UUID) -> bool:
    """Whether no service of a customer lives, or is gone without its people being forgotten."""
    return not Service.objects.filter(organization_id=customer_id, forgotten_at__isnull=True).exists()


def name_is_free(provider_id: UUID, short_name: str) -> bool:
    """Say whether no living service of the provider has this short name, wherever in its tree that service stands."""
    return not names_taken(provider_id, [short_name])


def names_taken(provider_id: UUID, short_names: Collection[str]) -> frozenset[str]:
    """Return the keys (`names.key`) of those short names that a living service of the provider has."""
    with through(Door.SHORT_NAMES):
        taken = Service.objects.filter(
            provider_id=provider_id,
            short_name_key__in={names.key(name) for name in short_names},
            lifecycle__in=[state.value for state in HOLDS_ITS_NAME],
        )
        return frozenset(taken.values_list("short_name_key", flat=True))


def row_of(row: Service) -> ServiceRow:
    """Return a row with its organization as lists show it."""
    return ServiceRow(
        id=row.id,
        full_name=row.full_name,
        short_name=row.short_name,
        customer_id=row.organization.id,
        customer_name=row.organization.name,
        channel_name=_channel_name(row),
        licence=LicenceType(row.licence_type),
        licensed_users=row.licensed_users,
        lifecycle=Lifecycle(row.lifecycle),
        connection=Connection(row.connection_status),
        connection_reason=row.connection_reason,
        deployment=Deployment(row.deployment_status),
        credential_ends_at=row.credential_ends_at,
        last_validated_at=row.last_validated_at,
        created_at=row.created_at,
    )


def _channel_name(row: Service) -> str:
    above = row.organization.parent
    return above.name if above is not None and above.kind == Kind.CHANNEL.value else ""
