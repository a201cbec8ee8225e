"""Applications: from registration to permanent deletion, each exchange checked against Microsoft's description."""

import json

import pytest

from m365_emulator import data
from m365_emulator.login import policies
from tests.emulator.assertions import KeyPair
from tests.emulator.graph_door import Door, command_line_tools

graph_role = data.app_roles(data.graph_app_id)[0]["id"]


role = {
    "id": "11111111-0000-4000-8000-000000000002",
    "value": "Work",
    "displayName": "W",
    "description": "W",
    "isEnabled": True,
    "allowedMemberTypes": ["Application"],
}


@pytest.fixture
def door():
    return Door().as_person("grace.global")


def register(door, **wanted):
    reply = door.post("/applications", {"displayName": "Voice", **wanted})
    assert reply.status == 201, reply.body
    return reply.body


def test_created_application_reads_back_whole(door):
    access = [{"resourceAppId": data.graph_app_id, "resourceAccess": [{"id": graph_role, "type": "Role"}]}]
    made = register(door, requiredResourceAccess=access, notes="made by a test", tags=["one"])
    read = door.get(f"/applications/{made['id']}").body
    assert {key: read[key] for key in made} == made
    assert read["requiredResourceAccess"] == access
    assert (read["signInAudience"], read["publisherDomain"]) == ("AzureADMyOrg", "contoso.onmicrosoft.com")
    assert read["id"] != read["appId"]
    assert read["createdByAppId"] == command_line_tools


def test_location_and_context_name_the_new_application(door):
    reply = door.post("/applications", {"displayName": "Voice"})
    assert reply.headers["location"] == f"https://localhost/v1.0/applications/{reply.body['id']}"
    assert reply.body["@odata.context"].endswith("/v1.0/$metadata#applications/$entity")


def test_upsert_without_preference_finds_nothing_to_change(door):
    reply = door.patch("/applications(uniqueName='gangway-1')", {"displayName": "Voice"})
    assert (reply.status, reply.code) == (404, "Request_ResourceNotFound")


def test_upsert_creates_once_and_then_changes(door):
    address = "/applications(uniqueName='gangway-1')"
    made = door.patch(address, {"displayName": "Voice"}, Prefer="create-if-missing")
    again = door.patch(address, {"notes": "second"}, Prefer="create-if-missing")
    assert (made.status, again.status, again.body) == (201, 204, None)
    read = door.get(address).body
    assert (read["id"], read["uniqueName"], read["notes"]) == (made.body["id"], "gangway-1", "second")
    assert door.get("/applications?$filter=uniqueName eq 'gangway-1'").value == [without_context(read)]


def test_upsert_replaces_required_access_as_a_whole(door):
    address = "/applications(uniqueName='gangway-1')"
    access = [{"resourceAppId": data.graph_app_id, "resourceAccess": [{"id": graph_role, "type": "Role"}]}]
    door.patch(address, {"displayName": "Voice", "requiredResourceAccess": access}, Prefer="create-if-missing")
    door.patch(address, {"requiredResourceAccess": []})
    assert door.get(address).body["requiredResourceAccess"] == []


def test_upsert_of_new_application_needs_a_name(door):
    reply = door.patch("/applications(uniqueName='gangway-1')", {"notes": "x"}, Prefer="create-if-missing")
    assert (reply.status, reply.body["error"]["details"][0]["target"]) == (400, "displayName")


def test_unique_name_cannot_be_changed(door):
    made = register(door, uniqueName="first")
    reply = door.patch(f"/applications/{made['id']}", {"uniqueName": "second"})
    assert (reply.status, reply.code) == (400, "Request_BadRequest")
    assert door.patch(f"/applications/{made['id']}", {"uniqueName": "first"}).status == 204


def test_unique_name_is_unique_also_against_deleted_applications(door):
    made = register(door, uniqueName="only")
    assert (
        door.post("/applications", {"displayName": "B", "uniqueName": "ONLY"}).code
        == "Request_MultipleObjectsWithSameKeyValue"
    )
    door.delete(f"/applications/{made['id']}")
    reply = door.patch("/applications(uniqueName='only')", {"displayName": "C"}, Prefer="create-if-missing")
    assert (reply.status, reply.code) == (409, "Request_MultipleObjectsWithSameKeyValue")


def test_display_names_need_not_be_unique(door):
    first, second = register(door), register(door)
    found = door.get("/applications?$filter=displayName eq 'Voice'").value
    assert [one["id"] for one in found] == [first["id"], second["id"]]


@pytest.mark.parametrize(
    ("body", "target"),
    [
        ({"displayName": ""}, "displayName"),
        ({"displayName": "x" * 257}, "displayName"),
        ({"displayName": "A", "signInAudience": "Everyone"}, "signInAudience"),
        ({"displayName": "A", "requiredResourceAccess": [{"resourceAppId": "x"}]}, "requiredResourceAccess"),
        ({"displayName": "A", "identifierUris": ["no address"]}, "identifierUris"),
        ({"displayName": "A", "web": {"redirectUris": ["http://a.example/back"]}}, "redirectUris"),
        ({"displayName": "A", "spa": {"redirectUris": ["http://a.example/back"]}}, "redirectUris"),
        ({"displayName": "A", "web": {"redirectUris": ["http://[x"]}}, "redirectUris"),
        ({"displayName": "A", "identifierUris": ["http://[x"]}, "identifierUris"),
        ({"displayName": "A", "appRoles": [role, role]}, "appRoles"),
        ({"displayName": "A", "api": {"requestedAccessTokenVersion": 3}}, "requestedAccessTokenVersion"),
        ({"displayName": "A", "manager@odata.bind": ["x"]}, "manager@odata.bind"),
        ({"displayName": "A", "appId": "11111111-1111-4111-8111-111111111111"}, "appId"),
    ],
)
def test_refused_values_come_back_at_their_property(door, body, target):
    reply = door.post("/applications", body)
    assert (reply.status, reply.code, reply.body["error"]["details"][0]["target"]) == (
        400,
        "Request_BadRequest",
        target,
    )


@pytest.mark.parametrize(
    "body",
    [
        {"displayName": 5},
        {"displayName": "A", "tags": "no list"},
        {"displayName": "A", "colour": "blue"},
        {"displayName": "A", "web": []},
        {"displayName": "A", "web": {"colour": "blue"}},
        [1],
        b"{no json",
    ],
)
def test_bodies_of_wrong_form_are_400(door, body):
    reply = door.post("/applications", body)
    assert (reply.status, reply.code in ("BadRequest", "Request_BadRequest")) == (400, True)


def test_complex_properties_merge_and_lists_are_replaced(door):
    made = register(door, web={"redirectUris": ["https://a.example/"], "homePageUrl": "https://a.example"})
    door.patch(f"/applications/{made['id']}", {"web": {"redirectUris": ["https://b.example/"]}})
    web = door.get(f"/applications/{made['id']}").body["web"]
    assert (web["redirectUris"], web["homePageUrl"]) == (["https://b.example/"], "https://a.example")


def test_rename_reaches_the_service_principal(door):
    made = register(door)
    door.post("/servicePrincipals", {"appId": made["appId"]})
    door.patch(f"/applications(appId='{made['appId']}')", {"displayName": "Voice 2"})
    assert door.get(f"/servicePrincipals(appId='{made['appId']}')").body["displayName"] == "Voice 2"


def test_secret_text_is_told_once(door):
    made = register(door)
    wanted = {"passwordCredential": {"displayName": "line 1", "endDateTime": "2027-01-01T00:00:00Z"}}
    secret = door.post(f"/applications/{made['id']}/addPassword", wanted).body
    assert (len(secret["secretText"]), secret["hint"]) == (40, secret["secretText"][:3])
    kept = door.get(f"/applications/{made['id']}?$select=passwordCredentials").body["passwordCredentials"]
    assert [(one["keyId"], one["secretText"], one["hint"]) for one in kept] == [(secret["keyId"], None, secret["hint"])]
    assert secret["secretText"] not in str(door.get("/applications").body)


def test_secret_lives_two_years_unless_told_otherwise(door):
    made = register(door)
    secret = door.post(f"/applications(appId='{made['appId']}')/addPassword", {}).body
    assert (secret["startDateTime"], secret["endDateTime"]) == ("2026-11-20T12:00:00Z", "2028-11-20T12:00:00Z")


def test_secret_cannot_end_before_it_starts(door):
    made = register(door)
    wanted = {"passwordCredential": {"endDateTime": "2020-01-01T00:00:00Z"}}
    assert door.post(f"/applications/{made['id']}/addPassword", wanted).status == 400


def test_secret_is_removed_by_its_key(door):
    made = register(door)
    secret = door.post(f"/applications/{made['id']}/addPassword", {"passwordCredential": {}}).body
    assert door.post(f"/applications/{made['id']}/removePassword", {"keyId": secret["keyId"]}).status == 204
    again = door.post(f"/applications/{made['id']}/removePassword", {"keyId": secret["keyId"]})
    assert (again.status, again.message.startswith("No password credential found with keyId")) == (400, True)


def test_deletion_takes_principal_grants_and_roles_along(door):
    made = register(door)
    principal = door.post("/servicePrincipals", {"appId": made["appId"]}).body
    graph = door.get(f"/servicePrincipals(appId='{data.graph_app_id}')?$select=id").body["id"]
    door.post(
        f"/servicePrincipals/{principal['id']}/appRoleAssignments",
        {"principalId": principal["id"], "resourceId": graph, "appRoleId": graph_role},
    )
    door.post(
        "/roleManagement/directory/roleAssignments",
        {
            "principalId": principal["id"],
            "roleDefinitionId": data.role_ids_by_name()["Teams Administrator"],
            "directoryScopeId": "/",
        },
    )
    assert door.delete(f"/applications/{made['id']}").status == 204
    assert door.get(f"/applications/{made['id']}").status == 404
    assert door.get(f"/servicePrincipals/{principal['id']}").status == 404
    held = door.get(f"/roleManagement/directory/roleAssignments?$filter=principalId eq '{principal['id']}'")
    assert held.value == []
    assert principal["id"] not in str(door.get(f"/servicePrincipals/{graph}/appRoleAssignedTo").body)


def test_deleted_application_is_restored_without_its_principal(door):
    made = register(door)
    door.post("/servicePrincipals", {"appId": made["appId"]})
    door.delete(f"/applications(appId='{made['appId']}')")
    deleted = door.get("/directory/deletedItems/microsoft.graph.application").value
    assert [one["id"] for one in deleted] == [made["id"]]
    assert deleted[0]["deletedDateTime"] == "2026-11-20T12:00:00Z"
    assert door.post(f"/directory/deletedItems/{made['id']}/restore").status == 200
    assert door.get(f"/applications/{made['id']}").body["deletedDateTime"] is None
    assert door.get(f"/servicePrincipals(appId='{made['appId']}')").status == 404
    assert door.post("/servicePrincipals", {"appId": made["appId"]}).status == 201


def test_permanently_deleted_application_is_gone_and_its_name_free(door):
    made = register(door, uniqueName="only")
    door.delete(f"/applications/{made['id']}")
    assert door.get(f"/directory/deletedItems/{made['id']}").body["@odata.type"] == "#microsoft.graph.application"
    assert door.delete(f"/directory/deletedItems/{made['id']}").status == 204
    assert door.get(f"/directory/deletedItems/{made['id']}").status == 404
    register(door, uniqueName="only")


def test_deleted_items_are_kept_for_thirty_days(door):
    made = register(door)
    door.delete(f"/applications/{made['id']}")
    door.world.clock.advance(30 * 86400 + 1)
    door.as_person("grace.global")
    assert door.get("/directory/deletedItems/microsoft.graph.application").value == []
    assert door.post(f"/directory/deletedItems/{made['id']}/restore").status == 404


def test_owners_are_added_listed_and_removed(door):
    made, owner = register(door), door.user("morgan.member").id
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{owner}"}
    assert door.post(f"/applications/{made['id']}/owners/$ref", reference).status == 204
    assert door.post(f"/applications/{made['id']}/owners/$ref", reference).status == 400
    owners = door.get(f"/applications/{made['id']}/owners").value
    assert [(one["@odata.type"], one["id"]) for one in owners] == [("#microsoft.graph.user", owner)]
    assert door.get(f"/applications/{made['id']}/owners/$ref").value[0]["@odata.id"].endswith(owner)
    assert door.delete(f"/applications/{made['id']}/owners/{owner}/$ref").status == 204
    assert door.delete(f"/applications/{made['id']}/owners/{owner}/$ref").status == 404


def test_expanded_owners_come_with_the_application(door):
    made, owner = register(door), door.user("morgan.member").id
    door.post(f"/applications/{made['id']}/owners/$ref", {"@odata.id": f"https://x/v1.0/users/{owner}"})
    read = door.get(f"/applications/{made['id']}?$select=id&$expand=owners($select=id)").body
    assert read["owners"] == [{"@odata.type": "#microsoft.graph.user", "id": owner}]


def test_owner_manages_without_a_role_and_others_do_not(door):
    made, owner = register(door), door.user("morgan.member").id
    door.as_person("morgan.member")
    assert door.patch(f"/applications/{made['id']}", {"notes": "mine"}).status == 403
    door.as_person("grace.global")
    door.post(f"/applications/{made['id']}/owners/$ref", {"@odata.id": f"https://x/v1.0/users/{owner}"})
    door.as_person("morgan.member")
    assert door.patch(f"/applications/{made['id']}", {"notes": "mine"}).status == 204


def test_member_without_role_registers_and_owns(door):
    made = register(door.as_person("morgan.member"))
    owners = door.get(f"/applications/{made['id']}/owners").value
    assert [one["id"] for one in owners] == [door.user("morgan.member").id]


def test_restricted_tenant_lets_no_member_register(door):
    door.tenant.policies["authorizationPolicy"] = {"defaultUserRolePermissions": {"allowedToCreateApps": False}}
    assert door.as_person("morgan.member").post("/applications", {"displayName": "A"}).status == 403
    assert door.as_person("avery.apps").post("/applications", {"displayName": "A"}).status == 201


def test_federated_credentials_come_and_go(door):
    made = register(door)
    trust = {
        "name": "platform",
        "issuer": "https://issuer.example",
        "subject": "tenant-1",
        "audiences": ["api://AzureADTokenExchange"],
    }
    address = f"/applications/{made['id']}/federatedIdentityCredentials"
    kept = door.post(address, trust)
    assert (kept.status, door.get(f"{address}/{kept.body['id']}").body["subject"]) == (201, "tenant-1")
    named, twice = door.post(address, trust), door.post(address, {**trust, "name": "other"})
    assert (named.status, named.code) == (409, "Request_MultipleObjectsWithSameKeyValue")
    assert named.message == "FederatedIdentityCredential with name platform already exists."
    assert (twice.status, twice.code) == (400, "InvalidFederatedIdentityCredentialValue")
    assert [one["name"] for one in door.get(address).value] == ["platform"]
    assert door.delete(f"{address}/{kept.body['id']}").status == 204
    assert door.get(f"{address}/{kept.body['id']}").status == 404


def without_context(body):
    return {key: value for key, value in body.items() if not key.startswith("@odata.context")}


def test_name_of_microsoft_is_refused_where_the_switch_says_so(door):
    assert door.post("/applications", {"displayName": "Our Microsoft voice"}).status == 201
    policies.change(door.tenant, {"refuseMicrosoftInNames": True})
    assert door.post("/applications", {"displayName": "Our Microsoft voice"}).status == 400


def test_secret_may_be_asked_for_with_the_registration(door):
    body = {"displayName": "A", "passwordCredentials": [{"displayName": "first"}]}
    made = door.post("/applications", body).body
    (secret,) = made["passwordCredentials"]
    assert (secret["displayName"], len(secret["secretText"])) == ("first", 40)
    (kept,) = door.get(f"/applications/{made['id']}").body["passwordCredentials"]
    assert (kept["keyId"], kept["secretText"]) == (secret["keyId"], None)
    assert door.patch(f"/applications/{made['id']}", {"passwordCredentials": [{"displayName": "x"}]}).status == 400


def test_address_of_an_api_is_on_a_domain_of_the_tenant_and_its_own(door):
    first, second = register(door), register(door)
    for uri in ("https://voice.contoso.com/api", "api://voice"):
        assert door.patch(f"/applications/{first['id']}", {"identifierUris": [uri]}).status == 204
        taken = door.patch(f"/applications/{second['id']}", {"identifierUris": [uri]})
        assert (taken.status, taken.body["error"]["details"][0]["code"]) == (400, "ObjectConflict")
        assert door.patch(f"/applications/{first['id']}", {"identifierUris": [uri]}).status == 204
    foreign = door.patch(f"/applications/{first['id']}", {"identifierUris": ["https://elsewhere.example"]})
    assert (foreign.status, foreign.code) == (400, "HostNameNotOnVerifiedDomain")


def test_what_is_offered_is_switched_off_before_it_goes(door):
    address = f"/applications/{register(door)['id']}"
    assert door.patch(address, {"appRoles": [role]}).status == 204
    refused = door.patch(address, {"appRoles": []})
    assert (refused.status, refused.code) == (400, "CannotDeleteOrUpdateEnabledEntitlement")
    assert door.patch(address, {"appRoles": [{**role, "isEnabled": False}]}).status == 204
    assert door.patch(address, {"appRoles": []}).status == 204


def test_owners_are_named_with_the_registration(door):
    owner = door.user("morgan.member").id
    bound = {"owners@odata.bind": [f"https://graph.microsoft.com/v1.0/directoryObjects/{owner}"]}
    made = door.send("POST", "/applications", json.dumps({"displayName": "A", **bound}).encode()).body
    assert [one["id"] for one in door.get(f"/applications/{made['id']}/owners").value] == [owner]


@pytest.mark.parametrize("path", ["/applications/none", "/servicePrincipals/none", "/groups/none"])
def test_what_is_no_object_id_is_400(door, path):
    reply = door.get(path)
    assert (reply.status, reply.message) == (400, "Invalid object identifier 'none'.")


def test_certificates_public_part_is_shown_where_the_list_is_selected(door):
    key = KeyPair().der
    row = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": key, "displayName": "CN=x"}
    made = door.post("/applications", {"displayName": "A", "keyCredentials": [row]}).body
    address = f"/applications/{made['id']}"
    assert door.get(address).body["keyCredentials"][0]["key"] is None
    assert door.get(f"{address}?$select=id,keyCredentials").body["keyCredentials"][0]["key"] == key


def test_null_takes_what_is_always_there_back_to_its_beginning(door):
    made = register(door, web={"redirectUris": ["https://a.example"]}, api={"requestedAccessTokenVersion": 2})
    path = f"/applications/{made['id']}"
    assert door.patch(path, {"web": None, "api": None, "notes": None}).status == 204
    found = door.get(path).body
    assert (found["web"]["redirectUris"], found["api"]["requestedAccessTokenVersion"]) == ([], None)
    assert found["web"]["implicitGrantSettings"]["enableIdTokenIssuance"] is False


def test_upsert_makes_no_secrets(door):
    address = "/applications(uniqueName='with-secret')"
    body = {"displayName": "A", "passwordCredentials": [{"displayName": "s"}]}
    assert door.patch(address, body, Prefer="create-if-missing").status == 400
    assert door.get(address).status == 404
