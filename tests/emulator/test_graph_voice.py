"""What makes a person ready for voice: licences, numbers, policies; and the log of calls."""

import pytest

from m365_emulator import data
from tests.emulator.graph_door import Door

_phone = data.skus_by_part_number()["MCOEV"]["skuId"]
_suite = data.skus_by_part_number()["ENTERPRISEPACK"]["skuId"]
_numbers = "/admin/teams/telephoneNumberManagement/numberAssignments"
_calls = "/communications/callRecords/getDirectRoutingCalls"
_number = {"telephoneNumber": "+14255551000", "numberType": "directRouting"}


@pytest.fixture
def door():
    return Door().as_person("grace.global")


@pytest.fixture
def morgan(door):
    return door.user("morgan.member").id


def licence(door, oid, *adding, removing=()):
    body = {"addLicenses": [{"skuId": one, "disabledPlans": []} for one in adding], "removeLicenses": list(removing)}
    return door.post(f"/users/{oid}/assignLicense", body)


def assign(door, oid, **changed):
    reply = door.post(f"{_numbers}/assignNumber", {**_number, "assignmentTargetId": oid, **changed})
    assert reply.status == 202
    return reply.headers["location"].partition("/v1.0")[2]


def test_licence_is_assigned_and_taken_away(door, morgan):
    assert licence(door, morgan, _phone).status == 200
    sku = next(one for one in door.get("/subscribedSkus").value if one["skuId"] == _phone)
    assert sku["consumedUnits"] == 5
    (row,) = door.get(f"/users/{morgan}/licenseDetails").value
    assert (row["skuPartNumber"], row["servicePlans"][0]["provisioningStatus"]) == ("MCOEV", "Success")
    assert [one["skuPartNumber"] for one in door.as_person("morgan.member").get("/me/licenseDetails").value] == [
        "MCOEV"
    ]
    door.as_person("grace.global")
    assert licence(door, morgan, removing=[_phone]).status == 200
    assert door.get(f"/users/{morgan}/licenseDetails").value == []


def test_plan_of_a_licence_can_be_switched_off(door, morgan):
    plan = data.service_plans_by_name()["MCOEV"]["servicePlanId"]
    body = {"addLicenses": [{"skuId": _phone, "disabledPlans": [plan]}], "removeLicenses": []}
    assert door.post(f"/users/{morgan}/assignLicense", body).status == 200
    (row,) = door.get(f"/users/{morgan}/licenseDetails").value
    assert row["servicePlans"][0]["provisioningStatus"] == "Disabled"


def test_licence_needs_a_place_of_use(door, morgan):
    door.patch(f"/users/{morgan}", {"usageLocation": None})
    assert "usage location" in licence(door, morgan, _phone).message


def test_licence_needs_a_free_unit(door, morgan):
    next(one for one in door.tenant.skus if one["skuId"] == _phone)["consumedUnits"] = 25
    assert "does not have any available licenses" in licence(door, morgan, _phone).message
    assert door.get(f"/users/{morgan}/licenseDetails").value == []


def test_unknown_licences_are_400(door, morgan):
    assert licence(door, morgan, "11111111-1111-4111-8111-111111111111").status == 400
    assert licence(door, morgan, removing=[_phone]).status == 400
    assert door.post(f"/users/{morgan}/assignLicense", {"addLicenses": []}).status == 400


def test_subscriptions_are_those_of_the_licences(door):
    rows = {one["skuPartNumber"]: one["totalLicenses"] for one in door.get("/directory/subscriptions").value}
    assert rows == {"ENTERPRISEPACK": 50, "MCOEV": 25}


def test_number_is_assigned_seen_and_taken_away(door, morgan):
    licence(door, morgan, _suite, _phone)
    assert door.get(assign(door, morgan)).body["status"] == "succeeded"
    (row,) = door.get(f"{_numbers}?$filter=assignmentTargetId eq '{morgan}'").value
    assert (row["telephoneNumber"], row["numberSource"], row["assignmentStatus"]) == (
        "+14255551000",
        "onPremises",
        "userAssigned",
    )
    seen = door.get(f"/admin/teams/userConfigurations/{morgan}").body
    assert (seen["accountType"], seen["isEnterpriseVoiceEnabled"]) == ("user", True)
    assert seen["telephoneNumbers"] == [{"telephoneNumber": "+14255551000", "assignmentCategory": "primary"}]
    assert (
        door.post(f"{_numbers}/updateNumber", {"telephoneNumber": "+14255551000", "locationId": "here"}).status == 200
    )
    assert door.get(f"{_numbers}/{row['id']}").body["locationId"] == "here"
    ended = door.post(f"{_numbers}/unassignNumber", _number).headers["location"].partition("/v1.0")[2]
    assert door.get(ended).body["status"] == "succeeded"
    assert door.get(f"{_numbers}/{row['id']}").status == 404
    assert door.post(f"{_numbers}/updateNumber", {"telephoneNumber": "+14255551000"}).status == 404


def test_number_without_licence_fails_in_its_operation(door, morgan):
    body = door.get(assign(door, morgan)).body
    assert body["status"] == "failed"
    assert "no license for Teams Phone" in body["numbers"][0]["statusDetail"]


def test_number_of_somebody_else_fails(door, morgan):
    avery = door.user("avery.apps").id
    licence(door, morgan, _phone)
    licence(door, avery, _phone)
    assign(door, morgan)
    assert "already assigned" in door.get(assign(door, avery)).body["numbers"][0]["statusDetail"]
    bought = assign(door, avery, telephoneNumber="+14255551001", numberType="callingPlan")
    assert "inventory" in door.get(bought).body["numbers"][0]["statusDetail"]
    lost = assign(door, "nobody", telephoneNumber="+14255551002")
    assert "was not found" in door.get(lost).body["numbers"][0]["statusDetail"]


def test_operation_runs_as_long_as_a_fault_says(door, morgan):
    door.world.faults.set("slow", {"kind": "telephoneNumberOperation"}, {"lag_reads": 2})
    licence(door, morgan, _phone)
    where = assign(door, morgan)
    assert [door.get(where).body["status"] for _ in range(3)] == ["running", "running", "succeeded"]


@pytest.mark.parametrize("wrong", [{"telephoneNumber": "twelve"}, {"numberType": "internalError"}])
def test_numbers_of_wrong_form_are_400(door, morgan, wrong):
    reply = door.post(f"{_numbers}/assignNumber", {**_number, "assignmentTargetId": morgan, **wrong})
    assert reply.status == 400


def test_unassigned_number_cannot_be_unassigned(door):
    where = door.post(f"{_numbers}/unassignNumber", _number).headers["location"].partition("/v1.0")[2]
    assert door.get(where).body["status"] == "failed"
    assert door.get("/admin/teams/telephoneNumberManagement/operations/none").status == 404


def test_policy_is_found_by_name_and_assigned(door, morgan):
    path = "/admin/teams/policy/getPolicyId(type='OnlineVoiceRoutingPolicy',name='Gangway')"
    (policy,) = door.get(path).value
    assert policy["name"] == "Tag:Gangway"
    row = {"userId": morgan, "policyType": "OnlineVoiceRoutingPolicy", "policyId": policy["policyId"]}
    assert door.post("/admin/teams/policy/userAssignments/assign", {"value": [row]}).status == 204
    (held,) = door.get(f"/admin/teams/userConfigurations/{morgan}").body["effectivePolicyAssignments"]
    assert held["policyAssignment"]["policyId"] == policy["policyId"]
    ending = {"userId": morgan, "policyType": "OnlineVoiceRoutingPolicy"}
    assert door.post("/admin/teams/policy/userAssignments/unassign", {"value": [ending]}).status == 204
    assert door.get(f"/admin/teams/userConfigurations/{morgan}").body["effectivePolicyAssignments"] == []


@pytest.mark.parametrize(
    ("change", "status"),
    [({"userId": "nobody"}, 404), ({"policyType": "Weather"}, 400), ({"policyId": ""}, 400)],
)
def test_one_wrong_policy_assignment_refuses_all(door, morgan, change, status):
    good = {"userId": morgan, "policyType": "TeamsCallingPolicy", "policyId": "p"}
    body = {"value": [good, {**good, **change}]}
    assert door.post("/admin/teams/policy/userAssignments/assign", body).status == status
    assert door.get(f"/admin/teams/userConfigurations/{morgan}").body["effectivePolicyAssignments"] == []


def test_teams_knows_who_has_no_licence_and_who_is_a_guest(door):
    kinds = {one["userPrincipalName"]: one["accountType"] for one in door.get("/admin/teams/userConfigurations").value}
    assert kinds["morgan.member@contoso.com"] == "ineligibleUser"
    assert "guest" in kinds.values()


def test_calls_are_listed_by_their_time(door):
    call = {"id": "c-1", "startDateTime": "2026-11-19T08:00:00Z", "callerNumber": "+1", "finalSipCode": 200}
    door.tenant.settings["directRoutingCalls"] = [call]
    door.as_application("CallRecord-PstnCalls.Read.All")
    span = "(fromDateTime={},toDateTime={})"
    found = door.get(_calls + span.format("2026-11-19", "2026-11-20T00:00:00Z")).value
    assert [one["id"] for one in found] == ["c-1"]
    assert door.get(_calls + span.format("2026-11-01", "2026-11-19")).value == []
    assert door.get(_calls + span.format("2026-01-01", "2026-11-19")).status == 400
    assert door.get(_calls + span.format("soon", "later")).status == 400
