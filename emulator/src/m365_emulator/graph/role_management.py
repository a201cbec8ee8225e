"""Directory roles by Entra's newer resources: definitions, assignments and eligibilities (PIM)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator import role_schedules
from m365_emulator.graph import bodies, licensing, role_scopes, roles
from m365_emulator.graph.answer import Answer, no_content
from m365_emulator.graph.errors import bad_request, conflicting_object, invalid_value, not_found
from m365_emulator.graph.odata import pages
from m365_emulator.graph.odata.shape import Shape
from m365_emulator.graph.operations import Operations
from m365_emulator.graph.owners import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from m365_emulator.directory import Tenant
    from m365_emulator.graph.call import Call

operations = Operations()
_root = "/roleManagement/directory"
_eligible_since = "2023-11-14T00:00:00Z"
_principals = frozenset({"user", "group", "servicePrincipal"})


def _principal(call: Call, item: Mapping[str, Any]) -> Any:
    return next(iter(shown(call.tenant, [item["principalId"]])), None)


def _definition(call: Call, item: Mapping[str, Any]) -> Any:
    return roles.definition(call.tenant, item["roleDefinitionId"])


definitions = Shape(
    type="unifiedRoleDefinition",
    set="roleManagement/directory/roleDefinitions",
    directory=False,
    filterable={
        "id": "eq in",
        "displayName": "eq in startsWith",
        "isBuiltIn": "eq in",
        "templateId": "eq in",
        "isEnabled": "eq",
    },
    page=pages.largest_page,
)
assignments = Shape(
    type="unifiedRoleAssignment",
    set="roleManagement/directory/roleAssignments",
    directory=False,
    filterable={
        "principalId": "eq in",
        "roleDefinitionId": "eq in",
        "directoryScopeId": "eq in",
        "appScopeId": "eq in",
    },
    expandable={"principal": _principal, "roleDefinition": _definition},
)
eligibilities = Shape(
    type="unifiedRoleEligibilityScheduleInstance",
    set="roleManagement/directory/roleEligibilityScheduleInstances",
    directory=False,
    filterable={"principalId": "eq", "roleDefinitionId": "eq", "directoryScopeId": "eq"},
    expandable={"principal": _principal, "roleDefinition": _definition},
    expands=2,
)


@operations.on("GET", _root + "/roleDefinitions")
def list_definitions(call: Call) -> Answer:
    """All roles, in one answer unless a smaller page is asked for (List roleDefinitions shows no paging)."""
    return pages.collection(call, definitions, roles.definitions(call.tenant))


@operations.on("GET", _root + "/roleDefinitions/{unifiedRoleDefinition-id}")
def get_definition(call: Call) -> Answer:
    """One role, by its template id or, of the tenant's own, by its id."""
    return pages.single(call, definitions, _named(call))


@operations.on("POST", _root + "/roleDefinitions")
def create_definition(call: Call) -> Answer:
    """201: a role of the tenant's own. It can be assigned; what it allows is not looked at here."""
    licensing.require(call.tenant, "P1")
    wanted = bodies.checked(
        "unifiedRoleDefinition",
        call.body,
        fixed=("id", "isBuiltIn"),
        needed=("displayName", "isEnabled", "rolePermissions"),
    )
    oid = call.world.ids.uuid("roleDefinition")
    usual = {"id": oid, "description": None, "isBuiltIn": False, "resourceScopes": ["/"], "version": None}
    made = {**usual, **wanted, "templateId": wanted.get("templateId") or oid}
    roles.custom(call.tenant)[oid] = made
    return pages.single(call, definitions, made, status=201)


@operations.on("PATCH", _root + "/roleDefinitions/{unifiedRoleDefinition-id}")
def update_definition(call: Call) -> Answer:
    """204; only what is named changes. 400 for a built-in role, which is read-only."""
    licensing.require(call.tenant, "P1")
    kept = ("displayName", "isEnabled", "rolePermissions")
    wanted = bodies.checked("unifiedRoleDefinition", call.body, fixed=("id", "isBuiltIn"), kept=kept)
    _own(call).update(wanted)
    return no_content()


@operations.on("DELETE", _root + "/roleDefinitions/{unifiedRoleDefinition-id}")
def delete_definition(call: Call) -> Answer:
    """204, its assignments are gone with it; 400 for a built-in role."""
    licensing.require(call.tenant, "P1")
    oid = str(_own(call)["id"])
    del roles.custom(call.tenant)[oid]
    for row in [one for one in call.tenant.role_assignments.values() if one["roleDefinitionId"] == oid]:
        role_schedules.drop(call.tenant, row["id"])
    return no_content()


@operations.on("GET", _root + "/roleAssignments")
def list_assignments(call: Call) -> Answer:
    """Who has which role where."""
    rows = (
        _shown(call, row)
        for key, row in call.tenant.role_assignments.items()
        if call.world.replica.sees("roleAssignment", key)
    )
    return pages.collection(call, assignments, rows)


@operations.on("GET", _root + "/roleAssignments/{unifiedRoleAssignment-id}")
def get_assignment(call: Call) -> Answer:
    """One assignment."""
    return pages.single(call, assignments, _shown(call, _row(call)))


@operations.on("POST", _root + "/roleAssignments")
def assign(call: Call) -> Answer:
    """201; 400 when the principal has the role at that scope already, 404 when there is no such principal."""
    wanted = bodies.checked(
        "unifiedRoleAssignment",
        call.body,
        fixed=("id", "principalOrganizationId"),
        needed=("principalId", "roleDefinitionId"),
    )
    role_id, scope = wanted["roleDefinitionId"], wanted.get("directoryScopeId") or "/"
    principal = call.tenant.objects.get(wanted["principalId"])
    if principal is None or principal.kind not in _principals or not call.sees(principal):
        raise not_found(wanted["principalId"])
    role = roles.definition(call.tenant, role_id)
    if role is None or not role["isEnabled"]:
        raise invalid_value("roleDefinitionId", "UnifiedRoleAssignment")
    if principal.kind == "group" and not principal.body.get("isAssignableToRole"):
        raise bad_request("The group is not assignable to roles.", target="principalId")
    role_scopes.check(call, role_id, scope)
    if roles.assignment_of(call.tenant, principal.id, role_id, scope):
        raise conflicting_object()
    row = roles.add_assignment(call.world, call.tenant, principal.id, role_id, scope)
    return pages.single(call, assignments, _shown(call, row), status=201)


@operations.on("DELETE", _root + "/roleAssignments/{unifiedRoleAssignment-id}")
def unassign(call: Call) -> Answer:
    """204; tokens that are out keep the role until they expire."""
    role_schedules.drop(call.tenant, _row(call)["id"])
    return no_content()


@operations.on("GET", _root + "/roleEligibilityScheduleInstances")
def list_eligibilities(call: Call) -> Answer:
    """Who could activate which role (PIM)."""
    licensing.require(call.tenant, "P2")
    return pages.collection(
        call, eligibilities, [_eligible(call.tenant, row) for row in call.tenant.role_eligibilities.values()]
    )


@operations.on("GET", _root + "/roleEligibilityScheduleInstances/filterByCurrentUser(on='{on}')")
def list_own_eligibilities(call: Call) -> Answer:
    """The caller's own."""
    licensing.require(call.tenant, "P2")
    if call.keys["on"] != "principal":
        raise bad_request(f"The value '{call.keys['on']}' of 'on' is not supported here; use 'principal'.")
    own = call.caller.principal_id
    rows = [row for row in call.tenant.role_eligibilities.values() if row["principalId"] == own]
    return pages.collection(call, eligibilities, [_eligible(call.tenant, row) for row in rows])


def _named(call: Call) -> dict[str, Any]:
    """The role that the path names. Raises 404."""
    found = roles.definition(call.tenant, call.keys["unifiedRoleDefinition-id"])
    if found is None:
        raise not_found(call.keys["unifiedRoleDefinition-id"])
    return found


def _own(call: Call) -> dict[str, Any]:
    """The same, if it is one of the tenant's own. Raises 400 for a built-in one."""
    found = _named(call)
    if found["isBuiltIn"]:
        raise bad_request("Built-in role definitions cannot be changed or deleted.", target="isBuiltIn")
    return found


def _row(call: Call) -> dict[str, Any]:
    oid = call.keys["unifiedRoleAssignment-id"]
    row = call.tenant.role_assignments.get(oid)
    if row is None or not call.world.replica.sees("roleAssignment", oid):
        raise not_found(oid)
    return row


def _shown(call: Call, row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if value is not None} | {
        "principalOrganizationId": call.tenant.id,
        "resourceScope": row["directoryScopeId"],
    }


def _eligible(tenant: Tenant, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "roleEligibilityScheduleId": row["id"],
        "memberType": "Direct",
        "endDateTime": role_schedules.schedules(tenant).get(row["id"], {}).get("endDateTime"),
        "appScopeId": None,
        "startDateTime": row.get("startDateTime", _eligible_since),
        **row,
    }
