"""Roles limited to a unit by the older resource ``scopedRoleMembership``: the same assignments, seen differently."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator import data
from m365_emulator.graph import bodies, role_scopes, roles, targets
from m365_emulator.graph.answer import Answer, no_content
from m365_emulator.graph.errors import bad_request, conflicting_object, not_found
from m365_emulator.graph.odata import pages
from m365_emulator.graph.odata.shape import Shape
from m365_emulator.graph.operations import Operations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from m365_emulator.graph.call import Call

operations = Operations()
shape = Shape(
    type="scopedRoleMembership",
    set="scopedRoleMemberships",
    nested=True,
    directory=False,
    filterable={"roleId": "eq", "administrativeUnitId": "eq"},
)
_unit = "/directory/administrativeUnits/{administrativeUnit-id}/scopedRoleMembers"
_one = _unit + "/{scopedRoleMembership-id}"
_prefix = "/administrativeUnits/"


@operations.on("GET", _unit)
def list_of_unit(call: Call) -> Answer:
    """Who has a role in this unit."""
    return pages.collection(call, shape, [_shown(call, row) for row in _of_unit(call)])


@operations.on("GET", _one)
def get_one(call: Call) -> Answer:
    """One of them."""
    return pages.single(call, shape, _shown(call, _row(call)))


@operations.on("POST", _unit)
def add(call: Call) -> Answer:
    """201; 400 when the role is not one for units or is not activated, or the principal has it here already."""
    unit = targets.get(call, "administrativeUnit")
    wanted = bodies.checked("scopedRoleMembership", call.body, fixed=("id",), needed=("roleId", "roleMemberInfo"))
    template_id = _template(call, wanted["roleId"])
    member = call.tenant.objects.get(str(wanted["roleMemberInfo"].get("id")))
    if member is None or member.kind not in ("user", "group", "servicePrincipal") or not call.sees(member):
        raise not_found(str(wanted["roleMemberInfo"].get("id")))
    role_scopes.check(call, template_id, _prefix + unit.id)
    if roles.assignment_of(call.tenant, member.id, template_id, _prefix + unit.id):
        raise conflicting_object()
    row = roles.add_assignment(call.world, call.tenant, member.id, template_id, _prefix + unit.id)
    return pages.single(call, shape, _shown(call, row), status=201)


@operations.on("DELETE", _one)
def remove(call: Call) -> Answer:
    """204."""
    del call.tenant.role_assignments[_row(call)["id"]]
    return no_content()


@operations.on("GET", "/directoryRoles/{directoryRole-id}/scopedMembers")
def list_of_role(call: Call) -> Answer:
    """Who has this role in whichever unit."""
    wanted = _template(call, call.keys["directoryRole-id"])
    rows = [row for row in _scoped(call) if row["roleDefinitionId"] == wanted]
    return pages.collection(call, shape, [_shown(call, row) for row in rows])


def _template(call: Call, role_id: str) -> str:
    """The template of an activated role, by its object id or its template's. Raises 400 or 404."""
    if role_id in data.role_templates() and role_id not in roles.activated(call.tenant):
        raise bad_request(f"The role '{role_id}' is not activated in this organization.", target="roleId")
    for template_id in roles.activated(call.tenant):
        if role_id in (template_id, roles.object_id(call.world, call.tenant, template_id)):
            return template_id
    raise not_found(role_id)


def _scoped(call: Call) -> Iterator[dict[str, Any]]:
    sees = call.world.replica.sees
    for key, row in call.tenant.role_assignments.items():
        built_in = row["roleDefinitionId"] in data.role_templates()
        if built_in and row["directoryScopeId"].startswith(_prefix) and sees("roleAssignment", key):
            yield row


def _of_unit(call: Call) -> Iterator[dict[str, Any]]:
    scope = _prefix + targets.get(call, "administrativeUnit").id
    return (row for row in _scoped(call) if row["directoryScopeId"] == scope)


def _row(call: Call) -> dict[str, Any]:
    for row in _of_unit(call):
        if row["id"] == call.keys["scopedRoleMembership-id"]:
            return row
    raise not_found(call.keys["scopedRoleMembership-id"])


def _shown(call: Call, row: dict[str, Any]) -> dict[str, Any]:
    member = call.tenant.objects.get(row["principalId"])
    return {
        "id": row["id"],
        "administrativeUnitId": row["directoryScopeId"].removeprefix(_prefix),
        "roleId": roles.object_id(call.world, call.tenant, row["roleDefinitionId"]),
        "roleMemberInfo": {
            "id": row["principalId"],
            "displayName": member.body["displayName"] if member is not None else None,
        },
    }
