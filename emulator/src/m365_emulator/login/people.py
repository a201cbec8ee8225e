"""The person behind an object id at a tenant: its own, a guest, or a partner's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator import partners
from m365_emulator.errors import EntraError

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.world import World


def at(world: World, tenant_id: str, user_id: str) -> tuple[Tenant, DirectoryObject]:
    """The tenant and the person as it sees them. Raises EntraError 50034 when they are gone."""
    tenant = world.directory.tenants[tenant_id]
    person = partners.find(world, tenant, user_id)
    if person is None:
        raise EntraError(50034, "The user account does not exist in the directory.")
    return tenant, person


def account_of(world: World, person: DirectoryObject) -> DirectoryObject:
    """Where the password and the second factor are kept: the object itself, or that of a guest's home."""
    home = world.directory.tenants.get(person.hidden.get("home_tenant", ""))
    account = home.objects.get(person.hidden["home_user"]) if home is not None else None
    return account or person
