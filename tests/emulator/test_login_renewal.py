"""Refresh tokens: what proof is due, how long they live, and where they are good."""

import pytest

from m365_emulator import credentials, data
from tests.emulator.graph_door import noon
from tests.emulator.test_login_policies import claims
from tests.emulator.token_door import TokenDoor, home, verifier

asked = "openid offline_access https://graph.microsoft.com/User.Read"
page = "https://client.example"


@pytest.fixture
def door():
    return TokenDoor()


def registered(door, platform, *, public):
    application = door.register(isFallbackPublicClient=public, **{platform: {"redirectUris": [home]}})
    door.consent(application.body["appId"], data.graph_app_id, "User.Read")
    return application


def secret_of(door, application):
    made = credentials.add_password(door.world, application, display_name=None, starts=noon, ends=noon.replace(2028))
    return made["secretText"]


@pytest.mark.parametrize("public", [True, False])
@pytest.mark.parametrize("platform", ["web", "publicClient", "spa"])
def test_platform_of_the_address_says_what_proof_renewal_needs(door, platform, public):
    application = registered(door, platform, public=public)
    app_id = application.body["appId"]
    proof = {"client_secret": secret_of(door, application)}
    origin = page if platform == "spa" else ""
    right, wrong = (proof, {}) if platform == "web" else ({}, proof)
    token = door.tokens(app_id, scope=asked, origin=origin, **right).body["refresh_token"]

    def renew(**more):
        return door.redeem("refresh_token", client_id=app_id, refresh_token=token, origin=origin, **more)

    assert renew(**right).status == 200
    assert renew(**wrong).body["error_codes"] == [7000218 if platform == "web" else 700025]


def test_single_pages_token_needs_an_origin_and_ends_a_day_after_the_sign_in(door):
    app_id = registered(door, "spa", public=False).body["appId"]
    token = door.tokens(app_id, scope=asked, origin=page).body["refresh_token"]

    def renew(token, origin=page):
        return door.redeem("refresh_token", client_id=app_id, refresh_token=token, origin=origin).body

    assert renew(token, origin="")["error_codes"] == [9002327]
    door.world.clock.advance(80_000)
    later = renew(token)["refresh_token"]
    door.world.clock.advance(10_000)
    assert renew(later)["error_codes"] == [700084]


def test_password_given_through_graph_ends_refresh_tokens_and_may_ask_for_another(door):
    app_id = registered(door, "publicClient", public=True).body["appId"]
    token = door.tokens(app_id, scope=asked).body["refresh_token"]
    door.world.clock.advance(1)
    door.as_person("grace.global")

    def given(**profile):
        assert door.patch("/users/grace.global@contoso.com", {"passwordProfile": profile}).status == 204
        return door.redeem("refresh_token", client_id=app_id, refresh_token=token).body["error_codes"]

    assert given(password="Contoso-Grace-2") == [50173]
    assert given(forceChangePasswordNextSignIn=True) == [50055]
    assert given(password="Contoso-Grace-3") == [50173]


def test_person_made_with_a_password_for_one_sign_in_is_asked_for_another(door):
    app_id = registered(door, "publicClient", public=True).body["appId"]
    name, profile = "new@contoso.com", {"password": "Contoso-New-1", "forceChangePasswordNextSignIn": True}
    wanted = {"accountEnabled": True, "displayName": "New", "mailNickname": "new", "userPrincipalName": name}
    assert door.as_person("grace.global").post("/users", {**wanted, "passwordProfile": profile}).status == 201
    given = {"client_id": app_id, "username": name, "password": "Contoso-New-1", "scope": asked}
    assert door.redeem("password", **given).body["error_codes"] == [50055]


def test_scope_of_the_api_alone_keeps_the_tokens_that_the_sign_in_asked_for(door):
    app_id = registered(door, "publicClient", public=True).body["appId"]
    door.consent(app_id, data.graph_app_id, "openid", "profile", "offline_access")
    code = door.code(app_id, scope=f"profile {asked}")
    given = {"client_id": app_id, "code": code, "redirect_uri": home, "code_verifier": verifier}
    first = door.redeem("authorization_code", scope="https://graph.microsoft.com/User.Read", **given).body
    assert {"access_token", "id_token", "refresh_token"} <= set(first)
    later = first
    for _ in range(2):
        token = later["refresh_token"]
        later = door.redeem("refresh_token", client_id=app_id, refresh_token=token, scope="User.Read").body
        assert {"access_token", "id_token", "refresh_token"} <= set(later)


def test_renewal_for_several_apis_gives_a_token_for_the_first(door):
    app_id = registered(door, "publicClient", public=True).body["appId"]
    token = door.tokens(app_id, scope=asked).body["refresh_token"]
    several = "https://graph.microsoft.com/User.Read https://management.azure.com/user_impersonation"
    renewed = door.redeem("refresh_token", client_id=app_id, refresh_token=token, scope=several).body
    assert claims(renewed["access_token"])["aud"] == "https://graph.microsoft.com"
