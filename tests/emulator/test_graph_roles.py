"""Directory roles by both of Graph's resources, memberships, administrative units."""

import pytest

from m365_emulator import data, tokens
from m365_emulator.directory import DirectoryObject
from m365_emulator.graph import licensing
from tests.emulator.graph_door import Door

teams = data.role_ids_by_name()["Teams Administrator"]
telephony = data.role_ids_by_name()["Teams Telephony Administrator"]
nobody = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def door():
    return Door().as_person("grace.global")


def assign(door, principal_id, role=teams, **more):
    body = {"principalId": principal_id, "roleDefinitionId": role, "directoryScopeId": "/", **more}
    return door.post("/roleManagement/directory/roleAssignments", body)


def unit(door):
    oid = "33333333-3333-4333-8333-333333333333"
    body = {"id": oid, "displayName": "West", "description": None, "visibility": None}
    door.tenant.objects[oid] = DirectoryObject("administrativeUnit", oid, body)
    return oid


def test_assigned_role_is_read_back_by_principal(door):
    principal = door.new_principal("Voice")
    made = assign(door, principal.id)
    assert (made.status, made.body["roleDefinitionId"], made.body["directoryScopeId"]) == (201, teams, "/")
    found = door.get(f"/roleManagement/directory/roleAssignments?$filter=principalId eq '{principal.id}'").value
    assert [one["id"] for one in found] == [made.body["id"]]
    assert door.get(f"/roleManagement/directory/roleAssignments/{made.body['id']}").body["principalId"] == principal.id


def test_expansion_names_role_and_principal(door):
    principal = door.new_principal("Voice")
    assign(door, principal.id)
    path = f"/roleManagement/directory/roleAssignments?$filter=principalId eq '{principal.id}'&$expand="
    (row,) = door.get(f"{path}roleDefinition").value
    assert row["roleDefinition"]["displayName"] == "Teams Administrator"
    (row,) = door.get(f"{path}principal($select=displayName)").value
    assert row["principal"] == {"@odata.type": "#microsoft.graph.servicePrincipal", "displayName": "Voice"}


def test_one_relation_is_expanded_at_a_time_but_by_pim(door):
    reply = door.get("/roleManagement/directory/roleAssignments?$expand=roleDefinition,principal($select=id)")
    assert (reply.status, reply.message) == (400, "Only one property can be expanded in a single query.")
    assert door.get("/applications?$expand=owners,federatedIdentityCredentials").status == 400
    both = "/roleManagement/directory/roleEligibilityScheduleInstances?$expand=roleDefinition,principal"
    assert door.get(both).status == 200


def test_second_assignment_conflicts_in_microsofts_words(door):
    principal = door.new_principal("Voice")
    assign(door, principal.id)
    again = assign(door, principal.id)
    assert (again.status, again.code) == (400, "Request_BadRequest")
    assert again.message.startswith("A conflicting object with one or more of the specified property values")
    assert again.body["error"]["details"][0]["code"] == "ConflictingObjects"


def test_removed_assignment_is_gone(door):
    made = assign(door, door.new_principal("Voice").id).body
    assert door.delete(f"/roleManagement/directory/roleAssignments/{made['id']}").status == 204
    assert door.get(f"/roleManagement/directory/roleAssignments/{made['id']}").status == 404


@pytest.mark.parametrize(
    ("principal", "role", "status"),
    [
        (nobody, teams, 404),
        (None, nobody, 400),
        (None, "", 400),
    ],
)
def test_assignments_need_a_principal_and_a_role(door, principal, role, status):
    assert assign(door, principal or door.new_principal("Voice").id, role).status == status


def test_application_administrator_assigns_no_roles(door):
    principal = door.new_principal("Voice")
    reply = assign(door.as_person("avery.apps"), principal.id)
    assert (reply.status, reply.code) == (403, "Authorization_RequestDenied")
    assert assign(door.as_person("riley.roles"), principal.id).status == 201


def test_role_of_a_unit_only_where_the_role_allows_it(door):
    principal, scope = door.new_principal("Voice"), f"/administrativeUnits/{unit(door)}"
    assert assign(door, principal.id, directoryScopeId=scope).status == 201
    refused = assign(door, principal.id, telephony, directoryScopeId=scope)
    assert (refused.status, refused.body["error"]["details"][0]["target"]) == (400, "directoryScopeId")
    assert assign(door, principal.id, directoryScopeId=f"/administrativeUnits/{nobody}").status == 404


def test_units_and_their_members_can_be_read(door):
    oid = unit(door)
    door.tenant.memberships[oid] = [door.user("morgan.member").id]
    assert [one["displayName"] for one in door.get("/directory/administrativeUnits").value] == ["West"]
    assert door.get(f"/directory/administrativeUnits/{oid}").body["displayName"] == "West"
    members = door.get(f"/directory/administrativeUnits/{oid}/members").value
    assert [one["id"] for one in members] == [door.user("morgan.member").id]


def test_built_in_roles_have_their_templates_ids(door):
    found = door.get(f"/roleManagement/directory/roleDefinitions/{teams}").body
    assert (found["displayName"], found["isBuiltIn"], found["templateId"]) == ("Teams Administrator", True, teams)
    named = door.get("/roleManagement/directory/roleDefinitions?$filter=displayName eq 'Teams Administrator'").value
    assert [one["id"] for one in named] == [teams]
    assert door.get(f"/roleManagement/directory/roleDefinitions/{nobody}").status == 404
    assert door.get(f"/directoryRoleTemplates/{teams}").body["displayName"] == "Teams Administrator"
    assert len(door.get("/directoryRoleTemplates").value) > 90


def test_built_in_roles_come_whole_unless_a_page_is_asked_for(door):
    whole = door.get("/roleManagement/directory/roleDefinitions")
    assert len(whole.value) == len(data.role_templates())
    assert "@odata.nextLink" not in whole.body
    page = door.get("/roleManagement/directory/roleDefinitions?$top=100")
    rest = door.get(page.body["@odata.nextLink"].partition("/v1.0")[2])
    assert [*page.value, *rest.value] == whole.value


def test_older_role_must_be_activated_before_it_has_members(door):
    principal = door.new_principal("Voice")
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{principal.id}"}
    address = f"/directoryRoles(roleTemplateId='{teams}')"
    assert door.post(f"{address}/members/$ref", reference).status == 404
    role = door.post("/directoryRoles", {"roleTemplateId": teams})
    assert (role.status, role.body["id"] != teams) == (201, True)
    assert door.post("/directoryRoles", {"roleTemplateId": teams}).status == 400
    assert door.post(f"{address}/members/$ref", reference).status == 204
    again = door.post(f"{address}/members/$ref", reference)
    assert (again.status, again.message.startswith("One or more added object references already exist")) == (400, True)
    members = door.get(f"/directoryRoles/{role.body['id']}/members").value
    assert [one["id"] for one in members] == [principal.id]
    assert len(door.get(f"/directoryRoles/{role.body['id']}/members/$ref").value) == 1
    assert door.delete(f"/directoryRoles/{role.body['id']}/members/{principal.id}/$ref").status == 204
    assert door.get(f"/directoryRoles/{role.body['id']}/members").value == []


def test_both_ways_to_a_role_are_one(door):
    principal = door.new_principal("Voice")
    assign(door, principal.id)
    role = door.get(f"/directoryRoles(roleTemplateId='{teams}')").body
    assert role["id"] in [one["id"] for one in door.get("/directoryRoles").value]
    assert door.get(f"/directoryRoles/{role['id']}").body["roleTemplateId"] == teams
    assert [one["id"] for one in door.get(f"/directoryRoles/{role['id']}/members").value] == [principal.id]
    for end in ("/memberOf", "/memberOf/microsoft.graph.directoryRole", "/transitiveMemberOf"):
        found = door.get(f"/servicePrincipals/{principal.id}{end}").value
        assert [(one["@odata.type"], one["roleTemplateId"]) for one in found] == [
            ("#microsoft.graph.directoryRole", teams)
        ]


def test_own_roles_are_seen_with_user_read_alone(door):
    door.as_person("avery.apps", "User.Read")
    reply = door.get("/me/transitiveMemberOf/microsoft.graph.directoryRole?$select=id,displayName,roleTemplateId")
    assert [one["displayName"] for one in reply.value] == ["Application Administrator"]
    counted = door.get("/me/transitiveMemberOf/graph.directoryRole?$count=true", ConsistencyLevel="eventual")
    assert counted.body["@odata.count"] == 1
    assert door.get("/me/memberOf").value[0]["roleTemplateId"] == data.application_administrator


def test_role_through_a_group_is_transitive_only(door):
    group = door.post(
        "/groups",
        {
            "displayName": "Voice team",
            "mailEnabled": False,
            "mailNickname": "voice",
            "securityEnabled": True,
            "isAssignableToRole": True,
        },
    ).body
    morgan = door.user("morgan.member").id
    door.post(f"/groups/{group['id']}/members/$ref", {"@odata.id": f"https://x/v1.0/users/{morgan}"})
    assert assign(door, group["id"]).status == 201
    door.as_person("morgan.member", "User.Read")
    assert door.get("/me/memberOf/microsoft.graph.directoryRole").value == []
    through = door.get("/me/transitiveMemberOf/microsoft.graph.directoryRole").value
    assert [one["roleTemplateId"] for one in through] == [teams]


def test_role_through_a_group_is_in_tokens_and_in_force(door):
    group = role_group(door)
    morgan = door.user("morgan.member").id
    assert assign(door, group, data.application_administrator).status == 201
    made = door.post("/applications", {"displayName": "Other's"}).body["id"]
    assert door.as_person("morgan.member").patch(f"/applications/{made}", {"displayName": "Mine"}).status == 403
    door.as_person("grace.global").post(f"/groups/{group}/members/$ref", reference(morgan))
    assert data.application_administrator in tokens.directory_roles(door.world, door.tenant, morgan)
    assert door.as_person("morgan.member").patch(f"/applications/{made}", {"displayName": "Mine"}).status == 204


def test_groups_that_can_have_roles_are_made_and_filled_by_who_gives_the_roles(door):
    body = {"displayName": "R", "mailEnabled": False, "mailNickname": "r", "securityEnabled": True}
    morgan = door.user("morgan.member").id
    assert door.as_person("morgan.member").post("/groups", {**body, "isAssignableToRole": True}).status == 403
    without = ("Group.ReadWrite.All", "GroupMember.ReadWrite.All")
    assert door.as_person("grace.global", *without).post("/groups", {**body, "isAssignableToRole": True}).status == 403
    group = role_group(door.as_person("grace.global"))
    for caller in (
        door.as_person("grace.global", *without),
        door.as_application(*without, name="Filler"),
        door.as_person(with_role(door, "avery.apps", "Groups Administrator")),
    ):
        assert caller.post(f"/groups/{group}/members/$ref", reference(morgan)).status == 403
    assert door.as_person("riley.roles").post(f"/groups/{group}/members/$ref", reference(morgan)).status == 204
    plain = door.as_person("grace.global").post("/groups", body).body["id"]
    assert door.post(f"/groups/{group}/members/$ref", reference(plain)).status == 400


def role_group(door):
    body = {"displayName": "Roles", "mailEnabled": False, "mailNickname": "roles", "securityEnabled": True}
    return door.post("/groups", {**body, "isAssignableToRole": True}).body["id"]


def reference(oid):
    return {"@odata.id": f"https://x/v1.0/directoryObjects/{oid}"}


def with_role(door, name, role):
    door.give_directory_role(door.user(name).id, role)
    return name


def test_groups_that_are_not_role_assignable_get_no_role(door):
    group = door.post(
        "/groups", {"displayName": "Plain", "mailEnabled": False, "mailNickname": "plain", "securityEnabled": True}
    ).body
    assert assign(door, group["id"]).status == 400


def test_own_eligible_roles_are_told_apart_from_active_ones(door):
    avery = door.user("avery.apps").id
    door.tenant.role_eligibilities["e-1"] = {
        "id": "e-1",
        "principalId": avery,
        "roleDefinitionId": data.privileged_role_administrator,
        "directoryScopeId": "/",
    }
    door.as_person("avery.apps")
    own = door.get("/roleManagement/directory/roleEligibilityScheduleInstances/filterByCurrentUser(on='principal')")
    assert [one["roleDefinitionId"] for one in own.value] == [data.privileged_role_administrator]
    door.as_person("grace.global")
    assert (
        door.get("/roleManagement/directory/roleEligibilityScheduleInstances/filterByCurrentUser(on='principal')").value
        == []
    )
    everybodys = door.get("/roleManagement/directory/roleEligibilityScheduleInstances")
    assert [one["principalId"] for one in everybodys.value] == [avery]
    assert (
        door.get("/roleManagement/directory/roleEligibilityScheduleInstances/filterByCurrentUser(on='approver')").status
        == 400
    )


def test_application_with_directory_readers_reads_what_a_permission_would_allow(door):
    principal = door.new_principal("Reader")
    door.as_application(name="Caller")
    assert door.get("/directory/administrativeUnits").status == 403
    caller = door.tenant.find("servicePrincipal", displayName="Caller")
    door.give_directory_role(caller.id, "Directory Readers")
    door.token = tokens.application_token(door.world, door.tenant, caller, door.graph(door.tenant), 3600)
    assert door.get("/directory/administrativeUnits").status == 200
    assert assign(door, principal.id).status == 403


own_role = {
    "displayName": "Registration Support",
    "description": "Reads registrations",
    "isEnabled": True,
    "rolePermissions": [{"allowedResourceActions": ["microsoft.directory/applications/basic/read"]}],
}
definitions = "/roleManagement/directory/roleDefinitions"


def test_tenant_has_roles_of_its_own(door):
    made = door.post(definitions, own_role)
    where = f"{definitions}/{made.body['id']}"
    assert (made.status, made.headers["location"]) == (201, f"https://localhost/v1.0{where}")
    assert (made.body["isBuiltIn"], made.body["templateId"], made.body["version"]) == (False, made.body["id"], None)
    assert door.patch(where, {"description": "Other"}).status == 204
    assert door.get(where).body["description"] == "Other"
    assert [row["id"] for row in door.get(f"{definitions}?$filter=isBuiltIn eq false").value] == [made.body["id"]]
    assert door.delete(where).status == 204
    assert door.get(where).status == 404


def test_own_role_is_assigned_and_gone_with_its_definition(door):
    role, morgan = door.post(definitions, own_role).body["id"], door.user("morgan.member").id
    row = assign(door, morgan, role)
    assert row.status == 201
    listed = f"/roleManagement/directory/roleAssignments?$filter=principalId eq '{morgan}'"
    (shown,) = door.get(f"{listed}&$expand=roleDefinition").value
    assert shown["roleDefinition"]["displayName"] == "Registration Support"
    assert door.get(f"/users/{morgan}/memberOf").value == []
    assert role not in {one["roleTemplateId"] for one in door.get("/directoryRoles").value}
    assert role not in tokens.directory_roles(door.world, door.tenant, morgan)
    door.delete(f"{definitions}/{role}")
    assert door.get(listed).value == []


def test_built_in_roles_are_read_only_and_own_ones_can_be_switched_off(door):
    assert door.patch(f"{definitions}/{teams}", {"displayName": "Mine"}).status == 400
    assert door.delete(f"{definitions}/{teams}").status == 400
    role = door.post(definitions, {**own_role, "isEnabled": False}).body["id"]
    assert assign(door, door.user("morgan.member").id, role).status == 400
    for lacking in own_role.keys() - {"description"}:
        body = {name: value for name, value in own_role.items() if name != lacking}
        assert door.post(definitions, body).status == 400


def test_roles_of_its_own_need_entra_p1(door):
    licensing.set_edition(door.tenant, "Free")
    assert door.post(definitions, own_role).code == "AadPremiumLicenseRequired"
