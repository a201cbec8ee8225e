"""Providers, channels, customers and people for tests."""

from dataclasses import dataclass
from itertools import count
from uuid import UUID

from gangway.audit.record import Actor
from gangway.foundation.sealed import SealedText
from gangway.organizations import actions
from gangway.organizations.changing import change_tenants
from gangway.organizations.details import Tenant
from gangway.organizations.models import Organization
from gangway.organizations.place_queries import more_tenants
from gangway.organizations.roles import Kind, Role
from gangway.organizations.scope import within_everything

SETUP = Actor.system("test set-up")
PASSWORD = SealedText("correct horse battery staple 7")
_numbers = count(1)


@dataclass(frozen=True)
class Place:
    """An organization's id and the path that is its scope."""

    id: UUID
    path: str


def make(kind: Kind, *, name: str = "", parent: Place | None = None, **fields: str) -> Place:
    """Add an organization of any kind; names count up by themselves."""
    number = next(_numbers)
    with within_everything("test set-up"):
        made = actions.create_organization(
            kind=kind,
            name=name or f"{kind.value.title()} {number}",
            short_name=fields.pop("short_name", f"{kind.value[:2]}{number}"),
            parent_id=parent.id if parent else None,
            by=SETUP,
            **fields,
        )
        return Place(made, Organization.objects.get(pk=made).path)


def make_provider(**fields: str) -> Place:
    """Add a provider."""
    return make(Kind.PROVIDER, **fields)


def make_channel(parent: Place, **fields: str) -> Place:
    """Add a channel below a provider."""
    return make(Kind.CHANNEL, parent=parent, **fields)


def make_customer(parent: Place | None = None, **fields: str) -> Place:
    """Add a customer below a provider or channel; without one, below a new provider."""
    return make(Kind.CUSTOMER, parent=parent or make_provider(), **fields)


def make_operator(where: Place, *, role: Role = Role.ADMIN, name: str = "Olga Operator") -> UUID:
    """Add a person with one role."""
    with within_everything("test set-up"):
        return actions.create_operator(
            email=f"person{next(_numbers)}@sp2.example",
            name=name,
            password=PASSWORD,
            organization_id=where.id,
            role=role,
            by=SETUP,
        )


def add_tenant(customer: Place, *, tenant_id: str = "", domain: str = "") -> None:
    """One more Microsoft 365 tenant of a customer's."""
    with within_everything("test set-up"):
        known = more_tenants(customer.id)
        change_tenants(organization_id=customer.id, tenants=(*known, Tenant(tenant_id, domain)), by=SETUP)
