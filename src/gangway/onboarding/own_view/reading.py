"""What somebody of a customer's tenant sees: that tenant's services and nothing else, each provider's apart.

Every row is read within the scope of one organization that has something in the tenant that the id_token proved, and of
these only what hangs on registrations of that very tenant.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from gangway.audit.queries import ActivityRow, activity
from gangway.connections.companions import CompanionView, companions
from gangway.connections.farewells import SignedFarewell, farewell
from gangway.connections.queries import ConnectionView, connected_with, connection
from gangway.connections.renewing import is_to_renew, paused_above
from gangway.foundation import clock
from gangway.onboarding.deletion import Deletion, deletion
from gangway.onboarding.disconnections import Disconnected, is_kept_too_often, standing
from gangway.onboarding.own_view.arriving import VisitorView
from gangway.onboarding.own_view.errors import NotYours
from gangway.organizations.details import Contact
from gangway.organizations.errors import NoSuchOrganization
from gangway.organizations.people_queries import path_of, sides_of
from gangway.organizations.place_queries import place
from gangway.organizations.queries import ProviderView, provider_of
from gangway.organizations.roles import Kind
from gangway.organizations.scope import within
from gangway.provisioning.queries import RunView, registration, run
from gangway.provisioning.remains import Remaining, remains_in
from gangway.provisioning.shapes import FeatureRow, RegistrationView
from gangway.provisioning.tenants import MadeHere, is_home_of_all, made_in, registrations_in, tenant_name
from gangway.services.queries import ServiceView, service
from gangway.services.states import Lifecycle

HISTORY: Final = 40
STANDS: Final = frozenset({Lifecycle.CREATED, Lifecycle.LEAVING, Lifecycle.DELETING, Lifecycle.DELETED})


@dataclass(frozen=True, slots=True)
class ServiceSight:
    """One service as its customer sees it."""

    about: ServiceView
    connection: ConnectionView
    beside: tuple[CompanionView, ...]
    """What it uses beside its connection."""
    declined: tuple[FeatureRow, ...]
    history: tuple[ActivityRow, ...]
    sides: Mapping[str, str]
    """For whom the people of its history work, by their ids; who has no role here any more isn't among them."""
    disconnected: Disconnected | None
    is_kept_too_often: bool
    farewell: SignedFarewell | None
    is_to_renew: bool
    """Whether something of it fails, or ends so soon that people are warned."""
    is_paused_above: bool
    """Whether its provider suspended it."""

    @property
    def can_renew(self) -> bool:
        """Whether *Renew now* helps."""
        return self.about.lifecycle is Lifecycle.CREATED and self.is_to_renew and not self.is_paused_above

    @property
    def can_disconnect(self) -> bool:
        """Whether there is anything to end."""
        return self.about.lifecycle is Lifecycle.CREATED

    @property
    def can_be_kept(self) -> bool:
        """Whether the customer can take their own disconnecting back."""
        return self.is_theirs_to_keep and not self.is_kept_too_often

    @property
    def is_theirs_to_keep(self) -> bool:
        """Whether it was their own disconnecting, and nothing is gone yet."""
        return self.about.lifecycle is Lifecycle.LEAVING and self.disconnected is not None


@dataclass(frozen=True, slots=True)
class CustomerSight:
    """One organization of a provider's to which the tenant belongs."""

    id: UUID
    name: str
    is_home: bool
    """Whether all living services of the organization are in this tenant: its contacts are of no other one's affair."""
    contacts: tuple[Contact, ...]
    services: tuple[ServiceSight, ...]
    waiting: tuple[MadeHere, ...]
    """What was made, or given, for services that nobody created yet."""
    remaining: tuple[Remaining, ...]


@dataclass(frozen=True, slots=True)
class ProviderSight:
    """What one provider has with the tenant."""

    provider: ProviderView
    customers: tuple[CustomerSight, ...]


@dataclass(frozen=True, slots=True)
class Removed:
    """One registration of a removal: what stood on its list before, how it is going, and what stands there now."""

    name: str
    tenant_name: str
    before: tuple[Mapping[str, str], ...]
    run: RunView | None
    left: tuple[str, ...]

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens by itself."""
        return self.run is None or self.run.state.value in {"proved", "failed", "needs_sign_in", "cancelled"}


def sights(visitor: VisitorView, *, below: str = "") -> tuple[ProviderSight, ...]:
    """Return all that the tenant has with us; `below`: only with organizations of this path."""
    found: dict[UUID, tuple[ProviderView, list[CustomerSight]]] = {}
    for customer_id, path in _places(visitor, below):
        provider = provider_of(customer_id)
        with within(path), suppress(NoSuchOrganization):
            found.setdefault(provider.id, (provider, []))[1].append(_customer(visitor, customer_id, path))
    ordered = sorted(found.values(), key=lambda one: one[0].name.casefold())
    return tuple(ProviderSight(provider, tuple(customers)) for provider, customers in ordered if customers)


def name_of_tenant(visitor: VisitorView) -> str:
    """Return the tenant's name as it was read last, else its id."""
    for _customer_id, path in _places(visitor, ""):
        with within(path):
            name = tenant_name(visitor.tenant_id, cloud=visitor.cloud)
        if name:
            return name
    return visitor.tenant_id


def place_of(visitor: VisitorView, organization_id: UUID, *, below: str = "") -> tuple[str, CustomerSight]:
    """Return one of the visitor's organizations with its scope. Raises `NotYours`."""
    for customer_id, path in _places(visitor, below):
        if customer_id == organization_id:
            with within(path), suppress(NoSuchOrganization):
                return path, _customer(visitor, customer_id, path)
    raise NotYours


def service_of(visitor: VisitorView, service_id: UUID, *, below: str = "") -> tuple[str, ServiceSight, Deletion]:
    """Return one of the tenant's services with its scope, and what ending it means. Raises `NotYours`."""
    for _customer_id, path in _places(visitor, below):
        with within(path):
            if service_id in _services(visitor):
                sight = _service(visitor, service_id, path)
                if sight.about.lifecycle in STANDS:
                    return path, sight, deletion(service_id)
    raise NotYours


def remaining_of(visitor: VisitorView, *, below: str = "") -> tuple[tuple[UUID, Remaining], ...]:
    """Return what remains in the tenant for a sign-in to remove, each with its organization."""
    found: list[tuple[UUID, Remaining]] = []
    for customer_id, path in _places(visitor, below):
        with within(path):
            found += [(customer_id, one) for one in remains_in(visitor.tenant_id, cloud=visitor.cloud)]
    return tuple(found)


def removed_by(visitor: VisitorView) -> tuple[Removed, ...]:
    """Return how the removal goes that the visitor signed in for."""
    return tuple(_removed(visitor, one) for one in visitor.removal)


def _removed(visitor: VisitorView, one: Mapping[str, Any]) -> Removed:
    with within(path_of(UUID(one["customer"]))):
        at_work = run(UUID(one["run"])) if one.get("run") else None
        now = remains_in(visitor.tenant_id, cloud=visitor.cloud)
    still = [each for each in now if str(each.registration_id) == one["registration"]]
    left = tuple(thing.name for each in still for thing in each.things)
    return Removed(one["name"], one["tenant_name"], tuple(one["things"]), at_work, left)


def _places(visitor: VisitorView, below: str) -> Iterator[tuple[UUID, str]]:
    for customer_id in visitor.customers:
        with suppress(NoSuchOrganization):
            path = path_of(customer_id)
            if path.startswith(below):
                yield customer_id, path


def _customer(visitor: VisitorView, customer_id: UUID, path: str) -> CustomerSight:
    about = place(customer_id)
    services = tuple(_service(visitor, one, path) for one in _services(visitor))
    is_home = is_home_of_all(visitor.tenant_id, cloud=visitor.cloud)
    return CustomerSight(
        id=customer_id,
        name=about.name,
        is_home=is_home,
        contacts=about.contacts if is_home else (),
        services=tuple(one for one in services if one.about.lifecycle in STANDS),
        waiting=made_in(visitor.tenant_id, cloud=visitor.cloud),
        remaining=remains_in(visitor.tenant_id, cloud=visitor.cloud),
    )


def _services(visitor: VisitorView) -> list[UUID]:
    return connected_with(registrations_in(visitor.tenant_id, cloud=visitor.cloud))


def _service(visitor: VisitorView, service_id: UUID, path: str) -> ServiceSight:
    about, connected = service(service_id), connection(service_id)
    assert connected is not None  # noqa: S101 - it was found by its connection
    history = tuple(activity(organization_path=path, subject=f"service:{service_id}", limit=HISTORY))
    return ServiceSight(
        about=about,
        connection=connected,
        beside=tuple(one for one in companions(service_id) if _is_in(one.registration, visitor)),
        declined=registration(connected.registration_id).declined,
        history=history,
        sides=_sides(history, about, path),
        disconnected=standing(service_id),
        is_kept_too_often=is_kept_too_often(service_id, now=clock.now()),
        farewell=farewell(service_id) if about.lifecycle is Lifecycle.DELETED else None,
        is_to_renew=is_to_renew(service_id, now=clock.now()),
        is_paused_above=paused_above(service_id),
    )


def _is_in(about: RegistrationView, visitor: VisitorView) -> bool:
    return (about.tenant_id, about.cloud) == (visitor.tenant_id, visitor.cloud)


def _people(history: tuple[ActivityRow, ...]) -> Iterator[UUID]:
    """Who did something, as far as they have an account."""
    for row in history:
        if row.actor_kind == "person":
            with suppress(ValueError):
                yield UUID(row.actor_id)


def _sides(history: tuple[ActivityRow, ...], about: ServiceView, path: str) -> dict[str, str]:
    """Name organizations, never people; who runs the whole platform acts for the provider."""
    sides = sides_of(set(_people(history)), path=path)
    return {str(one): about.provider_name if kind is Kind.SYSTEM else name for one, (kind, name) in sides.items()}
