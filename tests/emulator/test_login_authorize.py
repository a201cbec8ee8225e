"""Sign-in by redirect: authorization code and PKCE."""

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.emulator.conftest import contoso, daemon_app, everyday, grace, sign_in_app

back = "http://localhost:40999/signed-in"
home = "http://localhost:40999"
verifier = "v" * 43
challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def address(emulator, **change):
    query = {
        "client_id": sign_in_app,
        "response_type": "code",
        "redirect_uri": home,
        "scope": everyday,
        "state": "my state",
        "nonce": "n1",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **change,
    }
    request = emulator.session.prepare_request(_request(f"{emulator.url}/organizations/oauth2/v2.0/authorize", query))
    return request.url


def _request(url, query):

    return requests.Request("GET", url, params={key: value for key, value in query.items() if value})


def sign_in(emulator, browser, **change):
    """The redirect that ends the visit, as query parameters."""
    return returned(_signed_in_page(emulator, browser, **change).response)


def _signed_in_page(emulator, browser, **change):
    browser.session.hooks["response"] = [_stop_outside]
    page = browser.open(address(emulator, **change))
    page = browser.press(page, "Next", loginfmt=grace[0])
    page = browser.press(page, "Sign in", passwd=grace[1])
    if "Accept" in page.form.buttons:
        page = browser.press(page, "Accept", check=("for_organization",))
    return page


def _stop_outside(response, **_):
    """The client's own address is nobody's here: keep the redirect instead of following it."""
    if response.headers.get("Location", "").startswith((home, "https://daemon.example")):
        response.headers["X-Returned"] = response.headers.pop("Location")
    return response


def returned(response):
    parts = urlsplit(response.headers["X-Returned"])
    return {key: values[0] for key, values in parse_qs(parts.query or parts.fragment).items()}


def redeem(emulator, code, **change):
    form = {"client_id": sign_in_app, "code": code, "redirect_uri": home, "code_verifier": verifier, **change}
    return emulator.post("/organizations/oauth2/v2.0/token", grant_type="authorization_code", **form)


def number(answer):
    return answer.json()["error"], answer.json()["error_codes"][0]


def test_code_comes_back_with_the_state_and_gives_tokens_once(emulator):
    values = sign_in(emulator, emulator.browser())
    assert values["state"] == "my state"
    answer = redeem(emulator, values["code"])
    assert {"access_token", "id_token"} <= set(answer.json())
    assert number(redeem(emulator, values["code"])) == ("invalid_grant", 54005)


def test_answer_in_the_fragment(emulator):
    assert "code" in sign_in(emulator, emulator.browser(), response_mode="fragment")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"code_verifier": "w" * 43}, 501481),
        ({"code_verifier": ""}, 501481),
        ({"redirect_uri": back}, 500112),
        ({"code": "nonsense"}, 70000),
        ({"client_secret": "x"}, 700025),
    ],
)
def test_code_is_only_for_the_client_that_asked(emulator, change, expected):
    code = sign_in(emulator, emulator.browser())["code"]
    answer = redeem(emulator, **{"code": code, **change})
    assert answer.json()["error_codes"] == [expected]


def test_code_lives_ten_minutes(emulator):
    code = sign_in(emulator, emulator.browser())["code"]
    emulator.advance(601)
    assert number(redeem(emulator, code)) == ("invalid_grant", 70008)


def test_confidential_client_needs_its_secret(emulator):
    web = "https://daemon.example/signed-in"
    browser = emulator.browser()
    browser.session.hooks["response"] = [_stop_outside]
    url = address(emulator, client_id=daemon_app, redirect_uri=web).replace("/organizations/", f"/{contoso}/")
    page = browser.press(browser.open(url), "Next", loginfmt=grace[0])
    page = browser.press(browser.press(page, "Sign in", passwd=grace[1]), "Accept")
    form = {"client_id": daemon_app, "code": returned(page.response)["code"], "redirect_uri": web}
    form["code_verifier"] = verifier
    path = f"/{contoso}/oauth2/v2.0/token"
    assert number(emulator.post(path, grant_type="authorization_code", **form)) == ("invalid_client", 7000218)
    form["client_secret"] = "wrong"
    assert number(emulator.post(path, grant_type="authorization_code", **form)) == ("invalid_client", 7000215)


@pytest.mark.parametrize("wrong", ["https://evil.example/", "https://localhost:40999", f"{home}.evil.example"])
def test_unregistered_address_is_told_on_a_page_and_never_used(emulator, wrong):
    page = emulator.browser().open(address(emulator, redirect_uri=wrong))
    assert page.response.status_code == 400
    assert "AADSTS50011" in page.text


def test_loopback_address_may_have_any_port(emulator):
    assert "Sign in" in emulator.browser().open(address(emulator, redirect_uri="http://localhost:5")).text


def test_answer_is_posted_back(emulator):
    page = _signed_in_page(emulator, emulator.browser(), response_mode="form_post")
    assert page.form.action == home
    assert page.form.fields["state"] == "my state"
    assert "script-src 'sha256-" in page.response.headers["Content-Security-Policy"]
    assert "access_token" in redeem(emulator, page.form.fields["code"]).json()


def test_prompt_login_asks_for_the_password_again(emulator):
    browser = emulator.browser()
    sign_in(emulator, browser)
    page = browser.open(address(emulator, prompt="login"))
    assert "Enter password" in browser.press(page, "Grace Global").text


def test_prompt_consent_shows_the_permissions_again(emulator):
    browser = emulator.browser()
    sign_in(emulator, browser)
    page = browser.open(address(emulator, prompt="consent", login_hint=grace[0]))
    assert "Permissions requested" in page.text
    browser.session.hooks["response"] = [_stop_outside]
    assert "code" in returned(browser.press(page, "Accept").response)


def test_domain_hint_leaves_other_accounts_out(emulator):
    browser = emulator.browser()
    sign_in(emulator, browser)
    for domain, offered in (("contoso.com", True), ("fabrikam.com", False), ("nobody.example", True)):
        page = browser.open(address(emulator, domain_hint=domain, prompt="select_account"))
        assert ("Pick an account" in page.text) is offered


def test_silent_sign_in_says_which_policy_stands_in_the_way(emulator):
    browser = emulator.browser()
    browser.session.hooks["response"] = [_stop_outside]
    sign_in(emulator, browser)
    for name, number_text in (("requireMfa", "AADSTS50076"), ("requireCompliantDevice", "AADSTS53000")):
        emulator.control("PATCH", f"tenants/{contoso}/policies", json={"conditionalAccess": [name]})
        values = returned(browser.open(address(emulator, prompt="none")).response)
        assert values["error"] == "interaction_required"
        assert values["error_description"].startswith(number_text)


def test_compliant_device_passes_by_redirect(emulator):
    browser = emulator.browser()
    browser.session.hooks["response"] = [_stop_outside]
    page = browser.press(browser.open(address(emulator)), "Next", loginfmt="wes.global@wingtip.example")
    page = browser.press(page, "Sign in", passwd="Wingtip-Wes-1")
    values = returned(browser.press(page, "Accept").response)
    assert redeem(emulator, values["code"]).status_code == 200


@pytest.mark.parametrize(
    ("platform", "headers", "expected"),
    [
        ("spa", {}, 9002327),
        ("spa", {"Origin": "http://localhost:40999"}, None),
        ("publicClient", {}, None),
        ("web", {}, 7000218),
    ],
)
def test_platform_of_the_address_says_what_proof_is_due(emulator, platform, headers, expected):
    seed = {
        "seed": "p",
        "tenants": [
            {
                "id": contoso,
                "displayName": "C",
                "domains": ["contoso.com"],
                "people": [
                    {"upn": grace[0], "displayName": "G", "password": grace[1], "roles": ["Global Administrator"]}
                ],
                "applications": [
                    {
                        "name": "a",
                        "displayName": "A",
                        "appId": sign_in_app,
                        "publicClient": platform != "web",
                        "multiTenant": True,
                        "delegated": ["User.Read"],
                        "spaRedirectUris": [],
                        "redirectUris": [],
                        "publicRedirectUris": [],
                    }
                ],
            }
        ],
    }
    key = {"spa": "spaRedirectUris", "publicClient": "publicRedirectUris", "web": "redirectUris"}[platform]
    seed["tenants"][0]["applications"][0][key] = [home]
    emulator.control("POST", "seed", json=seed)
    form = {
        "client_id": sign_in_app,
        "code": sign_in(emulator, emulator.browser())["code"],
        "redirect_uri": home,
        "code_verifier": verifier,
        "grant_type": "authorization_code",
    }
    answer = emulator.session.post(f"{emulator.url}/organizations/oauth2/v2.0/token", data=form, headers=headers)
    assert (answer.json()["error_codes"][0] if "error" in answer.json() else None) == expected


def test_silent_sign_in_needs_a_session(emulator):
    browser = emulator.browser()
    browser.session.hooks["response"] = [_stop_outside]
    assert returned(browser.open(address(emulator, prompt="none")).response)["error"] == "login_required"
    sign_in(emulator, browser)
    assert "code" in returned(browser.open(address(emulator, prompt="none")).response)


def test_hint_goes_straight_to_the_password(emulator):
    page = emulator.browser().open(address(emulator, login_hint=grace[0]))
    assert "Enter password" in page.text


def test_no_at_the_permissions_comes_back_as_access_denied(emulator):
    browser = emulator.browser()
    browser.session.hooks["response"] = [_stop_outside]
    page = browser.press(browser.open(address(emulator)), "Next", loginfmt=grace[0])
    page = browser.press(browser.press(page, "Sign in", passwd=grace[1]), "Cancel")
    values = returned(page.response)
    assert (values["error"], values["error_subcode"]) == ("access_denied", "cancel")


def test_refusals_by_redirect_say_what_to_ask_after(emulator):
    browser = emulator.browser()
    browser.session.hooks["response"] = [_stop_outside]
    answer = browser.open(address(emulator, prompt="none")).response
    values = returned(answer)
    assert values["error_description"].startswith("AADSTS50058: ")
    assert f"Trace ID: {answer.headers['x-ms-request-id']} Correlation ID: " in values["error_description"]
    assert "Timestamp: 2026-11-20 12:00:00Z" in values["error_description"]
    assert values["error_uri"] == f"{emulator.url}/error?code=50058"
    own = {"client-request-id": "3dd31baf-959c-43d3-9eda-035b6fc1ecd2"}
    named = returned(browser.open(address(emulator, prompt="none", **own)).response)
    assert f"Correlation ID: {own['client-request-id']} " in named["error_description"]


def test_what_the_client_got_wrong_comes_back_to_it(emulator):
    browser = emulator.browser()
    browser.session.hooks["response"] = [_stop_outside]
    for change in (
        {"response_type": "token"},
        {"response_mode": "pigeon"},
        {"prompt": "create"},
        {"code_challenge_method": "S512"},
    ):
        assert "error" in returned(browser.open(address(emulator, **change)).response)
