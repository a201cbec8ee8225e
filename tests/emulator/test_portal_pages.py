"""The portal, step by step: find the registration, its secrets and permissions, roles, enterprise applications."""

import pytest

from m365_emulator import data
from tests.emulator.graph_door import Door, contoso
from tests.emulator.portal_visitor import Visitor

roles = {role["value"]: role["id"] for role in data.app_roles(data.graph_app_id)}
teams = data.role_ids_by_name()["Teams Administrator"]
voice = 'Vöice & "co" <1>'


@pytest.fixture
def door():
    return Door().as_person("grace.global")


@pytest.fixture
def made(door):
    """A registration as a provisioning run leaves it: application, principal, one grant of two, a role, a secret."""
    access = [{"id": roles[one], "type": "Role"} for one in ("Organization.Read.All", "User.Read.All")]
    application = door.patch(
        "/applications(uniqueName='gangway-1')",
        {
            "displayName": voice,
            "requiredResourceAccess": [{"resourceAppId": data.graph_app_id, "resourceAccess": access}],
        },
        Prefer="create-if-missing",
    ).body
    principal = door.post("/servicePrincipals", {"appId": application["appId"]}).body
    door.post(
        f"/servicePrincipals/{principal['id']}/appRoleAssignments",
        {
            "principalId": principal["id"],
            "resourceId": door.tenant.principal(data.graph_app_id).id,
            "appRoleId": roles["Organization.Read.All"],
        },
    )
    door.post(
        "/roleManagement/directory/roleAssignments",
        {"principalId": principal["id"], "roleDefinitionId": teams, "directoryScopeId": "/"},
    )
    door.post(
        f"/applications/{application['id']}/addPassword",
        {"passwordCredential": {"displayName": "line 1", "endDateTime": "2026-12-01T00:00:00Z"}},
    )
    return application


def registration(door, name="grace.global"):
    visitor = Visitor(door, name)
    return visitor, visitor.follow(visitor.open("/portal/registrations"), voice)


def test_nobody_sees_a_page_before_signing_in(door):
    page = Visitor(door, "").open("/portal/registrations?q=x")
    assert (page.status, page.headers["location"]) == (
        303,
        "/common/login/start?next=%2Fportal%2Fregistrations%3Fq%3Dx",
    )


def test_home_says_where_one_is_and_who(door):
    page = Visitor(door).open("/portal/")
    assert page.heading == "Contoso"
    assert page.facts()["Tenant ID"] == contoso
    assert page.facts()["Your roles"] == "Global Administrator"
    assert "grace.global@contoso.com" in page.soup.get_text(" ")


def test_list_of_registrations_is_searched_by_name_and_client_id(door, made):
    visitor = Visitor(door)
    page = visitor.open("/portal/registrations")
    assert [voice, made["appId"], "20 Nov 2026", "Expiring soon"] in page.rows()
    assert [row[0] for row in visitor.press(page, "Search", q=made["appId"][:8]).rows()] == [voice]
    assert "No registration's name or client ID holds" in visitor.press(page, "Search", q="zzz").text


def test_overview_has_the_essentials(door, made):
    _, page = registration(door)
    facts = page.facts()
    assert page.heading == voice
    assert facts["Application (client) ID"] == made["appId"]
    assert facts["Object ID"] == made["id"]
    assert facts["Directory (tenant) ID"] == contoso
    assert facts["Supported account types"] == "My organization only"
    assert facts["Unique name"] == "gangway-1"
    assert [one.get_text() for one in page.soup.select(".crumbs a")] == ["Home", "App registrations"]


def test_value_of_a_secret_is_never_shown_again(door, made):
    visitor, page = registration(door)
    page = visitor.follow(page, "Certificates & secrets")
    description, expires, value, key_id, _ = page.rows()[0]
    assert (description, expires) == ("line 1", "1 Dec 2026 10 days left")
    assert value.endswith("******************")
    assert len(key_id) == 36


def test_new_secret_is_shown_once_and_works_for_graph(door, made):
    visitor, page = registration(door)
    page = visitor.follow(visitor.follow(page, "Certificates & secrets"), "New client secret")
    after = visitor.press(page, "Add", description="by hand", days="90")
    value = after.soup.select_one(".note code").get_text()
    assert (len(value), "Copy its value now" in after.note) == (40, True)
    assert value not in visitor.open(after.address).soup.get_text()
    assert ["by hand", "18 Feb 2027 90 days left"] in [row[:2] for row in after.rows()]


def test_secret_is_deleted_by_its_row(door, made):
    visitor, page = registration(door)
    page = visitor.follow(page, "Certificates & secrets")
    after = visitor.press(page, "Delete", row="line 1")
    assert after.note == "The secret was deleted."
    assert "No client secret has been created" in after.text


def test_permissions_say_what_is_granted_for_the_organization(door, made):
    visitor, page = registration(door)
    rows = visitor.follow(page, "API permissions").rows()
    assert [(row[0], row[1], row[3], row[4]) for row in rows] == [
        ("Organization.Read.All", "Application", "Yes", "Granted for Contoso"),
        ("User.Read.All", "Application", "Yes", "Not granted for Contoso"),
    ]


def test_granted_but_not_configured_permissions_are_listed_apart(door, made):
    door.patch(f"/applications/{made['id']}", {"requiredResourceAccess": []})
    visitor, page = registration(door)
    page = visitor.follow(page, "API permissions")
    assert "No permission is configured" in page.text
    assert page.rows() == [["Microsoft Graph", "Organization.Read.All", "Application", "Admin consent"]]


def test_permissions_are_added_and_granted_as_the_instructions_say(door, made):
    visitor, page = registration(door)
    page = visitor.follow(visitor.follow(page, "API permissions"), "Add a permission")
    for name in ("GroupMember.Read.All", "RoleManagement.Read.Directory"):
        page = visitor.press(page, "Search", q=name)
        page = visitor.press(page, "Add permissions", permission=roles[name])
        assert "was added" in page.note
        page = visitor.follow(page, "Add a permission")
    page = visitor.press(visitor.follow(page, "API permissions"), "Grant admin consent for Contoso")
    assert page.note == "Admin consent was granted for Contoso."
    assert {row[4] for row in page.rows()} == {"Granted for Contoso"}
    assert len(page.rows()) == 4


def test_delegated_permissions_are_granted_too(door, made):
    visitor, page = registration(door)
    page = visitor.follow(visitor.follow(page, "API permissions"), "Add a permission")
    page = visitor.press(visitor.follow(page, "Delegated permissions"), "Search", q="User.Read")
    scope = next(one["id"] for one in data.scopes(data.graph_app_id) if one["value"] == "User.Read")
    page = visitor.press(page, "Add permissions", permission=scope)
    assert ("User.Read", "Each person is asked") in [(row[0], row[4]) for row in page.rows()]
    page = visitor.press(page, "Grant admin consent")
    assert {row[4] for row in page.rows()} == {"Granted for Contoso"}


def test_removed_permission_is_configured_no_more(door, made):
    visitor, page = registration(door)
    page = visitor.press(visitor.follow(page, "API permissions"), "Remove", row="User.Read.All")
    assert [row[0] for row in page.rows()] == ["Organization.Read.All"]


def test_application_administrator_is_told_who_can_grant(door, made):
    visitor, page = registration(door, "avery.apps")
    page = visitor.follow(page, "API permissions")
    assert "a Privileged Role Administrator or a Global Administrator can" in page.text
    with pytest.raises(AssertionError, match="cannot be pressed"):
        visitor.press(page, "Grant admin consent")


def test_refusal_by_graph_comes_back_to_the_page_with_its_code(door, made):
    visitor, page = registration(door, "morgan.member")
    after = visitor.press(visitor.follow(page, "Certificates & secrets"), "Delete", row="line 1")
    assert "Insufficient privileges to complete the operation." in after.note
    assert "403 Authorization_RequestDenied" in after.note
    assert after.rows()[0][0] == "line 1"


def test_form_without_its_token_changes_nothing(door, made):
    visitor, page = registration(door)
    page = visitor.follow(page, "Certificates & secrets")
    after = visitor.press(page, "Delete", row="line 1", canary="forged")
    assert (after.status, "made in another browser" in after.text) == (403, True)
    assert visitor.open(page.address).rows()[0][0] == "line 1"


def test_form_leads_back_only_inside_the_portal(door, made):
    visitor, page = registration(door, "morgan.member")
    page = visitor.follow(page, "Certificates & secrets")
    after = visitor.press(page, "Delete", row="line 1", back="https://elsewhere.example/")
    assert after.address.startswith("http://localhost:8080/portal")


def test_owners_are_added_by_name_and_removed(door, made):
    visitor, page = registration(door)
    page = visitor.follow(page, "Owners")
    assert "Nobody owns this application" in page.text
    page = visitor.press(page, "Add owner", upn="morgan.member@contoso.com")
    assert page.note == "Morgan Member is an owner now."
    assert "does not exist" in visitor.press(page, "Add owner", upn="nobody@contoso.com").note
    assert "Nobody owns" in visitor.press(page, "Remove", row="Morgan Member").text


def test_owned_applications_have_their_own_list(door, made):
    visitor = Visitor(door, "morgan.member")
    page = visitor.open("/portal/registrations?view=owned")
    assert "You own no app registration in Contoso" in page.text
    door.tenant.objects[made["id"]].owners.append(door.user("morgan.member").id)
    assert [row[0] for row in visitor.open(page.address).rows()] == [voice]


def test_authentication_and_manifest_show_what_graph_shows(door, made):
    visitor, page = registration(door)
    assert visitor.follow(page, "Authentication").facts()["Allow public client flows"] == "No"
    manifest = visitor.follow(page, "Manifest").soup.find("pre").get_text()
    assert f'"appId": "{made["appId"]}"' in manifest
    assert '"secretText": null' in manifest


def test_deleted_registration_is_restored_from_its_list(door, made):
    visitor, page = registration(door)
    page = visitor.press(visitor.follow(page, "Delete"), "Delete")
    assert "was deleted" in page.note
    page = visitor.follow(page, "Deleted applications")
    assert [row[0] for row in page.rows()] == [voice]
    page = visitor.press(page, "Restore")
    assert (page.heading, "The registration is back" in page.note) == (voice, True)


def test_enterprise_applications_are_told_from_microsofts(door, made):
    visitor = Visitor(door)
    page = visitor.open("/portal/enterprise")
    assert voice in [row[0] for row in page.rows()]
    assert "Microsoft Graph" not in page.text
    microsofts = visitor.follow(page, "Microsoft applications")
    assert "Microsoft Graph" in [row[0] for row in microsofts.rows()]


def test_enterprise_application_shows_permissions_and_roles(door, made):
    visitor = Visitor(door)
    page = visitor.follow(visitor.open("/portal/enterprise"), voice)
    assert (page.facts()["Application ID"], page.facts()["Publisher"]) == (made["appId"], "Contoso")
    rows = visitor.follow(page, "Permissions").rows()
    assert [row[:2] + row[3:4] for row in rows] == [["Microsoft Graph", "Organization.Read.All", "Application"]]
    manage = page.soup.select_one(".manage").find("a", string="Roles and administrators")["href"]
    assert visitor.open(manage).rows() == [["Teams Administrator", "Organization"]]


def test_person_is_given_an_app_role_and_loses_it(door):
    """*Users and groups*, as the instructions for signing in to an application say."""
    door.post("/servicePrincipals", {"appId": "0bec0ffe-0000-4000-8000-000000000001"})
    visitor = Visitor(door)
    page = visitor.follow(visitor.open("/portal/enterprise"), "Operation Center")
    page = visitor.open(page.soup.select_one(".manage").find("a", string="Users and groups")["href"])
    page = visitor.press(page, "Search", q="morgan")
    monitor = page.soup.find("option", string="Gangway.Monitor")["value"]
    page = visitor.press(page, "Assign", row="Morgan", role=monitor)
    assert [row[:3] for row in page.rows()] == [["Morgan Member", "User", "Gangway.Monitor"]]
    assert "Nobody is assigned" in visitor.press(page, "Remove", row="Morgan").text


def test_enterprise_application_is_deleted_after_saying_what_goes(door, made):
    visitor = Visitor(door)
    page = visitor.follow(visitor.follow(visitor.open("/portal/enterprise"), voice), "Delete")
    assert "1 granted permission and 1 role go with it" in page.text
    page = visitor.press(page, "Delete")
    assert "was removed from Contoso" in page.note
    assert door.tenant.principal(made["appId"]) is None
    assert not [row for row in door.tenant.role_assignments.values() if row["roleDefinitionId"] == teams]


def test_role_is_searched_assigned_and_removed(door, made):
    visitor = Visitor(door)
    page = visitor.press(visitor.open("/portal/roles"), "Search", q="Teams Telephony")
    assert [row[0] for row in page.rows()] == ["Teams Telephony Administrator"]
    page = visitor.follow(page, "Teams Telephony Administrator")
    assert "Nobody has this role" in page.text
    page = visitor.press(visitor.follow(page, "Add assignments"), "Search", q="morgan")
    page = visitor.press(page, "Add", row="Morgan Member")
    assert page.note == "Teams Telephony Administrator was assigned."
    assert page.rows()[0][:3] == ["Morgan Member morgan.member@contoso.com", "User", "Organization"]
    page = visitor.press(page, "Remove", row="Morgan Member")
    assert (page.note, "Nobody has this role" in page.text) == ("The assignment was removed.", True)


def test_role_shows_service_principals_that_have_it(door, made):
    page = Visitor(door, "morgan.member").open(f"/portal/roles/{teams}")
    assert page.rows() == [[f"{voice} {made['appId']}", "Service principal", "Organization"]]
    assert "You can look, but not assign" in page.text


def test_people_are_shown_with_their_roles(door):
    visitor = Visitor(door)
    page = visitor.press(visitor.open("/portal/users"), "Search", q="riley")
    page = visitor.follow(page, "Riley Roles")
    assert page.facts()["User principal name"] == "riley.roles@contoso.com"
    assert page.rows() == [["Privileged Role Administrator", "Organization"]]


def test_search_in_the_bar_finds_services_and_objects(door, made):
    visitor = Visitor(door)
    assert (
        "Microsoft Entra roles and administrators"
        in visitor.open("/portal/search?q=Microsoft Entra Roles and administrators".replace(" ", "%20")).text
    )
    found = visitor.open(f"/portal/search?q={made['appId']}").rows()
    assert [row[1] for row in found] == ["App registration", "Enterprise application"]
    assert "Nothing in Contoso matches" in visitor.open("/portal/search?q=zzz").text


@pytest.mark.parametrize(
    "path",
    [
        "/portal/registrations/11111111-1111-4111-8111-111111111111",
        "/portal/enterprise/11111111-1111-4111-8111-111111111111",
        "/portal/roles/none",
        "/portal/users/none",
        "/portal/registrations/a%3Fb%2Fc",
    ],
)
def test_what_is_not_there_is_said_with_the_way_home(door, path):
    page = Visitor(door).open(path)
    assert page.status == 404
    assert page.soup.find("a", string="Go to the home page")


def test_guest_is_told_what_the_directory_keeps_from_guests(door):
    guest = door.tenant.find("user", userType="Guest")
    for key in [key for key, row in door.tenant.role_assignments.items() if row["principalId"] == guest.id]:
        del door.tenant.role_assignments[key]
    visitor = Visitor(door, guest.body["userPrincipalName"])
    assert visitor.open("/portal/").status == 200
    assert visitor.open("/portal/registrations").status == 403


@pytest.mark.parametrize("path", ["/portal/", "/portal/registrations", "/portal/enterprise", "/portal/roles"])
def test_pages_load_nothing_from_elsewhere_and_run_no_script(door, path):
    page = Visitor(door).open(path)
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    assert page.headers["cache-control"] == "no-store"
    assert not page.soup.find("script")
    for one in page.soup.find_all(["link", "img"]):
        assert one.get("href", one.get("src")).startswith(("/portal/", "data:,"))


def test_every_page_has_one_heading_labels_and_a_way_past_the_bar(door, made):
    visitor = Visitor(door)
    base = f"/portal/registrations/{made['id']}"
    for path in (
        "/portal/",
        base,
        f"{base}/secrets",
        f"{base}/secrets/new",
        f"{base}/permissions",
        f"{base}/owners",
        f"{base}/permissions/add?q=Role",
        "/portal/roles",
        f"/portal/roles/{teams}/add?q=a",
        "/portal/users",
    ):
        page = visitor.open(path)
        assert len(page.soup.find_all("h1")) == 1, path
        assert page.soup.select_one("a.skip[href='#main']"), path
        for field in page.soup.select("input:not([type=hidden]), select"):
            assert field.find_parent("label") or page.soup.select_one(f"label[for='{field.get('id')}']"), (path, field)
