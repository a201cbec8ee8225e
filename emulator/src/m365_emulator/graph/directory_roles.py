"""Directory roles by Entra's older resources: templates, activated roles and their members, none of which is paged.

Source: Paging Microsoft Graph data in your app.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from m365_emulator import data
from m365_emulator.graph import bodies, roles, targets
from m365_emulator.graph.answer import Answer, no_content
from m365_emulator.graph.errors import bad_request, invalid_value, not_found, reference_exists
from m365_emulator.graph.odata import pages
from m365_emulator.graph.odata.shape import Shape
from m365_emulator.graph.operations import Operations
from m365_emulator.graph.owners import objects, shown

if TYPE_CHECKING:
    from m365_emulator.graph.call import Call

operations = Operations()
shape = Shape(
    type="directoryRole",
    set="directoryRoles",
    filterable={"displayName": "eq", "roleTemplateId": "eq"},
    expandable={"members": lambda call, item: shown(call.tenant, _holders(call, item["roleTemplateId"]))},
    paged=False,
)
templates = Shape(type="directoryRoleTemplate", set="directoryRoleTemplates", paged=False)
_role = ("/directoryRoles/{directoryRole-id}", "/directoryRoles(roleTemplateId='{roleTemplateId}')")


@operations.on("GET", "/directoryRoleTemplates")
def list_templates(call: Call) -> Answer:
    """All built-in roles."""
    return pages.collection(call, templates, map(roles.template, data.role_templates()))


@operations.on("GET", "/directoryRoleTemplates/{directoryRoleTemplate-id}")
def get_template(call: Call) -> Answer:
    """One template."""
    oid = call.keys["directoryRoleTemplate-id"]
    if oid not in data.role_templates():
        raise not_found(oid)
    return pages.single(call, templates, roles.template(oid))


@operations.on("GET", "/directoryRoles")
def list_roles(call: Call) -> Answer:
    """Only roles that are activated in the tenant."""
    return pages.collection(call, shape, [_shown(call, oid) for oid in roles.activated(call.tenant)])


@operations.on("GET", *_role)
def get_role(call: Call) -> Answer:
    """One activated role."""
    return pages.single(call, shape, _shown(call, _template_id(call)))


@operations.on("POST", "/directoryRoles")
def activate_role(call: Call) -> Answer:
    """201; 400 when it is activated already."""
    template_id = bodies.checked("directoryRole", call.body, needed=("roleTemplateId",))["roleTemplateId"]
    if template_id not in data.role_templates():
        raise invalid_value("roleTemplateId", "DirectoryRole")
    if template_id in roles.activated(call.tenant):
        raise bad_request(
            "A conflicting object with one or more of the specified property values is present in the directory.",
            detail="ConflictingObjects",
            target="roleTemplateId",
        )
    roles.activate(call.tenant, template_id)
    return pages.single(call, shape, _shown(call, template_id), status=201)


@operations.on("GET", *(one + "/members" for one in _role))
def list_members(call: Call) -> Answer:
    """Who has the role tenant-wide."""
    return pages.collection(call, replace(objects, paged=False), shown(call.tenant, _holders(call, _template_id(call))))


@operations.on("GET", *(one + "/members/$ref" for one in _role))
def list_member_references(call: Call) -> Answer:
    """Their addresses only."""
    return pages.references(call, _holders(call, _template_id(call)))


@operations.on("POST", *(one + "/members/$ref" for one in _role))
def add_member(call: Call) -> Answer:
    """204; 400 when it has the role already."""
    template_id, member = _template_id(call), targets.referenced(call, ("user", "servicePrincipal", "group"))
    if member.kind == "group" and not member.body.get("isAssignableToRole"):
        raise bad_request("The group is not assignable to roles.", target="@odata.id")
    if roles.assignment_of(call.tenant, member.id, template_id, "/"):
        raise reference_exists()
    roles.add_assignment(call.world, call.tenant, member.id, template_id, "/")
    return no_content()


@operations.on("DELETE", *(one + "/members/{directoryObject-id}/$ref" for one in _role))
def remove_member(call: Call) -> Answer:
    """204; 404 when it does not have the role."""
    oid = call.keys["directoryObject-id"]
    row = roles.assignment_of(call.tenant, oid, _template_id(call), "/")
    if row is None:
        raise not_found(oid)
    del call.tenant.role_assignments[row["id"]]
    return no_content()


def _template_id(call: Call) -> str:
    """The role that the path names by object id or by template id. Raises 404 unless it is activated."""
    wanted = call.keys.get("roleTemplateId") or call.keys["directoryRole-id"]
    for template_id in roles.activated(call.tenant):
        if wanted in (template_id, roles.object_id(call.world, call.tenant, template_id)):
            return template_id
    raise not_found(wanted)


def _holders(call: Call, template_id: str) -> list[str]:
    return [
        row["principalId"]
        for key, row in call.tenant.role_assignments.items()
        if row["roleDefinitionId"] == template_id
        and row["directoryScopeId"] == "/"
        and call.world.replica.sees("roleAssignment", key)
    ]


def _shown(call: Call, template_id: str) -> dict[str, Any]:
    return roles.directory_role(call.world, call.tenant, template_id)
