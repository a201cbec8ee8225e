"""Administrative units: made, filled, roles limited to them, with Entra ID P1 and without."""

import pytest

from m365_emulator import data
from m365_emulator.graph import licensing
from tests.emulator.graph_door import Door

_teams = data.role_ids_by_name()["Teams Administrator"]
_readers = data.role_ids_by_name()["Directory Readers"]


@pytest.fixture
def door():
    return Door().as_person("grace.global")


@pytest.fixture
def unit(door):
    return door.post("/directory/administrativeUnits", {"displayName": "Branch", "description": "North"}).body


def test_unit_is_made_changed_and_deleted(door, unit):
    where = f"/directory/administrativeUnits/{unit['id']}"
    assert door.patch(where, {"description": "South"}).status == 204
    assert door.get(where).body["description"] == "South"
    principal = door.new_principal("Voice").id
    door.give_directory_role(principal, "Teams Administrator", scope=f"/administrativeUnits/{unit['id']}")
    assert door.delete(where).status == 204
    assert door.get(where).status == 404
    assert door.tenant.directory_roles(principal, scope=None) == []


def test_members_of_a_unit(door, unit):
    where = f"/directory/administrativeUnits/{unit['id']}/members"
    morgan = door.user("morgan.member").id
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/users/{morgan}"}
    assert door.post(f"{where}/$ref", reference).status == 204
    assert door.post(f"{where}/$ref", reference).status == 400
    assert [one["id"] for one in door.get(where).value] == [morgan]
    assert len(door.get(f"{where}/$ref").value) == 1
    assert door.delete(f"{where}/{morgan}/$ref").status == 204
    assert door.delete(f"{where}/{morgan}/$ref").status == 404


def test_role_is_limited_to_a_unit(door, unit):
    where = f"/directory/administrativeUnits/{unit['id']}/scopedRoleMembers"
    principal = door.new_principal("Voice").id
    body = {"roleId": _teams, "roleMemberInfo": {"id": principal}}
    assert door.post(where, body).status == 400
    role = door.post("/directoryRoles", {"roleTemplateId": _teams}).body
    made = door.post(where, {**body, "roleId": role["id"]})
    assert (made.status, made.body["roleMemberInfo"]["displayName"]) == (201, "Voice")
    assert door.post(where, {**body, "roleId": role["id"]}).status == 400
    assert [one["id"] for one in door.get(where).value] == [made.body["id"]]
    assert door.get(f"{where}/{made.body['id']}").body["roleId"] == role["id"]
    assert len(door.get(f"/directoryRoles/{role['id']}/scopedMembers").value) == 1
    listed = door.get(f"/roleManagement/directory/roleAssignments?$filter=principalId eq '{principal}'").value
    assert [one["directoryScopeId"] for one in listed] == [f"/administrativeUnits/{unit['id']}"]
    assert door.delete(f"{where}/{made.body['id']}").status == 204
    assert door.get(f"{where}/{made.body['id']}").status == 404


def test_role_that_is_none_for_units_is_400(door, unit):
    role = door.post("/directoryRoles", {"roleTemplateId": _readers}).body
    body = {"roleId": role["id"], "roleMemberInfo": {"id": door.new_principal("Voice").id}}
    reply = door.post(f"/directory/administrativeUnits/{unit['id']}/scopedRoleMembers", body)
    assert (reply.status, reply.code) == (400, "Request_BadRequest")


def test_without_entra_p1_there_are_no_units_and_no_roles_in_them(door, unit):
    licensing.set_edition(door.tenant, "Free")
    reply = door.post("/directory/administrativeUnits", {"displayName": "More"})
    assert (reply.status, reply.code) == (400, "AadPremiumLicenseRequired")
    body = {
        "roleDefinitionId": _teams,
        "principalId": door.new_principal("Voice").id,
        "directoryScopeId": f"/administrativeUnits/{unit['id']}",
    }
    assert door.post("/roleManagement/directory/roleAssignments", body).code == "AadPremiumLicenseRequired"
    licensing.set_edition(door.tenant, "P1")
    assert door.post("/roleManagement/directory/roleAssignments", body).status == 201
