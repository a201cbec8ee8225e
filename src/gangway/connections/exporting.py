"""Connections as another platform would have to be told them; without anything secret."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from gangway.connections.models import Connection
from gangway.provisioning.identities import identities


@dataclass(frozen=True, slots=True)
class Told:
    """A service's connection in three facts; when its credential ends stands with the service."""

    tenant_id: str
    app_id: str
    m365_domain: str


def told_of(service_ids: Collection[UUID]) -> dict[UUID, Told]:
    """Return the connections of those services of the scope that have one, by service."""
    rows = list(Connection.objects.filter(service_id__in=service_ids))
    known = identities({row.registration_id for row in rows})
    return {
        row.service_id: Told(known[row.registration_id].tenant_id, known[row.registration_id].app_id, row.m365_domain)
        for row in rows
        if row.registration_id in known
    }
