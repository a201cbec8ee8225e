"""A browser's sessions: whose is taken without a page, which ones end, and what stands in the way."""

import pytest

from m365_emulator import data
from m365_emulator.login.memory import Session
from tests.emulator.graph_door import contoso
from tests.emulator.token_door import TokenDoor, home, sent_back

cookie = {"cookie": "__Host-emulator=b1"}
path = "/contoso.com/oauth2/v2.0/authorize"


@pytest.fixture
def door():
    return TokenDoor()


@pytest.fixture
def app_id(door):
    allowed = {"redirectUris": [home], "implicitGrantSettings": {"enableIdTokenIssuance": True}}
    made = door.register(web=allowed).body["appId"]
    door.consent(made, data.graph_app_id, "openid", "User.Read")
    return made


def signed_in(door, *names):
    """These people signed in with the browser, now."""
    now, rows = door.world.clock.seconds(), [door.user(name).id for name in names]
    door.world.login.sessions["b1"] = {f"{contoso}/{oid}": Session(contoso, oid, now) for oid in rows}


def asked(door, app_id, **more):
    given = {"client_id": app_id, "redirect_uri": home, "response_type": "code", "scope": "openid", "nonce": "n"}
    return door.ask("GET", path, headers=cookie, **{**given, **more})


def shown(door, app_id, **more):
    """The page that a redirect within the sign-in leads to."""
    where = asked(door, app_id, **more).headers["location"]
    return door.ask("GET", where.removeprefix(door.world.settings.origin), headers=cookie).body or ""


def goes_back(door, app_id, **more):
    page = asked(door, app_id, **more)
    if page.headers["location"].startswith(home):
        return sent_back(page)
    where = page.headers["location"].removeprefix(door.world.settings.origin)
    return sent_back(door.ask("GET", where, headers=cookie))


def test_sole_account_goes_on_and_several_are_asked(door, app_id):
    signed_in(door, "grace.global")
    assert "code" in goes_back(door, app_id)
    assert "Pick an account" in shown(door, app_id, prompt="select_account")
    signed_in(door, "grace.global", "morgan.member")
    assert "Pick an account" in shown(door, app_id)
    assert "code" in goes_back(door, app_id, login_hint="morgan.member@contoso.com")


def test_silent_sign_in_takes_none_of_several_accounts(door, app_id):
    signed_in(door, "grace.global", "morgan.member")
    refused = sent_back(asked(door, app_id, prompt="none"))
    assert refused["error"] == "login_required"
    assert refused["error_description"].startswith("AADSTS16000")
    assert "code" in sent_back(asked(door, app_id, prompt="none", login_hint="morgan.member@contoso.com"))


def test_disabled_account_gets_nothing_by_its_session(door, app_id):
    signed_in(door, "grace.global")
    door.user("grace.global").body["accountEnabled"] = False
    refused = asked(door, app_id, prompt="none", response_type="id_token")
    assert "id_token" not in refused.headers["location"]
    assert "AADSTS50057" in refused.headers["location"]
    assert "AADSTS50057" in shown(door, app_id)


def test_session_ends_with_the_password_it_came_from(door, app_id):
    signed_in(door, "morgan.member")
    door.world.clock.advance(60)
    profile = {"password": "Contoso-Morgan-2", "forceChangePasswordNextSignIn": False}
    assert (
        door.as_person("grace.global").patch("/users/morgan.member@contoso.com", {"passwordProfile": profile}).status
        == 204
    )
    assert sent_back(asked(door, app_id, prompt="none"))["error"] == "login_required"
    assert "Pick an account" not in shown(door, app_id)


def test_account_whose_password_ran_out_chooses_another(door, app_id):
    signed_in(door, "morgan.member")
    door.user("morgan.member").hidden["password_expired"] = True
    refused = sent_back(asked(door, app_id, prompt="none"))
    assert (refused["error"], refused["error_description"][:11]) == ("interaction_required", "AADSTS50055")
    assert "Update your password" in shown(door, app_id)


def test_client_that_names_no_address_gets_a_registered_one(door, app_id):
    signed_in(door, "grace.global")
    assert "code" in sent_back(asked(door, app_id, prompt="none", redirect_uri=""))
