"""Addresses beside those that Gangway needs: casts, counts, questions about membership, second keys, taking back."""

import json

import pytest

from m365_emulator import data, partners, principals, tokens
from m365_emulator.login import people
from m365_emulator.login.memory import Refresh
from tests.emulator.graph_door import all_scopes, command_line_tools
from tests.emulator.token_door import TokenDoor, home

eventual = {"ConsistencyLevel": "eventual"}
graph = "https://graph.microsoft.com"
more = ("User.Read.All", "Directory.ReadWrite.All", "Group.Read.All", "User.RevokeSessions.All")


@pytest.fixture
def door():
    return TokenDoor().as_person("grace.global", *all_scopes, *more)


@pytest.fixture
def groups(door):
    """Morgan is in *inner*, which is in *outer*."""
    made = [new_group(door, name) for name in ("outer", "inner")]
    door.tenant.memberships[made[0]] = [made[1]]
    door.tenant.memberships[made[1]] = [door.user("morgan.member").id]
    return made


def new_group(door, name):
    body = {"displayName": name, "mailNickname": name, "mailEnabled": False, "securityEnabled": True}
    return door.post("/groups", body).body["id"]


def ids(reply):
    assert reply.status == 200, reply.body
    return [row["id"] for row in reply.value]


def test_memberships_of_one_type(door, groups):
    outer, inner = groups
    morgan = f"/users/{door.user('morgan.member').id}"
    assert ids(door.get(f"{morgan}/transitiveMemberOf/microsoft.graph.group")) == [outer, inner]
    assert ids(door.get(f"{morgan}/transitiveMemberOf/microsoft.graph.administrativeUnit")) == []
    assert ids(door.get(f"/groups/{outer}/members/microsoft.graph.user")) == []
    assert ids(door.get(f"/groups/{outer}/members/microsoft.graph.group")) == [inner]
    assert ids(door.get(f"/groups/{outer}/transitiveMembers/microsoft.graph.user")) == [door.user("morgan.member").id]
    assert ids(door.get(f"/groups/{inner}/memberOf")) == ids(door.get(f"/groups/{inner}/transitiveMemberOf")) == [outer]
    door.as_person("morgan.member", "User.Read", "GroupMember.Read.All", "Directory.Read.All")
    assert ids(door.get("/me/memberOf/microsoft.graph.group")) == [inner]
    assert ids(door.get("/me/transitiveMemberOf/graph.group")) == [outer, inner]


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("/users", None),
        ("/groups", 2),
        ("/groups/{outer}/members", 1),
        ("/groups/{outer}/transitiveMembers", 2),
        ("/groups/{outer}/transitiveMembers/microsoft.graph.user", 1),
        ("/users/{morgan}/memberOf", 1),
        ("/users/{morgan}/transitiveMemberOf/microsoft.graph.group", 2),
        ("/me/memberOf/microsoft.graph.directoryRole", 1),
        ("/groups/{inner}/memberOf", 1),
    ],
)
def test_count_alone_of_relations(door, groups, path, number):
    outer, inner = groups
    address = path.format(outer=outer, inner=inner, morgan=door.user("morgan.member").id) + "/$count"
    known = len(list(door.tenant.of_kind("user"))) if path == "/users" else number
    assert door.get(address, **eventual).body == str(known)
    assert door.get(address).status == 400


def test_questions_about_membership_at_every_address(door, groups):
    outer, inner = groups
    morgan, grace = door.user("morgan.member").id, door.user("grace.global").id
    for one in (f"/users/{morgan}", f"/directoryObjects/{morgan}"):
        assert door.post(f"{one}/getMemberGroups", {"securityEnabledOnly": True}).value == [inner, outer]
        assert set(door.post(f"{one}/getMemberObjects", {"securityEnabledOnly": False}).value) == {inner, outer}
        assert door.post(f"{one}/checkMemberGroups", {"groupIds": [outer, grace]}).value == [outer]
        assert door.post(f"{one}/checkMemberObjects", {"ids": [outer, grace]}).value == [outer]
    assert door.post(f"/groups/{inner}/checkMemberGroups", {"groupIds": [outer]}).value == [outer]
    assert door.post("/me/checkMemberGroups", {"groupIds": [outer]}).value == []
    role = ids(door.get("/me/memberOf"))[0]
    assert door.post("/me/getMemberObjects", {"securityEnabledOnly": False}).value == [role]
    principal = door.tenant.principal(data.graph_app_id).id
    assert door.post(f"/servicePrincipals/{principal}/checkMemberGroups", {"groupIds": [outer]}).value == []


def test_objects_of_any_type_by_their_ids(door, groups):
    morgan = door.user("morgan.member").id
    found = door.post("/directoryObjects/getByIds", {"ids": [groups[0], morgan, home], "types": ["user"]})
    assert ids(found) == [morgan]
    assert ids(door.post("/directoryObjects/getByIds", {"ids": [groups[0], morgan]})) == [groups[0], morgan]
    assert door.get(f"/directoryObjects/{morgan}").body["@odata.type"] == "#microsoft.graph.user"
    assert door.delete(f"/directoryObjects/{groups[0]}").status == 204
    assert door.get(f"/directoryObjects/{groups[0]}").status == 404
    assert ids(door.get("/directory/deletedItems/microsoft.graph.group")) == [groups[0]]
    assert door.post("/directoryObjects/getByIds", {"ids": []}).status == 400


def test_deleted_people_are_listed(door):
    morgan = door.user("morgan.member").id
    assert door.delete(f"/users/{morgan}").status == 204
    assert ids(door.get("/directory/deletedItems/microsoft.graph.user")) == [morgan]


def test_assignments_of_people_and_groups_are_seen_and_taken_back(door, groups):
    role = {"id": "11111111-0000-4000-8000-000000000002", "value": "Use", "displayName": "U", "isEnabled": True}
    app = door.register("With roles", appRoles=[{**role, "description": "U", "allowedMemberTypes": ["User"]}])
    principal = door.tenant.principal(app.body["appId"])
    wanted = {"resourceId": principal.id, "appRoleId": role["id"]}
    grace = door.user("grace.global").id
    for holder, oid in (("users", grace), ("groups", groups[0])):
        made = door.post(f"/{holder}/{oid}/appRoleAssignments", {**wanted, "principalId": oid}).body["id"]
        assert ids(door.get(f"/{holder}/{oid}/appRoleAssignments")) == [made]
        address = f"/{holder}/{oid}/appRoleAssignments/{made}"
        if holder == "users":
            assert ids(door.get("/me/appRoleAssignments")) == [made]
        assert door.get(address).body["principalId"] == oid
        assert door.delete(address).status == 204
    made = door.post(f"/users/{grace}/appRoleAssignments", {**wanted, "principalId": grace}).body["id"]
    address = f"/servicePrincipals(appId='{app.body['appId']}')/appRoleAssignedTo/{made}"
    assert door.get(address).status == 200
    assert (door.delete(address).status, door.get(address).status) == (204, 404)


def test_grants_of_one_person(door):
    app, grace = door.register(), door.user("grace.global").id
    client, api = (door.tenant.principal(one).id for one in (app.body["appId"], data.graph_app_id))
    wanted = {"clientId": client, "resourceId": api, "consentType": "Principal", "principalId": grace}
    made = door.post("/oauth2PermissionGrants", {**wanted, "scope": "User.Read"}).body["id"]
    assert ids(door.get(f"/users/{grace}/oauth2PermissionGrants")) == [made]
    assert ids(door.get("/me/oauth2PermissionGrants")) == [made]


def test_owners_come_and_go_by_every_address(door, groups):
    app, morgan = door.register(), door.user("morgan.member").id
    reference = {"@odata.id": f"{graph}/v1.0/directoryObjects/{morgan}"}
    app_id, principal = app.body["appId"], door.tenant.principal(app.body["appId"]).id
    places = (f"/applications(appId='{app_id}')", f"/servicePrincipals/{principal}", f"/groups/{groups[0]}")
    door.tenant.objects[groups[0]].owners.append(door.user("avery.apps").id)
    for place in (*places, f"/servicePrincipals(appId='{app_id}')"):
        assert door.post(f"{place}/owners/$ref", reference).status == 204
        assert ids(door.get(f"{place}/owners"))[-1] == morgan
        assert door.get(f"{place}/owners/$ref").value[-1]["@odata.id"].endswith(morgan)
        assert len(ids(door.get(f"/users/{morgan}/ownedObjects"))) == 1
        assert door.delete(f"{place}/owners/{morgan}/$ref").status == 204
    assert ids(door.get("/me/ownedObjects")) == []
    assert ids(door.get(f"/servicePrincipals/{principal}/ownedObjects")) == []


def test_federated_credentials_by_the_second_key(door):
    one = f"/applications(appId='{door.register().body['appId']}')/federatedIdentityCredentials"
    wanted = {"issuer": "https://issuer.example", "subject": "s", "audiences": ["api://AzureADTokenExchange"]}
    made = door.post(one, {"name": "first", **wanted}).body["id"]
    assert door.patch(f"{one}/{made}", {"subject": "t"}).status == 204
    assert door.get(f"{one}(name='first')").body["subject"] == "t"
    assert door.patch(f"{one}(name='first')", {"subject": "u"}).status == 204
    assert door.get(f"{one}/{made}").body["subject"] == "u"
    assert (door.delete(f"{one}/{made}").status, door.delete(f"{one}(name='first')").status) == (204, 404)


def test_members_of_a_role_by_its_template(door):
    role = f"/directoryRoles(roleTemplateId='{data.global_administrator}')/members"
    grace = door.user("grace.global").id
    assert grace in ids(door.get(role))
    assert any(row["@odata.id"].endswith(grace) for row in door.get(f"{role}/$ref").value)
    assert door.delete(f"{role}/{grace}/$ref").status == 204
    assert grace not in ids(door.get(role))


@pytest.mark.parametrize("address", ["/users/{grace}/revokeSignInSessions", "/me/revokeSignInSessions"])
def test_revoked_sessions_end_refresh_tokens_and_browsers(door, address):
    app_id = door.register(publicClient={"redirectUris": [home]}).body["appId"]
    door.consent(app_id, data.graph_app_id, "User.Read")
    token = door.tokens(app_id, scope=f"offline_access {graph}/User.Read").body["refresh_token"]
    assert door.post(address.format(grace=door.user("grace.global").id)).body["value"] is True
    renewed = door.redeem("refresh_token", client_id=app_id, refresh_token=token)
    assert renewed.body["error_codes"] == [50173]
    again = door.tokens(app_id, scope=f"offline_access {graph}/User.Read").body["refresh_token"]
    assert door.redeem("refresh_token", client_id=app_id, refresh_token=again).status == 200


def test_group_is_made_and_changed_with_its_members_and_owners(door):
    people = [door.user(name).id for name in ("morgan.member", "grace.global", "avery.apps")]
    addresses = [f"{graph}/v1.0/directoryObjects/{oid}" for oid in people]
    body = {"displayName": "g", "mailNickname": "g", "mailEnabled": False, "securityEnabled": True}
    bound = {"members@odata.bind": addresses[:1], "owners@odata.bind": addresses[1:2]}
    made = door.send("POST", "/groups", json.dumps({**body, **bound}).encode()).body["id"]
    changed = {"members@odata.bind": addresses[2:]}
    assert door.send("PATCH", f"/groups/{made}", json.dumps(changed).encode()).status == 204
    assert ids(door.get(f"/groups/{made}/members")) == [people[0], people[2]]
    assert ids(door.get(f"/groups/{made}/owners")) == [people[1]]
    assert door.send("PATCH", f"/groups/{made}", json.dumps(changed).encode()).status == 400


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/applications?$filter=owners/$count eq 0", True),
        ("/applications?$filter=owners/$count ne 0", False),
        ("/users?$filter=assignedLicenses/$count eq 0", True),
        ("/groups?$filter=owners/any(o:o/id eq '11111111-1111-4111-8111-111111111111')", False),
        ("/users?$filter=department eq 'Voice' and city eq 'Bern'", True),
        ("/users?$filter=otherMails/any(m:m eq 'x@y.example')", True),
    ],
)
def test_filters_on_relations_and_more_of_a_person(door, path, found):
    person = door.user("morgan.member")
    person.body.update(department="Voice", city="Bern", otherMails=["x@y.example"])
    reply = door.get(f"{path}&$count=true", **eventual)
    assert (reply.status, reply.value != []) == (200, found)


def test_memberships_and_owners_are_expanded(door, groups):
    morgan = door.user("morgan.member").id
    assert door.get(f"/users/{morgan}?$expand=memberOf($select=id;$top=2)").code == "Request_BadRequest"
    shown = door.get(f"/users/{morgan}?$expand=memberOf($select=id)").body
    assert [row["id"] for row in shown["memberOf"]] == [groups[1]]
    assert door.get(f"/groups/{groups[0]}?$expand=owners").body["owners"] == []


def test_partners_person_has_no_sessions_here_and_is_refused_where_the_roles_do_not_fit(door):
    directory = door.world.directory
    adatum, person = directory.tenant("adatum.example"), directory.tenant("sandbox1.example").user
    seen = partners.find(door.world, adatum, person("pat.provider@sandbox1.example").id)
    client = adatum.principal(command_line_tools) or principals.create(door.world, adatum, command_line_tools)
    how = {"scopes": list(all_scopes), "life": 3600, "confidential": False}
    door.token = tokens.person_token(door.world, adatum, seen, client, door.graph(adatum), **how)
    assert door.post("/me/revokeSignInSessions").status == 404
    other = adatum.user("ada.global@adatum.example").id
    assert door.patch(f"/users/{other}", {"displayName": "Other"}).status == 403


def test_revoking_an_account_ends_its_sessions_as_a_guest_elsewhere_too(door):
    fabrikam, memory = door.world.directory.tenant("fabrikam.com"), door.world.login
    dana = fabrikam.user("dana.dual@fabrikam.com")
    guest = people.as_seen_by(door.world, door.tenant, fabrikam, dana)
    places = ((fabrikam.id, dana.id), (door.tenant.id, guest.id), (door.tenant.id, door.user("grace.global").id))
    for tenant_id, oid in places:
        memory.add_refresh(oid, Refresh("client", tenant_id, oid, "openid", expires_at=9e9))
    door.as_person("gray.global@fabrikam.com", tenant=fabrikam)
    assert door.post(f"/users/{dana.id}/revokeSignInSessions").status == 200
    assert [memory.refreshes[oid].revoked for _, oid in places] == [True, True, False]


def test_role_for_applications_only_is_given_to_no_person(door):
    api = door.tenant.principal(data.graph_app_id)
    role = next(one["id"] for one in data.app_roles(data.graph_app_id) if one["allowedMemberTypes"] == ["Application"])
    oid = door.user("morgan.member").id
    wanted = {"principalId": oid, "resourceId": api.id, "appRoleId": role}
    assert door.post(f"/users/{oid}/appRoleAssignments", wanted).status == 400


def test_collections_of_another_object_are_named_and_found_through_it(door):
    api, oid = door.tenant.principal(data.graph_app_id), door.user("morgan.member").id
    app = door.register("Voice", appRoles=[{"id": oid, "value": "w", "isEnabled": True}]).body
    own = door.tenant.principal(app["appId"])
    row = {"principalId": oid, "resourceId": own.id, "appRoleId": oid}
    made = door.post(f"/servicePrincipals/{own.id}/appRoleAssignedTo", row)
    found = {
        f"/users/{oid}/appRoleAssignments": f"users('{oid}')/appRoleAssignments",
        f"/servicePrincipals/{own.id}/appRoleAssignedTo": f"servicePrincipals('{own.id}')/appRoleAssignedTo",
        f"/servicePrincipals(appId='{app['appId']}')/appRoleAssignments": (
            f"servicePrincipals(appId='{app['appId']}')/appRoleAssignments"
        ),
        "/me/licenseDetails": f"users('{door.user('grace.global').id}')/licenseDetails",
        f"/servicePrincipals/{api.id}/memberOf/microsoft.graph.group": "groups",
    }
    for path, name in found.items():
        assert door.get(path).body["@odata.context"].endswith(f"/v1.0/$metadata#{name}")
    where = made.headers["location"].partition("/v1.0")[2]
    assert made.body["@odata.context"].endswith("/appRoleAssignedTo/$entity")
    assert door.get(where).body["id"] == made.body["id"]


def test_owners_and_what_is_owned_of_one_type(door):
    eventual = {"ConsistencyLevel": "eventual"}
    morgan, app = door.user("morgan.member").id, door.post("/applications", {"displayName": "Voice"}).body
    principal = door.post("/servicePrincipals", {"appId": app["appId"]}).body["id"]
    wanted = {"displayName": "Ops", "mailNickname": "ops", "mailEnabled": False, "securityEnabled": True}
    group = door.post("/groups", wanted).body["id"]
    owned = {
        f"/applications/{app['id']}": f"/applications(appId='{app['appId']}')",
        f"/servicePrincipals/{principal}": f"/servicePrincipals(appId='{app['appId']}')",
        f"/groups/{group}": f"/groups/{group}",
    }
    for one, other in owned.items():
        for owner in (morgan, principal):
            assert door.post(f"{one}/owners/$ref", {"@odata.id": f"https://x/directoryObjects/{owner}"}).status == 204
        for address in (one, other):
            assert ids(door.get(f"{address}/owners/microsoft.graph.user?$select=id")) == [morgan]
            assert ids(door.get(f"{address}/owners/graph.servicePrincipal")) == [principal]
            assert door.get(f"{address}/owners/$count", **eventual).body == "2"
    for address in (f"/users/{morgan}", f"/servicePrincipals/{principal}"):
        assert ids(door.get(f"{address}/ownedObjects/microsoft.graph.application")) == [app["id"]]
        assert ids(door.get(f"{address}/ownedObjects/microsoft.graph.servicePrincipal")) == [principal]
        assert ids(door.get(f"{address}/ownedObjects/microsoft.graph.group")) == [group]
        assert door.get(f"{address}/ownedObjects/$count", **eventual).body == "3"
    door.as_person("morgan.member")
    assert ids(door.get("/me/ownedObjects/graph.application?$filter=displayName eq 'Voice'")) == [app["id"]]
    assert ids(door.get("/me/ownedObjects/microsoft.graph.servicePrincipal")) == [principal]
    assert ids(door.get("/me/ownedObjects/microsoft.graph.group")) == [group]
    assert door.get("/me/ownedObjects/$count", **eventual).body == "3"


@pytest.mark.parametrize(
    "path",
    [
        "/users/{morgan}/memberOf?$filter=displayName eq 'inner'",
        "/users/{morgan}/memberOf/microsoft.graph.group?$orderby=displayName&$filter=startswith(displayName,'in')",
        "/users/{morgan}/transitiveMemberOf/microsoft.graph.group?$filter=startswith(displayName,'inn')",
        "/users/{morgan}/transitiveMemberOf/microsoft.graph.group?$filter=mailNickname eq 'inner'",
        "/groups/{outer}/members?$filter=startswith(displayName,'I')&$orderby=displayName",
        "/groups/{outer}/members/microsoft.graph.group?$filter=mailEnabled eq false",
        "/me/ownedObjects?$filter=displayName eq 'inner'",
    ],
)
def test_related_objects_are_filtered_and_sorted(door, groups, path):
    door.tenant.objects[groups[1]].owners.append(door.user("grace.global").id)
    address = path.format(outer=groups[0], morgan=door.user("morgan.member").id)
    assert ids(door.get(f"{address}&$count=true", **eventual)) == [groups[1]]


def test_roles_are_filtered_by_their_template_and_unknown_names_are_400(door):
    where = "/me/transitiveMemberOf/microsoft.graph.directoryRole?$filter=roleTemplateId eq"
    assert len(door.get(f"{where} '{data.global_administrator}'").value) == 1
    assert door.get(f"{where} '{data.graph_app_id}'").value == []
    assert door.get("/me/memberOf?$filter=colour eq 'x'").status == 400


def test_objects_by_their_ids_come_in_one_answer_and_in_any_case(door):
    made = [door.new_principal(f"P{number}").id for number in range(130)]
    found = door.post("/directoryObjects/getByIds", {"ids": [one.upper() for one in made]})
    assert ids(found) == made
    assert "@odata.nextLink" not in found.body


def test_roles_and_their_members_come_whole(door):
    for path in ("/directoryRoleTemplates", "/directoryRoles"):
        assert "@odata.nextLink" not in door.get(path).body
        refused = door.get(f"{path}?$top=1")
        assert (refused.status, refused.code) == (400, "Request_UnsupportedQuery")
        assert "does not support custom page sizes" in refused.message
    assert len(door.get("/directoryRoleTemplates").value) == len(data.role_templates()) > 100


def test_relations_of_applications_principals_and_units_are_expanded(door):
    app = door.register("Voice")
    principal, morgan = door.tenant.principal(app.body["appId"]), door.user("morgan.member").id
    issuer = {"name": "ours", "issuer": "https://issuer.example", "subject": "s", "audiences": ["api://x"]}
    made = door.post(f"/applications/{app.id}/federatedIdentityCredentials", issuer).body["id"]
    group = new_group(door, "holds")
    door.tenant.memberships[group] = [principal.id]
    unit = door.post("/directory/administrativeUnits", {"displayName": "Unit"}).body["id"]
    door.tenant.memberships[unit] = [morgan]
    for path, name, found in (
        (f"/applications/{app.id}", "federatedIdentityCredentials", made),
        (f"/servicePrincipals/{principal.id}", "memberOf", group),
        (f"/directory/administrativeUnits/{unit}", "members", morgan),
    ):
        assert [row["id"] for row in door.get(f"{path}?$expand={name}").body[name]] == [found]
    for path, name in (
        (f"/servicePrincipals/{principal.id}", "ownedObjects"),
        (f"/users/{morgan}", "appRoleAssignments"),
        (f"/groups/{group}", "appRoleAssignments"),
    ):
        assert door.get(f"{path}?$expand={name}").body[name] == []
