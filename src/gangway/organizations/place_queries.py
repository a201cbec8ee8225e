"""Reading the tree itself: organizations of one level as a list, one with everything about it, bounds and contacts."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from gangway.organizations.details import Bounds, Contact, Details, Tenant, domains_of, known_of
from gangway.organizations.errors import NoSuchOrganization
from gangway.organizations.models import ContactRow, Organization, TenantRow
from gangway.organizations.pages import Page, batched, both_ways, every, one_of, page_of
from gangway.organizations.roles import Kind
from gangway.organizations.scope import Door, through
from gangway.organizations.search import matching

SORTS: Final = both_ways(name="name_key", created_at="created_at")


MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """One organization in a list; `below` counts the customers that stand directly below a channel."""

    id: UUID
    name: str
    short_name: str
    above: str
    domain: str
    tenant_id: str
    cloud: str
    below: int
    most_customers: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PlaceView:
    """One organization with its fields, bounds and contacts. `parent_name` is empty outside the reader's scope.

    `more_tenants`: a customer's Microsoft tenants beside the one of its details.
    """

    id: UUID
    kind: Kind
    name: str
    short_name: str
    cloud: str
    path: str
    parent_id: UUID | None
    parent_name: str
    details: Details
    bounds: Bounds
    contacts: tuple[Contact, ...]
    more_tenants: tuple[Tenant, ...]
    created_at: datetime

    @property
    def domains(self) -> tuple[str, ...]:
        """The domains that a customer is known by, its first one first, be that known or not."""
        return domains_of(self.details.domain, self.more_tenants)


@dataclass(frozen=True, slots=True)
class Choice:
    """An organization to choose: its id and name."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What a list of organizations is kept to; empty means all, and so does a `bound` that there isn't.

    `above`: the id of one that they stand below, however far; `parent`: what the name of the one directly above them
    begins with, or its words; `cloud`: a customer's; `bound`: "set" or "unlimited", as a channel's quota of customers
    or a provider's pool of users is.
    """

    above: str = ""
    parent: str = ""
    cloud: str = ""
    bound: str = ""


BOUNDS: Final = {Kind.CHANNEL: "most_customers", Kind.PROVIDER: "most_users"}


def places(kind: Kind, *, search: str = "", kept: Kept = Kept(), sort: str = "", page: int = 1) -> Page[PlaceRow]:
    """Return the scope's organizations of a level."""
    found = page_of(_places(kind, search, kept, sort), page, _row)
    return Page(_with_counts(found.rows), found.number, found.has_next) if kind is Kind.CHANNEL else found


def every_place(
    kind: Kind, *, search: str = "", kept: Kept = Kept(), sort: str = "", among: Collection[UUID] | None = None
) -> Iterator[PlaceRow]:
    """Give all that `places` would show on its pages, or those of them with these ids, for an export."""
    rows = every(_places(kind, search, kept, sort), _row, among=among)
    if kind is not Kind.CHANNEL:
        return rows
    return (row for some in batched(rows) for row in _with_counts(some))


def is_called(organization_id: UUID, search: str) -> bool:
    """Return whether an organization of the scope is one that this search means."""
    return Organization.objects.filter(places_meant(search), pk=organization_id).exists()


def _places(kind: Kind, search: str, kept: Kept, sort: str) -> QuerySet[Organization]:
    rows = Organization.objects.filter(places_meant(search), kind=kind.value, removed_at__isnull=True)
    if kept.above:
        path = path_in_scope(kept.above)
        rows = rows.none() if path is None else rows.filter(path__startswith=path).exclude(path=path)
    if meant := matching(kept.parent, begins=("name_key",)):
        parents = Organization.objects.filter(meant, kind__in=[Kind.PROVIDER.value, Kind.CHANNEL.value])
        rows = rows.filter(one_of(parents, at="parent"))
    if kept.cloud:
        rows = rows.filter(cloud=kept.cloud)
    if kept.bound in {"set", "unlimited"} and kind in BOUNDS:
        rows = rows.filter(**{f"{BOUNDS[kind]}__isnull": kept.bound == "unlimited"})
    return rows.select_related("parent").order_by(*SORTS.get(sort, SORTS["name"]))


def places_meant(search: str) -> Q:
    """Return the condition for organizations that a search means. Call it inside a scope.

    Names and domains by the beginnings of their words; by its id, whole: one itself, or whose Microsoft tenant it is.
    """
    try:
        whole = UUID(search.strip())
    except ValueError:
        return matching(search, begins=("name_key",))
    more = list(TenantRow.objects.filter(tenant_id=str(whole)).values_list("organization_id", flat=True))
    return Q(pk__in=[whole, *more]) | Q(tenant_id=str(whole))


def place(organization_id: UUID) -> PlaceView:
    """Return one organization of the scope that is in use. Raises NoSuchOrganization."""
    row = Organization.objects.filter(pk=organization_id, removed_at__isnull=True).select_related("parent").first()
    if row is None:
        raise NoSuchOrganization
    contacts = ContactRow.objects.filter(organization=row)
    return PlaceView(
        id=row.pk,
        kind=Kind(row.kind),
        name=row.name,
        short_name=row.short_name,
        cloud=row.cloud,
        path=row.path,
        parent_id=row.parent_id,
        parent_name=_above(row),
        details=Details(**{field: getattr(row, field) for field in asdict(Details())}),
        bounds=_bounds(row),
        contacts=tuple(Contact(contact.name, contact.email, contact.phone) for contact in contacts),
        more_tenants=more_tenants(row.pk),
        created_at=row.created_at,
    )


def path_in_scope(organization_id: str) -> str | None:
    """Return the path of one of the scope's organizations, by its id in text; None where there is none."""
    return _in_scope(organization_id, "path")


def name_in_scope(organization_id: str) -> str | None:
    """Return the name of one of the scope's organizations, by its id in text; None where there is none."""
    return _in_scope(organization_id, "name")


def _in_scope(organization_id: str, field: str) -> str | None:
    try:
        rows = Organization.objects.filter(pk=UUID(organization_id))
    except ValueError:
        return None
    return rows.values_list(field, flat=True).first()


def tenants_of(customer_id: UUID) -> tuple[Tenant, ...]:
    """Return the Microsoft tenants that a customer of the scope is known by, its first one first; none when by none.

    Raises `NoSuchOrganization`.
    """
    row = Organization.objects.filter(pk=customer_id, kind=Kind.CUSTOMER.value, removed_at__isnull=True).first()
    if row is None:
        raise NoSuchOrganization
    return known_of(Tenant(row.tenant_id, row.domain), more_tenants(customer_id))


def more_tenants(customer_id: UUID) -> tuple[Tenant, ...]:
    """Return the Microsoft tenants of a customer of the scope beside its first."""
    rows = TenantRow.objects.filter(organization_id=customer_id)
    return tuple(Tenant(row.tenant_id, row.domain) for row in rows)


def clouds_of(organization_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the clouds of several organizations of the scope, in one query."""
    return dict(Organization.objects.filter(pk__in=organization_ids).values_list("pk", "cloud"))


def others_with_domain(domain: str, *, beside: UUID) -> tuple[str, ...]:
    """Return the names of the other customers of one's scope and of the same provider that have this domain."""
    if not domain:
        return ()
    system, provider, *_below = place(beside).path.split("/")
    rows = Organization.objects.filter(kind=Kind.CUSTOMER.value, removed_at__isnull=True, domain=domain)
    rows = rows.filter(path__startswith=f"{system}/{provider}/").exclude(pk=beside)
    return tuple(rows.order_by("name_key").values_list("name", flat=True)[:MOST_NAMED])


@dataclass(frozen=True, slots=True)
class Branch:
    """A customer, and below whom it stands."""

    id: UUID
    name: str
    parent_id: UUID
    parent_name: str
    provider_id: UUID


def every_tenant_typed() -> tuple[tuple[UUID, str], ...]:
    """Return each customer of the scope with each tenant ID that somebody typed for it."""
    first = Organization.objects.filter(kind=Kind.CUSTOMER.value, removed_at__isnull=True).exclude(tenant_id="")
    more = TenantRow.objects.filter(organization__removed_at__isnull=True).exclude(tenant_id="")
    return (*first.values_list("pk", "tenant_id"), *more.values_list("organization_id", "tenant_id"))


def branches_of(customers: Collection[UUID]) -> dict[UUID, Branch]:
    """Return where these customers of the scope stand, those that are in use."""
    rows = Organization.objects.filter(pk__in=customers, removed_at__isnull=True).select_related("parent")
    return {
        row.pk: Branch(row.pk, row.name, row.parent.pk, row.parent.name, UUID(hex=row.path.split("/")[1]))
        for row in rows
        if row.parent is not None
    }


def bounds_above(organization_id: UUID) -> Bounds:
    """Return the bounds of an organization that stands above the reader, such as their provider's pool."""
    with through(Door.ANCESTORS):
        row = Organization.objects.filter(pk=organization_id).first()
    if row is None:
        raise NoSuchOrganization
    return _bounds(row)


def parents_for_customers(provider_id: UUID) -> tuple[Choice, ...]:
    """Return where a customer of this provider may stand, as far as the scope goes: the provider, then its channels."""
    rows = Organization.objects.filter(
        Q(pk=provider_id) | Q(parent_id=provider_id, kind=Kind.CHANNEL.value), removed_at__isnull=True
    )
    ordered = sorted(rows, key=lambda row: (row.pk != provider_id, row.name_key))
    return tuple(Choice(row.pk, row.name) for row in ordered)


def _counted(ids: list[UUID]) -> dict[UUID, int]:
    below = Organization.objects.filter(parent_id__in=ids, kind=Kind.CUSTOMER.value, removed_at__isnull=True)
    return dict(below.order_by().values_list("parent_id").annotate(number=Count("pk")))


def _with_counts(rows: Sequence[PlaceRow]) -> tuple[PlaceRow, ...]:
    """Count the customers of channels, of many at once."""
    counts = _counted([row.id for row in rows])
    return tuple(replace(row, below=counts.get(row.id, 0)) for row in rows)


def _row(row: Organization) -> PlaceRow:
    return PlaceRow(
        id=row.pk,
        name=row.name,
        short_name=row.short_name,
        above=_above(row),
        domain=row.domain,
        tenant_id=row.tenant_id,
        cloud=row.cloud,
        below=0,
        most_customers=row.most_customers,
        created_at=row.created_at,
    )


def _above(row: Organization) -> str:
    return row.parent.name if row.parent is not None and row.parent.kind != Kind.SYSTEM.value else ""


def _bounds(row: Organization) -> Bounds:
    return Bounds(
        customers=row.most_customers,
        users=row.most_users,
        warning_percent=row.warning_percent,
        grace_percent=row.grace_percent,
    )
