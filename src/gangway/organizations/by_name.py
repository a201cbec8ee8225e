"""Finding organizations by the names that people write into files: as they read, whatever their case or form."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from gangway.organizations.details import Tenant, domains_of, known_of
from gangway.organizations.models import Organization, TenantRow
from gangway.organizations.roles import Kind
from gangway.organizations.search import LONGEST_KEY, fold


@dataclass(frozen=True, slots=True)
class Named:
    """An organization of the scope, and the one that it stands below."""

    id: UUID
    name: str
    parent_id: UUID
    tenants: tuple[Tenant, ...]
    domains: tuple[str, ...]
    """Those that a customer is known by."""
    cloud: str


def key_of(name: str) -> str:
    """Return what is the same for two names that read the same."""
    return fold(" ".join(name.split()))[:LONGEST_KEY]


def named(kind: Kind, names: Iterable[str]) -> dict[str, list[Named]]:
    """Return the scope's organizations of a level in use that have one of these names, by `key_of`."""
    keys = {key_of(name) for name in names}
    rows = Organization.objects.filter(kind=kind.value, name_key__in=keys, removed_at__isnull=True)
    found, more = defaultdict(list), defaultdict(list)
    for one in TenantRow.objects.filter(organization_id__in=rows.values("pk")):
        more[one.organization_id].append(Tenant(one.tenant_id, one.domain))
    for row in rows.order_by("created_at"):
        if row.parent_id is not None:
            tenants = known_of(Tenant(row.tenant_id, row.domain), more[row.pk])
            domains = domains_of(row.domain, more[row.pk])
            found[row.name_key].append(Named(row.pk, row.name, row.parent_id, tenants, domains, row.cloud))
    return dict(found)


def room_below(parent_id: UUID) -> int | None:
    """Return how many more customers may stand below an organization of the scope; None when it has no bound."""
    row = Organization.objects.filter(pk=parent_id, removed_at__isnull=True).first()
    if row is None or row.most_customers is None:
        return None
    below = Organization.objects.filter(parent=row, kind=Kind.CUSTOMER.value, removed_at__isnull=True)
    return max(row.most_customers - below.count(), 0)
