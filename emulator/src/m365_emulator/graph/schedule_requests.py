"""Requests of Privileged Identity Management: give, activate, extend and end roles, with reason, ticket and end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator import data, role_schedules
from m365_emulator.clock import graph_time
from m365_emulator.graph import bodies, licensing, role_scopes, schedule_terms
from m365_emulator.graph.errors import bad_request, invalid_value, not_found
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
_requests, _eligibility_requests = "roleScheduleRequests", "roleEligibilityScheduleRequests"
_own = "/filterByCurrentUser(on='{on}')"
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
    filterable={**_usual_filters, "status": "eq", "action": "eq"},
)
instances = Shape(
    type="unifiedRoleAssignmentScheduleInstance",
    set="roleManagement/directory/roleAssignmentScheduleInstances",
    directory=False,
    filterable={**_usual_filters, "assignmentType": "eq"},
)
assignment_schedules = Shape(
    type="unifiedRoleAssignmentScheduleInstance",
    set="roleManagement/directory/roleAssignmentSchedules",
    directory=False,
    polymorphic=True,
    filterable=_usual_filters,
)
eligibility_schedules = Shape(
    type="unifiedRoleEligibilityScheduleInstance",
    set="roleManagement/directory/roleEligibilitySchedules",
    directory=False,
    polymorphic=True,
    filterable=_usual_filters,
)
_ever_since = "2023-11-14T00:00:00Z"
_done = {"adminRemove": "Revoked", "selfDeactivate": "Revoked"}


@operations.on("GET", *(_root + "/roleAssignmentScheduleRequests" + end for end in ("", _own)))
def list_requests(call: Call) -> Answer:
    """What was asked for, whatever became of it."""
    return pages.collection(call, requests, for_caller(call, _kept(call)))


@operations.on("GET", *(_root + "/roleEligibilityScheduleRequests" + end for end in ("", _own)))
def list_eligibility_requests(call: Call) -> Answer:
    """The same for roles that can be activated."""
    return pages.collection(call, eligibility_requests, for_caller(call, _kept_eligibilities(call)))


@operations.on("GET", _root + "/roleEligibilityScheduleRequests/{unifiedRoleEligibilityScheduleRequest-id}")
def get_eligibility_request(call: Call) -> Answer:
    """One of them."""
    licensing.require(call.tenant, "P2")
    oid = call.keys["unifiedRoleEligibilityScheduleRequest-id"]
    for row in _kept_eligibilities(call):
        if row["id"] == oid:
            return pages.single(call, eligibility_requests, row)
    raise not_found(oid)


@operations.on("GET", _root + "/roleAssignmentScheduleRequests/{unifiedRoleAssignmentScheduleRequest-id}")
def get_request(call: Call) -> Answer:
    """One request."""
    licensing.require(call.tenant, "P2")
    oid = call.keys["unifiedRoleAssignmentScheduleRequest-id"]
    for row in _kept(call):
        if row["id"] == oid:
            return pages.single(call, requests, row)
    raise not_found(oid)


@operations.on("GET", *(_root + "/roleAssignmentScheduleInstances" + end for end in ("", _own)))
def list_instances(call: Call) -> Answer:
    """Roles that are active now, with the end of those that have one."""
    return pages.collection(call, instances, for_caller(call, [_instance(call, row) for row in _active(call)]))


@operations.on("GET", *(_root + "/roleAssignmentSchedules" + end for end in ("", _own)))
def list_assignment_schedules(call: Call) -> Answer:
    """Roles that are active or will be."""
    rows = [_schedule(call, row, "assignment") for row in (*_active(call), *_coming(call, "assignment"))]
    return pages.collection(call, assignment_schedules, for_caller(call, rows))


@operations.on("GET", *(_root + "/roleEligibilitySchedules" + end for end in ("", _own)))
def list_eligibility_schedules(call: Call) -> Answer:
    """Roles that can be activated, now or later."""
    kept = (*call.tenant.role_eligibilities.values(), *_coming(call, "eligibility"))
    rows = [_schedule(call, row, "eligibility") for row in kept]
    return pages.collection(call, eligibility_schedules, for_caller(call, rows))


def for_caller(call: Call, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All rows, or the caller's own where the address says so. Needs the licence that PIM needs."""
    licensing.require(call.tenant, "P2")
    if "on" not in call.keys:
        return rows
    if call.keys["on"] != "principal":
        raise bad_request(f"The value '{call.keys['on']}' of 'on' is not supported here; use 'principal'.")
    return [row for row in rows if row["principalId"] == call.caller.principal_id]


@operations.on("POST", _root + "/roleAssignmentScheduleRequests")
def request_assignment(call: Call) -> Answer:
    """201 with the outcome in ``status``; 400 when PIM's rules or the state of things say no."""
    row = _asked(call, "assignment")
    call.tenant.settings.setdefault(_requests, []).append(row)
    return pages.single(call, requests, row, status=201)


@operations.on("POST", _root + "/roleEligibilityScheduleRequests")
def request_eligibility(call: Call) -> Answer:
    """As for assignments; the principal may then activate the role."""
    row = _asked(call, "eligibility")
    call.tenant.settings.setdefault(_eligibility_requests, []).append(row)
    return pages.single(call, eligibility_requests, row, status=201)


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
        _keep_end(call, kind, terms.target, terms)
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


def _keep_end(call: Call, kind: str, target: str, terms: schedule_terms.Terms) -> None:
    """Another end for what is there; what was never given by PIM gets a schedule with it."""
    known = role_schedules.schedules(call.tenant).get(target)
    if known is not None:
        known["endDateTime"] = terms.ends
        return
    row = getattr(call.tenant, role_schedules.kinds[kind])[target]
    schedule = {"kind": kind, "startDateTime": terms.starts, "endDateTime": terms.ends, "activated": False}
    role_schedules.keep(call.tenant, {**schedule, "begun": True, "row": row})


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


def _kept_eligibilities(call: Call) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = call.tenant.settings.get(_eligibility_requests, [])
    return rows


def _active(call: Call) -> list[dict[str, Any]]:
    sees = call.world.replica.sees
    return [row for key, row in call.tenant.role_assignments.items() if sees("roleAssignment", key)]


def _coming(call: Call, kind: str) -> list[dict[str, Any]]:
    """What is scheduled and has not begun."""
    kept = role_schedules.schedules(call.tenant).values()
    return [one["row"] for one in kept if one["kind"] == kind and not one.get("begun")]


def _principal(call: Call, oid: str) -> DirectoryObject:
    item = call.tenant.objects.get(oid)
    if item is None or item.kind not in ("user", "group", "servicePrincipal") or not call.sees(item):
        raise not_found(oid)
    return item


def _schedule(call: Call, row: dict[str, Any], kind: str) -> dict[str, Any]:
    kept = role_schedules.schedules(call.tenant).get(row["id"], {})
    starts = kept.get("startDateTime") or _ever_since
    shown = {
        "id": row["id"],
        "appScopeId": None,
        "createdDateTime": starts,
        "createdUsing": row["id"],
        "directoryScopeId": row["directoryScopeId"],
        "memberType": "Direct",
        "modifiedDateTime": None,
        "principalId": row["principalId"],
        "roleDefinitionId": row["roleDefinitionId"],
        "scheduleInfo": schedule_terms.Terms(starts, kept.get("endDateTime")).shown(),
        "status": "Provisioned" if kept.get("begun", True) else "Granted",
    }
    if kind == "assignment":
        shown["assignmentType"] = "Activated" if kept.get("activated") else "Assigned"
    return shown


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
