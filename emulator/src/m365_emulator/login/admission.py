"""May this person use this enterprise application: is it switched on, and are they assigned where it asks for that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator.errors import EntraError

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.login.clients import Client


def check(tenant: Tenant, principal: DirectoryObject, client: Client, person: DirectoryObject) -> None:
    """Asked on the pages and whenever tokens go out. Raises EntraError 7000112, 50105."""
    check_enabled(principal, client)
    if principal.body.get("appRoleAssignmentRequired") and not _is_assigned(tenant, principal, person):
        raise EntraError(
            50105,
            f"Your administrator has configured the application {client.name} ('{client.app_id}') to "
            "block users unless they are specifically granted ('assigned') access to the application.",
        )


def check_enabled(principal: DirectoryObject, client: Client) -> None:
    """Raises EntraError 7000112 when the tenant switched the application off."""
    if principal.body.get("accountEnabled") is False:
        raise EntraError(7000112, f"Application '{client.app_id}'({client.name}) is disabled.")


def _is_assigned(tenant: Tenant, principal: DirectoryObject, person: DirectoryObject) -> bool:
    holders = tenant.holders_for(person)
    return any(
        row["resourceId"] == principal.id and row["principalId"] in holders
        for row in tenant.app_role_assignments.values()
    )
