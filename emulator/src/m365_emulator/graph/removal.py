"""Deletion: what goes to the deleted items, what vanishes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator.clock import graph_time

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.graph.call import Call

_come_back_with = ("user", "group")
roles_when_deleted = "roles_when_deleted"
_was_in, _had = "member_of_when_deleted", "members_when_deleted"


def soft_delete(call: Call, item: DirectoryObject) -> None:
    """Move an object to the deleted items. An application takes its service principal in this tenant along."""
    tenant = call.tenant
    if item.kind == "application":
        principal = tenant.principal(item.body["appId"])
        if principal is not None:
            soft_delete(call, principal)
    if item.kind in _come_back_with:
        _remember_memberships(tenant, item)
        item.hidden[roles_when_deleted] = tenant.directory_roles(item.id, scope=None)
    forget_relations(tenant, item.id)
    del tenant.objects[item.id]
    item.deleted_at = call.world.clock.seconds()
    item.body["deletedDateTime"] = graph_time(call.world.clock.now())
    tenant.deleted[item.id] = item


def restore(tenant: Tenant, item: DirectoryObject) -> None:
    """Bring an object back, a person or a group with its memberships and members that are still there.

    Grants and roles stay gone, and so does an application's service principal.
    """
    del tenant.deleted[item.id]
    item.hidden.pop(roles_when_deleted, None)
    item.deleted_at = None
    item.body["deletedDateTime"] = None
    tenant.objects[item.id] = item
    for container in item.hidden.pop(_was_in, []):
        if container in tenant.objects and item.id not in tenant.memberships.setdefault(container, []):
            tenant.memberships[container].append(item.id)
    members = [one for one in item.hidden.pop(_had, []) if one in tenant.objects]
    if members:
        tenant.memberships[item.id] = members


def _remember_memberships(tenant: Tenant, item: DirectoryObject) -> None:
    item.hidden[_was_in] = [key for key, members in tenant.memberships.items() if item.id in members]
    item.hidden[_had] = list(tenant.memberships.get(item.id, []))


def forget_relations(tenant: Tenant, oid: str) -> None:
    """Grants, roles and memberships of an object that goes."""
    for rows, keys in (
        (tenant.app_role_assignments, ("principalId", "resourceId")),
        (tenant.permission_grants, ("clientId", "resourceId", "principalId")),
        (tenant.role_assignments, ("principalId",)),
        (tenant.role_eligibilities, ("principalId",)),
    ):
        for key in [key for key, row in rows.items() if oid in (row.get(name) for name in keys)]:
            del rows[key]
    tenant.memberships.pop(oid, None)
    for members in tenant.memberships.values():
        if oid in members:
            members.remove(oid)
    for other in tenant.objects.values():
        if oid in other.owners:
            other.owners.remove(oid)


def forget_unit(tenant: Tenant, oid: str) -> None:
    """An administrative unit goes at once, with the roles that were limited to it."""
    del tenant.objects[oid]
    tenant.memberships.pop(oid, None)
    scope = f"/administrativeUnits/{oid}"
    for key in [key for key, row in tenant.role_assignments.items() if row["directoryScopeId"] == scope]:
        del tenant.role_assignments[key]
