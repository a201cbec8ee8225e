"""The same object by every address that Graph knows: object id, client id, unique name, casts, from both ends."""

import pytest

from m365_emulator import data
from tests.emulator.graph_door import Door

roles = {role["value"]: role["id"] for role in data.app_roles(data.graph_app_id)}
teams = data.role_ids_by_name()["Teams Administrator"]
casts = ("directoryRole", "group", "administrativeUnit")


@pytest.fixture
def door():
    return Door().as_person("grace.global")


@pytest.fixture
def application(door):
    return door.post("/applications", {"displayName": "Voice", "uniqueName": "only"}).body


@pytest.fixture
def principal(door, application):
    return door.post("/servicePrincipals", {"appId": application["appId"]}).body


def reference(door, name="morgan.member"):
    return {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{door.user(name).id}"}


def assignment(door, principal):
    graph = door.tenant.principal(data.graph_app_id).id
    return {"principalId": principal["id"], "resourceId": graph, "appRoleId": roles["Organization.Read.All"]}


def test_application_is_one_by_id_client_id_and_unique_name(door, application):
    by_id = door.get(f"/applications/{application['id']}").body
    assert door.get(f"/applications(appId='{application['appId']}')").body == by_id
    assert door.get("/applications(uniqueName='only')").body == by_id
    assert door.get(f"/applications('{application['id']}')").body == by_id
    assert door.get(f"/Applications/{application['id'].upper()}").body == by_id


def test_application_is_deleted_by_its_unique_name(door, application):
    assert door.delete("/applications(uniqueName='only')").status == 204
    assert door.get(f"/applications/{application['id']}").status == 404


def test_secrets_and_owners_of_an_application_by_client_id(door, application):
    address = f"/applications(appId='{application['appId']}')"
    secret = door.post(f"{address}/addPassword", {"passwordCredential": {}}).body
    assert door.post(f"{address}/removePassword", {"keyId": secret["keyId"]}).status == 204
    assert door.post(f"{address}/owners/$ref", reference(door)).status == 204
    assert [one["displayName"] for one in door.get(f"{address}/owners").value] == ["Morgan Member"]
    assert len(door.get(f"{address}/owners/$ref").value) == 1


def test_bound_action_may_carry_its_namespace(door, application):
    address = f"/applications/{application['id']}/microsoft.graph.addPassword"
    assert door.post(address, {"passwordCredential": {}}).status == 200


def test_federated_credentials_by_client_id(door, application):
    address = f"/applications(appId='{application['appId']}')/federatedIdentityCredentials"
    trust = {"name": "platform", "issuer": "https://issuer.example", "subject": "s", "audiences": ["a"]}
    assert door.post(address, trust).status == 201
    assert [one["name"] for one in door.get(address).value] == ["platform"]


@pytest.mark.parametrize("key", ["/{id}", "(appId='{appId}')"])
def test_principal_and_what_belongs_to_it_by_both_keys(door, principal, key):
    address = "/servicePrincipals" + key.format(**principal)
    assert door.get(address).body["id"] == principal["id"]
    assert door.patch(address, {"notes": "x"}).status == 204
    secret = door.post(f"{address}/addPassword", {"passwordCredential": {}}).body
    assert door.post(f"{address}/removePassword", {"keyId": secret["keyId"]}).status == 204
    granted = door.post(f"{address}/appRoleAssignments", assignment(door, principal)).body
    assert [one["id"] for one in door.get(f"{address}/appRoleAssignments").value] == [granted["id"]]
    assert door.get(f"{address}/appRoleAssignedTo").value == []
    assert door.get(f"{address}/oauth2PermissionGrants").value == []
    assert door.get(f"{address}/owners").value == []
    assert door.delete(address).status == 204
    assert door.get(address).status == 404


def test_owners_of_a_principal(door, principal):
    address = f"/servicePrincipals/{principal['id']}/owners"
    assert door.post(f"{address}/$ref", reference(door)).status == 204
    assert len(door.get(f"{address}/$ref").value) == 1


@pytest.mark.parametrize("key", ["/{id}", "(appId='{appId}')"])
def test_permission_is_granted_from_the_resources_end(door, principal, key):
    graph = door.tenant.principal(data.graph_app_id)
    address = "/servicePrincipals" + key.format(id=graph.id, appId=data.graph_app_id)
    granted = door.post(f"{address}/appRoleAssignedTo", assignment(door, principal))
    one = f"/servicePrincipals/{graph.id}/appRoleAssignedTo/{granted.body['id']}"
    assert (granted.status, door.get(one).body["principalId"]) == (201, principal["id"])
    assert door.delete(one).status == 204
    assert door.get(f"/servicePrincipals/{principal['id']}/appRoleAssignments").value == []


@pytest.mark.parametrize("member", ["/servicePrincipals/{id}", "/servicePrincipals(appId='{appId}')", "/users/{user}"])
def test_memberships_by_every_address_and_cast(door, principal, member):
    user = door.user("morgan.member").id
    group = door.post(
        "/groups", {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}
    ).body["id"]
    for oid in (principal["id"], user):
        door.give_directory_role(oid, "Teams Administrator")
        door.tenant.memberships[group].append(oid)
    address = member.format(**principal, user=user)
    assert {one["@odata.type"] for one in door.get(f"{address}/memberOf").value} == {
        "#microsoft.graph.group",
        "#microsoft.graph.directoryRole",
    }
    counts = [len(door.get(f"{address}/memberOf/microsoft.graph.{cast}").value) for cast in casts]
    assert counts == [1, 1, 0]
    assert len(door.get(f"{address}/transitiveMemberOf").value) == 2
    through = door.get(f"{address}/transitiveMemberOf/microsoft.graph.directoryRole").value
    assert [one["roleTemplateId"] for one in through] == [teams]


def test_own_memberships_through_groups(door):
    found = door.get("/me/transitiveMemberOf?$select=displayName").value
    assert found == [{"@odata.type": "#microsoft.graph.directoryRole", "displayName": "Global Administrator"}]


def test_members_of_a_role_by_its_object_id(door):
    role = door.post("/directoryRoles", {"roleTemplateId": teams}).body["id"]
    assert door.post(f"/directoryRoles/{role}/members/$ref", reference(door)).status == 204
    assert [one["displayName"] for one in door.get(f"/directoryRoles/{role}/members").value] == ["Morgan Member"]


def test_people_and_groups_by_id_and_name(door):
    group = door.post(
        "/groups", {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}
    ).body
    assert door.get(f"/groups/{group['id']}").body["displayName"] == "G"
    grace = door.get("/users?$filter=userPrincipalName eq 'GRACE.GLOBAL@contoso.com'").value
    assert door.get(f"/users/{grace[0]['id']}").body["displayName"] == "Grace Global"
    assert door.get("/users/grace.global@contoso.com").body["id"] == grace[0]["id"]
