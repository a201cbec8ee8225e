"""Privileged Identity Management: roles with a reason, a ticket and an end."""

import pytest

from m365_emulator import data, tokens
from m365_emulator.graph import licensing, schedule_terms
from tests.emulator.graph_door import Door

_role = data.role_ids_by_name()["Application Administrator"]
_path = "/roleManagement/directory/roleAssignmentScheduleRequests"


@pytest.fixture
def door():
    return Door().as_person("grace.global")


def request(principal, action="adminAssign", hours=4, **more):
    return {
        "action": action,
        "principalId": principal,
        "roleDefinitionId": _role,
        "directoryScopeId": "/",
        "justification": "Onboarding of voice",
        "scheduleInfo": {
            "startDateTime": "2026-11-20T12:00:00Z",
            "expiration": {"type": "afterDuration", "duration": f"PT{hours}H"},
        },
        **more,
    }


def roles(door, principal):
    return tokens.directory_roles(door.world, door.tenant, principal)


def make_eligible(door, principal):
    body = request(principal, hours=1000)
    assert door.post("/roleManagement/directory/roleEligibilityScheduleRequests", body).status == 201


def test_role_is_given_until_its_end(door):
    morgan = door.user("morgan.member").id
    made = door.post(_path, request(morgan))
    assert (made.status, made.body["status"]) == (201, "Provisioned")
    assert made.body["scheduleInfo"]["expiration"]["endDateTime"] == "2026-11-20T16:00:00Z"
    (instance,) = door.get(
        f"/roleManagement/directory/roleAssignmentScheduleInstances?$filter=principalId eq '{morgan}'"
    ).value
    assert (instance["assignmentType"], instance["endDateTime"]) == ("Assigned", "2026-11-20T16:00:00Z")
    assert roles(door, morgan) == [_role]
    door.world.clock.advance(4 * 3600)
    assert roles(door, morgan) == []
    door.as_person("grace.global")
    assert (
        door.get("/roleManagement/directory/roleAssignmentScheduleInstances?$filter=endDateTime eq null").status == 400
    )
    listed = door.get(f"/roleManagement/directory/roleAssignments?$filter=principalId eq '{morgan}'").value
    assert listed == []


def test_an_applications_principal_is_given_a_role_and_keeps_it_until_its_end(door):
    made = door.post("/applications", {"displayName": "voice1"}).body
    principal = door.post("/servicePrincipals", {"appId": made["appId"]}).body["id"]
    given = door.post(_path, request(principal))
    assert (given.status, given.body["status"]) == (201, "Provisioned")
    assert roles(door, principal) == [_role]
    assert door.post(_path, request(principal)).code == "RoleAssignmentExists"
    door.world.clock.advance(4 * 3600)
    assert roles(door, principal) == []


def test_role_begins_later(door):
    morgan = door.user("morgan.member").id
    info = {"startDateTime": "2026-11-20T13:00:00Z", "expiration": {"type": "noExpiration"}}
    made = door.post(_path, request(morgan, scheduleInfo=info))
    assert made.body["status"] == "Granted"
    assert roles(door, morgan) == []
    door.world.clock.advance(3600)
    assert roles(door, morgan) == [_role]


def test_requests_are_kept_and_read(door):
    morgan = door.user("morgan.member").id
    ticket = {"ticketNumber": "CHG-7", "ticketSystem": "Desk"}
    made = door.post(_path, request(morgan, ticketInfo=ticket)).body
    assert [one["id"] for one in door.get(_path).value] == [made["id"]]
    assert door.get(f"{_path}/{made['id']}").body["ticketInfo"] == ticket
    assert door.get(f"{_path}/none").status == 404


def test_eligible_person_activates_with_a_reason(door):
    morgan = door.user("morgan.member").id
    make_eligible(door, morgan)
    assert roles(door, morgan) == []
    door.as_person("morgan.member")
    silent = door.post(_path, request(morgan, "selfActivate", justification=""))
    assert (silent.status, silent.code) == (400, "RoleAssignmentRequestPolicyValidationFailed")
    assert "JustificationRule" in silent.message
    assert "ExpirationRule" in door.post(_path, request(morgan, "selfActivate", hours=9)).message
    assert door.post(_path, request(morgan, "selfActivate")).status == 201
    assert roles(door, morgan) == [_role]
    assert door.post(_path, request(morgan, "selfActivate")).code == "RoleAssignmentExists"
    assert door.post(_path, request(morgan, "selfDeactivate")).body["status"] == "Revoked"
    assert roles(door, morgan) == []


def test_who_is_not_eligible_activates_nothing(door):
    morgan = door.user("morgan.member").id
    reply = door.as_person("morgan.member").post(_path, request(morgan, "selfActivate"))
    assert (reply.status, reply.code) == (400, "RoleAssignmentDoesNotExist")


def test_nobody_activates_for_others(door):
    make_eligible(door, door.user("morgan.member").id)
    body = request(door.user("morgan.member").id, "selfActivate")
    assert door.as_person("avery.apps").post(_path, body).status == 403


def test_members_give_no_roles(door):
    body = request(door.user("avery.apps").id)
    assert door.as_person("morgan.member").post(_path, body).status == 403


def test_tenant_may_ask_for_a_ticket_and_an_end(door):
    morgan = door.user("morgan.member").id
    schedule_terms.set_rules(door.tenant, {"ticket": True, "permanent": False})
    for_ever = {"expiration": {"type": "noExpiration"}}
    reply = door.post(_path, request(morgan, scheduleInfo=for_ever))
    assert reply.message.endswith('["ExpirationRule", "TicketingRule"]')
    ticket = {"ticketNumber": "CHG-7", "ticketSystem": "Desk"}
    assert door.post(_path, request(morgan, ticketInfo=ticket)).status == 201


def test_role_is_extended_and_removed(door):
    morgan = door.user("morgan.member").id
    door.post(_path, request(morgan))
    assert door.post(_path, request(morgan, "adminExtend", hours=8)).status == 201
    door.world.clock.advance(6 * 3600)
    assert roles(door, morgan) == [_role]
    door.as_person("grace.global")
    assert door.post(_path, request(morgan, "adminRemove")).body["status"] == "Revoked"
    assert door.post(_path, request(morgan, "adminRemove")).code == "RoleAssignmentDoesNotExist"


def test_eligibility_ends_too(door):
    morgan = door.user("morgan.member").id
    make_eligible(door, morgan)
    (row,) = door.get("/roleManagement/directory/roleEligibilityScheduleInstances").value
    assert (row["principalId"], row["endDateTime"]) == (morgan, "2027-01-01T04:00:00Z")
    door.world.clock.advance(1001 * 3600)
    assert door.as_person("grace.global").get("/roleManagement/directory/roleEligibilityScheduleInstances").value == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"action": "wish"},
        {"roleDefinitionId": "11111111-1111-4111-8111-111111111111"},
        {"scheduleInfo": {"expiration": {"type": "afterDuration", "duration": "soon"}}},
        {"scheduleInfo": {"expiration": {"type": "afterDateTime"}}},
    ],
)
def test_requests_of_wrong_form_are_400(door, wrong):
    assert door.post(_path, {**request(door.user("morgan.member").id), **wrong}).status == 400


def test_without_entra_p2_there_is_no_pim(door):
    licensing.set_edition(door.tenant, "P1")
    of_roles = "/roleManagement/directory"
    replies = [
        door.post(_path, request(door.user("morgan.member").id)),
        door.get(_path),
        door.get(f"{of_roles}/roleAssignmentScheduleInstances"),
        door.get(f"{of_roles}/roleEligibilityScheduleInstances/filterByCurrentUser(on='principal')"),
    ]
    assert {(reply.status, reply.code) for reply in replies} == {(400, "AadPremiumLicenseRequired")}


def test_validation_changes_nothing(door):
    morgan = door.user("morgan.member").id
    assert door.post(_path, request(morgan, isValidationOnly=True)).body["status"] == "Granted"
    assert roles(door, morgan) == []


def test_schedules_and_requests_of_eligible_roles_are_read_back(door):
    morgan, role = door.user("morgan.member").id, data.role_ids_by_name()["User Administrator"]
    wanted = {"action": "adminAssign", "principalId": morgan, "roleDefinitionId": role, "directoryScopeId": "/"}
    info = {"justification": "x", "scheduleInfo": {"expiration": {"type": "noExpiration"}}}
    made = door.post("/roleManagement/directory/roleEligibilityScheduleRequests", {**wanted, **info}).body
    assert (
        door.get(f"/roleManagement/directory/roleEligibilityScheduleRequests/{made['id']}").body["status"]
        == "Provisioned"
    )
    mine = f"?$filter=principalId eq '{morgan}'"
    for name in ("roleEligibilityScheduleRequests", "roleEligibilitySchedules"):
        assert [row["roleDefinitionId"] for row in door.get(f"/roleManagement/directory/{name}{mine}").value] == [role]
        own = door.get(f"/roleManagement/directory/{name}/filterByCurrentUser(on='principal')").value
        assert morgan not in [row["principalId"] for row in own]
    for name in ("roleAssignmentSchedules", "roleAssignmentScheduleInstances", "roleAssignmentScheduleRequests"):
        own = door.get(f"/roleManagement/directory/{name}/filterByCurrentUser(on='principal')")
        assert own.status == 200
        assert {row["principalId"] for row in own.value} <= {door.user("grace.global").id}
    active = door.get("/roleManagement/directory/roleAssignmentSchedules").value
    assert door.user("grace.global").id in [row["principalId"] for row in active]


def test_role_that_pim_did_not_give_gets_an_end(door):
    person = door.user("morgan.member").id
    door.give_directory_role(person, "User Administrator")
    wanted = {
        "principalId": person,
        "roleDefinitionId": data.role_ids_by_name()["User Administrator"],
        "directoryScopeId": "/",
    }
    end = {"type": "afterDuration", "duration": "PT1H"}
    body = {"action": "adminUpdate", "justification": "x", "scheduleInfo": {"expiration": end}, **wanted}
    assert door.post("/roleManagement/directory/roleAssignmentScheduleRequests", body).status == 201
    door.world.clock.advance(3_700)
    door.as_person("grace.global")
    rows = door.get("/roleManagement/directory/roleAssignmentScheduleInstances").value
    assert person not in [row["principalId"] for row in rows]
