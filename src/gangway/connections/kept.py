"""What is looked after by itself: a service's connection, and what the service uses beside it.

Both have a credential that ends, and go through the same looks, warnings and rotations; here is what they differ in.
"""

from collections.abc import Sequence
from typing import TypedDict
from uuid import UUID

from django.db.models import Q, QuerySet

from gangway.alarms.states import Kind
from gangway.connections.models import Care, Companion, Connection
from gangway.provisioning.queries import choices
from gangway.provisioning.renewable import Renewable, renewable, renewable_of, renewables_of
from gangway.services.queries import ServiceView

Kept = Care | Companion
Looked = Connection | Companion
SOMETHING_LACKS = ~(Q(lacks__isnull=True) | Q(lacks=[]))
"""Rows of which it is known that they lack something of the newest version."""


class Key(TypedDict):
    """What makes an alarm one."""

    organization_id: UUID
    kind: Kind
    subject: str


def key_of(row: Connection | Kept, kind: Kind) -> Key:
    """Return the key of its alarm of this kind."""
    return Key(organization_id=row.organization_id, kind=kind, subject=row.subject)


def name_of(row: Connection | Kept, about: ServiceView) -> str:
    """Return what people know it by: the service's name, and for what is beside the connection also what it is for."""
    return f"{about.short_name} ({choices(row.profile).title})" if isinstance(row, Companion) else about.short_name


def facts_of(row: Connection | Kept) -> dict[str, str]:
    """Return what an event says of it so that it isn't taken for the connection."""
    return {"profile": row.profile} if isinstance(row, Companion) else {}


def credential_of(row: Connection | Kept) -> Renewable | None:
    """Return what it signs in with now; None when there is nothing."""
    if isinstance(row, Companion):
        return renewable_of(registration_id=row.registration_id, service_id=row.service_id)
    return renewable((row if isinstance(row, Connection) else row.connection).credential_id)


def credentials_of(rows: Sequence[Companion]) -> dict[UUID, Renewable]:
    """Return the same for many that are beside connections, in one query; those without anything are left out."""
    found = renewables_of([row.registration_id for row in rows])
    keys = {row.pk: (row.registration_id, row.service_id) for row in rows}
    return {pk: found[key] for pk, key in keys.items() if key in found}


def connection_of(row: Connection | Kept) -> Connection:
    """Return the connection of its service: it says whether anything of it is used now."""
    if isinstance(row, Connection):
        return row
    return row.connection if isinstance(row, Care) else Connection.objects.get(service_id=row.service_id)


def is_lacking(row: Connection, lacks: list[str] | None) -> bool:
    """Whether a connection that lacks this, or what its service uses beside it, lacks anything."""
    return bool(lacks) or Companion.objects.filter(SOMETHING_LACKS, service_id=row.service_id).exists()


def whose(row: Looked) -> dict[str, Looked]:
    """Return how its validations are found."""
    return {"companion" if isinstance(row, Companion) else "connection": row}


def care_of(row: Looked) -> QuerySet[Care] | QuerySet[Companion]:
    """Return the row that says when it is looked at next, of a connection that is looked after."""
    if isinstance(row, Companion):
        return Companion.objects.filter(pk=row.pk)
    return Care.objects.filter(pk=row.pk)
