"""Rules that depend on what a request is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator import data
from m365_emulator.graph.authority import people, role_groups, rules

if TYPE_CHECKING:
    from m365_emulator.graph.authority.rules import Rule
    from m365_emulator.graph.call import Call

_microsoft_graphs = frozenset({data.graph_app_id, "00000002-0000-0000-c000-000000000000"})
_restorers = {"user": rules.manages_users, "group": rules.restores_groups}
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


def restoring(call: Call) -> Rule:
    """Who may see, restore or end a deleted object of whatever type."""
    item = call.tenant.deleted.get(call.keys["directoryObject-id"].lower())
    return _restorers.get(item.kind, rules.restores_applications) if item is not None else rules.restores_applications


def updating_person(call: Call) -> Rule:
    """People change their own phone number; passwords and the like are also for one administrator more."""
    wanted = call.body.keys()
    if wanted and wanted <= people.own_properties and people.is_oneself(call):
        return rules.changes_own_profile
    return rules.changes_sensitive if wanted and wanted <= people.sensitive else rules.manages_users


def creating_group(call: Call) -> Rule:
    """Groups that can have directory roles are made by those who give the roles."""
    return rules.assigns_roles if role_groups.is_meant(call) else rules.creates_groups


def changing_group(call: Call) -> Rule:
    """The same, with their owners, for what changes them, their members and owners."""
    return rules.manages_role_groups if role_groups.is_meant(call) else rules.manages_groups


def _resource_of_assignment(call: Call) -> str:
    row = call.tenant.app_role_assignments.get(call.keys.get("appRoleAssignment-id", ""))
    return str(row["resourceId"]) if row else ""
