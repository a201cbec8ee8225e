"""Requests of Privileged Identity Management: give, activate, extend and end roles, with reason, ticket and end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator import data, role_schedules
from m365_emulator.clock import graph_time
from m365_emulator.graph import bodies, licensing, role_scopes, schedule_terms
from m365_emulator.graph.errors import invalid_value, not_found
from m365_emulator.graph.odata import pages
from m365_emulator.graph.odata.shape import Shape
from m365_emulator.graph.operations import Operations
from m365_emulator.graph.roles import activate

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject
    from m365_emulator.graph.answer import Answer
    from m365_emulator.graph.call import Call

operations = Operations()
_root = "/roleManagement/directory"
_requests = "roleScheduleRequests"
_usual_filters = {"principalId": "eq", "roleDefinitionId": "eq", "directoryScopeId": "eq"}
requests = Shape(
    type="unifiedRoleAssignmentScheduleRequest",
    set="roleManagement/directory/roleAssignmentScheduleRequests",
    directory=False,
    filterable={**_usual_filters, "status": "eq", "action": "eq"},
)
eligibility_requests = Shape(
    type="unifiedRoleAssignmentScheduleRequest",
    set="roleManagement/directory/roleEligibilityScheduleRequests",
    directory=False,
)
instances = Shape(
    type="unifiedRoleAssignmentScheduleInstance",
    set="roleManagement/directory/roleAssignmentScheduleInstances",
    directory=False,
    filterable={**_usual_filters, "assignmentType": "eq"},
)
_done = {"adminRemove": "Revoked", "selfDeactivate": "Revoked"}


@operations.on("GET", _root + "/roleAssignmentScheduleRequests")
def list_requests(call: Call) -> Answer:
    """What was asked for, whatever became of it."""
    licensing.require(call.tenant, "P2")
    return pages.collection(call, requests, _kept(call))


@operations.on("GET", _root + "/roleAssignmentScheduleRequests/{unifiedRoleAssignmentScheduleRequest-id}")
def get_request(call: Call) -> Answer:
    """One request."""
    licensing.require(call.tenant, "P2")
    oid = call.keys["unifiedRoleAssignmentScheduleRequest-id"]
    for row in _kept(call):
        if row["id"] == oid:
            return pages.single(call, requests, row)
    raise not_found(oid)


@operations.on("GET", _root + "/roleAssignmentScheduleInstances")
def list_instances(call: Call) -> Answer:
    """Roles that are active now, with the end of those that have one."""
    licensing.require(call.tenant, "P2")
    sees = call.world.replica.sees
    rows = [_instance(call, row) for key, row in call.tenant.role_assignments.items() if sees("roleAssignment", key)]
    return pages.collection(call, instances, rows)


@operations.on("POST", _root + "/roleAssignmentScheduleRequests")
def request_assignment(call: Call) -> Answer:
    """201 with the outcome in ``status``; 400 when PIM's rules or the state of things say no."""
    row = _asked(call, "assignment")
    call.tenant.settings.setdefault(_requests, []).append(row)
    return pages.single(call, requests, row, status=201)


@operations.on("POST", _root + "/roleEligibilityScheduleRequests")
def request_eligibility(call: Call) -> Answer:
    """As for assignments; the principal may then activate the role."""
    return pages.single(call, eligibility_requests, _asked(call, "eligibility"), status=201)


def _asked(call: Call, kind: str) -> dict[str, Any]:
    """Check and carry out a request; the row that stays of it."""
    licensing.require(call.tenant, "P2")
    wanted = bodies.checked(
        "unifiedRoleAssignmentScheduleRequest",
        call.body,
        fixed=("id", "status", "createdDateTime", "completedDateTime", "createdBy", "approvalId"),
        needed=("action", "principalId", "roleDefinitionId"),
    )
    scope = wanted.setdefault("directoryScopeId", "/")
    principal = _principal(call, wanted["principalId"])
    if wanted["roleDefinitionId"] not in data.role_templates():
        raise invalid_value("roleDefinitionId", "UnifiedRoleAssignmentScheduleRequest")
    role_scopes.check(call, wanted["roleDefinitionId"], scope)
    terms = schedule_terms.read(call, wanted, kind)
    target = None if wanted.get("isValidationOnly") else _carried_out(call, wanted, kind, principal, terms)
    return _kept_row(call, wanted, terms, target)


def _carried_out(
    call: Call, wanted: dict[str, Any], kind: str, principal: DirectoryObject, terms: schedule_terms.Terms
) -> str:
    """Change the assignments; the id of the one that is meant."""
    if terms.ends_role:
        role_schedules.drop(call.tenant, str(terms.target))
        return str(terms.target)
    if terms.target is not None:
        role_schedules.schedules(call.tenant)[terms.target]["endDateTime"] = terms.ends
        return terms.target
    oid = f"{call.world.ids.opaque(33, 'roleAssignment')}-1"
    row = {
        "id": oid,
        "principalId": principal.id,
        "roleDefinitionId": wanted["roleDefinitionId"],
        "directoryScopeId": wanted["directoryScopeId"],
        **({"appScopeId": None, "condition": None} if kind == "assignment" else {}),
    }
    role_schedules.keep(
        call.tenant,
        {
            "kind": kind,
            "startDateTime": terms.starts,
            "endDateTime": terms.ends,
            "activated": wanted["action"] == "selfActivate",
            "row": row,
        },
    )
    role_schedules.settle(call.world, call.tenant)
    if kind == "assignment":
        activate(call.tenant, wanted["roleDefinitionId"])
        call.world.replica.wrote("roleAssignment", oid)
    return oid


def _kept_row(call: Call, wanted: dict[str, Any], terms: schedule_terms.Terms, target: str | None) -> dict[str, Any]:
    now = graph_time(call.world.clock.now())
    later = terms.starts > now and not terms.ends_role
    return {
        "id": call.world.ids.uuid("scheduleRequest"),
        "status": "Granted" if later or target is None else _done.get(wanted["action"], "Provisioned"),
        "createdDateTime": now,
        "completedDateTime": now,
        "approvalId": None,
        "customData": None,
        "createdBy": {"user": {"displayName": None, "id": call.caller.principal_id}},
        "action": wanted["action"],
        "appScopeId": None,
        "directoryScopeId": wanted["directoryScopeId"],
        "isValidationOnly": bool(wanted.get("isValidationOnly")),
        "justification": wanted.get("justification"),
        "principalId": wanted["principalId"],
        "roleDefinitionId": wanted["roleDefinitionId"],
        "targetScheduleId": target,
        "scheduleInfo": None if terms.ends_role else terms.shown(),
        "ticketInfo": {"ticketNumber": None, "ticketSystem": None, **(wanted.get("ticketInfo") or {})},
    }


def _kept(call: Call) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = call.tenant.settings.get(_requests, [])
    return rows


def _principal(call: Call, oid: str) -> DirectoryObject:
    item = call.tenant.objects.get(oid)
    if item is None or item.kind not in ("user", "group", "servicePrincipal") or not call.sees(item):
        raise not_found(oid)
    return item


def _instance(call: Call, row: dict[str, Any]) -> dict[str, Any]:
    schedule = role_schedules.schedules(call.tenant).get(row["id"], {})
    return {
        "id": row["id"],
        "appScopeId": None,
        "assignmentType": "Activated" if schedule.get("activated") else "Assigned",
        "directoryScopeId": row["directoryScopeId"],
        "endDateTime": schedule.get("endDateTime"),
        "memberType": "Direct",
        "principalId": row["principalId"],
        "roleAssignmentOriginId": row["id"],
        "roleAssignmentScheduleId": row["id"],
        "roleDefinitionId": row["roleDefinitionId"],
        "startDateTime": schedule.get("startDateTime"),
    }
