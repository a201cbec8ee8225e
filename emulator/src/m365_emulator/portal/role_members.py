"""Gives a directory role to somebody and takes it away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator.graph.authority import rules
from m365_emulator.portal import home, roles
from m365_emulator.portal.desk import Crumb, Shown, Went, address

if TYPE_CHECKING:
    from m365_emulator.portal.desk import Desk


def show_add(desk: Desk) -> Shown:
    """Find a person or an enterprise application by name."""
    role, text = roles.definition(desk), desk.asked("q")
    crumbs = (home.crumb, roles.crumb, Crumb(role["displayName"], address("roles", role["id"])))
    return Shown(
        "role_add",
        "Add assignments",
        crumbs,
        {
            "role": role,
            "text": text,
            "found": _found(desk, text) if text else [],
            "may_assign": desk.graph.fits(rules.assigns_roles),
        },
    )


def add(desk: Desk) -> Went:
    """Assign the role for the whole organization."""
    desk.graph.post(
        "/roleManagement/directory/roleAssignments",
        {"principalId": desk.typed("principal"), "roleDefinitionId": desk.keys["id"], "directoryScopeId": "/"},
    )
    return Went(address("roles", desk.keys["id"]), f"{roles.definition(desk)['displayName']} was assigned.")


def remove(desk: Desk) -> Went:
    """Remove one assignment."""
    desk.graph.delete(f"/roleManagement/directory/roleAssignments/{desk.typed_id('assignment')}")
    return Went(address("roles", desk.keys["id"]), "The assignment was removed.")


def _found(desk: Desk, text: str) -> list[dict[str, Any]]:
    people = desk.graph.every("/users?$select=id,displayName,userPrincipalName")
    apps = desk.graph.every("/servicePrincipals?$select=id,displayName,appId")
    rows = [
        {"id": one["id"], "name": one["displayName"], "detail": one["userPrincipalName"], "type": "User"}
        for one in people
    ]
    rows += [
        {"id": one["id"], "name": one["displayName"], "detail": one["appId"], "type": "Service principal"}
        for one in apps
    ]
    return [row for row in rows if home.matches(text, row["name"], row["detail"], row["id"])]
