"""Continuous access evaluation: long tokens for who takes claims challenges, ended by what happens meanwhile."""

import base64
import json
import re
from datetime import timedelta

import pytest

from m365_emulator import data
from tests.emulator.conftest import daemon_app, daemon_secret
from tests.emulator.graph_door import noon
from tests.emulator.token_door import TokenDoor, home

able = json.dumps({"access_token": {"xms_cc": {"values": ["CP1"]}}})


def told(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@pytest.fixture
def door():
    return TokenDoor()


def sign_in(door, **form):
    """Somebody's tokens for a public client that was consented to."""
    client = door.register(publicClient={"redirectUris": [home]}).body["appId"]
    door.consent(client, data.graph_app_id, "User.Read", "openid", "offline_access")
    answer = door.tokens(client, scope="openid offline_access User.Read", **form)
    assert answer.status == 200, answer.body
    door.token = answer.body["access_token"]
    return client, answer.body


def happens(door, what):
    """Something happens to the person a minute later."""
    door.world.clock.freeze(noon + timedelta(minutes=1))
    kept, grace = door.token, door.user("grace.global").id
    door.as_person("grace.global")
    change = {
        "password": {"passwordProfile": {"password": "Another-Passw0rd", "forceChangePasswordNextSignIn": False}},
        "disabled": {"accountEnabled": False},
    }
    done = door.patch(f"/users/{grace}", change[what]) if what in change else door.post("/me/revokeSignInSessions")
    assert done.status in (200, 204), done.body
    door.token = kept


def test_who_takes_challenges_gets_tokens_that_live_a_day(door):
    _, answer = sign_in(door, claims=able)
    assert told(answer["access_token"])["xms_cc"] == ["CP1"]
    assert 24 * 3600 <= answer["expires_in"] + 1 <= 28 * 3600
    _, usual = sign_in(door)
    assert "xms_cc" not in told(usual["access_token"])
    assert usual["expires_in"] <= 5400


def test_applications_say_it_too_and_other_apis_tell_it_where_they_ask(door):
    given = {"client_id": daemon_app, "client_secret": daemon_secret, "claims": able, "tenant": door.tenant.id}
    graph = door.redeem("client_credentials", scope="https://graph.microsoft.com/.default", **given).body
    assert told(graph["access_token"])["xms_cc"] == ["CP1"]
    door.register("API", identifierUris=["api://plain"])
    asking = {"accessToken": [{"name": "xms_cc"}]}
    door.register("API", identifierUris=["api://asking"], optionalClaims=asking)
    for name, expected in (("plain", None), ("asking", ["CP1"])):
        answer = door.redeem("client_credentials", scope=f"api://{name}/.default", **given).body
        assert (told(answer["access_token"]).get("xms_cc"), answer["expires_in"]) == (expected, 3599)


@pytest.mark.parametrize("claims", ["{", "[]", '{"access_token": null}', '{"access_token": {"xms_cc": {"values": 1}}}'])
def test_claims_that_say_nothing_of_it_change_nothing(door, claims):
    assert "xms_cc" not in told(sign_in(door, claims=claims)[1]["access_token"])


@pytest.mark.parametrize("what", ["password", "disabled", "revoked"])
def test_what_happens_ends_the_token_with_a_challenge(door, what):
    sign_in(door, claims=able)
    assert door.get("/me").status == 200
    happens(door, what)
    refused = door.get("/me")
    assert (refused.status, refused.code) == (401, "InvalidAuthenticationToken")
    challenge = refused.headers["www-authenticate"]
    assert 'error="insufficient_claims"' in challenge
    wanted = json.loads(base64.b64decode(re.search(r'claims="([^"]+)"', challenge)[1]))
    moment = str(int((noon + timedelta(minutes=1)).timestamp()))
    assert wanted == {"access_token": {"nbf": {"essential": True, "value": moment}}}


def test_another_sign_in_gives_a_token_that_is_good_again(door):
    client, answer = sign_in(door, claims=able)
    happens(door, "revoked")
    renewed = door.redeem("refresh_token", client_id=client, refresh_token=answer["refresh_token"], claims=able)
    assert renewed.body["error_codes"] == [50173]
    door.token = door.tokens(client, scope="openid User.Read", claims=able).body["access_token"]
    assert door.get("/me").status == 200


def test_token_of_who_takes_no_challenge_lives_on(door):
    sign_in(door)
    happens(door, "revoked")
    assert door.get("/me").status == 200


def test_application_that_is_switched_off_is_told_so_at_once(door):
    given = {"client_id": daemon_app, "client_secret": daemon_secret, "claims": able, "tenant": door.tenant.id}
    graph = door.redeem("client_credentials", scope="https://graph.microsoft.com/.default", **given).body
    door.token = graph["access_token"]
    assert door.get("/organization").status == 200
    door.tenant.principal(daemon_app).body["accountEnabled"] = False
    assert 'error="insufficient_claims"' in door.get("/organization").headers["www-authenticate"]


def test_token_that_is_made_in_the_second_of_a_new_password_is_good(door):
    """Tokens say when they were made in whole seconds."""
    door.world.clock.freeze(noon + timedelta(seconds=0.9))
    door.as_person("grace.global")
    password = {"passwordProfile": {"password": "Another-Passw0rd", "forceChangePasswordNextSignIn": False}}
    assert door.patch(f"/users/{door.user('grace.global').id}", password).status == 204
    sign_in(door, claims=able)
    assert door.get("/me").status == 200
