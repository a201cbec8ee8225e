"""Replica lag and other trouble on Graph's side, as the control door sets it. No test waits: the clock is moved."""

import pytest

from m365_emulator import data
from tests.emulator.graph_door import Door

role = data.app_roles(data.graph_app_id)[0]["id"]


@pytest.fixture
def door():
    return Door().as_person("grace.global")


def lag(door, kind, **effect):
    door.world.faults.set("lag", {"kind": kind}, effect)


def test_fresh_application_hides_for_some_reads(door):
    lag(door, "application", lag_reads=2)
    made = door.post("/applications", {"displayName": "Voice"}).body
    address = f"/applications/{made['id']}"
    assert [door.get(address).status for _ in range(3)] == [404, 404, 200]


def test_fresh_application_hides_for_some_seconds_from_lists_and_actions(door):
    lag(door, "application", lag_seconds=30)
    made = door.post("/applications", {"displayName": "Voice"}).body
    assert door.get("/applications?$filter=displayName eq 'Voice'").value == []
    refused = door.post(f"/applications/{made['id']}/addPassword", {"passwordCredential": {}})
    assert (refused.status, refused.code) == (404, "Request_ResourceNotFound")
    door.world.clock.advance(31)
    assert door.post(f"/applications/{made['id']}/addPassword", {"passwordCredential": {}}).status == 200


def test_upsert_finds_what_reads_do_not_see_yet(door):
    lag(door, "application", lag_seconds=30)
    address = "/applications(uniqueName='x')"
    assert door.patch(address, {"displayName": "A"}, Prefer="create-if-missing").status == 201
    assert door.get(address).status == 404
    assert door.patch(address, {"displayName": "A"}, Prefer="create-if-missing").status == 204


def test_principal_of_an_application_that_is_not_copied_yet(door):
    lag(door, "application", lag_seconds=30)
    made = door.post("/applications", {"displayName": "Voice"}).body
    refused = door.post("/servicePrincipals", {"appId": made["appId"]})
    assert (refused.status, refused.code) == (400, "NoBackingApplicationObject")
    door.world.clock.advance(31)
    assert door.post("/servicePrincipals", {"appId": made["appId"]}).status == 201


def test_grants_to_a_principal_that_is_not_copied_yet(door):
    made = door.post("/applications", {"displayName": "Voice"}).body
    lag(door, "servicePrincipal", lag_seconds=30)
    principal = door.post("/servicePrincipals", {"appId": made["appId"]}).body["id"]
    graph = door.tenant.principal(data.graph_app_id).id
    body = {"principalId": principal, "resourceId": graph, "appRoleId": role}
    assert door.post(f"/servicePrincipals/{principal}/appRoleAssignments", body).status == 404
    assigned = {"principalId": principal, "directoryScopeId": "/", "roleDefinitionId": data.global_administrator}
    assert door.post("/roleManagement/directory/roleAssignments", assigned).status == 404
    door.world.clock.advance(31)
    assert door.post(f"/servicePrincipals/{principal}/appRoleAssignments", body).status == 201


@pytest.mark.parametrize("kind", ["appRoleAssignment", "roleAssignment", "oauth2PermissionGrant"])
def test_fresh_grants_are_listed_later(door, kind):
    principal = door.new_principal("Voice").id
    graph = door.tenant.principal(data.graph_app_id).id
    lag(door, kind, lag_seconds=30)
    listed = {
        "appRoleAssignment": f"/servicePrincipals/{principal}/appRoleAssignments",
        "roleAssignment": f"/roleManagement/directory/roleAssignments?$filter=principalId eq '{principal}'",
        "oauth2PermissionGrant": f"/servicePrincipals/{principal}/oauth2PermissionGrants",
    }[kind]
    assert give(door, kind, principal, graph).status == 201
    assert door.get(listed).value == []
    door.world.clock.advance(31)
    assert len(door.get(listed).value) == 1


def test_throttled_request_is_told_when_to_come_back(door):
    door.world.faults.set("busy", {"path": "/v1.0/organization", "times": 1}, {"status": 429, "retry_after": 3})
    refused = door.get("/organization")
    assert (refused.status, refused.headers["retry-after"]) == (429, "3")
    assert door.get("/organization").status == 200


def give(door, kind, principal, graph):
    if kind == "appRoleAssignment":
        return door.post(
            f"/servicePrincipals/{principal}/appRoleAssignments",
            {"principalId": principal, "resourceId": graph, "appRoleId": role},
        )
    if kind == "roleAssignment":
        return door.post(
            "/roleManagement/directory/roleAssignments",
            {"principalId": principal, "directoryScopeId": "/", "roleDefinitionId": data.global_administrator},
        )
    return door.post(
        "/oauth2PermissionGrants",
        {"clientId": principal, "consentType": "AllPrincipals", "resourceId": graph, "scope": "User.Read"},
    )
