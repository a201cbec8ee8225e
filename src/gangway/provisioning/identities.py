"""What names registrations outside, for many at once: an export needs nothing else of them."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from gangway.provisioning.models import Registration


@dataclass(frozen=True, slots=True)
class Identity:
    """A registration's tenant, and its Application (client) ID, which is empty before it is made."""

    tenant_id: str
    app_id: str


def identities(registration_ids: Collection[UUID]) -> dict[UUID, Identity]:
    """Return those of the registrations that are in the scope."""
    rows = Registration.objects.filter(pk__in=registration_ids).values_list("pk", "tenant_id", "app_id")
    return {key: Identity(tenant_id, app_id) for key, tenant_id, app_id in rows}
