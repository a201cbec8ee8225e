"""Who is told when something of an organization needs a person. For workers: it looks above every scope."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from gangway.organizations.models import ContactRow, Membership, Organization
from gangway.organizations.queries import provider_of
from gangway.organizations.roles import ROLE_TABLE, Capability, Kind, roles_at
from gangway.organizations.scope import Door, through

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
    rows = Organization.objects.filter(pk__in=_ids(here.path), removed_at__isnull=True)
    rows = rows.exclude(kind=Kind.CUSTOMER.value)
    for row in sorted(rows, key=lambda each: len(each.path), reverse=True):
        found = (*_people(row), *contacts_of(row.pk))
        if found:
            return tuple({one.email: one for one in reversed(found)}.values())
    return ()


def answerable(operator_id: str, organization_id: UUID, *, may: Capability = ACTS) -> tuple[Told, ...]:
    """Return who is told what became of something that a person did for an organization, wherever this is asked.

    `may`: what one must be allowed to do about it. That person, as long as they may, there or above; else whoever may
    at the nearest level above a customer that has such people; else where answers to the provider's mails go. People
    leave, and customers are moved to other resellers.
    """
    with through(Door.SEAT):
        path = Organization.objects.values_list("path", flat=True).get(pk=organization_id)
        rows = Organization.objects.filter(pk__in=_ids(path), removed_at__isnull=True)
        nearest = sorted(rows, key=lambda each: len(each.path), reverse=True)
        own = tuple(one for row in nearest for one in _people(row, may) if one.operator_id == operator_id)
        others = (_people(row, may) for row in nearest if row.kind != Kind.CUSTOMER)
        found = own[:1] or next(filter(None, others), ())
    if found:
        return found
    provider = provider_of(provider_of(organization_id).id)
    return (Told(provider.id, provider.path, provider.reply_to),) if provider.reply_to else ()


def _ids(path: str) -> list[UUID]:
    return [UUID(hex=each) for each in path.strip("/").split("/")]


def _people(row: Organization, may: Capability = ACTS) -> tuple[Told, ...]:
    kind = Kind(row.kind)
    roles = [role.value for role in roles_at(kind) if may in ROLE_TABLE[kind, role]]
    held = Membership.objects.filter(organization=row, role__in=roles, is_active=True, operator__is_active=True)
    rows = held.select_related("operator")
    return tuple(Told(row.pk, row.path, each.operator.email, str(each.operator_id)) for each in rows)
