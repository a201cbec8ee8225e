"""App role assignments: application permissions that were granted, and apps that people may use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator.clock import graph_time
from m365_emulator.graph import bodies, targets
from m365_emulator.graph.answer import Answer, no_content
from m365_emulator.graph.errors import bad_request, invalid_value, not_found
from m365_emulator.graph.odata import pages
from m365_emulator.graph.odata.shape import Shape
from m365_emulator.graph.operations import Operations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from m365_emulator.directory import DirectoryObject
    from m365_emulator.graph.call import Call

operations = Operations()
shape = Shape(
    type="appRoleAssignment",
    set="appRoleAssignments",
    nested=True,
    filterable={"resourceId": "eq", "appRoleId": "eq", "principalId": "eq", "principalDisplayName": "eq startsWith"},
)
_principal = ("/servicePrincipals/{servicePrincipal-id}", "/servicePrincipals(appId='{appId}')")
_user = "/users/{user-id}"
_group = "/groups/{group-id}"
_one_of = (
    *(
        one + name + "/{appRoleAssignment-id}"
        for one in _principal
        for name in ("/appRoleAssignments", "/appRoleAssignedTo")
    ),
    *(one + "/appRoleAssignments/{appRoleAssignment-id}" for one in (_user, _group)),
)
_default_access = "00000000-0000-0000-0000-000000000000"
_types = {"user": "User", "group": "Group", "servicePrincipal": "ServicePrincipal"}


@operations.on("GET", *(one + "/appRoleAssignments" for one in (*_principal, _user, _group, "/me")))
def list_assignments(call: Call) -> Answer:
    """What this principal was granted, at all resources."""
    return pages.collection(call, shape, _rows(call, "principalId"))


@operations.on("GET", *(one + "/appRoleAssignedTo" for one in _principal))
def list_assigned_to(call: Call) -> Answer:
    """Who was granted one of this resource's roles."""
    return pages.collection(call, shape, _rows(call, "resourceId"))


@operations.on("GET", *_one_of)
def get_assignment(call: Call) -> Answer:
    """One assignment, by either end."""
    return pages.single(call, shape, _row(call))


@operations.on(
    "POST",
    *(one + name for one in _principal for name in ("/appRoleAssignments", "/appRoleAssignedTo")),
    *(one + "/appRoleAssignments" for one in (_user, _group)),
)
def grant(call: Call) -> Answer:
    """201; 400 when the same role is assigned already, 404 when an end of it is not there (or not copied yet)."""
    wanted = bodies.checked(
        "appRoleAssignment",
        call.body,
        needed=("principalId", "resourceId", "appRoleId"),
        fixed=("id", "createdDateTime", "principalDisplayName", "principalType", "resourceDisplayName"),
    )
    end = _named(call)
    if end.id not in (wanted["principalId"], wanted["resourceId"]):
        raise bad_request("The principalId or resourceId must be the object that the address names.")
    principal, resource = _end(call, wanted["principalId"]), _end(call, wanted["resourceId"])
    _check_role(resource, principal, wanted["appRoleId"])
    _require_new(call, wanted)
    return pages.single(call, shape, _made(call, principal, resource, wanted["appRoleId"]), status=201)


@operations.on("DELETE", *_one_of)
def revoke(call: Call) -> Answer:
    """204; tokens that are out keep their roles until they expire."""
    del call.tenant.app_role_assignments[_row(call)["id"]]
    return no_content()


def held_by(call: Call, item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What an object was granted, for ``$expand``."""
    return [row for row in call.tenant.app_role_assignments.values() if row["principalId"] == item["id"]]


def _named(call: Call) -> DirectoryObject:
    return targets.get(call, targets.kind_of_path(call.operation.path) or "servicePrincipal")


def _rows(call: Call, end: str) -> list[dict[str, Any]]:
    oid = call.caller.principal_id if call.operation.path.startswith("/me/") else _named(call).id
    return [
        row
        for row in call.tenant.app_role_assignments.values()
        if row[end] == oid and call.world.replica.sees("appRoleAssignment", row["id"])
    ]


def _row(call: Call) -> dict[str, Any]:
    item, oid = _named(call), call.keys["appRoleAssignment-id"]
    row = call.tenant.app_role_assignments.get(oid)
    end = "resourceId" if "appRoleAssignedTo" in call.operation.path else "principalId"
    if row is None or row[end] != item.id or not call.world.replica.sees("appRoleAssignment", oid):
        raise not_found(oid)
    return row


def _end(call: Call, oid: str) -> DirectoryObject:
    item = call.tenant.objects.get(oid)
    if item is None or item.kind not in _types or not call.sees(item):
        raise not_found(oid)
    return item


def _check_role(resource: DirectoryObject, principal: DirectoryObject, role_id: str) -> None:
    if resource.kind != "servicePrincipal":
        raise invalid_value("resourceId", "AppRoleAssignment")
    roles = resource.body.get("appRoles") or []
    known = {role["id"]: role.get("allowedMemberTypes") for role in roles if role.get("isEnabled", True)}
    if known.get(role_id) == ["Application"] and principal.kind != "servicePrincipal":
        raise bad_request("Permission being assigned is for applications only.", target="appRoleId")
    if role_id not in known and not (role_id == _default_access and not known):
        raise bad_request("Permission being assigned was not found on application.", target="appRoleId")


def _require_new(call: Call, wanted: dict[str, Any]) -> None:
    names = ("principalId", "resourceId", "appRoleId")
    for row in call.tenant.app_role_assignments.values():
        if all(row[name] == wanted[name] for name in names):
            raise bad_request("Permission being assigned already exists on the object", target="appRoleId")


def _made(call: Call, principal: DirectoryObject, resource: DirectoryObject, role_id: str) -> dict[str, Any]:
    world = call.world
    oid = world.ids.opaque(32, "appRoleAssignment")
    row = {
        "id": oid,
        "deletedDateTime": None,
        "appRoleId": role_id,
        "createdDateTime": graph_time(world.clock.now()),
        "principalDisplayName": principal.body["displayName"],
        "principalId": principal.id,
        "principalType": _types[principal.kind],
        "resourceDisplayName": resource.body["displayName"],
        "resourceId": resource.id,
    }
    call.tenant.app_role_assignments[oid] = row
    world.replica.wrote("appRoleAssignment", oid)
    return row
