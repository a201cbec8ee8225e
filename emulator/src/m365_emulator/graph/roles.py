"""Directory roles as Graph's three resources show them: definition, template and (activated) role.

A tenant's own roles (custom roles) are definitions only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator import data

if TYPE_CHECKING:
    from m365_emulator.directory import Tenant
    from m365_emulator.world import World

_activated = "activatedRoles"
_custom = "customRoles"


def definitions(tenant: Tenant) -> list[dict[str, Any]]:
    """``unifiedRoleDefinition``: the built-in roles and the tenant's own."""
    return [*map(_built_in, data.role_templates()), *tenant.settings.get(_custom, {}).values()]


def definition(tenant: Tenant, role_id: str) -> dict[str, Any] | None:
    """One of them; None when there is none of this id."""
    return _built_in(role_id) if role_id in data.role_templates() else tenant.settings.get(_custom, {}).get(role_id)


def custom(tenant: Tenant) -> dict[str, dict[str, Any]]:
    """The tenant's own roles by id, to be changed."""
    own: dict[str, dict[str, Any]] = tenant.settings.setdefault(_custom, {})
    return own


def _built_in(template_id: str) -> dict[str, Any]:
    """A built-in role has its template's id in every tenant."""
    name = data.role_templates()[template_id]["displayName"]
    return {
        "id": template_id,
        "description": f"The built-in role {name}.",
        "displayName": name,
        "isBuiltIn": True,
        "isEnabled": True,
        "resourceScopes": ["/"],
        "rolePermissions": [],
        "templateId": template_id,
        "version": "1",
    }


def template(template_id: str) -> dict[str, Any]:
    """``directoryRoleTemplate``."""
    name = data.role_templates()[template_id]["displayName"]
    words = f"The built-in role {name}."
    return {"id": template_id, "deletedDateTime": None, "description": words, "displayName": name}


def directory_role(world: World, tenant: Tenant, template_id: str) -> dict[str, Any]:
    """``directoryRole``: the same role with an object id of this tenant."""
    shown = template(template_id)
    return {**shown, "id": object_id(world, tenant, template_id), "roleTemplateId": template_id}


def object_id(world: World, tenant: Tenant, template_id: str) -> str:
    """The id of an activated role in one tenant."""
    return world.ids.named(f"{tenant.id}/directoryRole/{template_id}")


def activated(tenant: Tenant) -> list[str]:
    """Template ids of the roles that exist in a tenant: those that somebody has, had, or activated."""
    held = (row["roleDefinitionId"] for row in tenant.role_assignments.values())
    held = (one for one in held if one in data.role_templates())
    return list(dict.fromkeys([data.global_administrator, *tenant.settings.get(_activated, []), *held]))


def activate(tenant: Tenant, template_id: str) -> None:
    """Make a role exist in the tenant, so that it can have members."""
    known = tenant.settings.setdefault(_activated, [])
    if template_id not in known:
        known.append(template_id)


def add_assignment(world: World, tenant: Tenant, principal_id: str, role_id: str, scope: str) -> dict[str, Any]:
    """Give a role to a principal; whether it has it already is for the caller to ask."""
    oid = f"{world.ids.opaque(33, 'roleAssignment')}-1"
    row = {
        "id": oid,
        "principalId": principal_id,
        "roleDefinitionId": role_id,
        "directoryScopeId": scope,
        "appScopeId": None,
        "condition": None,
    }
    tenant.role_assignments[oid] = row
    if role_id in data.role_templates():
        activate(tenant, role_id)
    world.replica.wrote("roleAssignment", oid)
    return row


def assignment_of(tenant: Tenant, principal_id: str, role_id: str, scope: str) -> dict[str, Any] | None:
    """The assignment of exactly this role to this principal at this scope, if there is one."""
    for row in tenant.role_assignments.values():
        if (row["principalId"], row["roleDefinitionId"], row["directoryScopeId"]) == (principal_id, role_id, scope):
            return row
    return None
