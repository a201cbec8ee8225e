"""Granular delegated admin privileges (GDAP): people of a partner sign in to a customer's tenant, with some roles.

They have no object there. Their token names the customer as ``tid``, themselves by the object id they have at home,
and the relationship's roles as ``wids``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator.directory import DirectoryObject

if TYPE_CHECKING:
    from m365_emulator.directory import Tenant
    from m365_emulator.world import World

_where = "partners"


def add(tenant: Tenant, partner: Tenant, person: DirectoryObject, role_ids: list[str]) -> None:
    """Let a person of the partner act here with these directory roles."""
    tenant.settings.setdefault(_where, {})[person.id] = {"tenantId": partner.id, "roles": role_ids}


def roles(tenant: Tenant, person_id: str) -> list[str]:
    """Template ids of the roles that a partner's person has here."""
    return list(tenant.settings.get(_where, {}).get(person_id, {}).get("roles", []))


def is_partner(tenant: Tenant, person_id: str) -> bool:
    """Whether this object id belongs to a partner's person and not to anybody of the tenant's own."""
    return person_id in tenant.settings.get(_where, {}) and person_id not in tenant.objects


def find(world: World, tenant: Tenant, person_id: str) -> DirectoryObject | None:
    """The person as this tenant sees them: its own object, or a partner's in the guise of a guest."""
    own = tenant.objects.get(person_id)
    row = tenant.settings.get(_where, {}).get(person_id)
    if own is not None or row is None:
        return own
    home = world.directory.tenants.get(row["tenantId"])
    account = home.objects.get(person_id) if home is not None else None
    if home is None or account is None:
        return None
    hidden = {"home_tenant": home.id, "home_user": account.id, "sign_in_name": account.body["userPrincipalName"]}
    return DirectoryObject("user", account.id, {**account.body, "userType": "Guest"}, {**account.hidden, **hidden})
