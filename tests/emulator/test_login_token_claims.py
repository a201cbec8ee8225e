"""What stands in tokens for APIs of one's own, in id tokens by scope, and in the answers of version 1."""

import pytest

from m365_emulator import credentials, data
from tests.emulator.graph_door import contoso, noon
from tests.emulator.test_login_policies import claims
from tests.emulator.token_door import TokenDoor, home, verifier

graph = "https://graph.microsoft.com"
use = {"id": "11111111-0000-4000-8000-000000000001", "value": "use", "type": "User", "isEnabled": True}
work = {"id": "11111111-0000-4000-8000-000000000002", "value": "Work", "displayName": "W", "isEnabled": True}


@pytest.fixture
def door():
    return TokenDoor()


def api(door, version, **body):
    described = {"requestedAccessTokenVersion": version, "oauth2PermissionScopes": [use]}
    return door.register("API", identifierUris=["api://own"], api=described, appRoles=[work], **body).body["appId"]


def client(door, **body):
    application = door.register(web={"redirectUris": [home]}, **body)
    made = credentials.add_password(door.world, application, display_name=None, starts=noon, ends=noon.replace(2028))
    return application.body["appId"], {"client_secret": made["secretText"]}


def assign(door, app_id, principal_id):
    row = {"principalId": principal_id, "resourceId": door.tenant.principal(app_id).id, "appRoleId": work["id"]}
    door.tenant.app_role_assignments[principal_id] = {"id": principal_id, **row}


@pytest.mark.parametrize("name", ["api://own", "{app_id}"])
@pytest.mark.parametrize("version", [None, 1, 2])
def test_registration_of_an_api_says_which_version_its_tokens_have(door, version, name):
    app_id, (mine, proof) = api(door, version), client(door)
    named = name.format(app_id=app_id)
    door.consent(mine, app_id, "use")
    for user in (door.user("grace.global").id, door.tenant.principal(mine).id):
        assign(door, app_id, user)
    person = claims(door.tokens(mine, scope=f"{named}/use", **proof).body["access_token"])
    form = {"client_id": mine, "scope": f"{named}/.default", **proof}
    alone = claims(door.redeem("client_credentials", tenant=contoso, **form).body["access_token"])
    for found in (person, alone):
        if version == 2:
            assert (found["aud"], found["ver"], found["azp"], found["azpacr"]) == (app_id, "2.0", mine, "1")
            assert found["iss"] == f"{door.world.settings.origin}/{contoso}/v2.0"
            assert not {"appid", "wids", "unique_name"} & set(found)
        else:
            assert (found["aud"], found["ver"], found["appid"]) == (named, "1.0", mine)
            assert found["iss"] == f"https://sts.windows.net/{contoso}/"
        assert found["roles"] == ["Work"]
    assert person["scp"] == "use"


def test_optional_claims_of_the_api_and_of_the_client(door):
    wanted = [{"name": name} for name in ("email", "given_name", "ipaddr", "acct", "tenant_ctry")]
    app_id = api(door, 2, optionalClaims={"accessToken": wanted}, groupMembershipClaims="SecurityGroup")
    mine, proof = client(door, optionalClaims={"idToken": [{"name": "family_name"}, {"name": "upn"}]})
    door.consent(mine, app_id, "use")
    door.tenant.memberships["g"] = [door.user("grace.global").id]
    door.tenant.objects["g"] = door.register("stands for a group")
    door.tenant.objects["g"].kind = "group"
    assign(door, app_id, "g")
    answer = door.tokens(mine, scope="openid profile api://own/use", **proof).body
    found = claims(answer["access_token"])
    expected = {"email": "grace.global@contoso.com", "given_name": "Grace", "acct": 0, "tenant_ctry": "US"}
    assert {name: found.get(name) for name in expected} == expected
    assert (found["groups"], found["roles"]) == (["g"], ["Work"])
    told = claims(answer["id_token"])
    assert (told["family_name"], told["upn"]) == ("Global", "grace.global@contoso.com")


@pytest.mark.parametrize(
    ("scope", "there"),
    [
        ("openid", set()),
        ("openid profile", {"name", "preferred_username"}),
        ("openid email", {"email"}),
        ("openid profile email", {"name", "preferred_username", "email"}),
    ],
)
def test_scopes_say_what_an_id_token_tells(door, scope, there):
    mine, proof = client(door)
    door.consent(mine, data.graph_app_id, "openid", "profile", "email")
    told = claims(door.tokens(mine, scope=scope, **proof).body["id_token"])
    assert {"name", "preferred_username", "email", "given_name"} & set(told) == there
    assert {"sub", "oid", "tid"} <= set(told)


def test_version_one_answers_with_times_as_text_and_the_api(door):
    mine, proof = client(door)
    form = {"grant_type": "client_credentials", "client_id": mine, "resource": graph, **proof}
    answer = door.ask("POST", f"/{contoso}/oauth2/token", **form).body
    found = claims(answer["access_token"])
    assert answer["expires_in"] == "3599"
    assert (answer["expires_on"], answer["not_before"]) == (str(found["exp"]), str(found["nbf"]))
    assert answer["resource"] == graph


def test_refresh_token_is_good_in_every_tenant_that_knows_the_person(door):
    app = door.register(publicClient={"redirectUris": [home]}).body["appId"]
    fabrikam = door.world.directory.tenant("fabrikam.com")
    dana = fabrikam.user("dana.dual@fabrikam.com")
    for tenant in (door.tenant, fabrikam):
        door.consent(app, data.graph_app_id, "User.Read", tenant=tenant)
    code = door.code(app, scope=f"offline_access {graph}/User.Read")
    asked = door.world.login.request_by_code(code)
    asked.tenant_id, asked.user_id = fabrikam.id, dana.id
    form = {"client_id": app, "redirect_uri": home, "code": code, "code_verifier": verifier}
    token = door.redeem("authorization_code", **form).body["refresh_token"]

    def renewed(tenant, token=token):
        return door.redeem("refresh_token", tenant=tenant, client_id=app, refresh_token=token).body

    guest = renewed("contoso.com")
    assert claims(guest["access_token"])["tid"] == contoso
    assert claims(guest["access_token"])["oid"] != dana.id
    assert claims(renewed("fabrikam.com", guest["refresh_token"])["access_token"])["oid"] == dana.id
    assert renewed("wingtip.example")["error_codes"] == [50020]


def test_application_gets_no_role_through_a_group_and_a_role_without_value_stands_in_no_token(door):
    app_id, (mine, proof) = api(door, 2), client(door)
    door.tenant.principal(app_id).body["appRoles"] = [work, {**work, "id": use["id"], "value": None}]
    principal = door.tenant.principal(mine)
    door.tenant.memberships["g"] = [principal.id]
    assign(door, app_id, "g")
    form = {"client_id": mine, "scope": "api://own/.default", **proof}
    assert "roles" not in claims(door.redeem("client_credentials", tenant=contoso, **form).body["access_token"])
    for role in (work, use):
        row = {"principalId": principal.id, "resourceId": door.tenant.principal(app_id).id, "appRoleId": role["id"]}
        door.tenant.app_role_assignments[role["id"]] = {"id": role["id"], **row}
    found = claims(door.redeem("client_credentials", tenant=contoso, **form).body["access_token"])
    assert found["roles"] == ["Work"]


def test_version_one_gives_people_id_and_refresh_tokens_beside_a_resource(door):
    app_id = door.register(publicClient={"redirectUris": [home]}).body["appId"]
    door.consent(app_id, data.graph_app_id, "User.Read")
    given = {"client_id": app_id, "resource": graph}
    code = {"code": door.code(app_id, scope="openid"), "redirect_uri": home, "code_verifier": verifier}
    path = "/organizations/oauth2/token"
    answer = door.ask("POST", path, grant_type="authorization_code", **given, **code).body
    token = {"refresh_token": answer["refresh_token"]}
    renewed = door.ask("POST", path, grant_type="refresh_token", **given, **token).body
    for one in (answer, renewed):
        assert {"id_token", "refresh_token"} <= set(one)
        assert one["resource"] == graph
