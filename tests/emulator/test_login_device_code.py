"""The device code grant in all its outcomes, through the pages that people see."""

import base64
import json

import pytest

from tests.emulator.conftest import (
    avery,
    contoso,
    daemon_app,
    dana,
    drew,
    everyday,
    fabrikam,
    grace,
    morgan,
    privileged,
    sign_in_app,
)


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def refusal(answer):
    return answer.status_code, answer.json()["error"], answer.json()["error_codes"][0]


def test_start_answers_as_entra_does(emulator):
    flow = emulator.device_code()
    assert (flow["expires_in"], flow["interval"], len(flow["user_code"])) == (900, 5, 9)
    assert flow["verification_uri"] == emulator.ready["device_login_url"]
    assert flow["user_code"] in flow["message"]


def test_poll_before_sign_in_is_pending_with_trace_ids(emulator):
    answer = emulator.poll(emulator.device_code())
    assert refusal(answer) == (400, "authorization_pending", 70016)
    assert {"error_description", "timestamp", "trace_id", "correlation_id", "error_uri"} <= set(answer.json())


def test_administrator_consents_and_the_tokens_say_so(emulator):
    flow = emulator.device_code(privileged)
    page = emulator.grant(flow)
    assert "You have signed in to the Sandbox1-sp2-token application" in page.text
    answer = emulator.poll(flow, client_info="1").json()
    access, identity = claims(answer["access_token"]), claims(answer["id_token"])
    assert set(privileged.split()) <= set(answer["scope"].split())
    assert (access["tid"], access["idtyp"], access["appid"]) == (contoso, "user", sign_in_app)
    assert "62e90394-69f5-4237-9190-012177145e10" in access["wids"]
    assert (identity["preferred_username"], identity["aud"]) == (grace[0], sign_in_app)
    assert identity["iss"] == f"{emulator.url}/{contoso}/v2.0"
    assert identity["sub"] != access["sub"]
    assert "client_info" in answer


def test_consent_makes_the_enterprise_application_and_the_grant(emulator):
    emulator.grant(emulator.device_code(privileged))
    tenant = next(row for row in emulator.control("GET", "state")["tenants"] if row["id"] == contoso)
    principal = next(row for row in tenant["objects"].values() if row["body"].get("appId") == sign_in_app)
    grants = [row for row in tenant["permission_grants"].values() if row["clientId"] == principal["id"]]
    assert principal["body"]["displayName"] == "Sandbox1-sp2-token"
    assert [(row["consentType"], row["scope"]) for row in grants] == [("AllPrincipals", privileged)]


def test_consent_without_the_box_is_for_that_person_alone(emulator):
    emulator.grant(emulator.device_code(privileged), for_all=False)
    again, browser = emulator.device_code(privileged), emulator.browser()
    assert "You have signed in" in browser.press(emulator.sign_in(again, grace, browser), "Continue").text
    other, browser = emulator.device_code(privileged), emulator.browser()
    assert "Need admin approval" in browser.press(emulator.sign_in(other, morgan, browser), "Continue").text


def test_application_administrator_consents_to_delegated_permissions(emulator):
    flow = emulator.device_code(privileged)
    emulator.grant(flow, avery)
    assert set(privileged.split()) <= set(emulator.poll(flow).json()["scope"].split())


def test_second_sign_in_asks_for_nothing_new(emulator):
    emulator.grant(emulator.device_code(privileged))
    flow = emulator.device_code(privileged)
    browser = emulator.browser()
    page = browser.press(emulator.sign_in(flow, morgan, browser), "Continue")
    assert "You have signed in" in page.text
    assert emulator.poll(flow).status_code == 200


def test_device_code_works_once(emulator):
    flow = emulator.device_code()
    emulator.grant(flow)
    assert emulator.poll(flow).status_code == 200
    assert refusal(emulator.poll(flow)) == (400, "invalid_grant", 70000)


def test_cancel_at_the_question_declines(emulator):
    flow, browser = emulator.device_code(), emulator.browser()
    page = emulator.sign_in(flow, grace, browser)
    assert "Are you trying to sign in to Sandbox1-sp2-token?" in page.text
    assert "You have declined" in browser.press(page, "Cancel").text
    assert refusal(emulator.poll(flow))[:2] == (400, "authorization_declined")


def test_cancel_at_the_permissions_declines(emulator):
    flow, browser = emulator.device_code(privileged), emulator.browser()
    page = browser.press(emulator.sign_in(flow, grace, browser), "Continue")
    assert "Read organization information" in page.text
    browser.press(page, "Cancel")
    assert emulator.poll(flow).json()["error"] == "authorization_declined"


def test_plain_member_needs_an_administrators_approval(emulator):
    flow, browser = emulator.device_code(privileged), emulator.browser()
    page = browser.press(emulator.sign_in(flow, morgan, browser), "Continue")
    assert "Need admin approval" in page.text
    assert "AADSTS90094" in page.text
    assert emulator.poll(flow).json()["error"] == "authorization_pending"
    browser.press(page, "Return to the application")
    assert emulator.poll(flow).json()["error"] == "authorization_declined"


def test_administrator_takes_over_at_the_approval_page(emulator):
    flow, browser = emulator.device_code(privileged), emulator.browser()
    page = browser.press(emulator.sign_in(flow, morgan, browser), "Continue")
    page = browser.press(page, "Have an admin account?")
    page = browser.press(page, "Next", loginfmt=grace[0])
    page = browser.press(browser.press(page, "Sign in", passwd=grace[1]), "Continue")
    browser.press(page, "Accept", check=("for_organization",))
    assert claims(emulator.poll(flow).json()["id_token"])["preferred_username"] == grace[0]


def test_plain_member_may_agree_to_everyday_permissions(emulator):
    flow = emulator.device_code(everyday)
    emulator.grant(flow, morgan, for_all=False)
    assert emulator.poll(flow).json()["scope"] == everyday


def test_wrong_password_is_told_at_the_field_and_can_be_corrected(emulator):
    flow, browser = emulator.device_code(), emulator.browser()
    page = emulator.sign_in(flow, (grace[0], "not it"), browser)
    assert page.alerts == ["Your account or password is incorrect. If you don't remember your password, reset it now."]
    assert "Are you trying" in browser.press(page, "Sign in", passwd=grace[1]).text


def test_unknown_account_is_told_at_the_field(emulator):
    flow, browser = emulator.device_code(), emulator.browser()
    page = browser.press(browser.open(flow["verification_uri"]), "Next", otc=flow["user_code"])
    page = browser.press(page, "Next", loginfmt="nobody@contoso.com")
    assert "We couldn't find an account with that username." in page.alerts[0]
    assert page.form.fields["loginfmt"] == "nobody@contoso.com"


def test_disabled_person_is_refused(emulator):
    page = emulator.sign_in(emulator.device_code(), drew)
    assert page.alerts == ["AADSTS50057: The user account is disabled."]


def test_wrong_code_is_told_at_the_field(emulator):
    browser = emulator.browser()
    page = browser.press(browser.open(emulator.ready["device_login_url"]), "Next", otc="WRONGCODE")
    assert page.alerts == ["That code didn't work. Check the code and try again."]
    assert page.form.fields["otc"] == "WRONGCODE"


def test_code_is_read_without_case_and_blanks(emulator):
    code, browser = emulator.device_code()["user_code"].lower(), emulator.browser()
    page = browser.press(browser.open(emulator.ready["device_login_url"]), "Next", otc=f" {code[:4]} {code[4:]} ")
    assert "Sign in" in page.text


def test_expired_code_is_refused_on_the_page_and_at_the_poll(emulator):
    flow, browser = emulator.device_code(), emulator.browser()
    page = browser.open(flow["verification_uri"])
    emulator.advance(901)
    assert "That code has expired." in browser.press(page, "Next", otc=flow["user_code"]).alerts[0]
    assert refusal(emulator.poll(flow)) == (400, "expired_token", 70020)


def test_code_that_expires_during_sign_in_ends_the_visit(emulator):
    flow, browser = emulator.device_code(), emulator.browser()
    page = emulator.sign_in(flow, grace, browser)
    emulator.advance(901)
    assert "AADSTS70019" in browser.press(page, "Continue").alerts[0]


def test_unknown_device_code(emulator):
    assert refusal(emulator.poll({"device_code": "nonsense"})) == (400, "bad_verification_code", 70018)


def test_poll_at_another_tenant_segment_is_refused(emulator):
    assert refusal(emulator.poll(emulator.device_code(), tenant=contoso)) == (400, "invalid_grant", 700005)


def test_old_spelling_of_the_device_code_is_accepted(emulator):
    flow = emulator.device_code()
    answer = emulator.poll({"device_code": ""}, code=flow["device_code"])
    assert answer.json()["error"] == "authorization_pending"
    assert emulator.poll(flow, code=flow["device_code"]).json()["error"] in ("authorization_pending", "slow_down")


def test_confidential_client_may_not_use_device_codes(emulator):
    flow = emulator.post(f"/{contoso}/oauth2/v2.0/devicecode", client_id=daemon_app, scope=everyday).json()
    answer = emulator.poll(flow, tenant=contoso, client_id=daemon_app)
    assert refusal(answer) == (401, "invalid_client", 7000218)


def test_public_client_must_not_send_a_secret(emulator):
    answer = emulator.poll(emulator.device_code(), client_secret="x")
    assert refusal(answer) == (401, "invalid_client", 700025)


def test_unknown_client_is_refused_at_the_start(emulator):
    client = "00000000-1111-4222-8333-444444444444"
    answer = emulator.post("/organizations/oauth2/v2.0/devicecode", client_id=client, scope="openid")
    assert refusal(answer) == (400, "unauthorized_client", 700016)


@pytest.mark.parametrize("scope", ["Nonsense.Read.All", "User.Read 48ac35b8-9aa8-4d74-927d-1f4a14a0b239/.default", " "])
def test_unknown_or_mixed_scopes_are_refused(emulator, scope):
    answer = emulator.post("/organizations/oauth2/v2.0/devicecode", client_id=sign_in_app, scope=scope)
    assert answer.status_code == 400
    assert answer.json()["error"] in ("invalid_scope", "invalid_request")


def test_hasty_client_is_slowed_down_by_five_seconds(emulator):
    flow = emulator.device_code()
    seen = [emulator.poll(flow).json()["error"]]
    for wait in (2, 7, 1, 14):
        emulator.advance(wait)
        seen.append(emulator.poll(flow).json()["error"])
    assert seen == ["authorization_pending", "slow_down", "slow_down", "slow_down", "authorization_pending"]


def test_client_that_slows_down_is_never_locked_out(emulator):
    """The pitfall of others: raising the wait *and* counting it from the refused poll."""
    flow, interval, wait, seen = emulator.device_code(), 5, 2, []
    for _ in range(5):
        seen.append(emulator.poll(flow).json()["error"])
        interval += 5 if seen[-1] == "slow_down" else 0
        emulator.advance(wait if len(seen) == 1 else interval)
    assert seen == ["authorization_pending", "slow_down", *["authorization_pending"] * 3]


def test_the_log_tells_how_punctually_codes_are_polled(emulator):
    """A second late, then too early; a code that nobody polls is told, too."""
    emulator.control("POST", "clock", json={"freeze": True})
    emulator.device_code()
    flow = emulator.device_code()
    for seconds in (0, flow["interval"] + 1, 2):
        emulator.control("POST", "clock", json={"advance": seconds})
        emulator.poll(flow)
    told = emulator.control("GET", "log/polls")
    assert (told["polls"], told["early"]) == (2, 1)
    assert told["late_seconds"] == {"median": -3.0, "p99": -3.0, "longest": 1.0}
    assert (told["waiting"], told["never_polled"], told["longest_overdue_seconds"]) == (2, 1, 0.0)
    emulator.control("DELETE", "log")
    assert emulator.control("GET", "log/polls")["polls"] == 0


def test_guest_signs_in_to_the_other_organization_with_the_password_of_home(emulator):
    flow = emulator.device_code(tenant="contoso.com")
    emulator.grant(flow, dana)
    identity = claims(emulator.poll(flow, tenant="contoso.com").json()["id_token"])
    assert (identity["tid"], identity["preferred_username"]) == (contoso, dana[0])
    assert identity["idp"] == f"https://sts.windows.net/{fabrikam}/"


def test_guest_chooses_the_organization_on_the_page(emulator):
    flow, browser = emulator.device_code(), emulator.browser()
    page = browser.press(browser.open(flow["verification_uri"]), "Next", otc=flow["user_code"])
    page = browser.press(page, "Sign in to an organization")
    assert browser.press(page, "Next", domain="nowhere.example").alerts
    page = browser.press(browser.press(page, "Next", domain="contoso.com"), "Next", loginfmt=dana[0])
    page = browser.press(browser.press(page, "Sign in", passwd=dana[1]), "Continue")
    browser.press(page, "Accept")
    assert claims(emulator.poll(flow).json()["id_token"])["tid"] == contoso


def test_stranger_to_the_tenant_is_refused(emulator):
    flow = emulator.device_code(tenant=fabrikam)
    assert "AADSTS50020" in emulator.sign_in(flow, grace).alerts[0]


def test_signed_in_account_is_offered_again(emulator):
    browser = emulator.browser()
    emulator.sign_in(emulator.device_code(), grace, browser)
    flow = emulator.device_code()
    page = browser.press(browser.open(flow["verification_uri"]), "Next", otc=flow["user_code"])
    assert "Pick an account" in page.text
    assert "Are you trying to sign in" in browser.press(page, "Grace Global").text


def test_form_of_another_browser_is_refused(emulator):
    mine, other = emulator.browser(), emulator.browser()
    page = mine.open(emulator.ready["device_login_url"])
    assert other.press(page, "Next", otc="X").response.status_code == 403
    visit = mine.press(page, "Next", otc=emulator.device_code()["user_code"])
    assert other.open(visit.url).response.status_code == 400


def test_pages_load_nothing_from_elsewhere_and_work_over_tls_too(emulator):
    for address in (emulator.ready["device_login_url"], f"{emulator.url}/common/oauth2/deviceauth"):
        answer = emulator.browser().open(address).response
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
        assert "http" not in answer.text.replace("http-equiv", "")
        assert "HttpOnly" in answer.headers["set-cookie"]


def test_refresh_token_gives_new_tokens(emulator):
    flow = emulator.device_code(f"{everyday} offline_access")
    emulator.grant(flow)
    kept = emulator.poll(flow).json()["refresh_token"]
    form = {"grant_type": "refresh_token", "client_id": sign_in_app, "refresh_token": kept}
    assert "access_token" in emulator.post("/organizations/oauth2/v2.0/token", **form).json()
    emulator.advance(91 * 86_400)
    assert refusal(emulator.post("/organizations/oauth2/v2.0/token", **form)) == (400, "invalid_grant", 700082)


def test_no_refresh_token_unless_asked_for(emulator):
    flow = emulator.device_code()
    emulator.grant(flow)
    assert "refresh_token" not in emulator.poll(flow).json()


def test_consent_reaches_tokens_late_when_a_fault_says_so(emulator):
    fault = {"match": {"kind": "oauth2PermissionGrant"}, "effect": {"tokens_after_seconds": 30}}
    emulator.control("PUT", "faults/late-consent", json=fault)
    flow = emulator.device_code()
    emulator.grant(flow)
    assert refusal(emulator.poll(flow)) == (400, "invalid_grant", 65001)


def test_version_one_takes_a_resource_and_says_numbers_as_text(emulator):
    form = {"client_id": sign_in_app, "resource": "https://graph.microsoft.com"}
    flow = emulator.post("/common/oauth2/devicecode", **form).json()
    assert (flow["expires_in"], flow["interval"]) == ("900", "5")
    emulator.grant({**flow, "verification_uri": flow["verification_url"]})
    answer = emulator.post("/common/oauth2/token", grant_type="device_code", code=flow["device_code"], **form).json()
    assert (answer["resource"], "refresh_token" in answer) == ("https://graph.microsoft.com", True)
    refused = emulator.post("/common/oauth2/devicecode", client_id=sign_in_app)
    assert refused.json()["error_codes"] == [900144]
