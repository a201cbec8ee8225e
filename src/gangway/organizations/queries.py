"""Reading organizations and the people in them. Everything returned is a plain frozen value."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from gangway.organizations.errors import NoSeat, NoSuchOrganization, SeatByEntra
from gangway.organizations.models import Membership, Operator, Organization
from gangway.organizations.pages import Page, page_of
from gangway.organizations.place_queries import places_meant
from gangway.organizations.roles import ROLE_TABLE, Capability, Kind, Role
from gangway.organizations.scope import Door, through, within_everything

_PROVIDERS_PLACE = 1


@dataclass(frozen=True, slots=True)
class SeatPlace:
    """One organization in which a person has a role."""

    organization_id: UUID
    organization_name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Seat:
    """One signed-in person in one organization: who, where, and what they may do there."""

    operator_id: UUID
    name: str
    email: str
    organization_id: UUID
    organization_name: str
    organization_kind: Kind
    path: str
    role: Role
    provider_id: UUID | None
    """None for people of the system, who stand above all providers."""
    provider_name: str
    capabilities: frozenset[Capability]
    places: tuple[SeatPlace, ...]
    """All organizations in which this person has a role, this one among them."""


@dataclass(frozen=True, slots=True)
class OperatorView:
    """A person of ours as others may see them."""

    id: UUID
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """One customer in a list. `channel_name` is empty for a customer directly below its provider."""

    id: UUID
    name: str
    channel_name: str
    domain: str


@dataclass(frozen=True, slots=True)
class CustomerView:
    """One customer. `path` is the scope of everything that belongs to it."""

    id: UUID
    name: str
    short_name: str
    path: str
    channel_name: str
    domain: str
    tenant_id: str
    cloud: str
    provider_id: UUID
    provider_name: str


@dataclass(frozen=True, slots=True)
class ProviderView:
    """The provider above an organization, as customers meet it. `server_name` is this installation's.

    `reply_to` and `support_phone`: whom the organization's people write to and call, which is its channel where that
    has an address or a number of its own.
    """

    id: UUID
    name: str
    short_name: str
    path: str
    server_name: str
    reply_to: str
    support_phone: str


def holds(operator_id: UUID, capability: Capability, *, path: str) -> bool:
    """Say whether a person may do this in the organization at `path`, by any of their roles at or above it."""
    with through(Door.SEAT):
        held = [(row.organization, Role(row.role)) for row in _held(operator_id).select_related("organization")]
    return any(
        path.startswith(where.path) and capability in ROLE_TABLE.get((Kind(where.kind), role), frozenset())
        for where, role in held
    )


def seat(
    operator_id: UUID, *, organization_id: UUID | None = None, shut: Collection[UUID] = (), by_entra: bool = True
) -> Seat:
    """Return where this person works: in the organization named, if they have a role there, else in their oldest one.

    `shut`: organizations into which the way that they signed in doesn't lead. `by_entra`: whether roles count that
    follow a claim of their Entra tenant. Raises `NoSeat`, `SeatByEntra`. Needs no scope: it gives one.
    """
    with through(Door.SEAT):
        rows = _held(operator_id).select_related("operator", "organization").order_by("created_at", "id")
        living = [row for row in rows if row.organization_id not in shut]
    held = [row for row in living if by_entra or not row.from_entra]
    if living and not held:
        raise SeatByEntra
    if not held:
        raise NoSeat
    return _seat(next((row for row in held if row.organization_id == organization_id), held[0]), held)


def _held(operator_id: UUID) -> QuerySet[Membership]:
    """Return the places that somebody may work in: nobody suspended them, and the organization is in use."""
    rows = Membership.objects.filter(operator_id=operator_id, operator__is_active=True, is_active=True)
    return rows.filter(organization__removed_at__isnull=True)


def _seat(place: Membership, held: Iterable[Membership]) -> Seat:
    here, role = place.organization, Role(place.role)
    provider = _provider_above(here)
    return Seat(
        operator_id=place.operator.id,
        name=place.operator.name,
        email=place.operator.email,
        organization_id=here.id,
        organization_name=here.name,
        organization_kind=Kind(here.kind),
        path=here.path,
        role=role,
        provider_id=None if here.kind == Kind.SYSTEM.value else provider.id,
        provider_name=provider.name,
        capabilities=ROLE_TABLE.get((Kind(here.kind), role), frozenset()),
        places=tuple(SeatPlace(row.organization_id, row.organization.name, Role(row.role)) for row in held),
    )


def operator(operator_id: UUID) -> OperatorView | None:
    """Return a person's name and address, None when there is no such person any more."""
    found = Operator.objects.filter(pk=operator_id, is_active=True).first()
    return None if found is None else OperatorView(id=found.id, name=found.name, email=found.email)


def colleague(operator_id: str, *, path: str) -> OperatorView | None:
    """Return who did something for the organization at `path`, as long as they work there or above.

    People leave, and a customer is moved to another reseller: what comes later is no longer theirs to read.
    """
    person = operator(UUID(operator_id)) if operator_id else None
    return person if person and holds(person.id, Capability.SEE_SERVICES, path=path) else None


def customers(*, search: str = "", page: int = 1) -> Page[CustomerRow]:
    """Return the scope's customers by name; `search` as in their list."""
    living = Organization.objects.filter(kind=Kind.CUSTOMER.value, removed_at__isnull=True)
    rows = living.filter(places_meant(search))
    return page_of(rows.select_related("parent").order_by("name_key", "id"), page, _customer_row)


def _customer_row(row: Organization) -> CustomerRow:
    return CustomerRow(id=row.id, name=row.name, channel_name=_channel_name(row), domain=row.domain)


def _channel_name(row: Organization) -> str:
    return row.parent.name if row.parent and row.parent.kind == Kind.CHANNEL.value else ""


def customer(customer_id: UUID) -> CustomerView:
    """Return one customer of the scope; raises `NoSuchOrganization`."""
    rows = Organization.objects.filter(pk=customer_id, kind=Kind.CUSTOMER.value, removed_at__isnull=True)
    row = rows.select_related("parent").first()
    if row is None:
        raise NoSuchOrganization
    provider = _provider_above(row)
    return CustomerView(
        id=row.id,
        name=row.name,
        short_name=row.short_name,
        path=row.path,
        channel_name=_channel_name(row),
        domain=row.domain,
        tenant_id=row.tenant_id,
        cloud=row.cloud,
        provider_id=provider.id,
        provider_name=provider.name,
    )


def provider_of(organization_id: UUID) -> ProviderView:
    """Return the provider above (or at) an organization; raises `NoSuchOrganization`. What it tells is no secret."""
    with through(Door.ANCESTORS):
        here = Organization.objects.filter(pk=organization_id).first()
    if here is None:
        raise NoSuchOrganization
    provider, *channels = _above(here)
    return ProviderView(
        id=provider.id,
        name=provider.name,
        short_name=provider.short_name,
        path=provider.path,
        server_name=settings.GANGWAY.server_name,
        reply_to=next((row.reply_to for row in channels if row.reply_to), provider.reply_to),
        support_phone=next((row.support_phone for row in channels if row.support_phone), provider.support_phone),
    )


def providers() -> tuple[ProviderView, ...]:
    """Return all providers of this installation, by name; for set-up and the doctor, outside of any scope."""
    with within_everything("set-up looks at every provider"):
        ids = list(
            Organization.objects.filter(kind=Kind.PROVIDER.value)
            .order_by("name_key", "id")
            .values_list("pk", flat=True)
        )
    return tuple(provider_of(provider_id) for provider_id in ids)


def recorded_ids() -> frozenset[UUID]:
    """Return every organization whose making was recorded, outside of any scope: all but the system."""
    with within_everything("every organization's log is proved"):
        rows = Organization.objects.exclude(kind=Kind.SYSTEM.value)
        return frozenset(rows.values_list("pk", flat=True))


def _above(here: Organization) -> tuple[Organization, ...]:
    """Return the provider of the path, and the channel, if the organization is one or stands below one."""
    if here.kind in {Kind.SYSTEM.value, Kind.PROVIDER.value}:
        return (here,)
    ids = [UUID(hex=each) for each in here.path.strip("/").split("/")[_PROVIDERS_PLACE:]]
    with through(Door.ANCESTORS):
        rows = Organization.objects.filter(pk__in=ids).exclude(kind=Kind.CUSTOMER.value)
        return tuple(sorted(rows, key=lambda row: len(row.path)))


def _provider_above(here: Organization) -> Organization:
    """Return the provider of the path, the second of its ids; the system, the first one, has none but itself."""
    if here.kind in {Kind.SYSTEM.value, Kind.PROVIDER.value}:
        return here
    ids = [UUID(hex=each) for each in here.path.strip("/").split("/")]
    with through(Door.ANCESTORS):
        return Organization.objects.get(pk=ids[_PROVIDERS_PLACE])
