"""The admin consent links of versions 1 and 2: who may, what is granted, what is taken back, what the client hears."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.emulator.conftest import avery, contoso, daemon_app, grace, morgan, sign_in_app
from tests.emulator.test_login_policies import claims

back = "https://daemon.example/signed-in"
home = "http://localhost:40999"
graph = "https://graph.microsoft.com/.default"


def link(emulator, *, tenant=contoso, version="/v2.0", **change):
    query = {"client_id": daemon_app, "redirect_uri": back, "scope": graph, "state": "s 1", **change}
    return f"{emulator.url}/{tenant}{version}/adminconsent?{urlencode({k: v for k, v in query.items() if v})}"


def follow(emulator, who, address, button="Accept"):
    """Sign in at the link and press the button; what the client hears, or the page when it hears nothing."""
    browser = emulator.browser()
    browser.session.hooks["response"] = [_stop_outside]
    page = browser.press(browser.open(address), "Next", loginfmt=who[0])
    page = browser.press(page, "Sign in", passwd=who[1])
    if button not in page.form.buttons:
        return page
    page = browser.press(page, button)
    query = parse_qs(urlsplit(page.response.headers["X-Returned"]).query)
    return {key: values[0] for key, values in query.items()}


def _stop_outside(response, **_):
    if response.headers.get("Location", "").startswith((home, "https://daemon.example")):
        response.headers["X-Returned"] = response.headers.pop("Location")
    return response


def roles(emulator):
    token = emulator.application_token().json()["access_token"]
    return claims(token).get("roles")


def granted(emulator, app_id):
    tenant = next(row for row in emulator.control("GET", "state")["tenants"] if row["id"] == contoso)
    principal = next(
        (
            row
            for row in tenant["objects"].values()
            if row["kind"] == "servicePrincipal" and row["body"]["appId"] == app_id
        ),
        None,
    )
    if principal is None:
        return None
    return [row["scope"] for row in tenant["permission_grants"].values() if row["clientId"] == principal["id"]]


@pytest.mark.parametrize("version", ["", "/v2.0"])
def test_administrator_consents_and_the_client_hears_it(emulator, version):
    values = follow(emulator, grace, link(emulator, version=version, scope=graph if version else ""))
    told = {"admin_consent": "True", "tenant": contoso, "state": "s 1"}
    assert values == (told | {"scope": graph} if version else told)
    assert sorted(roles(emulator)) == ["Application.ReadWrite.All", "Organization.Read.All"]


def test_multi_tenant_application_gets_its_service_principal_and_delegated_permissions(emulator):
    address = link(emulator, tenant="organizations", client_id=sign_in_app, redirect_uri=home)
    assert follow(emulator, grace, address)["tenant"] == contoso
    assert "RoleManagement.ReadWrite.Directory" in granted(emulator, sign_in_app)[0].split()


def test_named_permissions_are_added_to_what_is_there(emulator):
    named = {"client_id": sign_in_app, "redirect_uri": home}
    follow(emulator, grace, link(emulator, scope="User.Read", **named))
    follow(emulator, grace, link(emulator, scope="https://graph.microsoft.com/Policy.Read.All", **named))
    assert granted(emulator, sign_in_app) == ["User.Read Policy.Read.All"]


def test_openid_scopes_are_granted_with_the_others(emulator):
    scope = "openid profile https://graph.microsoft.com/User.Read"
    follow(emulator, grace, link(emulator, client_id=sign_in_app, redirect_uri=home, scope=scope))
    assert granted(emulator, sign_in_app) == ["openid profile User.Read"]


def test_version_one_of_the_link_leads_anybodys_administrator(emulator):
    address = link(emulator, tenant="common", version="", scope="", client_id=sign_in_app, redirect_uri=home)
    assert follow(emulator, grace, address)["tenant"] == contoso


def test_what_the_registration_no_longer_lists_is_taken_back(emulator):
    follow(emulator, grace, link(emulator, client_id=sign_in_app, redirect_uri=home, scope="Mail.Read"))
    emulator.control("PATCH", f"tenants/{contoso}/policies", json={"adminConsentRevokes": False})
    follow(emulator, grace, link(emulator, client_id=sign_in_app, redirect_uri=home))
    assert "Mail.Read" in granted(emulator, sign_in_app)[0].split()
    emulator.control("PATCH", f"tenants/{contoso}/policies", json={"adminConsentRevokes": True})
    follow(emulator, grace, link(emulator, client_id=sign_in_app, redirect_uri=home))
    assert "Mail.Read" not in granted(emulator, sign_in_app)[0].split()


def test_application_administrator_may_not_grant_graphs_application_permissions(emulator):
    assert "Need admin approval" in follow(emulator, avery, link(emulator)).text
    assert follow(emulator, avery, link(emulator, client_id=sign_in_app, redirect_uri=home))["admin_consent"] == "True"


def test_plain_member_may_grant_nothing(emulator):
    page = follow(emulator, morgan, link(emulator, client_id=sign_in_app, redirect_uri=home))
    assert "AADSTS90094" in page.text
    assert granted(emulator, sign_in_app) is None


def test_cancel_comes_back_as_access_denied(emulator):
    values = follow(emulator, grace, link(emulator), "Cancel")
    assert (values["error"], values["admin_consent"], values["state"]) == ("access_denied", "True", "s 1")
    assert "AADSTS65004" in values["error_description"]


def test_cancel_at_version_one_has_its_own_word(emulator):
    address = link(emulator, version="", scope=None)
    values = follow(emulator, grace, address, "Cancel")
    assert (values["error"], values["error_description"]) == ("permission_denied", "The admin canceled the request")


def test_race_of_two_consents_is_a_fault(emulator):
    fault = {"match": {"method": "CONSENT", "times": 1}, "effect": {"aadsts": 650051}}
    emulator.control("PUT", "faults/race", json=fault)
    address = link(emulator, client_id=sign_in_app, redirect_uri=home)
    values = follow(emulator, grace, address)
    assert (values["error"], values["error_description"][:12]) == ("access_denied", "AADSTS650051")
    assert granted(emulator, sign_in_app) == []
    assert follow(emulator, grace, address)["admin_consent"] == "True"


def test_race_at_a_persons_own_consent_is_told_on_the_page(emulator):
    fault = {"match": {"method": "CONSENT", "times": 1}, "effect": {"aadsts": 650051}}
    emulator.control("PUT", "faults/race", json=fault)
    assert "AADSTS650051" in emulator.grant(emulator.device_code()).text


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"tenant": "common"}, "AADSTS50059"),
        ({"scope": ""}, "AADSTS900144"),
        ({"scope": "Nonsense.Read"}, "AADSTS70011"),
        ({"client_id": contoso}, "AADSTS700016"),
        ({"redirect_uri": "https://evil.example/"}, "AADSTS50011"),
    ],
)
def test_what_is_wrong_with_the_link_is_told_on_a_page(emulator, change, expected):
    page = emulator.browser().open(link(emulator, **change))
    assert (page.response.status_code, expected in page.text) == (400, True)
