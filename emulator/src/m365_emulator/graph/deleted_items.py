"""Deleted items: applications, service principals and people stay here for 30 days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator.directory import type_of_kind
from m365_emulator.graph import applications, groups, removal, service_principals, users
from m365_emulator.graph.answer import Answer, no_content
from m365_emulator.graph.errors import bad_request, denied, not_found
from m365_emulator.graph.odata import pages
from m365_emulator.graph.operations import Operations
from m365_emulator.graph.owners import objects

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject
    from m365_emulator.graph.call import Call

operations = Operations()
kept_seconds = 30 * 24 * 3600
_by_id = "/directory/deletedItems/{directoryObject-id}"
_permission_of_kind = {
    "user": ("User.DeleteRestore.All", "User.ReadWrite.All"),
    "group": ("Group.ReadWrite.All", "Directory.ReadWrite.All"),
}
_of_applications = ("Application.ReadWrite.All", "Application.ReadWrite.OwnedBy")


@operations.on("GET", "/directory/deletedItems/microsoft.graph.application")
def list_deleted_applications(call: Call) -> Answer:
    """Those that can still be restored."""
    return pages.collection(call, applications.shape, _of_kind(call, "application"))


@operations.on("GET", "/directory/deletedItems/microsoft.graph.servicePrincipal")
def list_deleted_principals(call: Call) -> Answer:
    """Those that can still be restored."""
    return pages.collection(call, service_principals.shape, _of_kind(call, "servicePrincipal"))


@operations.on("GET", "/directory/deletedItems/microsoft.graph.user")
def list_deleted_people(call: Call) -> Answer:
    """Those that can still be restored."""
    return pages.collection(call, users.shape, _of_kind(call, "user"))


@operations.on("GET", "/directory/deletedItems/microsoft.graph.group")
def list_deleted_groups(call: Call) -> Answer:
    """Those that can still be restored."""
    return pages.collection(call, groups.shape, _of_kind(call, "group"))


@operations.on("GET", _by_id)
def get_deleted(call: Call) -> Answer:
    """One deleted object, of whatever type."""
    return pages.single(call, objects, _shown(_deleted(call)))


@operations.on("POST", _by_id + "/restore")
def restore(call: Call) -> Answer:
    """Bring it back. Raises 400 when another object took one of its unique values meanwhile."""
    item = _deleted(call)
    if item.kind == "servicePrincipal" and call.tenant.principal(item.body["appId"]) is not None:
        raise bad_request("The service principal name is already in use.", target="appId")
    removal.restore(call.tenant, item)
    return pages.single(call, objects, _shown(item))


@operations.on("DELETE", _by_id)
def delete_for_good(call: Call) -> Answer:
    """204; nothing brings it back."""
    del call.tenant.deleted[_deleted(call).id]
    return no_content()


def _deleted(call: Call) -> DirectoryObject:
    oid = call.keys["directoryObject-id"]
    item = call.tenant.deleted.get(oid)
    if item is None or _expired(call, item):
        raise not_found(oid)
    have = call.caller.roles if call.caller.is_app else call.caller.scopes
    if not have & frozenset(_permission_of_kind.get(item.kind, _of_applications)):
        raise denied()
    return item


def _of_kind(call: Call, kind: str) -> list[dict[str, Any]]:
    return [item.body for item in call.tenant.deleted.values() if item.kind == kind and not _expired(call, item)]


def _expired(call: Call, item: DirectoryObject) -> bool:
    return call.world.clock.seconds() - (item.deleted_at or 0) > kept_seconds


def _shown(item: DirectoryObject) -> dict[str, Any]:
    return {"@odata.type": type_of_kind[item.kind], **item.body}
