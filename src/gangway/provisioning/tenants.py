"""What the scope has in a tenant. Call it inside a scope: what others have there isn't told."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gangway.provisioning.models import MADE, Credential, Registration
from gangway.provisioning.states import CredentialState, RegistrationState
from gangway.services import names
from gangway.services.states import NEEDS_ITS_REGISTRATION, Lifecycle


@dataclass(frozen=True, slots=True)
class InTenant:
    """The tenant's name as we read it, empty if we never did, and the living services that are connected with it."""

    name: str
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MadeHere:
    """A registration that has a credential for a service which nobody created yet."""

    full_name: str
    short_name: str
    name: str
    app_id: str
    ends_at: datetime | None
    is_ours: bool
    """Whether we made it; else the customer did."""


def in_tenant(tenant_id: str) -> InTenant:
    """Return what the scope has in this tenant."""
    rows = Registration.objects.filter(tenant_id=tenant_id).exclude(state=RegistrationState.REMOVED.value)
    name = rows.exclude(tenant_name="").order_by("-created_at").values_list("tenant_name", flat=True).first()
    credentials = Credential.objects.filter(
        registration__in=rows, service__lifecycle__in=[state.value for state in NEEDS_ITS_REGISTRATION]
    ).exclude(state=CredentialState.REMOVED.value)
    names = set(credentials.values_list("service__short_name", flat=True)[:50])
    return InTenant(name or "", tuple(sorted(names)))


def domains_of(customer_id: UUID, *, tenant_id: str = "") -> tuple[str, ...]:
    """Return the verified domains that were read where a customer has registrations; of one tenant, if it is named."""
    rows = Registration.objects.filter(organization_id=customer_id).exclude(state=RegistrationState.REMOVED.value)
    found = rows.filter(tenant_id=tenant_id) if tenant_id else rows
    lists = found.order_by("created_at").values_list("domains", flat=True)
    return tuple(dict.fromkeys(domain.casefold() for domains in lists for domain in domains))


def free_name(name: str, *, tenant_id: str) -> str:
    """Return the name if none of the scope's registrations in this tenant has it; else with the first free number."""
    rows = Registration.objects.filter(tenant_id=tenant_id).exclude(state=RegistrationState.REMOVED.value)
    taken = set(rows.values_list("name_key", flat=True))
    numbered = (names.ending_with(name, f"-{number}") for number in range(2, len(taken) + 2))
    return next((one for one in (name, *numbered) if names.key(one) not in taken), name)


def is_taken(name: str, *, tenant_id: str, but: UUID) -> bool:
    """Whether another of the scope's registrations in this tenant has the name."""
    rows = Registration.objects.filter(tenant_id=tenant_id, name_key=names.key(name)).exclude(pk=but)
    return rows.exclude(state=RegistrationState.REMOVED.value).exists()


def customers_in(tenant_id: str, *, cloud: str) -> tuple[UUID, ...]:
    """Return the organizations that had a registration made or given in this tenant, gone ones as well. For workers."""
    rows = Registration.objects.filter(tenant_id=tenant_id, cloud=cloud)
    return tuple(sorted(set(rows.values_list("organization_id", flat=True))))


def is_home_of_all(tenant_id: str, *, cloud: str) -> bool:
    """Return whether the scope's living services sign in to this tenant, and none of them to another one."""
    living = Credential.objects.filter(service__lifecycle__in=[state.value for state in NEEDS_ITS_REGISTRATION])
    rows = living.exclude(state=CredentialState.REMOVED.value)
    here = {"registration__tenant_id": tenant_id, "registration__cloud": cloud}
    return rows.filter(**here).exists() and not rows.exclude(**here).exists()


def services_outside(cloud: str, *, customer_id: UUID) -> tuple[str, ...]:
    """Return the short names of a customer's living services that sign in with a registration in another cloud."""
    rows = Credential.objects.filter(
        registration__organization_id=customer_id,
        service__lifecycle__in=[state.value for state in NEEDS_ITS_REGISTRATION],
    )
    outside = rows.exclude(state=CredentialState.REMOVED.value).exclude(registration__cloud=cloud)
    return tuple(sorted(set(outside.values_list("service__short_name", flat=True))))


def registrations_in(tenant_id: str, *, cloud: str) -> tuple[UUID, ...]:
    """Return the scope's registrations in this tenant, gone ones as well."""
    rows = Registration.objects.filter(tenant_id=tenant_id, cloud=cloud)
    return tuple(rows.order_by("created_at").values_list("pk", flat=True))


def made_in(tenant_id: str, *, cloud: str) -> tuple[MadeHere, ...]:
    """Return what stands in this tenant for the scope's services that wait to be created, the oldest first."""
    away = [CredentialState.ANNOUNCED.value, CredentialState.REMOVED.value]
    rows = Credential.objects.filter(registration__tenant_id=tenant_id, registration__cloud=cloud)
    rows = rows.filter(service__lifecycle=Lifecycle.PLANNED.value).exclude(state__in=away)
    rows = rows.exclude(registration__state=RegistrationState.REMOVED.value)
    found = {
        (row.registration_id, row.service_id): MadeHere(
            row.service.full_name,
            row.service.short_name,
            row.registration.display_name,
            row.registration.app_id,
            row.expires_at,
            row.registration.origin == MADE,
        )
        for row in rows.select_related("registration", "service").order_by("announced_at")
    }
    return tuple(found.values())


def tenant_name(tenant_id: str, *, cloud: str) -> str:
    """Return the name of a tenant as it was read last; empty if it never was."""
    rows = Registration.objects.filter(tenant_id=tenant_id, cloud=cloud).exclude(tenant_name="")
    return rows.order_by("-created_at").values_list("tenant_name", flat=True).first() or ""
