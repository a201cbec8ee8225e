"""*Grant admin consent*: everything that a registration asks for and does not have, for the whole organization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator.portal import permissions, registrations
from m365_emulator.portal.desk import Went, address

if TYPE_CHECKING:
    from m365_emulator.portal.desk import Desk
    from m365_emulator.portal.permissions import Wanted


def grant(desk: Desk) -> Went:
    """Grant what is missing; stops at the first refusal, and what was granted before it stays."""
    registration = registrations.application(desk)
    principal = registrations.principal_of(desk, registration)
    if principal is None:
        principal = desk.graph.post("/servicePrincipals", {"appId": registration["appId"]})
    missing = [one for one in permissions.read(desk, registration) if not one.granted]
    for app_id in dict.fromkeys(one.resource_app_id for one in missing):
        resource = desk.graph.get(f"/servicePrincipals(appId='{app_id}')?$select=id")
        here = [one for one in missing if one.resource_app_id == app_id]
        _grant_roles(desk, principal["id"], resource["id"], [one for one in here if one.type == "Role"])
        _grant_scopes(desk, principal["id"], resource["id"], [one for one in here if one.type == "Scope"])
    return Went(
        address("registrations", registration["id"], "permissions"),
        f"Admin consent was granted for {desk.tenant.display_name}.",
    )


def _grant_roles(desk: Desk, principal_id: str, resource_id: str, roles: list[Wanted]) -> None:
    for role in roles:
        desk.graph.post(
            f"/servicePrincipals/{principal_id}/appRoleAssignments",
            {"principalId": principal_id, "resourceId": resource_id, "appRoleId": role.id},
        )


def _grant_scopes(desk: Desk, client_id: str, resource_id: str, scopes: list[Wanted]) -> None:
    if not scopes:
        return
    values = [scope.value for scope in scopes]
    have = _grant_of(desk, client_id, resource_id)
    if have is None:
        desk.graph.post(
            "/oauth2PermissionGrants",
            {
                "clientId": client_id,
                "consentType": "AllPrincipals",
                "resourceId": resource_id,
                "scope": " ".join(values),
            },
        )
    else:
        merged = dict.fromkeys([*have["scope"].split(), *values])
        desk.graph.patch(f"/oauth2PermissionGrants/{have['id']}", {"scope": " ".join(merged)})


def _grant_of(desk: Desk, client_id: str, resource_id: str) -> dict[str, Any] | None:
    rows = desk.graph.every(f"/servicePrincipals/{client_id}/oauth2PermissionGrants")
    everybodys = (row for row in rows if row["consentType"] == "AllPrincipals")
    return next((row for row in everybodys if row["resourceId"] == resource_id), None)
