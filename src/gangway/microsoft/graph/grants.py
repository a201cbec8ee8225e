"""What a principal may do: application permissions at a resource, and directory roles."""

from typing import Any

from gangway.foundation import clock
from gangway.foundation.ids import ObjectId
from gangway.microsoft.graph.applications import moment
from gangway.microsoft.graph.calls import Call, literal, nothing, rows, text
from gangway.microsoft.graph.shapes import Grant, RoleAssignment
from gangway.microsoft.wire import Answer

WHOLE_TENANT = "/"


def of_principal(principal: ObjectId) -> Call[tuple[Grant, ...]]:
    """The application permissions that a principal holds."""
    fields = "id,resourceId,appRoleId"
    return Call("GET", f"/servicePrincipals/{principal}/appRoleAssignments?$select={fields}&$top=999", _grants)


def grant(principal: ObjectId, *, resource: ObjectId, role_id: str) -> Call[Grant]:
    """Give a principal an application permission; AlreadySo when it has it."""
    body = {"principalId": principal, "resourceId": resource, "appRoleId": role_id}
    return Call("POST", f"/servicePrincipals/{principal}/appRoleAssignments", _grant, body=body)


def revoke(principal: ObjectId, assignment_id: str) -> Call[None]:
    """Take an application permission from a principal; Missing when it is gone."""
    return Call("DELETE", f"/servicePrincipals/{principal}/appRoleAssignments/{assignment_id}", nothing)


def roles_of(principal: ObjectId) -> Call[tuple[RoleAssignment, ...]]:
    """The directory roles that a principal holds, at the whole tenant or at administrative units."""
    path = f"/roleManagement/directory/roleAssignments?$filter=principalId%20eq%20{literal(principal)}"
    return Call("GET", f"{path}&$select=id,roleDefinitionId,directoryScopeId", _assignments)


def assign_role(principal: ObjectId, *, role_id: str, scope: str = WHOLE_TENANT) -> Call[RoleAssignment]:
    """Give a principal a directory role; AlreadySo when it has it."""
    body = {"principalId": principal, "roleDefinitionId": role_id, "directoryScopeId": scope}
    return Call("POST", "/roleManagement/directory/roleAssignments", _assignment_of, body=body)


def schedule_role(
    principal: ObjectId, *, role_id: str, scope: str, days: int, why: str, extend: bool = False
) -> Call[RoleAssignment]:
    """Give a principal a directory role through PIM until so many days from now, or `extend` one that it has.

    AlreadySo when it has it, Refused when the tenant's rules or licences don't allow it.
    """
    expiration = {"type": "afterDuration", "duration": f"P{days}D"}
    body = {
        "action": "adminExtend" if extend else "adminAssign",
        "principalId": principal,
        "roleDefinitionId": role_id,
        "directoryScopeId": scope,
        "justification": why,
        "scheduleInfo": {"startDateTime": f"{clock.now():%Y-%m-%dT%H:%M:%SZ}", "expiration": expiration},
    }
    return Call("POST", "/roleManagement/directory/roleAssignmentScheduleRequests", _scheduled, body=body)


def ends_of_roles(principal: ObjectId) -> Call[tuple[RoleAssignment, ...]]:
    """The roles that a principal holds now, each with its end if PIM gave it one."""
    path = "/roleManagement/directory/roleAssignmentScheduleInstances"
    return Call("GET", f"{path}?$filter=principalId%20eq%20{literal(principal)}", _instances)


def unassign_role(assignment_id: str) -> Call[None]:
    """Take a directory role from whoever holds it; Missing when it is gone."""
    return Call("DELETE", f"/roleManagement/directory/roleAssignments/{assignment_id}", nothing)


def _grants(answer: Answer) -> tuple[Grant, ...]:
    return tuple(_read_grant(row) for row in rows(answer))


def _grant(answer: Answer) -> Grant:
    return _read_grant(answer.body)


def _read_grant(row: object) -> Grant:
    return Grant(text(row, "id"), ObjectId(text(row, "resourceId")), text(row, "appRoleId"))


def _assignments(answer: Answer) -> tuple[RoleAssignment, ...]:
    return tuple(_read_assignment(row) for row in rows(answer))


def _assignment_of(answer: Answer) -> RoleAssignment:
    return _read_assignment(answer.body)


def _read_assignment(row: object) -> RoleAssignment:
    return RoleAssignment(text(row, "id"), text(row, "roleDefinitionId"), text(row, "directoryScopeId"))


def _instances(answer: Answer) -> tuple[RoleAssignment, ...]:
    return tuple(_instance(row) for row in rows(answer))


def _instance(row: Any) -> RoleAssignment:
    ends = moment(row.get("endDateTime"))
    return RoleAssignment(text(row, "id"), text(row, "roleDefinitionId"), text(row, "directoryScopeId"), ends)


def _scheduled(answer: Answer) -> RoleAssignment:
    row = answer.body
    expiration = ((row or {}).get("scheduleInfo") or {}).get("expiration") or {}
    ends = moment(expiration.get("endDateTime"))
    return RoleAssignment(text(row, "id"), text(row, "roleDefinitionId"), text(row, "directoryScopeId"), ends)
