"""Clients that sign people in without a page: by name and password, and on behalf of somebody signed in elsewhere."""

import pytest

from m365_emulator import credentials, data
from m365_emulator.login import clients, consent, policies, scopes
from tests.emulator.graph_door import contoso, noon
from tests.emulator.test_login_policies import claims
from tests.emulator.token_door import TokenDoor, home, sent_back, verifier

graph = "https://graph.microsoft.com"
grace = {"username": "grace.global@contoso.com", "password": "Contoso-Grace-1"}
use = {"id": "11111111-0000-4000-8000-000000000001", "value": "use", "type": "User", "isEnabled": True}
kind = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.fixture
def door():
    return TokenDoor()


@pytest.fixture
def app_id(door):
    made = door.register(isFallbackPublicClient=True, publicClient={"redirectUris": [home]}).body["appId"]
    door.consent(made, data.graph_app_id, "User.Read")
    return made


def by_password(door, app_id, *, tenant="organizations", **change):
    form = {"client_id": app_id, "scope": f"openid offline_access {graph}/User.Read", **grace, **change}
    return door.redeem("password", tenant=tenant, **form)


def test_name_and_password_are_enough_where_nothing_else_is_asked_for(door, app_id):
    answer = by_password(door, app_id, tenant="contoso.com").body
    door.token = answer["access_token"]
    assert door.get("/me").body["userPrincipalName"] == grace["username"]
    assert {"id_token", "refresh_token"} <= set(answer)
    token = {"client_id": app_id, "refresh_token": answer["refresh_token"]}
    assert door.redeem("refresh_token", **token).status == 200


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ({"password": "wrong"}, 50126),
        ({"username": "nobody@contoso.com"}, 50034),
        ({"username": "nobody@nowhere.example"}, 50034),
        ({"username": "drew.disabled@contoso.com", "password": "Contoso-Drew-1"}, 50057),
        ({"tenant": "common"}, 9001023),
        ({"tenant": "fabrikam.com"}, 50034),
        ({"client_secret": "x"}, 700025),
        ({"scope": f"{graph}/Organization.Read.All", "client_id": "other"}, 65001),
        ({"scope": f"{graph}/Group.ReadWrite.All"}, 65001),
        ({"scope": f"{graph}/Nothing.Known"}, 70011),
    ],
)
def test_password_grant_refuses_with_entras_numbers(door, app_id, change, number):
    if change.get("client_id"):
        change = {**change, "client_id": door.register(isFallbackPublicClient=True).body["appId"]}
    assert by_password(door, app_id, **change).body["error_codes"] == [number]


def test_password_grant_is_told_of_a_second_factor_and_of_a_lock(door, app_id):
    policies.change(door.tenant, {"conditionalAccess": ["requireMfa"]})
    assert by_password(door, app_id).body["error_codes"] == [50076]
    policies.change(door.tenant, {"conditionalAccess": [], "lockoutThreshold": 2})
    for number in (50126, 50053):
        assert by_password(door, app_id, password="wrong").body["error_codes"] == [number]
    assert by_password(door, app_id).body["error_codes"] == [50053]


@pytest.fixture
def api(door):
    """An API with its secret, which may ask Graph for the people who ask it."""
    made = door.register("API", identifierUris=["api://own"], api={"oauth2PermissionScopes": [use]})
    secret = credentials.add_password(door.world, made, display_name=None, starts=noon, ends=noon.replace(2028))
    door.consent(made.body["appId"], data.graph_app_id, "User.Read")
    return {"client_id": made.body["appId"], "client_secret": secret["secretText"]}


def persons_token(door, api):
    app_id = door.register(publicClient={"redirectUris": [home]}).body["appId"]
    door.consent(app_id, api["client_id"], "use")
    return door.tokens(app_id, scope="api://own/use").body["access_token"]


def on_behalf(door, api, assertion, **change):
    form = {"requested_token_use": "on_behalf_of", "scope": f"{graph}/.default", "assertion": assertion, **api}
    return door.redeem(kind, tenant=contoso, **{**form, **change})


def test_api_asks_another_api_on_behalf_of_a_person(door, api):
    answer = on_behalf(door, api, persons_token(door, api)).body
    door.token = answer["access_token"]
    assert door.get("/me").body["userPrincipalName"] == grace["username"]
    found = claims(answer["access_token"])
    assert (found["appid"], found["appidacr"], found["scp"]) == (api["client_id"], "1", "User.Read")


def test_token_that_is_not_the_apis_own_is_refused(door, api, app_id):
    own = persons_token(door, api)
    assert on_behalf(door, api, own, client_secret="").body["error_codes"] == [7000218]
    assert on_behalf(door, api, f"{own}x").body["error_codes"] == [50013]
    other = by_password(door, app_id).body["access_token"]
    assert on_behalf(door, api, other).body["error_codes"] == [500131]
    alone = {"tenant": contoso, "scope": "api://own/.default", **api}
    apps = door.redeem("client_credentials", **alone).body["access_token"]
    assert on_behalf(door, api, apps).body["error_codes"] == [7000114]
    assert on_behalf(door, api, own, requested_token_use="").body["error_codes"] == [900144]
    door.world.clock.advance(7200)
    assert on_behalf(door, api, own).body["error_codes"] == [500133]


def test_permission_that_nobody_consented_to_is_refused_at_renewal_and_on_behalf(door, api, app_id):
    token = {"client_id": app_id, "refresh_token": by_password(door, app_id).body["refresh_token"]}
    for scope, number in (("Group.ReadWrite.All", 65001), ("Nothing.Known", 70011)):
        refused = (
            door.redeem("refresh_token", scope=f"{graph}/{scope}", **token),
            on_behalf(door, api, persons_token(door, api), scope=f"{graph}/{scope}"),
        )
        assert [one.body["error_codes"] for one in refused] == [[number], [number]]
    assert door.redeem("refresh_token", scope=f"{graph}/user.read", **token).status == 200


def test_application_that_is_switched_off_or_wants_assignment_gives_no_tokens(door, app_id):
    token = {"client_id": app_id, "refresh_token": by_password(door, app_id).body["refresh_token"]}
    principal = door.tenant.principal(app_id)
    principal.body["appRoleAssignmentRequired"] = True
    for refused in (by_password(door, app_id), door.redeem("refresh_token", **token)):
        assert refused.body["error_codes"] == [50105]
    door.tenant.memberships["team"] = [door.user("grace.global").id]
    row = {"id": "r", "principalId": "team", "resourceId": principal.id, "appRoleId": use["id"]}
    door.tenant.app_role_assignments["r"] = row
    assert by_password(door, app_id).status == 200, "a group that holds the person is enough"
    principal.body["accountEnabled"] = False
    assert by_password(door, app_id).body["error_codes"] == [7000112]


def test_api_that_is_switched_off_or_wants_assignment_gives_no_tokens(door, api, app_id):
    door.consent(app_id, api["client_id"], "use")
    resource, scope = door.tenant.principal(api["client_id"]), f"{api['client_id']}/.default"
    daemon = door.register("Daemon")
    secret = credentials.add_password(door.world, daemon, display_name=None, starts=noon, ends=noon.replace(2028))
    own = {"client_id": daemon.body["appId"], "client_secret": secret["secretText"], "scope": scope}

    def both():
        first = door.redeem("client_credentials", tenant="contoso.com", **own)
        answers = (first, by_password(door, app_id, scope=scope))
        return [one.body.get("error_codes", one.status) for one in answers]

    assert both() == [200, 200]
    resource.body["appRoleAssignmentRequired"] = True
    assert both() == [[501051], [50105]]
    for number, oid in enumerate((door.tenant.principal(own["client_id"]).id, door.user("grace.global").id)):
        row = {"id": str(number), "principalId": oid, "resourceId": resource.id, "appRoleId": use["id"]}
        door.tenant.app_role_assignments[str(number)] = row
    assert both() == [200, 200]
    resource.body["accountEnabled"] = False
    assert both() == [[50001], [50001]]


def test_audience_of_a_token_is_the_api_however_it_is_spelled(door, api):
    app_id = door.register(publicClient={"redirectUris": [home]}).body["appId"]
    door.consent(app_id, api["client_id"], "use")
    token = door.tokens(app_id, scope="API://Own//use").body["access_token"]
    assert on_behalf(door, api, token).status == 200


def test_one_api_is_one_however_it_is_spelled(door, app_id):
    door.consent(app_id, data.graph_app_id, "Organization.Read.All")
    scope = f"User.Read {graph}/Organization.Read.All {data.graph_app_id}/User.Read"
    assert "Organization.Read.All" in by_password(door, app_id, scope=scope).body["scope"].split()


def test_token_is_for_one_api_but_a_person_agrees_to_those_of_several(door, app_id):
    mixed = f"openid User.Read {data.azure_management_app_id}/user_impersonation"
    assert by_password(door, app_id, scope=mixed).body["error_codes"] == [70011]
    begun = {"client_id": app_id, "response_type": "code", "redirect_uri": home, "scope": mixed}
    begun = door.ask("GET", "/organizations/oauth2/v2.0/authorize", **begun)
    assert "error" not in sent_back(begun)
    client, grace = clients.find(door.world, app_id, door.tenant), door.user("grace.global")
    missing = consent.missing(door.world, door.tenant, grace, client, scopes.parse_all(door.world, mixed))
    assert [item.value for item in missing] == ["openid", "user_impersonation"]
    assert door.tokens(app_id, scope=mixed).body["scope"].split() == ["User.Read"]


def test_second_factor_is_remembered_where_tokens_say_nothing_of_it(door, api):
    door.tenant.application(api["client_id"]).body["api"]["requestedAccessTokenVersion"] = 2
    policies.change(door.tenant, {"conditionalAccess": ["requireMfa"]})
    app_id = door.register(publicClient={"redirectUris": [home]}).body["appId"]
    door.consent(app_id, api["client_id"], "use")
    code = door.code(app_id, scope="api://own/use")
    door.world.login.request_by_code(code).methods = ["pwd", "mfa"]
    form = {"client_id": app_id, "code": code, "redirect_uri": home, "code_verifier": verifier}
    token = door.redeem("authorization_code", **form).body["access_token"]
    assert (claims(token)["ver"], "amr" in claims(token)) == ("2.0", False)
    assert on_behalf(door, api, token).status == 200


def test_credentials_of_a_client_are_refused_from_a_page(door, api):
    token, page = persons_token(door, api), "https://client.example"
    form = {"requested_token_use": "on_behalf_of", "scope": f"{graph}/.default", "assertion": token, **api}
    refused = [
        door.redeem("client_credentials", tenant=contoso, scope=f"{graph}/.default", origin=page, **api),
        door.redeem(kind, tenant=contoso, origin=page, **form),
        door.redeem("password", origin=page, scope=f"{graph}/User.Read", **grace, **api),
    ]
    assert [one.body["error_codes"] for one in refused] == [[9002326]] * 3
