"""Telephone numbers in Teams: an inventory, assignments to people, and the operations that carry them out.

An assignment is asked for with 202 and followed at its operation's address. Direct Routing numbers are not in the
inventory before they are assigned.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from m365_emulator.clock import graph_time
from m365_emulator.graph import licences, targets
from m365_emulator.graph.answer import Answer
from m365_emulator.graph.errors import bad_request, not_found
from m365_emulator.graph.odata import pages
from m365_emulator.graph.odata.shape import Shape
from m365_emulator.graph.operations import Operations

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.graph.call import Call

operations = Operations()
_root = "/admin/teams/telephoneNumberManagement/"
_all = _root + "numberAssignments"
shape = Shape(
    type="teamsAdministration.numberAssignment",
    set="admin/teams/telephoneNumberManagement/numberAssignments",
    directory=False,
    filterable={
        "telephoneNumber": "eq startsWith",
        "assignmentTargetId": "eq",
        "numberType": "eq",
        "assignmentStatus": "eq ne",
        "activationState": "eq",
    },
)
_operation = Shape(
    type="teamsAdministration.telephoneNumberLongRunningOperation",
    set="admin/teams/telephoneNumberManagement/operations",
    directory=False,
)
_number = re.compile(r"\+?[1-9]\d{3,14}(;ext=\d{1,8})?")
_types = ("directRouting", "callingPlan", "operatorConnect")
_no_operator = "00000000-0000-0000-0000-000000000000"
_categories = ("primary", "private", "alternate")
_where = "teamsNumbers"
_operations = "teamsNumberOperations"


@operations.on("GET", _all)
def list_numbers(call: Call) -> Answer:
    """All numbers that Teams knows in this tenant."""
    return pages.collection(call, shape, numbers(call.tenant).values())


@operations.on("GET", _all + "/{numberAssignment-id}")
def get_number(call: Call) -> Answer:
    """One number by its id, which is the number without its plus."""
    row = numbers(call.tenant).get(call.keys["numberAssignment-id"].removeprefix("+"))
    if row is None:
        raise not_found(call.keys["numberAssignment-id"])
    return pages.single(call, shape, row)


@operations.on("POST", _all + "/assignNumber")
def assign(call: Call) -> Answer:
    """202 with the address of the operation; whether the person may have a number shows there."""
    number, kind = _given_number(call), call.body.get("numberType")
    category = call.body.get("assignmentCategory") or "primary"
    if kind not in _types or category not in _categories:
        raise bad_request("Invalid numberType or assignmentCategory.", target="numberType")
    target = call.body.get("assignmentTargetId")
    person = targets.by_id(call.tenant, "user", str(target))
    problem = _problem(call.tenant, number, str(kind), person)
    if problem or person is None:
        return _accepted(call, number, problem or f"The user '{target}' was not found.")
    have = numbers(call.tenant).get(_id(number), {})
    call.tenant.settings.setdefault(_where, {})[_id(number)] = {
        **_fresh(number, str(kind)),
        **have,
        "assignmentTargetId": person.id,
        "assignmentCategory": category,
        "assignmentStatus": "userAssigned",
        "activationState": "activated",
        "locationId": call.body.get("locationId"),
    }
    return _accepted(call, number)


@operations.on("POST", _all + "/unassignNumber")
def unassign(call: Call) -> Answer:
    """202; a Direct Routing number leaves the inventory with its assignment."""
    number = _given_number(call)
    row = numbers(call.tenant).get(_id(number))
    if row is None or row["assignmentTargetId"] is None:
        return _accepted(call, number, f"The telephone number '{number}' is not assigned.")
    if row["numberType"] == "directRouting":
        del numbers(call.tenant)[_id(number)]
    else:
        row.update(assignmentTargetId=None, assignmentCategory=None, assignmentStatus="unassigned")
    return _accepted(call, number)


@operations.on("POST", _all + "/updateNumber")
def update(call: Call) -> Answer:
    """200 without a body."""
    number = _given_number(call)
    row = numbers(call.tenant).get(_id(number))
    if row is None:
        raise not_found(number)
    for name in ("locationId", "networkSiteId", "reverseNumberLookupOptions"):
        if name in call.body:
            row[name] = call.body[name]
    return Answer(200)


@operations.on("GET", _root + "operations/{telephoneNumberLongRunningOperation-id}")
def get_operation(call: Call) -> Answer:
    """How far it is; ``running`` as long as a fault makes operations lag."""
    row = call.tenant.settings.get(_operations, {}).get(call.keys["telephoneNumberLongRunningOperation-id"])
    if row is None:
        raise not_found(call.keys["telephoneNumberLongRunningOperation-id"])
    if not call.world.replica.sees("telephoneNumberOperation", row["id"]):
        details = [{**one, "status": "running", "statusDetail": None} for one in row["numbers"]]
        row = {**row, "status": "running", "numbers": details}
    return pages.single(call, _operation, row)


def numbers(tenant: Tenant) -> dict[str, dict[str, Any]]:
    """Numbers by id."""
    rows: dict[str, dict[str, Any]] = tenant.settings.get(_where, {})
    return rows


def of_person(tenant: Tenant, oid: str) -> list[dict[str, Any]]:
    """The numbers that are assigned to a person."""
    return [row for row in numbers(tenant).values() if row["assignmentTargetId"] == oid]


def _given_number(call: Call) -> str:
    number = str(call.body.get("telephoneNumber") or "").replace(" ", "")
    if not _number.fullmatch(number):
        raise bad_request(f"The telephone number '{number}' is not valid.", target="telephoneNumber")
    return number if number.startswith("+") else f"+{number}"


def _problem(tenant: Tenant, number: str, kind: str, person: DirectoryObject | None) -> str:
    """Why Teams would not assign the number; empty when it would."""
    row = numbers(tenant).get(_id(number))
    if row is None and kind != "directRouting":
        return f"The telephone number '{number}' is not in the organization's inventory."
    if row is not None and row["assignmentTargetId"] not in (None, person.id if person else None):
        return f"The telephone number '{number}' is already assigned."
    if person is not None and not {"MCOEV", "MCOEV_VIRTUALUSER"} & licences.plans(tenant, person):
        return f"The user '{person.body['userPrincipalName']}' has no license for Teams Phone."
    return ""


def _accepted(call: Call, number: str, problem: str = "") -> Answer:
    """202: the operation is noted, ended well or with what stood in the way."""
    oid = call.world.ids.uuid("teamsOperation")
    status = "failed" if problem else "succeeded"
    where = f"{call.base}{_all}('{_id(number)}')"
    call.tenant.settings.setdefault(_operations, {})[oid] = {
        "id": oid,
        "createdDateTime": graph_time(call.world.clock.now()),
        "status": status,
        "numbers": [{"resourceLocation": where, "status": status, "statusDetail": problem or None}],
    }
    call.world.replica.wrote("telephoneNumberOperation", oid)
    return Answer(202, None, {"Location": f"{call.base}{_root}operations('{oid}')"})


def _fresh(number: str, kind: str) -> dict[str, Any]:
    return {
        "id": _id(number),
        "telephoneNumber": number,
        "numberType": kind,
        "activationState": "activated",
        "assignmentCategory": None,
        "assignmentStatus": "unassigned",
        "assignmentTargetId": None,
        "capabilities": ["userAssignment"],
        "city": None,
        "civicAddressId": None,
        "isoCountryCode": None,
        "locationId": None,
        "networkSiteId": None,
        "numberSource": "onPremises" if kind == "directRouting" else "online",
        "operatorId": _no_operator,
        "portInStatus": None,
        "reverseNumberLookupOptions": [],
        "supportedCustomerActions": [],
    }


def _id(number: str) -> str:
    return number.removeprefix("+")
