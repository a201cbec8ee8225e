"""Deleted items: applications, service principals, people and groups stay here for 30 days.

Permissions and roles are those of the object's kind (Restore deleted item).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from m365_emulator.directory import type_of_kind
from m365_emulator.graph import applications, groups, removal, service_principals, users
from m365_emulator.graph.answer import Answer, no_content
from m365_emulator.graph.authority.permission_table import reading_of_kind, restoring_of_kind
from m365_emulator.graph.errors import bad_request, denied, not_found
from m365_emulator.graph.odata import pages
from m365_emulator.graph.operations import Operations
from m365_emulator.graph.owners import objects

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject
    from m365_emulator.graph.call import Call
    from m365_emulator.graph.odata.shape import Shape

operations = Operations()
kept_seconds = 30 * 24 * 3600
_by_id = "/directory/deletedItems/{directoryObject-id}"
_owned = frozenset({"Application.ReadWrite.OwnedBy"})


@operations.on("GET", "/directory/deletedItems/microsoft.graph.application")
def list_deleted_applications(call: Call) -> Answer:
    """Those that can still be restored."""
    return pages.collection(call, _deleted_form(applications.shape), _of_kind(call, "application"))


@operations.on("GET", "/directory/deletedItems/microsoft.graph.servicePrincipal")
def list_deleted_principals(call: Call) -> Answer:
    """Those that can still be restored."""
    return pages.collection(call, _deleted_form(service_principals.shape), _of_kind(call, "servicePrincipal"))


@operations.on("GET", "/directory/deletedItems/microsoft.graph.user")
def list_deleted_people(call: Call) -> Answer:
    """Those that can still be restored."""
    return pages.collection(call, _deleted_form(users.shape), _of_kind(call, "user"))


@operations.on("GET", "/directory/deletedItems/microsoft.graph.group")
def list_deleted_groups(call: Call) -> Answer:
    """Those that can still be restored."""
    return pages.collection(call, _deleted_form(groups.shape), _of_kind(call, "group"))


@operations.on("GET", _by_id)
def get_deleted(call: Call) -> Answer:
    """One deleted object, of whatever type."""
    return pages.single(call, objects, _shown(_deleted(call)))


@operations.on("POST", _by_id + "/restore")
def restore(call: Call) -> Answer:
    """Bring it back. Raises 400 when another object took one of its unique values meanwhile."""
    item = _deleted(call)
    _require_free(call, item)
    removal.restore(call.tenant, item)
    return pages.single(call, objects, _shown(item))


@operations.on("DELETE", _by_id)
def delete_for_good(call: Call) -> Answer:
    """204; nothing brings it back."""
    del call.tenant.deleted[_deleted(call).id]
    return no_content()


def _deleted(call: Call) -> DirectoryObject:
    oid = call.keys["directoryObject-id"]
    item = call.tenant.deleted.get(oid.lower())
    if item is None or _expired(call, item):
        raise not_found(oid)
    if not _may(call, item):
        raise denied()
    return item


def _may(call: Call, item: DirectoryObject) -> bool:
    """Whether the token's permission is one for objects of this kind; ``OwnedBy`` is for what one owns."""
    table = reading_of_kind if call.operation.method == "GET" else restoring_of_kind
    caller = call.caller
    have = (caller.roles if caller.is_app else caller.scopes - _owned) & frozenset(table[item.kind])
    return bool(have - _owned) or (bool(have) and caller.principal_id in item.owners)


def _require_free(call: Call, item: DirectoryObject) -> None:
    """Raises 400 ObjectConflict when a live object has the name, the application or an address that this one had."""
    taken = ""
    if item.kind == "servicePrincipal" and call.tenant.principal(item.body["appId"]) is not None:
        raise bad_request("The service principal name is already in use.", target="appId")
    if item.kind == "user" and call.tenant.user(item.body["userPrincipalName"]) is not None:
        taken = "userPrincipalName"
    if item.kind == "application":
        own = set(item.body.get("identifierUris") or [])
        others = call.tenant.of_kind("application")
        taken = "identifierUris" if any(own & set(one.body.get("identifierUris") or []) for one in others) else ""
    if taken:
        raise bad_request(
            f"Another object with the same value for property {taken} already exists.",
            target=taken,
            detail="ObjectConflict",
        )


def _of_kind(call: Call, kind: str) -> list[dict[str, Any]]:
    return [item.body for item in call.tenant.deleted.values() if item.kind == kind and not _expired(call, item)]


def _expired(call: Call, item: DirectoryObject) -> bool:
    return call.world.clock.seconds() - (item.deleted_at or 0) > kept_seconds


def _deleted_form(shape: Shape) -> Shape:
    """What is deleted is sorted by when, too (List deletedItems)."""
    return replace(shape, sortable=shape.sortable | {"deletedDateTime"})


def _shown(item: DirectoryObject) -> dict[str, Any]:
    return {"@odata.type": type_of_kind[item.kind], **item.body}
