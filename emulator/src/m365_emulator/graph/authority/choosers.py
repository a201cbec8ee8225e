"""Rules that depend on what a request is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator import data
from m365_emulator.graph.authority import rules

if TYPE_CHECKING:
    from m365_emulator.graph.authority.rules import Rule
    from m365_emulator.graph.call import Call

_microsoft_graphs = frozenset({data.graph_app_id, "00000002-0000-0000-c000-000000000000"})
_deleters = {
    "application": rules.manages_applications,
    "servicePrincipal": rules.manages_applications,
    "group": rules.manages_groups,
}


def granting(call: Call) -> Rule:
    """Application permissions of Microsoft Graph need more than those of any other API."""
    resource_id = call.body.get("resourceId") or _resource_of_assignment(call)
    resource = call.tenant.objects.get(str(resource_id))
    app_id = resource.body.get("appId") if resource is not None else None
    return rules.grants_anything if app_id in _microsoft_graphs else rules.grants_other_apis


def deleting(call: Call) -> Rule:
    """Who may delete a directory object of whatever type."""
    item = call.tenant.objects.get(call.keys["directoryObject-id"])
    return _deleters.get(item.kind, rules.manages_users) if item is not None else rules.manages_users


def _resource_of_assignment(call: Call) -> str:
    row = call.tenant.app_role_assignments.get(call.keys.get("appRoleAssignment-id", ""))
    return str(row["resourceId"]) if row else ""
