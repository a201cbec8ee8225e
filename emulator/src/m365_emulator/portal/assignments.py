"""Users and groups of an enterprise application: who was given which of its app roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator.portal import enterprise, home
from m365_emulator.portal.desk import Shown, Went, address

if TYPE_CHECKING:
    from m365_emulator.portal.desk import Desk


def show(desk: Desk) -> Shown:
    """Who is assigned, and people to assign, by name."""
    principal, text = desk.graph.get(f"/servicePrincipals/{desk.id}"), desk.asked("q")
    roles = [role for role in principal.get("appRoles", []) if "User" in role["allowedMemberTypes"]]
    names = {role["id"]: role["displayName"] for role in roles}
    rows = [
        {**row, "role": names[row["appRoleId"]]}
        for row in desk.graph.every(f"/servicePrincipals/{desk.id}/appRoleAssignedTo")
        if row["appRoleId"] in names
    ]
    return Shown(
        "enterprise_users",
        "Users and groups",
        enterprise.way(desk, principal),
        {
            "principal": principal,
            "section": "users",
            "rows": rows,
            "roles": roles,
            "text": text,
            "found": _found(desk, text) if text else [],
        },
    )


def add(desk: Desk) -> Went:
    """Give somebody a role."""
    wanted = {"principalId": desk.typed("principal"), "resourceId": desk.keys["id"], "appRoleId": desk.typed("role")}
    made = desk.graph.post(f"/servicePrincipals/{desk.id}/appRoleAssignedTo", wanted)
    return Went(_here(desk), f"{made['principalDisplayName']} was assigned.")


def remove(desk: Desk) -> Went:
    """Take it away; tokens that are out keep it until they end."""
    desk.graph.delete(f"/servicePrincipals/{desk.id}/appRoleAssignedTo/{desk.typed_id('assignment')}")
    return Went(_here(desk), "The assignment was removed.")


def _here(desk: Desk) -> str:
    return address("enterprise", desk.keys["id"], "users")


def _found(desk: Desk, text: str) -> list[dict[str, Any]]:
    people = desk.graph.every("/users?$select=id,displayName,userPrincipalName")
    return [one for one in people if home.matches(text, one["displayName"], one["userPrincipalName"], one["id"])]
