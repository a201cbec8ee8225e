"""The tenant that a domain belongs to: a worker asks Microsoft's sign-in service, which tells everybody its id.

Its name isn't told to everybody: only tenants that this organization has a registration in have one here, and only
those are known to be connected. What other organizations have stays theirs, its very existence included.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import transaction

from gangway.jobs.actions import defer
from gangway.microsoft.cloud import Cloud
from gangway.microsoft.errors import MicrosoftError
from gangway.microsoft.transport import Transport
from gangway.microsoft.wire import Asked
from gangway.onboarding.errors import NotADomain
from gangway.onboarding.models import TenantLookup
from gangway.onboarding.states import LookupState
from gangway.organizations.queries import CustomerView, customer
from gangway.organizations.scope import within_everything
from gangway.provisioning.tenants import InTenant, in_tenant

LOOK_UP: Final = "onboarding:look_up_tenant"
GOOD_FOR: Final = timedelta(days=1)
KEPT_FOR: Final = 2 * GOOD_FOR
LOST_AFTER: Final = timedelta(minutes=1)
"""A worker that hasn't answered by then is lost, or Microsoft was: it is asked again."""
DOMAIN: Final = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]\Z")
UNKNOWN: Final = frozenset({400, 404})
"""How Entra says that it knows no such tenant (AADSTS90002)."""


@dataclass(frozen=True, slots=True)
class TenantFound:
    """What is known of a domain's tenant. `here`: this organization's registrations in it."""

    domain: str
    cloud: str
    state: LookupState
    tenant_id: str
    here: InTenant

    @property
    def is_over(self) -> bool:
        """Whether a live page may stop asking."""
        return self.state is not LookupState.ASKED


def checked_domain(text: str) -> str:
    """Return a domain as Microsoft writes it; raises `NotADomain` at "domain"."""
    try:
        domain = text.strip().rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise NotADomain(field="domain") from None
    if not DOMAIN.match(domain):
        raise NotADomain(field="domain")
    return domain


@transaction.atomic
def ask(*, customer_id: UUID, domain: str, anew: bool = False, now: datetime) -> TenantFound:
    """Have a worker look, unless that is known since lately. Raises `NotADomain`, `NoSuchOrganization`.

    `anew`: a person asks, who may have had the domain added since Microsoft last said that it knows no such tenant.
    """
    about, name = customer(customer_id), checked_domain(domain)
    rows = TenantLookup.objects.select_for_update(of=("self",))
    row, made = rows.get_or_create(organization_id=about.id, cloud=about.cloud, domain=name, defaults={"asked_at": now})
    waits = row.state in {LookupState.ASKED, LookupState.FAILED} or (anew and row.state == LookupState.NOT_FOUND)
    if made or row.asked_at < now - (LOST_AFTER if waits else GOOD_FOR):
        row.state, row.tenant_id, row.asked_at = LookupState.ASKED.value, "", now
        row.save(update_fields=["state", "tenant_id", "asked_at"])
        defer(LOOK_UP, queueing_lock=f"{LOOK_UP}:{row.pk}", lookup_id=str(row.pk))
    return _view(row)


def found(*, customer_id: UUID, domain: str) -> TenantFound | None:
    """Return what is known; None when nobody asked. Raises `NotADomain`, `NoSuchOrganization`."""
    about, name = customer(customer_id), checked_domain(domain)
    row = TenantLookup.objects.filter(organization_id=about.id, cloud=about.cloud, domain=name).first()
    return None if row is None else _view(row)


def tenant_of_domain(about: CustomerView) -> str:
    """Return the tenant that a customer's domain was found to belong to; empty when no domain or tenant is known."""
    found_rows = TenantLookup.objects.filter(
        organization_id=about.id, cloud=about.cloud, domain=about.domain, state=LookupState.FOUND.value
    )
    return (found_rows.values_list("tenant_id", flat=True).first() or "") if about.domain else ""


def begin(lookup_id: UUID) -> tuple[str, str] | None:
    """Return domain and cloud for a worker; None when it is known already."""
    with within_everything("a worker is given a lookup by its id"):
        row = TenantLookup.objects.filter(pk=lookup_id, state=LookupState.ASKED.value).first()
        return None if row is None else (row.domain, row.cloud)


async def look(domain: str, cloud: Cloud, transport: Transport) -> tuple[LookupState, str]:
    """Ask what the sign-in service tells everybody of a domain; never raises for what it says."""
    try:
        answer = await transport.send(Asked("GET", cloud.discovery_url(domain)))
    except MicrosoftError:
        return LookupState.FAILED, ""
    if answer.status in UNKNOWN:
        return LookupState.NOT_FOUND, ""
    issuer = str(answer.member("issuer", "")) if answer.good else ""
    try:
        return LookupState.FOUND, str(UUID(urlsplit(issuer).path.split("/")[1]))
    except (ValueError, IndexError):
        return LookupState.FAILED, ""


def end(lookup_id: UUID, state: LookupState, tenant_id: str) -> None:
    """Write down what was told."""
    with within_everything("a worker is given a lookup by its id"):
        rows = TenantLookup.objects.filter(pk=lookup_id, state=LookupState.ASKED.value)
        rows.update(state=state.value, tenant_id=tenant_id)


def forget(*, now: datetime) -> None:
    """Remove what is too old to be told any more: it would be asked anew."""
    with within_everything("housekeeping looks at everybody's lookups"):
        TenantLookup.objects.filter(asked_at__lt=now - KEPT_FOR).delete()


def cloud_of(name: str) -> Cloud:
    """Return the addresses of a cloud."""
    return Cloud.of(settings.GANGWAY, name)


def _view(row: TenantLookup) -> TenantFound:
    here = in_tenant(row.tenant_id) if row.tenant_id else InTenant("", ())
    return TenantFound(row.domain, row.cloud, LookupState(row.state), row.tenant_id, here)
