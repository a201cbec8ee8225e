"""The person behind an object id at a tenant: its own, a guest, or a partner's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator import partners, tokens
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


def as_seen_by(world: World, tenant: Tenant, home: Tenant, account: DirectoryObject) -> DirectoryObject | None:
    """The person as a tenant sees them: themselves at home, a guest or a partner elsewhere; None for a stranger."""
    if tenant is home:
        return account
    guests = (item for item in tenant.of_kind("user") if item.hidden.get("home_user") == account.id)
    guest = next(guests, None)
    if guest is not None and tokens.is_guest(guest):
        return guest
    return partners.find(world, tenant, account.id)


def elsewhere(world: World, tenant: Tenant, home: Tenant, person: DirectoryObject) -> DirectoryObject:
    """Somebody known at one tenant as another one sees them. Raises EntraError 50020 when it doesn't know them."""
    account_home = world.directory.tenants.get(person.hidden.get("home_tenant", "")) or home
    found = as_seen_by(world, tenant, account_home, account_of(world, person))
    if found is None:
        raise EntraError(
            50020,
            f"User account '{person.body['userPrincipalName']}' from identity provider "
            f"'https://sts.windows.net/{account_home.id}/' does not exist in tenant '{tenant.display_name}' and cannot "
            "access the application in that tenant. The account needs to be added as an external user in the tenant "
            "first.",
        )
    return found


def everywhere(world: World, home: Tenant, account: DirectoryObject) -> list[tuple[str, str]]:
    """Tenant and object ids under which an account signs in: its own, and those of guests and partners elsewhere."""
    seen = ((tenant.id, as_seen_by(world, tenant, home, account)) for tenant in world.directory.tenants.looked_at())
    return [(tenant_id, person.id) for tenant_id, person in seen if person is not None]


def session_ended(world: World, person: DirectoryObject, signed_in_at: float) -> bool:
    """A browser's session ends with the password that it came from, as refresh tokens do (50173)."""
    return float(account_of(world, person).hidden.get("password_changed_at", 0)) > signed_in_at


def is_enabled(world: World, person: DirectoryObject) -> bool:
    """Whether neither the object nor the account behind it is switched off (50057)."""
    return False not in (one.body.get("accountEnabled") for one in (person, account_of(world, person)))


def account_of(world: World, person: DirectoryObject) -> DirectoryObject:
    """Where the password and the second factor are kept: the object itself, or that of a guest's home."""
    home = world.directory.tenants.get(person.hidden.get("home_tenant", ""))
    account = home.objects.get(person.hidden["home_user"]) if home is not None else None
    return account or person
