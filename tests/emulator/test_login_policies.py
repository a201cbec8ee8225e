"""What tenants demand of sign-ins: second factor, Conditional Access, lockout, expired passwords, partners."""

import base64
import json

import pytest

from tests.emulator.conftest import contoso, everyday, fabrikam, grace, morgan, privileged, running, sign_in_app

northwind = "90271171-0000-4000-8000-000000000001"
tailspin = "7a115912-0000-4000-8000-000000000001"
wingtip = "31296719-0000-4000-8000-000000000001"
adatum = "ade0ade0-0000-4000-8000-000000000001"
nora = ("nora.global@northwind.example", "Northwind-Nora-1")
nico = ("nico.new@northwind.example", "Northwind-Nico-1")
ellis = ("ellis.eligible@northwind.example", "Northwind-Ellis-1")
tara = ("tara.global@tailspin.example", "Tailspin-Tara-1")
toby = ("toby.member@tailspin.example", "Tailspin-Toby-1")
terry = ("terry.expired@tailspin.example", "Tailspin-Terry-1")
pat = ("pat.provider@sandbox1.example", "Provider-Pat-1")
wingtip_daemon = {
    "client_id": "e8a391e0-0000-4000-8000-000000000003",
    "client_secret": "Wi38Q~default-seed-wingtip-secret-000001",
}


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def refusal(answer):
    return answer.status_code, answer.json()["error"], answer.json()["error_codes"][0]


def demand(emulator, tenant, **policies):
    return emulator.control("PATCH", f"tenants/{tenant}/policies", json=policies)


def person(emulator, who, **change):
    return emulator.control("PATCH", f"people/{who[0]}", json=change)


def walk(emulator, flow, who, number="", browser=None):
    """Sign in, with a second factor when it is asked for."""
    browser = browser or emulator.browser()
    page = emulator.sign_in(flow, who, browser)
    return browser.press(page, "Verify", otc=number) if number else page


def test_second_factor_is_asked_for_and_the_tokens_say_so(emulator):
    demand(emulator, northwind, conditionalAccess=["requireMfa"])
    flow, browser = emulator.device_code(), emulator.browser()
    page = emulator.sign_in(flow, nora, browser)
    assert "Enter code" in page.text
    assert browser.press(page, "Verify", otc="000000").alerts
    page = browser.press(browser.press(page, "Verify", otc="314 159"), "Continue")
    browser.press(page, "Accept")
    assert claims(emulator.poll(flow).json()["access_token"])["amr"] == ["pwd", "mfa"]


def test_session_with_a_second_factor_is_not_asked_again(emulator):
    demand(emulator, northwind, conditionalAccess=["requireMfa"])
    browser = emulator.browser()
    walk(emulator, emulator.device_code(), nora, "314159", browser)
    page = browser.press(
        browser.open(emulator.ready["device_login_url"]), "Next", otc=emulator.device_code()["user_code"]
    )
    assert "Are you trying to sign in" in browser.press(page, "Nora Global").text


def test_person_without_second_factor_must_register(emulator):
    demand(emulator, northwind, conditionalAccess=["requireMfa"])
    assert "AADSTS50079" in emulator.sign_in(emulator.device_code(), nico).text
    person(emulator, nico, mfaNumber="161803")
    assert "Are you trying" in walk(emulator, emulator.device_code(), nico, "161803").text


def test_blocked_device_code_is_53003_in_the_browser_while_the_poller_waits(emulator):
    demand(emulator, contoso, conditionalAccess=["blockDeviceCodeFlow"])
    flow = emulator.device_code()
    page = emulator.sign_in(flow, grace)
    assert "You cannot access this right now" in page.text
    details = ("Error Code53003", "Request Id", "Correlation Id", "Timestamp", f"App id{sign_in_app}", "Device state")
    assert [detail for detail in details if detail not in page.text.replace("Code 5", "Code5")] == []
    assert refusal(emulator.poll(flow)) == (400, "authorization_pending", 70016)
    emulator.advance(901)
    assert refusal(emulator.poll(flow)) == (400, "expired_token", 70020)


def test_block_can_be_met_at_redemption_instead(emulator):
    demand(emulator, contoso, conditionalAccess=["blockDeviceCodeFlow"], deviceCodeBlockAt="redemption")
    flow = emulator.device_code()
    assert "You have signed in" in emulator.grant(flow).text
    answer = emulator.poll(flow)
    assert refusal(answer) == (400, "invalid_grant", 53003)
    assert answer.json()["suberror"] == "message_only"
    assert json.loads(answer.json()["claims"])["access_token"]["capolids"]["values"]


def test_refresh_token_of_a_device_code_session_meets_a_later_block(emulator):
    flow = emulator.device_code(f"{everyday} offline_access")
    emulator.grant(flow)
    token = emulator.poll(flow).json()["refresh_token"]
    demand(emulator, contoso, conditionalAccess=["blockDeviceCodeFlow"])
    assert refusal(_refresh(emulator, token)) == (400, "invalid_grant", 530036)
    demand(emulator, contoso, conditionalAccess=["requireMfa"])
    assert refusal(_refresh(emulator, token)) == (400, "invalid_grant", 50076)
    demand(emulator, contoso, conditionalAccess=[])
    assert _refresh(emulator, token).status_code == 200


def test_compliant_device_is_required(emulator):
    page = emulator.sign_in(emulator.device_code(tenant=wingtip), ("wes.global@wingtip.example", "Wingtip-Wes-1"))
    assert "Set up your device" in page.text
    assert "AADSTS53000" in page.text


def test_policies_in_graphs_own_shape(emulator):
    policy = {
        "displayName": "Block guests and one person",
        "conditions": {"users": {"includeUsers": ["GuestsOrExternalUsers", morgan[0]]}},
        "grantControls": {"builtInControls": ["block"]},
    }
    demand(emulator, contoso, conditionalAccess=[policy])
    assert "You cannot access" in emulator.sign_in(emulator.device_code(), morgan).text
    assert "Are you trying" in emulator.sign_in(emulator.device_code(), grace).text
    demand(emulator, contoso, conditionalAccess=[{**policy, "state": "enabledForReportingButNotEnforced"}])
    assert "Are you trying" in emulator.sign_in(emulator.device_code(), morgan).text


@pytest.mark.parametrize(
    "wrong", [{"conditionalAccess": ["x"]}, {"lockoutSeconds": 0}, {"x": 1}, {"userConsent": "no"}]
)
def test_door_refuses_policies_that_do_not_exist(emulator, wrong):
    door = emulator.ready["control"]
    address = f"{door['url']}tenants/{contoso}/policies"
    answer = emulator.session.patch(address, json=wrong, headers={door["header"]: door["token"]})
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_door_describes_every_policy_and_what_it_can_change_of_people(emulator):
    guide = emulator.control("GET", "")
    assert set(guide["policies"]) == set(emulator.control("GET", f"tenants/{contoso}/policies"))
    assert set(guide["people"]) - {"password"} == set(person(emulator, grace)) - {"id", "userPrincipalName"}


def test_policies_and_people_survive_a_restart(tmp_path):
    state = ("--state", str(tmp_path / "state.json"))
    with running(tmp_path, *state) as emulator:
        demand(emulator, contoso, conditionalAccess=["requireMfa"], userConsent=False)
        person(emulator, grace, mfaNumber="111222", passwordExpired=True)
    with running(tmp_path, *state) as emulator:
        found = emulator.control("GET", f"tenants/{contoso}/policies")
        assert ([row["displayName"] for row in found["conditionalAccess"]], found["userConsent"]) == (
            ["requireMfa"],
            False,
        )
        assert person(emulator, grace)["mfaNumber"] == "111222"


def test_workload_identities_can_be_blocked(emulator):
    form = {**wingtip_daemon, "grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"}
    assert refusal(emulator.post(f"/{wingtip}/oauth2/v2.0/token", **form)) == (400, "invalid_grant", 53003)
    demand(emulator, wingtip, conditionalAccess=[])
    assert emulator.post(f"/{wingtip}/oauth2/v2.0/token", **form).status_code == 200


def test_too_many_wrong_passwords_lock_the_account_for_a_while(emulator):
    browser = emulator.browser()
    page = emulator.sign_in(emulator.device_code(), (tara[0], "wrong"), browser)
    page = browser.press(page, "Sign in", passwd="wrong")
    assert "AADSTS50053" not in page.text
    page = browser.press(page, "Sign in", passwd="wrong")
    assert "AADSTS50053" in page.text
    page = browser.press(page, "Sign in", passwd=tara[1])
    assert "AADSTS50053" in page.text
    emulator.advance(61)
    assert "Are you trying" in browser.press(page, "Sign in", passwd=tara[1]).text


def test_control_door_locks_and_unlocks(emulator):
    assert person(emulator, tara, locked=True)["locked"] is True
    assert "AADSTS50053" in emulator.sign_in(emulator.device_code(), tara).text
    assert person(emulator, tara, locked=False)["locked"] is False


def test_expired_password_must_be_changed(emulator):
    browser = emulator.browser()
    page = emulator.sign_in(emulator.device_code(), terry, browser)
    assert "Update your password" in page.text
    fresh = {"passwd": terry[1], "newpasswd": "Tailspin-Terry-2", "confirmpasswd": "Tailspin-Terry-2"}
    assert browser.press(page, "Sign in", **{**fresh, "confirmpasswd": "other"}).alerts
    assert browser.press(page, "Sign in", **{**fresh, "newpasswd": terry[1], "confirmpasswd": terry[1]}).alerts
    assert "Are you trying" in browser.press(page, "Sign in", **fresh).text
    assert "Are you trying" in emulator.sign_in(emulator.device_code(), (terry[0], "Tailspin-Terry-2")).text


def test_refresh_tokens_end_with_the_password(emulator):
    flow = emulator.device_code(f"{everyday} offline_access")
    emulator.grant(flow)
    token = emulator.poll(flow).json()["refresh_token"]
    person(emulator, grace, passwordExpired=True)
    assert refusal(_refresh(emulator, token)) == (400, "invalid_grant", 50055)
    emulator.advance(1)
    person(emulator, grace, passwordExpired=False, password="Contoso-Grace-2")
    assert refusal(_refresh(emulator, token)) == (400, "invalid_grant", 50173)


def test_user_consent_can_be_off(emulator):
    demand(emulator, contoso, userConsent=False)
    browser = emulator.browser()
    page = browser.press(emulator.sign_in(emulator.device_code(), morgan, browser), "Continue")
    assert "AADSTS90094" in page.text


def test_request_for_an_administrators_consent_carries_a_reason(emulator):
    browser, flow = emulator.browser(), emulator.device_code()
    page = browser.press(emulator.sign_in(flow, toby, browser), "Continue")
    assert "AADSTS90095" in page.text
    assert browser.press(page, "Request approval", reason=" ").alerts
    page = browser.press(page, "Request approval", reason="We need voice.")
    assert "Request sent" in page.text
    assert [(row["reason"], row["status"]) for row in _requests(emulator)] == [("We need voice.", "InProgress")]
    browser.press(page, "Back to app")
    assert refusal(emulator.poll(flow))[1] == "authorization_declined"
    emulator.grant(emulator.device_code(), tara)
    assert [row["status"] for row in _requests(emulator)] == ["Completed"]


def test_eligible_role_is_not_in_the_token(emulator):
    demand(emulator, northwind, conditionalAccess=[])
    flow = emulator.device_code(f"{privileged} RoleManagement.ReadWrite.Directory")
    emulator.grant(flow, ellis)
    token = emulator.poll(flow).json()["access_token"]
    assert "e8611ab8-c189-46e8-94e1-60213ab1f814" not in claims(token)["wids"]
    path = "/v1.0/roleManagement/directory/roleEligibilityScheduleInstances/filterByCurrentUser(on='principal')"
    found = emulator.get(path, headers={"Authorization": f"Bearer {token}"}).json()["value"]
    assert [row["roleDefinitionId"] for row in found] == ["e8611ab8-c189-46e8-94e1-60213ab1f814"]


def test_partner_signs_in_to_the_customer_with_the_relationships_roles(emulator):
    emulator.grant(emulator.device_code(privileged, tenant=adatum), ("ada.global@adatum.example", "Adatum-Ada-1"))
    flow, browser = emulator.device_code(privileged, tenant=adatum), emulator.browser()
    assert "You have signed in" in browser.press(emulator.sign_in(flow, pat, browser), "Continue").text
    token = emulator.poll(flow, tenant=adatum).json()["access_token"]
    found = claims(token)
    assert (found["tid"], found["idp"]) == (adatum, "https://sts.windows.net/a11ce000-0000-4000-8000-000000000001/")
    assert "e8611ab8-c189-46e8-94e1-60213ab1f814" in found["wids"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert emulator.get("/v1.0/organization", headers=bearer).json()["value"][0]["id"] == adatum
    assert emulator.get("/v1.0/me", headers=bearer).status_code == 404


def test_partner_needs_an_application_that_the_customer_consented_to(emulator):
    browser = emulator.browser()
    page = emulator.sign_in(emulator.device_code(tenant=adatum), pat, browser)
    assert "AADSTS90099" in browser.press(page, "Continue").text


def test_stranger_is_no_partner(emulator):
    assert "AADSTS50020" in emulator.sign_in(emulator.device_code(tenant=fabrikam), pat).text


def test_application_that_requires_assignment(emulator):
    emulator.grant(emulator.device_code())
    token = emulator.application_token().json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    address = f"{emulator.url}/v1.0/servicePrincipals(appId='{sign_in_app}')"
    done = emulator.session.patch(address, json={"appRoleAssignmentRequired": True}, headers=bearer)
    assert done.status_code == 204, done.text
    browser = emulator.browser()
    page = browser.press(emulator.sign_in(emulator.device_code(), morgan, browser), "Continue")
    assert "AADSTS50105" in page.text


def _refresh(emulator, token):
    form = {"client_id": sign_in_app, "refresh_token": token, "scope": everyday}
    return emulator.post("/organizations/oauth2/v2.0/token", grant_type="refresh_token", **form)


def _requests(emulator):
    tenants = emulator.control("GET", "state")["tenants"]
    return next(row for row in tenants if row["id"] == tailspin)["settings"]["appConsentRequests"]
