"""Service principals, application permissions and delegated consents."""

import pytest

from m365_emulator import data
from tests.emulator.graph_door import Door, fabrikam

roles = {role["value"]: role["id"] for role in data.app_roles(data.graph_app_id)}


@pytest.fixture
def door():
    return Door().as_person("grace.global")


def make(door, name="Voice"):
    application = door.post("/applications", {"displayName": name}).body
    principal = door.post("/servicePrincipals", {"appId": application["appId"]})
    assert principal.status == 201, principal.body
    return application, principal.body


def graph_id(door):
    return door.get(f"/servicePrincipals(appId='{data.graph_app_id}')?$select=id,appRoles").body["id"]


def assignment(door, principal, role="Organization.Read.All"):
    return {"principalId": principal["id"], "resourceId": graph_id(door), "appRoleId": roles[role]}


def test_principal_differs_from_its_application(door):
    application, principal = make(door)
    assert principal["appId"] == application["appId"]
    assert principal["id"] != application["id"]
    assert principal["appOwnerOrganizationId"] == door.tenant.id
    assert door.get(f"/servicePrincipals/{principal['id']}").body["displayName"] == "Voice"


def test_principal_follows_its_application(door):
    """Made first and described later, as by Terraform: permissions, names and addresses arrive at the principal."""
    application, principal = make(door)
    scope_id, role_id = "11111111-0000-4000-8000-000000000001", "11111111-0000-4000-8000-000000000002"
    uri, words = f"api://{application['appId']}", {"isEnabled": True, "value": "use"}
    words |= {"adminConsentDisplayName": "Use", "adminConsentDescription": "Use"}
    role = {"id": role_id, "value": "Work", "displayName": "W", "description": "W", "isEnabled": True}
    change = {
        "identifierUris": [uri],
        "api": {"oauth2PermissionScopes": [{"id": scope_id, "type": "User", **words}]},
        "appRoles": [{**role, "allowedMemberTypes": ["Application"]}],
        "web": {"redirectUris": ["https://a.example/back"]},
        "tags": ["later"],
    }
    assert door.patch(f"/applications/{application['id']}", change).status == 204
    seen = door.get(f"/servicePrincipals/{principal['id']}").body
    assert seen["servicePrincipalNames"] == [uri, application["appId"]]
    assert [row["value"] for row in seen["oauth2PermissionScopes"]] == ["use"]
    assert (seen["replyUrls"], seen["tags"]) == (["https://a.example/back"], ["later"])
    body = {"principalId": principal["id"], "resourceId": principal["id"], "appRoleId": role_id}
    assert door.post(f"/servicePrincipals/{principal['id']}/appRoleAssignments", body).status == 201


def test_name_given_to_the_principal_stays_until_the_application_is_renamed(door):
    application, principal = make(door)
    address = f"/servicePrincipals/{principal['id']}"
    door.patch(address, {"displayName": "Ours"})
    door.patch(f"/applications/{application['id']}", {"description": "x"})
    assert door.get(address).body["displayName"] == "Ours"
    door.patch(f"/applications/{application['id']}", {"displayName": "New"})
    assert door.get(address).body["displayName"] == "New"


def test_principal_is_made_once(door):
    application, _ = make(door)
    again = door.post("/servicePrincipals", {"appId": application["appId"]})
    assert (again.status, again.code) == (409, "Request_MultipleObjectsWithSameKeyValue")


def test_upsert_by_client_id_makes_then_changes(door):
    application = door.post("/applications", {"displayName": "Voice"}).body
    address = f"/servicePrincipals(appId='{application['appId']}')"
    assert door.patch(address, {"notes": "x"}).status == 404
    made = door.patch(address, {"notes": "x"}, Prefer="create-if-missing")
    assert (made.status, made.body["notes"]) == (201, "x")
    assert door.patch(address, {"notes": "y"}, Prefer="create-if-missing").status == 204
    assert door.get(address).body["notes"] == "y"


def test_principal_needs_an_application(door):
    reply = door.post("/servicePrincipals", {"appId": "11111111-1111-4111-8111-111111111111"})
    assert (reply.status, reply.code) == (400, "NoBackingApplicationObject")


def test_other_tenants_application_must_be_multi_tenant(door):
    application = door.post("/applications", {"displayName": "Single"}).body
    door.as_person("gray.global@fabrikam.com", tenant=door.world.directory.tenants[fabrikam])
    assert door.post("/servicePrincipals", {"appId": application["appId"]}).status == 400


def test_teams_back_end_can_be_brought_in_by_its_client_id(door):
    teams = door.tenant.principal(data.teams_app_id)
    door.delete(f"/servicePrincipals/{teams.id}")
    door.delete(f"/directory/deletedItems/{teams.id}")
    made = door.post("/servicePrincipals", {"appId": data.teams_app_id})
    assert (made.status, made.body["displayName"]) == (201, "Skype and Teams Tenant Admin API")


def test_graph_lists_its_permissions_by_value(door):
    reply = door.get(f"/servicePrincipals(appId='{data.graph_app_id}')?$select=id,appRoles")
    found = {role["value"]: role["isEnabled"] for role in reply.body["appRoles"]}
    assert found["RoleManagement.Read.Directory"] is True
    assert set(reply.body) == {"@odata.context", "id", "appRoles"}


def test_granted_permission_is_seen_from_both_ends(door):
    _, principal = make(door)
    granted = door.post(f"/servicePrincipals/{principal['id']}/appRoleAssignments", assignment(door, principal))
    assert (granted.status, granted.body["resourceDisplayName"]) == (201, "Microsoft Graph")
    mine = door.get(f"/servicePrincipals/{principal['id']}/appRoleAssignments").value
    theirs = door.get(f"/servicePrincipals/{graph_id(door)}/appRoleAssignedTo").value
    assert [one["id"] for one in mine] == [granted.body["id"]]
    assert granted.body["id"] in [one["id"] for one in theirs]
    one = door.get(f"/servicePrincipals/{principal['id']}/appRoleAssignments/{granted.body['id']}").body
    assert one["appRoleId"] == roles["Organization.Read.All"]


def test_second_grant_of_a_permission_is_refused_in_microsofts_words(door):
    _, principal = make(door)
    address = f"/servicePrincipals/{principal['id']}/appRoleAssignments"
    door.post(address, assignment(door, principal))
    again = door.post(address, assignment(door, principal))
    assert (again.status, again.code, again.message) == (
        400,
        "Request_BadRequest",
        "Permission being assigned already exists on the object",
    )


def test_revoked_permission_is_gone(door):
    _, principal = make(door)
    address = f"/servicePrincipals/{principal['id']}/appRoleAssignments"
    granted = door.post(address, assignment(door, principal)).body
    assert door.delete(f"{address}/{granted['id']}").status == 204
    assert door.get(address).value == []
    assert door.delete(f"{address}/{granted['id']}").status == 404


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"appRoleId": "11111111-1111-4111-8111-111111111111"}, 400),
        ({"resourceId": "11111111-1111-4111-8111-111111111111"}, 404),
        ({"principalId": "11111111-1111-4111-8111-111111111111"}, 400),
        ({"appRoleId": None}, 400),
    ],
)
def test_grants_need_real_ends(door, change, status):
    _, principal = make(door)
    body = {**assignment(door, principal), **change}
    assert door.post(f"/servicePrincipals/{principal['id']}/appRoleAssignments", body).status == status


def test_application_administrator_cannot_grant_graph_permissions(door):
    _, principal = make(door)
    body = assignment(door, principal)
    reply = door.as_person("avery.apps").post(f"/servicePrincipals/{principal['id']}/appRoleAssignments", body)
    assert (reply.status, reply.code, reply.message) == (
        403,
        "Authorization_RequestDenied",
        "Insufficient privileges to complete the operation.",
    )
    assert (
        door.as_person("riley.roles").post(f"/servicePrincipals/{principal['id']}/appRoleAssignments", body).status
        == 201
    )


def test_application_administrator_grants_roles_of_other_apis(door):
    role = {
        "id": "22222222-2222-4222-8222-222222222222",
        "allowedMemberTypes": ["Application"],
        "value": "Do.It",
        "displayName": "Do it",
        "description": "Do it",
        "isEnabled": True,
    }
    api = door.post("/applications", {"displayName": "Api", "appRoles": [role]}).body
    resource = door.post("/servicePrincipals", {"appId": api["appId"]}).body
    _, principal = make(door)
    body = {"principalId": principal["id"], "resourceId": resource["id"], "appRoleId": role["id"]}
    door.as_person("avery.apps")
    assert door.post(f"/servicePrincipals/{resource['id']}/appRoleAssignedTo", body).status == 201


def test_deleted_enterprise_application_leaves_no_grant(door):
    _, principal = make(door)
    door.post(f"/servicePrincipals/{principal['id']}/appRoleAssignments", assignment(door, principal))
    assert door.delete(f"/servicePrincipals/{principal['id']}").status == 204
    assert [one["id"] for one in door.get("/directory/deletedItems/microsoft.graph.servicePrincipal").value] == [
        principal["id"]
    ]
    assert principal["id"] not in str(door.get(f"/servicePrincipals/{graph_id(door)}/appRoleAssignedTo").body)
    assert door.get(f"/applications(appId='{principal['appId']}')").status == 200


def test_consent_is_made_changed_and_revoked(door):
    _, principal = make(door)
    body = {
        "clientId": principal["id"],
        "consentType": "AllPrincipals",
        "resourceId": graph_id(door),
        "scope": "User.Read",
    }
    granted = door.post("/oauth2PermissionGrants", body)
    assert (granted.status, granted.body["principalId"]) == (201, None)
    address = f"/oauth2PermissionGrants/{granted.body['id']}"
    assert door.patch(address, {"scope": "User.Read Mail.Read"}).status == 204
    assert door.get(address).body["scope"] == "User.Read Mail.Read"
    of_client = door.get(f"/servicePrincipals/{principal['id']}/oauth2PermissionGrants").value
    assert [one["id"] for one in of_client] == [granted.body["id"]]
    assert door.get(f"/oauth2PermissionGrants?$filter=clientId eq '{principal['id']}'").value == of_client
    assert door.delete(address).status == 204
    assert door.get(address).status == 404


def test_second_consent_is_a_conflict_in_microsofts_words(door):
    _, principal = make(door)
    body = {"clientId": principal["id"], "consentType": "AllPrincipals", "resourceId": graph_id(door), "scope": "x"}
    door.post("/oauth2PermissionGrants", body)
    again = door.post("/oauth2PermissionGrants", body)
    assert (again.status, again.message) == (409, "Permission entry already exists.")


@pytest.mark.parametrize(
    "wrong",
    [
        {"consentType": "Everybody"},
        {"consentType": "Principal"},
        {"clientId": "11111111-1111-4111-8111-111111111111"},
    ],
)
def test_consents_of_wrong_form_are_refused(door, wrong):
    _, principal = make(door)
    body = {"clientId": principal["id"], "consentType": "AllPrincipals", "resourceId": graph_id(door), "scope": "x"}
    assert door.post("/oauth2PermissionGrants", {**body, **wrong}).status in (400, 404)


def test_principals_secret_works_like_an_applications(door):
    _, principal = make(door)
    secret = door.post(f"/servicePrincipals/{principal['id']}/addPassword", {"passwordCredential": {}})
    assert (secret.status, len(secret.body["secretText"])) == (200, 40)
    removed = door.post(f"/servicePrincipals/{principal['id']}/removePassword", {"keyId": secret.body["keyId"]})
    assert removed.status == 204


def test_owned_by_lets_an_application_manage_only_its_own(door):
    made, _ = make(door)
    door.as_application("Application.ReadWrite.OwnedBy")
    own = door.post("/applications", {"displayName": "Own"}).body
    assert door.post(f"/applications/{own['id']}/addPassword", {"passwordCredential": {}}).status == 200
    assert door.post(f"/applications/{made['id']}/addPassword", {"passwordCredential": {}}).status == 403
    assert door.get(f"/applications/{made['id']}").status == 403
    assert door.get("/applications").status == 200


def test_owned_by_brings_in_only_what_is_registered_here_and_owned(door):
    foreign = door.post("/applications", {"displayName": "F", "signInAudience": "AzureADMultipleOrgs"}).body
    other = door.post("/applications", {"displayName": "Other"}).body
    door.as_application("Application.ReadWrite.OwnedBy")
    own = door.post("/applications", {"displayName": "Own"}).body
    assert door.post("/servicePrincipals", {"appId": own["appId"]}).status == 201
    assert door.post("/servicePrincipals", {"appId": other["appId"]}).status == 403
    microsofts = door.post("/servicePrincipals", {"appId": data.azure_management_app_id})
    assert (microsofts.status, "must in the local tenant" in microsofts.message) == (403, True)
    home = door.tenant.objects.pop(foreign["id"])
    door.world.directory.tenants[fabrikam].objects[foreign["id"]] = home
    address = f"/servicePrincipals(appId='{foreign['appId']}')"
    assert door.patch(address, {"notes": "x"}, Prefer="create-if-missing").status == 403


@pytest.mark.parametrize("lock", ["allProperties", "credentialsWithUsageVerify"])
def test_locked_properties_of_a_principal_are_refused(door, lock):
    application, principal = make(door)
    where = f"/servicePrincipals/{principal['id']}"
    change = {"servicePrincipalLockConfiguration": {"isEnabled": True, lock: True}}
    assert door.post(f"{where}/addPassword", {"passwordCredential": {}}).status == 200
    assert door.patch(f"/applications/{application['id']}", change).status == 204
    for refused in (
        door.post(f"{where}/addPassword", {"passwordCredential": {}}),
        door.post(f"{where}/removePassword", {"keyId": application["id"]}),
        door.patch(where, {"keyCredentials": []}),
    ):
        assert (refused.status, refused.code) == (400, "CannotUpdateLockedServicePrincipalProperty")
    assert door.patch(where, {"notes": "free"}).status == 204
    assert door.post(f"/applications/{application['id']}/addPassword", {"passwordCredential": {}}).status == 200


def test_nobody_adds_credentials_to_microsofts_principals(door):
    reply = door.post(f"/servicePrincipals/{graph_id(door)}/addPassword", {"passwordCredential": {}})
    assert (reply.status, reply.code) == (400, "CannotUpdateLockedServicePrincipalProperty")


def test_consent_is_for_somebody_who_is_there_and_ids_have_no_case(door):
    _, principal = make(door)
    ends = {"clientId": principal["id"].upper(), "resourceId": graph_id(door).upper(), "scope": "User.Read"}
    for nobody in (data.graph_app_id, principal["id"]):
        wanted = {**ends, "consentType": "Principal", "principalId": nobody}
        assert door.post("/oauth2PermissionGrants", wanted).status == 404
    morgan = door.user("morgan.member").id
    made = door.post("/oauth2PermissionGrants", {**ends, "consentType": "Principal", "principalId": morgan.upper()})
    assert (made.status, made.body["clientId"], made.body["principalId"]) == (201, principal["id"], morgan)


def test_application_with_little_permission_cannot_read_itself(door):
    door.as_application("Organization.Read.All", "User.Read.All", name="Voice")
    application = door.tenant.find("application", displayName="Voice")
    assert door.get("/organization").status == 200
    assert door.get(f"/applications/{application.id}").status == 403
    assert door.get("/applications?$filter=displayName eq 'Voice'").status == 403
