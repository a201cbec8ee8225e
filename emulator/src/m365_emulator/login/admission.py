"""May somebody use this enterprise application: is it switched on, and are they assigned where it asks for that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator.errors import EntraError

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.login.clients import Client

_not_assigned = (
    "Your administrator has configured the application {name} ('{app_id}') to block users unless they are specifically "
    "granted ('assigned') access to the application."
)


def check(tenant: Tenant, principal: DirectoryObject, client: Client, person: DirectoryObject) -> None:
    """Asked on the pages and whenever tokens go out. Raises EntraError 7000112, 50105."""
    check_enabled(principal, client)
    if principal.body.get("appRoleAssignmentRequired") and not _is_assigned(tenant, principal, person):
        raise EntraError(50105, _not_assigned.format(name=client.name, app_id=client.app_id))


def check_at_api(
    tenant: Tenant, resource: DirectoryObject, client: DirectoryObject, person: DirectoryObject | None = None
) -> None:
    """An API may ask for assignment too, of people and of applications that come as themselves.

    Raises EntraError 50105 for a person, 501051 for an application. Source: OAuth 2.0 client credentials flow,
    Controlling tokens without the roles claim; the number is seen in several public projects.
    """
    who = person or client
    if not resource.body.get("appRoleAssignmentRequired") or resource is client or _is_assigned(tenant, resource, who):
        return
    name, app_id = resource.body["displayName"], resource.body["appId"]
    if person is not None:
        raise EntraError(50105, _not_assigned.format(name=name, app_id=app_id))
    raise EntraError(
        501051,
        f"Application '{client.body['appId']}'({client.body['displayName']}) is not assigned to a role for the "
        f"application '{app_id}'({name}).",
        error="invalid_grant",
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
