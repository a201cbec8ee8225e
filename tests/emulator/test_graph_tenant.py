"""The tenant, its people, groups, licences, policies; headers, unknown paths, wrong methods, missing tokens."""

import pytest

from tests.emulator.graph_door import Door, contoso, fabrikam


@pytest.fixture
def door():
    return Door().as_person("grace.global")


def test_organization_is_exactly_the_callers_tenant(door):
    reply = door.get("/organization?$select=id,displayName,verifiedDomains,countryLetterCode,tenantType,assignedPlans")
    (organization,) = reply.value
    assert (organization["id"], organization["displayName"]) == (contoso, "Contoso")
    assert [one["name"] for one in organization["verifiedDomains"]] == ["contoso.onmicrosoft.com", "contoso.com"]
    assert door.get(f"/organization/{contoso}").body["countryLetterCode"] == "US"
    assert door.get(f"/organization/{fabrikam}").status == 404


def test_user_read_alone_shows_a_few_fields_of_the_organization(door):
    (organization,) = door.as_person("grace.global", "User.Read").get("/organization").value
    assert (organization["displayName"], organization["countryLetterCode"]) == ("Contoso", None)
    assert organization["verifiedDomains"]


def test_domains_and_licences(door):
    assert [one["id"] for one in door.get("/domains").value] == ["contoso.onmicrosoft.com", "contoso.com"]
    assert door.get("/domains/CONTOSO.com").body["isDefault"] is True
    assert door.get("/domains/contoso.example").status == 404
    skus = {one["skuPartNumber"]: one for one in door.get("/subscribedSkus").value}
    assert (skus["MCOEV"]["prepaidUnits"]["enabled"], skus["MCOEV"]["consumedUnits"]) == (25, 4)
    assert door.get(f"/subscribedSkus/{skus['MCOEV']['id']}").body["skuPartNumber"] == "MCOEV"
    assert door.get("/subscribedSkus/none").status == 404


def test_me_is_the_person_of_the_token(door):
    me = door.get("/me?$select=id,userPrincipalName,displayName,userType").body
    assert (me["userPrincipalName"], me["userType"]) == ("grace.global@contoso.com", "Member")
    assert "userType" not in door.get("/me").body


def test_me_is_nobody_for_an_application(door):
    reply = door.as_application("User.Read.All").get("/me")
    assert (reply.status, reply.message) == (400, "/me request is only valid with delegated authentication flow.")


def test_guest_reads_itself_but_not_the_directory(door):
    guest = door.tenant.find("user", userType="Guest")
    door.tenant.role_assignments = {
        key: row for key, row in door.tenant.role_assignments.items() if row["principalId"] != guest.id
    }
    door.as_person(guest.body["userPrincipalName"])
    assert door.get("/me?$select=userType").body["userType"] == "Guest"
    assert door.get("/organization").status == 200
    assert door.get("/users").status == 403
    assert door.get("/applications").status == 403


def test_people_are_made_changed_found_and_deleted(door):
    person = {
        "accountEnabled": True,
        "displayName": "Nova New",
        "mailNickname": "nova",
        "userPrincipalName": "nova.new@contoso.com",
        "passwordProfile": {"password": "Contoso-Nova-1"},
    }
    made = door.post("/users", person)
    assert (made.status, "passwordProfile" in made.body) == (201, False)
    assert door.patch("/users/nova.new@contoso.com", {"jobTitle": "Voice"}).status == 204
    assert door.get(f"/users/{made.body['id']}?$select=jobTitle").body["jobTitle"] == "Voice"
    assert door.post("/users", person).status == 400
    assert door.delete(f"/users/{made.body['id']}").status == 204
    assert door.get(f"/users/{made.body['id']}").status == 404
    assert door.post(f"/directory/deletedItems/{made.body['id']}/restore").status == 200


@pytest.mark.parametrize(
    "change",
    [
        {"userPrincipalName": "x@elsewhere.example"},
        {"userPrincipalName": "no name"},
        {"userPrincipalName": "w w()@contoso.com"},
        {"usageLocation": "Nowhere"},
        {"passwordProfile": {}},
        {"passwordProfile": {"password": "a"}},
        {"passwordProfile": {"password": "onlysmallletters"}},
        {"displayName": ""},
        {"accountEnabled": None},
        {"userType": "Stranger"},
    ],
)
def test_people_of_wrong_form_are_refused(door, change):
    person = {
        "accountEnabled": True,
        "displayName": "N",
        "mailNickname": "n",
        "userPrincipalName": "n@contoso.com",
        "passwordProfile": {"password": "Contoso-N-1"},
        **change,
    }
    assert door.post("/users", person).status == 400


def test_guest_is_made_a_member_and_nothing_else(door):
    guest = f"/users/{door.tenant.find('user', userType='Guest').id}"
    assert door.patch(guest, {"userType": "Other"}).body["error"]["details"][0]["target"] == "userType"
    assert door.patch(guest, {"userType": "Member"}).status == 204
    assert door.get(f"{guest}?$select=userType").body["userType"] == "Member"


def test_person_and_group_come_back_with_their_memberships(door):
    names = {"displayName": "All", "mailEnabled": False, "mailNickname": "all", "securityEnabled": True}
    group, other = (door.post("/groups", names).body["id"] for _ in range(2))
    morgan = door.user("morgan.member").id
    for one in (group, other):
        door.post(f"/groups/{one}/members/$ref", {"@odata.id": f"https://x/v1.0/directoryObjects/{morgan}"})
    for gone in (f"/users/{morgan}", f"/groups/{other}"):
        assert door.delete(gone).status == 204
    assert door.get(f"/groups/{group}/members").value == []
    for one in (other, morgan):
        assert door.post(f"/directory/deletedItems/{one}/restore").status == 200
    for one in (group, other):
        assert [row["id"] for row in door.get(f"/groups/{one}/members").value] == [morgan]
    assert door.delete(f"/groups/{group}").status == 204
    assert door.post(f"/directory/deletedItems/{group}/restore").status == 200
    assert [row["id"] for row in door.get(f"/groups/{group}/members").value] == [morgan]


def test_groups_and_their_members(door):
    group = door.post(
        "/groups", {"displayName": "All", "mailEnabled": False, "mailNickname": "all", "securityEnabled": True}
    ).body
    inner = door.post(
        "/groups", {"displayName": "Inner", "mailEnabled": False, "mailNickname": "inner", "securityEnabled": True}
    ).body
    morgan = door.user("morgan.member").id
    door.post(f"/groups/{group['id']}/members/$ref", {"@odata.id": f"https://x/v1.0/groups/{inner['id']}"})
    door.post(f"/groups/{inner['id']}/members/$ref", {"@odata.id": f"https://x/v1.0/directoryObjects/{morgan}"})
    assert [one["id"] for one in door.get(f"/groups/{group['id']}/members").value] == [inner["id"]]
    through = door.get(f"/groups/{group['id']}/transitiveMembers").value
    assert [one["id"] for one in through] == [inner["id"], morgan]
    assert len(door.get(f"/groups/{group['id']}/members/$ref").value) == 1
    assert door.get("/users/morgan.member@contoso.com/memberOf/microsoft.graph.group").value[0]["id"] == inner["id"]
    assert door.delete(f"/groups/{inner['id']}/members/{morgan}/$ref").status == 204
    assert door.delete(f"/groups/{inner['id']}/members/{morgan}/$ref").status == 404
    assert [one["displayName"] for one in door.get("/groups?$orderby=displayName desc").value] == ["Inner", "All"]
    assert door.delete(f"/groups/{group['id']}").status == 204
    assert door.get(f"/groups/{group['id']}").status == 404


def test_policies_need_a_role_that_may_read_them(door):
    policy = door.get("/policies/defaultAppManagementPolicy").body
    assert (policy["isEnabled"], policy["applicationRestrictions"]["passwordCredentials"]) == (False, [])
    allowed = door.get("/policies/authorizationPolicy").body["defaultUserRolePermissions"]["allowedToCreateApps"]
    assert allowed is True
    assert door.as_person("morgan.member").get("/policies/defaultAppManagementPolicy").status == 403


def test_other_tenants_are_found_by_domain_and_by_id(door):
    by_name = door.get("/tenantRelationships/findTenantInformationByDomainName(domainName='fabrikam.com')").body
    assert (by_name["tenantId"], by_name["displayName"], by_name["defaultDomainName"]) == (
        fabrikam,
        "Fabrikam",
        "fabrikam.com",
    )
    by_id = door.get(f"/tenantRelationships/findTenantInformationByTenantId(tenantId='{fabrikam}')").body
    assert by_id["tenantId"] == fabrikam
    unknown = door.get("/tenantRelationships/findTenantInformationByDomainName(domainName='nobody.example')")
    assert unknown.status == 404


def test_answers_carry_graphs_headers(door):
    reply = door.get("/me", client_request_id="11111111-1111-4111-8111-111111111111")
    assert reply.headers["client-request-id"] == "11111111-1111-4111-8111-111111111111"
    assert reply.headers["odata-version"] == "4.0"
    assert reply.headers["content-type"].startswith("application/json;odata.metadata=minimal")
    assert "ServerInfo" in reply.headers["x-ms-ags-diagnostic"]
    assert reply.headers["date"] == "Fri, 20 Nov 2026 12:00:00 GMT"
    assert reply.headers["request-id"] != door.get("/me").headers["request-id"]


def test_nothing_that_graph_says_is_cached(door):
    for path in ("/me", "/users/nobody@contoso.com"):
        assert door.get(path).headers["cache-control"] == "no-cache"


def test_annotations_stay_away_where_none_are_wanted(door):
    accept = {"Accept": "application/json;odata.metadata=none", "ConsistencyLevel": "eventual"}
    reply = door.get("/me/memberOf?$count=true&$top=1", **accept)
    assert "odata.metadata=none" in reply.headers["content-type"]
    assert "@odata.context" not in reply.body
    assert reply.body["@odata.count"] == 1
    assert not [key for row in reply.value for key in row if "@" in key]
    listed = door.get("/users?$top=1", **accept).body
    assert listed["@odata.nextLink"]
    names = {"displayName": "All", "mailEnabled": False, "mailNickname": "all", "securityEnabled": True}
    group, morgan = door.post("/groups", names).body["id"], door.user("morgan.member").id
    door.post(f"/groups/{group}/members/$ref", {"@odata.id": f"https://x/v1.0/directoryObjects/{morgan}"})
    (reference,) = door.get(f"/groups/{group}/members/$ref", **accept).value
    assert reference["@odata.id"].endswith(f"/directoryObjects/{morgan}")


@pytest.mark.parametrize("segment", [contoso, "myorganization"])
def test_own_tenant_may_stand_before_the_collection(door, segment):
    page = door.get(f"/{segment}/users?$top=1")
    assert page.status == 200
    assert f"/v1.0/{segment}/users?" in page.body["@odata.nextLink"]
    assert door.get(f"/{segment}/me").body["userPrincipalName"] == "grace.global@contoso.com"
    assert door.get(f"/{fabrikam}/users").status == 404
    urls = (f"/{segment}/users?$top=1", f"{segment}/me", f"/{fabrikam}/users")
    parts = [{"id": url, "method": "GET", "url": url} for url in urls]
    listed, me, theirs = door.post("/$batch", {"requests": parts}).body["responses"]
    assert f"/v1.0/{segment}/users?" in listed["body"]["@odata.nextLink"]
    assert me["body"]["userPrincipalName"] == "grace.global@contoso.com"
    assert theirs["status"] == 404


def test_refusals_carry_the_request_ids_of_their_headers(door):
    reply = door.get("/users/nobody@contoso.com", client_request_id="mine")
    inner = reply.body["error"]["innerError"]
    assert (inner["request-id"], inner["client-request-id"]) == (reply.headers["request-id"], "mine")
    assert inner["date"] == "2026-11-20T12:00:00"
    assert reply.message.startswith("Resource 'nobody@contoso.com' does not exist")


def test_beta_is_the_same_under_another_name(door):
    """Versioning, support, and breaking change policies for Microsoft Graph: two endpoints, each with its own links."""
    reply = door.send("POST", "https://localhost/beta/applications", {"displayName": "Voice"})
    assert (reply.status, reply.headers["location"]) == (201, f"https://localhost/beta/applications/{reply.body['id']}")
    assert reply.body["@odata.context"] == "https://localhost/beta/$metadata#applications/$entity"
    page = door.get("https://localhost/beta/applications?$top=1")
    assert page.body["@odata.nextLink"].startswith("https://localhost/beta/applications?")
    steps = {"requests": [{"id": "1", "method": "GET", "url": f"/applications/{reply.body['id']}"}]}
    assert door.send("POST", "https://localhost/beta/$batch", steps).body["responses"][0]["status"] == 200
    assert door.get("https://localhost/beta/nothing").status == 404


@pytest.mark.parametrize("path", ["/applicationz", "/applications/1/colour", "/", "/me/colour", "/$metadata"])
def test_unknown_paths_are_404_and_never_a_stub(door, path):
    reply = door.get(path)
    assert (reply.status, reply.code) == (404, "BadRequest")
    assert reply.message.startswith("Resource not found for the segment")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/applications"),
        ("PUT", "/applications"),
        ("POST", "/me"),
        ("PATCH", "/organization"),
        ("GET", "/$batch"),
        ("DELETE", "/subscribedSkus"),
    ],
)
def test_wrong_methods_are_405(door, method, path):
    reply = door.send(method, path)
    assert (reply.status, reply.code) == (405, "Request_BadRequest")


def test_no_token_is_401_with_a_challenge():
    reply = Door().get("/me")
    assert (reply.status, reply.code) == (401, "InvalidAuthenticationToken")
    assert reply.headers["www-authenticate"].startswith("Bearer ")


def test_expired_token_is_401_in_microsofts_words(door):
    door.world.clock.advance(3601)
    reply = door.get("/me")
    assert (reply.status, reply.message) == (401, "Lifetime validation failed, the token is expired.")


def test_token_of_somebody_who_is_gone_is_401_with_a_code_of_its_own(door):
    door.delete(f"/users/{door.user('grace.global').id}")
    reply = door.get("/me")
    assert (reply.status, reply.code) == (401, "Authorization_IdentityNotFound")
