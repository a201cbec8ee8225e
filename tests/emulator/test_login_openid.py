"""What OpenID Connect and browsers want beyond tokens: userinfo, signing out, id tokens from pages, other origins."""

import pytest

from m365_emulator import data
from m365_emulator.login import addresses, clients
from m365_emulator.login.memory import Session
from tests.emulator.graph_door import contoso
from tests.emulator.test_login_policies import claims
from tests.emulator.token_door import TokenDoor, home, sent_back, verifier

graph = "https://graph.microsoft.com"
page = {"origin": "https://client.example"}


@pytest.fixture
def door():
    return TokenDoor()


def granted(door, *values, **body):
    application = door.register(publicClient={"redirectUris": [home]}, **body)
    door.consent(application.body["appId"], data.graph_app_id, "User.Read", *values)
    return application.body["appId"]


def test_discovery_names_every_endpoint_and_each_answers(door):
    for path in ("/contoso.com/v2.0/.well-known/openid-configuration", "/common/.well-known/openid-configuration"):
        found = door.ask("GET", path).body
        wanted = ("authorization", "token", "userinfo", "end_session")
        for address in [found[f"{name}_endpoint"] for name in wanted]:
            assert door.ask("GET", address.removeprefix(door.world.settings.origin)).status != 404
        assert found["rbac_url"]


def test_instance_discovery_follows_the_authority_and_knows_its_host(door):
    origin = door.world.settings.origin

    def found(authority):
        where = f"{authority}/oauth2/v2.0/authorize" if authority else ""
        return door.ask("GET", "/common/discovery/instance", authorization_endpoint=where)

    for authority in (f"{origin}/contoso.com", "https://login.microsoftonline.com/contoso.com"):
        address = found(authority).body["tenant_discovery_endpoint"]
        assert address == f"{origin}/contoso.com/v2.0/.well-known/openid-configuration"
    assert "/common/" in found("").body["tenant_discovery_endpoint"]
    for authority in ("https://login.nowhere.example/contoso.com", "https://[x"):
        refused = found(authority)
        assert (refused.status, refused.body["error"], refused.body["error_codes"]) == (
            400,
            "invalid_instance",
            [50049],
        )


def test_userinfo_tells_what_the_tokens_permissions_allow(door):
    app_id = granted(door, "openid", "profile", "email")
    answer = door.tokens(app_id, scope=f"openid profile email {graph}/User.Read").body
    door.token = answer["access_token"]
    found = door.ask("GET", "/oidc/userinfo").body
    assert (found["name"], found["given_name"], found["family_name"]) == ("Grace Global", "Grace", "Global")
    assert (found["email"], found["sub"]) == ("grace.global@contoso.com", claims(answer["id_token"])["sub"])
    door.token = door.tokens(granted(door), scope=f"{graph}/User.Read").body["access_token"]
    assert set(door.ask("POST", "/oidc/userinfo").body) == {"sub"}
    assert TokenDoor().ask("GET", "/oidc/userinfo").status == 401


@pytest.mark.parametrize("segment", ["common", "organizations", "contoso.com"])
def test_signing_out_goes_back_to_a_registered_address_only(door, segment):
    app_id, path = granted(door), f"/{segment}/oauth2/v2.0/logout"
    kept = door.world.login.sessions
    kept["b1"] = {f"{contoso}/x": Session(contoso, "x", 0.0)}
    asked = {"post_logout_redirect_uri": home, "state": "s 1"}
    left = door.ask("GET", path, client_id=app_id, headers={"cookie": "__Host-emulator=b1"}, **asked)
    assert (left.headers["location"], kept) == (f"{home}?state=s+1", {})
    assert door.ask("POST", path, **asked).status == 303
    assert "signed out" in door.ask("GET", path, post_logout_redirect_uri="https://evil.example/").body
    assert "signed out" in door.ask("GET", path, client_id=granted_elsewhere(door), **asked).body


def granted_elsewhere(door):
    return door.register("Other", web={"redirectUris": ["https://other.example"]}).body["appId"]


def asked_for(app_id, **more):
    return {
        "client_id": app_id,
        "redirect_uri": home,
        "response_type": "code id_token",
        "scope": "openid",
        "nonce": "n1",
        "state": "s",
        **more,
    }


def test_id_token_comes_from_the_pages_where_the_registration_allows_it(door):
    path = "/organizations/oauth2/v2.0/authorize"
    refused = door.ask("GET", path, **asked_for(granted(door), response_mode="form_post"))
    assert "AADSTS700054" in refused.body
    allowed = {"redirectUris": [], "implicitGrantSettings": {"enableIdTokenIssuance": True}}
    app_id = granted(door, "openid", web=allowed)
    grace = door.user("grace.global").id
    door.world.login.sessions["b1"] = {f"{contoso}/{grace}": Session(contoso, grace, 1.0)}
    cookie = {"cookie": "__Host-emulator=b1"}
    silent = door.ask("POST", path, headers=cookie, **asked_for(app_id, prompt="none"))
    values = dict(pair.split("=") for pair in silent.headers["location"].partition("#")[2].split("&"))
    found = claims(values["id_token"])
    assert (found["nonce"], found["aud"], len(found["c_hash"])) == ("n1", app_id, 22)
    assert values["code"]
    query = door.ask("GET", path, headers=cookie, **asked_for(app_id, prompt="none", response_type="code"))
    assert set(sent_back(query)) == {"code", "session_state", "state"}


def test_version_one_of_the_pages_names_an_api_by_resource(door):
    app_id = granted(door, "openid", "profile", "offline_access")
    grace = door.user("grace.global").id
    door.world.login.sessions["b1"] = {f"{contoso}/{grace}": Session(contoso, grace, 1.0)}
    asked = {**asked_for(app_id, prompt="none", response_type="code", resource=graph), "scope": ""}
    cookie = {"cookie": "__Host-emulator=b1"}
    code = sent_back(door.ask("POST", "/common/oauth2/authorize", headers=cookie, **asked))["code"]
    form = {"grant_type": "authorization_code", "client_id": app_id, "code": code, "redirect_uri": home}
    answer = door.ask("POST", "/common/oauth2/token", **form).body
    assert claims(answer["access_token"])["aud"] == graph
    assert {"refresh_token", "id_token"} <= set(answer)


@pytest.mark.parametrize("end", ["v2.0/token", "token", "v2.0/devicecode", "devicecode"])
def test_token_endpoint_takes_posts_only(door, end):
    path = f"/common/oauth2/{end}"
    assert door.ask("GET", path).body["error_codes"] == [900561]


def test_single_page_needs_pkce_and_nobody_else_may_redeem_from_a_page(door):
    spa = door.register(spa={"redirectUris": [home]}).body["appId"]
    code = door.code(spa, scope="openid")
    door.world.login.request_by_code(code).challenge = ""
    form = {"client_id": spa, "code": code, "redirect_uri": home}
    assert door.redeem("authorization_code", origin=page["origin"], **form).body["error_codes"] == [9002325]
    crossed = door.tokens(granted(door), scope="openid", origin=page["origin"])
    assert crossed.body["error_codes"] == [9002326]


@pytest.mark.parametrize(
    "path",
    [
        "/v1.0/me",
        "/common/v2.0/.well-known/openid-configuration",
        "/common/discovery/v2.0/keys",
        "/common/discovery/instance",
        "/common/oauth2/v2.0/token",
    ],
)
def test_pages_of_other_origins_may_read_the_answer(door, path):
    wanted = {**page, "access-control-request-method": "POST", "access-control-request-headers": "x-client-sku"}
    asked = door.ask("OPTIONS", path, headers=wanted)
    assert (asked.status, asked.headers["access-control-allow-origin"]) == (200, "*")
    assert asked.headers["access-control-allow-headers"] == "x-client-sku"
    assert door.ask("GET", path, headers=page).headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in door.ask("GET", path).headers


def test_sign_in_pages_are_closed_to_other_origins(door):
    assert "access-control-allow-origin" not in door.ask("GET", "/devicelogin", headers=page).headers


@pytest.mark.parametrize(("sent", "number"), [(verifier, None), ("w" * 43, 501481)])
def test_challenge_may_be_the_verifier_itself(door, sent, number):
    app_id = granted(door)
    code = door.code(app_id, scope=f"{graph}/User.Read")
    asked = door.world.login.request_by_code(code)
    asked.challenge, asked.challenge_method = verifier, "plain"
    form = {"client_id": app_id, "code": code, "redirect_uri": home, "code_verifier": sent}
    assert door.redeem("authorization_code", **form).body.get("error_codes") == ([number] if number else None)


@pytest.mark.parametrize(("named", "kept"), [("", "plain"), ("plain", "plain"), ("S256", "S256"), ("S1", None)])
def test_challenge_without_a_method_is_plain(door, named, kept):
    asked = {"client_id": granted(door), "response_type": "code", "redirect_uri": home, "scope": "openid"}
    path = "/organizations/oauth2/v2.0/authorize"
    answer = door.ask("GET", path, code_challenge=verifier, code_challenge_method=named, **asked)
    made = next(iter(door.world.login.requests.values()))
    assert (made.challenge_method if "error" not in sent_back(answer) else None) == kept
    for wrong in ("abc", f"{verifier}=" if named == "S256" else "v" * 129):
        answer = door.ask("GET", path, code_challenge=wrong, code_challenge_method=named, **asked)
        assert sent_back(answer)["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("began_at", "tenant", "number"),
    [
        ("common", "contoso.com", None),
        ("contoso.com", contoso, None),
        ("common", "organizations", None),
        ("common", "fabrikam.com", 700005),
        ("contoso.com", "common", 700005),
        ("contoso.com", "fabrikam.com", 700005),
    ],
)
def test_code_is_good_at_its_tenant_by_any_name(door, began_at, tenant, number):
    app_id = granted(door)
    code = door.code(app_id, scope=f"{graph}/User.Read")
    door.world.login.request_by_code(code).segment = began_at
    form = {"client_id": app_id, "code": code, "redirect_uri": home, "code_verifier": verifier}
    answer = door.redeem("authorization_code", tenant=tenant, **form).body
    assert answer.get("error_codes") == ([number] if number else None)


def test_address_as_it_is_registered_says_the_platform(door):
    body = {"web": {"redirectUris": ["http://localhost:1/"]}, "spa": {"redirectUris": ["http://localhost:2/"]}}
    client = clients.find(door.world, granted(door, **body), None)
    found = [addresses.platform(client, f"http://localhost:{port}/") for port in (1, 2, 3)]
    assert found == ["web", "spa", "web"]
    client.application.body["web"] = None
    assert addresses.platform(client, "http://[x") == ""
