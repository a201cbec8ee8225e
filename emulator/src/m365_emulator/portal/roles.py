"""Roles and administrators: which roles there are and who has them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from m365_emulator import data
from m365_emulator.errors import GraphError
from m365_emulator.graph.authority import rules
from m365_emulator.portal import home
from m365_emulator.portal.desk import Crumb, Shown, address

if TYPE_CHECKING:
    from m365_emulator.portal.desk import Desk

crumb = Crumb("Roles and administrators", address("roles"))
types = {"user": "User", "group": "Group", "servicePrincipal": "Service principal"}


def show_list(desk: Desk) -> Shown:
    """All built-in roles, by name, with the number of their assignments."""
    text, assigned = desk.asked("q"), Counter(row["roleDefinitionId"] for row in _assignments(desk))
    rows = [
        {**row, "assignments": assigned[row["id"]], "privileged": data.role_templates()[row["id"]]["privileged"]}
        for row in desk.graph.every("/roleManagement/directory/roleDefinitions?$top=999")
        if home.matches(text, row["displayName"])
    ]
    rows.sort(key=lambda row: str(row["displayName"]))
    return Shown(
        "roles",
        "Roles and administrators",
        (home.crumb,),
        {"rows": rows, "text": text, "own_roles": home.own_roles(desk)},
    )


def definition(desk: Desk) -> dict[str, Any]:
    """The role that the address names."""
    return desk.graph.get(f"/roleManagement/directory/roleDefinitions/{desk.id}")


def show(desk: Desk) -> Shown:
    """Who has one role, where."""
    role = definition(desk)
    rows = desk.graph.every(
        f"/roleManagement/directory/roleAssignments?$expand=principal&$filter=roleDefinitionId eq '{role['id']}'"
    )
    return Shown(
        "role",
        role["displayName"],
        (home.crumb, crumb),
        {
            "role": role,
            "may_assign": desk.graph.fits(rules.assigns_roles),
            "privileged": data.role_templates()[role["id"]]["privileged"],
            "rows": [{**row, **_holder(row), "scope": scope_name(desk, row["directoryScopeId"])} for row in rows],
        },
    )


def held_by(desk: Desk, principal_id: str) -> list[dict[str, Any]]:
    """The roles of one person or service principal, with their scopes."""
    rows = desk.graph.every(
        f"/roleManagement/directory/roleAssignments?$expand=roleDefinition&$filter=principalId eq '{principal_id}'"
    )
    return [{**row, "scope": scope_name(desk, row["directoryScopeId"])} for row in rows]


def scope_name(desk: Desk, scope: str) -> str:
    """A scope in words."""
    if scope == "/":
        return "Organization"
    try:
        unit = desk.graph.get(f"/directory{scope}?$select=displayName")
    except GraphError:
        return scope
    return f"Administrative unit {unit['displayName']}"


def _assignments(desk: Desk) -> list[dict[str, Any]]:
    return desk.graph.every("/roleManagement/directory/roleAssignments")


def _holder(row: dict[str, Any]) -> dict[str, str]:
    principal = row["principal"] or {}
    kind = str(principal.get("@odata.type", "")).rpartition(".")[2]
    place = {"user": "users", "servicePrincipal": "enterprise"}.get(kind)
    return {
        "name": principal.get("displayName") or row["principalId"],
        "type": types.get(kind, "Unknown"),
        "detail": principal.get("userPrincipalName") or principal.get("appId") or "",
        "address": address(place, principal["id"]) if place else "",
    }
