"""Who is told when something of an organization needs a person. For workers: it looks above every scope."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from gangway.organizations.models import ContactRow, Membership, Organization
from gangway.organizations.roles import ROLE_TABLE, Capability, Kind, roles_at

CONTACTS_CHANGED: Final = "alarms:contacts_changed"
ACTS = Capability.CHANGE_CONNECTION
"""Whoever may do something about a connection is told of it; those who only look are not."""


@dataclass(frozen=True, slots=True)
class Told:
    """One address to tell, and the organization it stands for: whose quiet hours and digest count."""

    organization_id: UUID
    path: str
    email: str
    operator_id: str = ""
    """Whose address it is; empty: of nobody who signs in."""


def contacts_of(organization_id: UUID) -> tuple[Told, ...]:
    """Return the contacts that an organization named itself."""
    rows = ContactRow.objects.filter(organization_id=organization_id).select_related("organization")
    return tuple(Told(organization_id, row.organization.path, row.email.lower()) for row in rows)


def operators_for(organization_id: UUID) -> tuple[Told, ...]:
    """Return who looks after an organization: those above a customer, else those in it; the nearest level with anybody.

    Operators who may act, and the contacts of that level, each address once.
    """
    here = Organization.objects.filter(pk=organization_id).first()
    if here is None:
        return ()
    ids = [UUID(hex=each) for each in here.path.strip("/").split("/")]
    rows = Organization.objects.filter(pk__in=ids, removed_at__isnull=True).exclude(kind=Kind.CUSTOMER.value)
    for row in sorted(rows, key=lambda each: len(each.path), reverse=True):
        found = (*_people(row), *contacts_of(row.pk))
        if found:
            return tuple({one.email: one for one in reversed(found)}.values())
    return ()


def _people(row: Organization) -> tuple[Told, ...]:
    kind = Kind(row.kind)
    roles = [role.value for role in roles_at(kind) if ACTS in ROLE_TABLE[kind, role]]
    held = Membership.objects.filter(organization=row, role__in=roles, is_active=True, operator__is_active=True)
    rows = held.select_related("operator")
    return tuple(Told(row.pk, row.path, each.operator.email, str(each.operator_id)) for each in rows)
