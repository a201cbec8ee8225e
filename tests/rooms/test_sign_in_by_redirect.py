"""Signing in by redirect: there with a state of one's own, back once, and from then on the same path as with a code."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client

from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.invitations import actions as invitations
from gangway.microsoft.signin.redirect import challenge_of
from gangway.onboarding import provider_setup
from gangway.onboarding.applications import keep_secret
from gangway.onboarding.models import SignIn, SignInApplication
from gangway.onboarding.shapes import Seen, Step
from gangway.onboarding.stages import redirect
from gangway.onboarding.states import CaseState, SignInState, Verdict, Way
from gangway.organizations.scope import within, within_everything
from gangway.vault.models import Sealed
from tests.rooms.factories_onboarding import (
    ADMINISTRATOR,
    CLIENT,
    HOME,
    UPN,
    Microsoft,
    Walk,
    facts,
    later,
    loop,
    make_due,
    refused,
    register,
    round_trip,
    walk,
)
from tests.rooms.factories_organizations import make_provider
from tests.rooms.factories_web import put_into_wizard, soup

pytestmark = pytest.mark.django_db

BACK = "http://localhost:8000/wizard/returned/"


def browser(walked: Walk) -> Client:
    """The administrator's browser, inside the wizard."""
    client = Client()
    put_into_wizard(client, walked.case_id)
    return client


def filled(client: Client) -> dict[str, str]:
    """*Who you are* as it is filled in, with everything accepted."""
    form = soup(client.get("/wizard/new/")).select_one("#grant")
    boxes = {box["name"]: "on" for box in form.select("[type=checkbox][checked]")}
    hidden = {field["name"]: field.get("value", "") for field in form.select("[type=hidden]")}
    return {**boxes, **hidden, "upn": UPN}


def leave(client: Client) -> dict[str, str]:
    """*Sign in with Microsoft*; what Microsoft is asked for."""
    answer = client.post("/wizard/new/", {**filled(client), "way": "redirect"})
    assert answer.status_code == 302, answer.content.decode()
    return asked_of(answer.headers["Location"])


def asked_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()} | {
        "page": address.partition("?")[0]
    }


def row_of(walked: Walk) -> SignIn:
    with within_everything("test"):
        return SignIn.objects.filter(case_id=walked.case_id).order_by("-created_at", "-pk")[0]


def work(walked: Walk, microsoft: Microsoft, *, rounds: int = 3) -> None:
    """Let a worker do what is due."""
    rows = loop(microsoft)
    for _ in range(rounds):
        make_due(row_of(walked).pk)
        round_trip(rows)


def granted(asked: dict[str, str], **script: Any) -> Microsoft:
    """Microsoft as it answers the trade of this attempt's code."""
    microsoft = Microsoft(**{**script, "claims": {"nonce": asked["nonce"], **script.get("claims", {})}})
    microsoft.polls = [microsoft.granted()]
    return microsoft


@dataclass
class Trip:
    """Somebody who came back from Microsoft, as far as the sealed code."""

    walked: Walk
    client: Client
    microsoft: Microsoft
    query: dict[str, str]


def came_back(**script: Any) -> Trip:
    """Go there and come back with a code."""
    walked = walk()
    client = browser(walked)
    asked = leave(client)
    query = {"code": "the-code", "state": asked["state"]}
    client.get("/wizard/returned/", query)
    return Trip(walked, client, granted(asked, **script), query)


def told(client: Client) -> str:
    """What the page says where the case stands now."""
    return soup(client.get("/wizard/", follow=True)).get_text(" ", strip=True)


def test_microsoft_is_asked_with_pkce_state_nonce_and_nothing_prefilled():
    walked = walk()
    asked = leave(browser(walked))
    row = row_of(walked)
    assert asked["page"].endswith("/organizations/oauth2/v2.0/authorize")
    assert (asked["client_id"], asked["redirect_uri"], asked["response_type"]) == (CLIENT, BACK, "code")
    assert (asked["code_challenge_method"], asked["prompt"]) == ("S256", "select_account")
    assert asked["scope"] == row.scopes
    assert "offline_access" not in asked["scope"]
    assert not {"login_hint", "domain_hint"} & set(asked)
    assert {len(asked[name]) for name in ("state", "nonce", "code_challenge")} == {43}


def test_the_web_keeps_only_hashes_and_seals_the_verifier():
    walked = walk()
    asked = leave(browser(walked))
    row = row_of(walked)
    assert (row.way, row.state) == (Way.REDIRECT, SignInState.AWAY)
    kept = repr(row.__dict__)
    assert asked["state"] not in kept
    assert asked["nonce"] not in kept
    assert row.verifier_id
    assert Sealed.objects.filter(pk=row.verifier_id, place=redirect.VERIFIER, ciphertext__isnull=False).exists()


def test_a_returned_code_is_sealed_and_never_a_job_argument():
    trip = came_back()
    walked, client, row = trip.walked, trip.client, row_of(trip.walked)
    assert (row.state, walked.view().step) == (SignInState.RETURNED, Step.CODE)
    assert "the-code" not in repr(row.__dict__)
    assert "the-code" not in client.get("/wizard/code/").content.decode()
    assert Sealed.objects.filter(pk=row.code_id, place=redirect.CODE).exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT args::text FROM procrastinate_jobs")
        assert "the-code" not in repr(cursor.fetchall())


def test_the_return_address_is_left_at_once():
    walked = walk()
    client = browser(walked)
    asked = leave(client)
    answer = client.get("/wizard/returned/", {"code": "the-code", "state": asked["state"]})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/wizard/")
    assert answer.headers["Cache-Control"] == "no-store"


def test_after_the_trade_all_is_as_with_a_device_code():
    trip = came_back()
    walked = trip.walked
    work(walked, trip.microsoft)
    view, row = walked.view(), row_of(walked)
    assert (view.state, view.signer.upn, row.state) == (CaseState.SIGNED_IN, UPN, SignInState.GRANTED)
    assert (row.verifier_id, row.code_id, row.identity_id) == (None, None, None)
    living = Sealed.objects.filter(ciphertext__isnull=False, place__startswith="onboarding.")
    assert [sealed.place for sealed in living] == ["onboarding.sign_in.token"]


def test_the_colleague_named_before_the_redirect_stands_in_the_field_afterwards():
    weak = facts(can={"application": "can", "grants": "cannot", "roles": "cannot"}, cannot_summary="Not all of it.")
    walked = walk(domain="contoso.com")
    client, named = browser(walked), "riley.roles@contoso.com"
    answer = client.post("/wizard/new/", {**filled(client), "colleague": named, "way": "redirect"})
    asked = asked_of(answer.headers["Location"])
    client.get("/wizard/returned/", {"code": "the-code", "state": asked["state"]})
    work(walked, granted(asked, signer=weak))
    assert soup(client.get("/wizard/signed-in/")).select_one("#id_colleague").get("value") == named


def test_the_worker_sends_the_verifier_that_fits_the_challenge():
    walked = walk()
    client = browser(walked)
    asked = leave(client)
    client.get("/wizard/returned/", {"code": "the-code", "state": asked["state"]})
    microsoft = granted(asked)
    work(walked, microsoft, rounds=1)
    form = microsoft.forms[0]
    assert (form["code"], form["redirect_uri"]) == ("the-code", BACK)
    assert challenge_of(form["code_verifier"]) == asked["code_challenge"]
    assert "client_secret" not in form


def test_a_providers_credential_is_never_used_for_another_that_names_the_same_application():
    trip = came_back()
    rival = make_provider(name="Rival Voice")
    register(rival)
    with within_everything("test"):
        theirs = SignInApplication.objects.get(provider_id=rival.id)
        keep_secret(theirs.pk, secret=SealedText("a-rivals-secret-value"), ends_on=None, by=ADMINISTRATOR)
    work(trip.walked, trip.microsoft, rounds=1)
    assert all("client_secret" not in form for form in trip.microsoft.forms)


def test_a_kept_credential_proves_the_application_and_is_left_out_where_none_is_wanted():
    trip = came_back()
    with within_everything("test"):
        application = SignInApplication.objects.get()
        keep_secret(application.pk, secret=SealedText("a-kept-secret-value"), ends_on=None, by=ADMINISTRATOR)
    trip.microsoft.polls = [refused("invalid_request", 700025), *trip.microsoft.polls]
    work(trip.walked, trip.microsoft, rounds=1)
    first, second = trip.microsoft.forms
    assert first["client_secret"] == "a-kept-secret-value"
    assert "client_secret" not in second
    assert row_of(trip.walked).state == SignInState.CHECKING


REFUSED_BY_TRADE = [
    (refused("invalid_client", 7000218, 401), "onboarding:sign_in:return_not_set_up"),
    (refused("invalid_client", 7000215, 401), "onboarding:sign_in:return_not_set_up"),
    (refused("invalid_client", 7000222, 401), "onboarding:sign_in:return_not_set_up"),
    (refused("invalid_grant", 500112), "onboarding:sign_in:return_not_set_up"),
    (refused("invalid_grant", 54005), "onboarding:sign_in:refused"),
    (refused("invalid_grant", 70008), "onboarding:sign_in:refused"),
    (refused("invalid_grant", 501481), "onboarding:sign_in:refused"),
    (refused("invalid_grant", 53003), "onboarding:sign_in:blocked"),
    (refused("invalid_grant", 50097), "onboarding:sign_in:blocked"),
    (refused("interaction_required", 50076), "onboarding:sign_in:refused"),
    (refused("invalid_grant", 65001), "onboarding:sign_in:no_consent"),
    (refused("invalid_client", 650052), "onboarding:sign_in:refused"),
    (refused("unauthorized_client", 700016), "onboarding:sign_in:not_set_up"),
]


@pytest.mark.parametrize(("answer", "code"), REFUSED_BY_TRADE, ids=lambda value: str(value)[-24:])
def test_every_refusal_of_the_trade_is_explained_and_leaves_nothing_sealed(answer, code):
    trip = came_back()
    trip.microsoft.polls = [answer]
    work(trip.walked, trip.microsoft, rounds=1)
    shown = trip.walked.view().sign_in
    assert (shown.problem.code, shown.is_over) == (code, True)
    assert shown.problem.cure in told(trip.client)
    assert not Sealed.objects.filter(ciphertext__isnull=False, place__startswith="onboarding.").exists()


def test_a_silent_microsoft_is_asked_again_with_the_same_code():
    trip = came_back()
    trip.microsoft.silent = True
    work(trip.walked, trip.microsoft, rounds=1)
    assert "does not answer" in told(trip.client)
    trip.microsoft.silent = False
    work(trip.walked, trip.microsoft)
    assert trip.walked.view().state == CaseState.SIGNED_IN


def test_an_id_token_for_another_nonce_is_not_believed():
    trip = came_back(claims={"nonce": "somebody else's"})
    work(trip.walked, trip.microsoft)
    assert row_of(trip.walked).state == SignInState.FAILED
    assert trip.walked.view().state == CaseState.SIGNING_IN


@pytest.mark.parametrize(
    ("script", "state"),
    [
        ({"claims": {"tid": HOME}}, SignInState.OWN_TENANT),
        ({"claims": {"idp": "https://sts.windows.net/x/"}}, SignInState.GUEST),
        ({"signer": facts(domains=("fabrikam.com",))}, SignInState.WRONG_TENANT),
        ({"signer": facts(upn="avery.apps@contoso.com")}, SignInState.WRONG_PERSON),
    ],
    ids=lambda value: str(value)[:20],
)
def test_who_signed_in_is_checked_alike(script, state):
    trip = came_back(**script)
    work(trip.walked, trip.microsoft)
    assert row_of(trip.walked).state == state


RETURNED = [
    (
        {"error": "access_denied", "error_subcode": "cancel", "error_description": "AADSTS65004: User declined."},
        SignInState.DECLINED,
        "declined at Microsoft",
    ),
    ({"error": "access_denied", "error_subcode": "cancel"}, SignInState.DECLINED, "declined at Microsoft"),
    (
        {"error": "access_denied", "error_description": "AADSTS90095: Admin consent is required."},
        SignInState.FAILED,
        "Only an administrator may agree",
    ),
    ({"error": "consent_required", "error_description": "AADSTS65001: No consent."}, SignInState.FAILED, "not agreed"),
    (
        {"error": "interaction_required", "error_description": "AADSTS53003: Blocked by policy."},
        SignInState.BLOCKED,
        "Leave the policy on",
    ),
    (
        {"error": "invalid_request", "error_description": "AADSTS650051: being added."},
        SignInState.FAILED,
        "not in this tenant",
    ),
    ({"error": "server_error"}, SignInState.FAILED, "not available"),
    ({"error": "something_new", "error_description": "<script>alert(1)</script>"}, SignInState.FAILED, "refused"),
    ({}, SignInState.FAILED, "refused"),
]


@pytest.mark.parametrize(("brought", "state", "words"), RETURNED, ids=lambda value: str(value)[:40])
def test_what_comes_back_instead_of_a_code_is_explained_by_the_dictionary(brought, state, words):
    walked = walk()
    client = browser(walked)
    asked = leave(client)
    client.get("/wizard/returned/", {**brought, "state": asked["state"]})
    assert row_of(walked).state == state
    page = told(client)
    assert words in page
    assert "alert(1)" not in page


def test_the_same_return_address_once_more_does_nothing_a_second_time():
    trip = came_back()
    work(trip.walked, trip.microsoft)
    page = soup(trip.client.get("/wizard/returned/", trip.query, follow=True)).get_text(" ", strip=True)
    assert "was used already" in page
    assert "The Token connection has successfully been established." in page
    assert row_of(trip.walked).state == SignInState.GRANTED


def test_a_state_of_another_browser_is_refused_even_with_the_right_case():
    walked = walk()
    mine, other = browser(walked), browser(walked)
    asked = leave(mine)
    page = soup(other.get("/wizard/returned/", {"code": "c", "state": asked["state"]}, follow=True))
    assert "not begun in this browser" in page.get_text()
    assert row_of(walked).state == SignInState.AWAY


def test_of_two_windows_the_newer_attempt_counts():
    walked = walk()
    client = browser(walked)
    first = leave(client)
    second = asked_of(client.post("/wizard/with-microsoft/").headers["Location"])
    page = soup(client.get("/wizard/returned/", {"code": "c", "state": first["state"]}, follow=True))
    assert "belongs to an earlier attempt" in page.get_text()
    client.get("/wizard/returned/", {"code": "c", "state": second["state"]})
    assert row_of(walked).state == SignInState.RETURNED


def test_who_comes_back_too_late_is_told_and_starts_again(monkeypatch):
    walked = walk()
    client = browser(walked)
    asked = leave(client)
    with later(monkeypatch, redirect.PATIENCE.total_seconds() + 1):
        page = soup(client.get("/wizard/returned/", {"code": "c", "state": asked["state"]}, follow=True))
        assert "later than we wait" in page.get_text()
        work(walked, Microsoft(), rounds=1)
        assert "did not come back" in told(client)
    assert (row_of(walked).state, row_of(walked).verifier_id) == (SignInState.EXPIRED, None)


def test_the_back_button_shows_that_the_browser_is_awaited_and_both_ways_on():
    walked = walk()
    client = browser(walked)
    leave(client)
    page = soup(client.get("/wizard/new/", follow=True))
    assert "comes back here by itself" in page.get_text()
    assert page.select_one("button[form=way-microsoft]")
    assert page.select_one("button[form=way-code]")


def test_switching_keeps_case_and_account_and_ends_the_other_attempt():
    walked = walk()
    client = browser(walked)
    leave(client)
    first = row_of(walked)
    client.post("/wizard/with-code/")
    second = row_of(walked)
    assert (second.way, second.state, second.upn, second.case_id) == (Way.CODE, "asked", first.upn, first.case_id)
    with within_everything("test"):
        first.refresh_from_db()
    assert (first.state, first.verifier_id) == (SignInState.REPLACED, None)
    address = client.post("/wizard/with-microsoft/").headers["Location"]
    assert "authorize" in address
    assert row_of(walked).way == Way.REDIRECT


def test_switching_when_nobody_signs_in_says_where_it_stands():
    client = browser(walk())
    page = soup(client.post("/wizard/with-microsoft/", follow=True)).get_text()
    assert "moved on meanwhile" in page


def test_looking_at_the_return_address_without_asking_moves_nothing():
    walked = walk()
    client = browser(walked)
    asked = leave(client)
    client.head("/wizard/returned/", {"code": "c", "state": asked["state"]})
    assert client.post("/wizard/returned/", {"code": "c", "state": asked["state"]}).status_code == 405
    assert row_of(walked).state == SignInState.AWAY


def test_only_these_pages_let_a_form_lead_to_microsoft():
    walked = walk()
    client = browser(walked)
    policy = client.get("/wizard/new/").headers["Content-Security-Policy"]
    assert "form-action 'self' https://login" in policy
    elsewhere = client.get("/accounts/login/").headers["Content-Security-Policy"]
    assert "form-action 'self';" in f"{elsewhere};"
    assert "login.microsoftonline" not in elsewhere


def test_where_microsoft_does_not_know_the_return_address_the_redirect_is_not_offered():
    walked = walk()
    client = browser(walked)
    assert soup(client.get("/wizard/new/")).select_one("button[value=redirect]")
    with within_everything("test"):
        application = SignInApplication.objects.get()
    with within(walked.provider.path):
        provider_setup.ask_check(walked.provider.id, cloud="public", by=ADMINISTRATOR, now=clock.now())
    with within_everything("test"):
        check = provider_setup.ApplicationCheck.objects.get(application=application)
    seen = [Seen("redirect", "Redirect URI", Verdict.WARNING, "not listed", about=BACK)]
    provider_setup.end(check.pk, seen, now=clock.now())
    page = soup(client.get("/wizard/new/"))
    assert not page.select_one("button[value=redirect]")
    assert page.find("button", string="Start Authentication")


def test_start_authentication_stays_the_code():
    walked = walk()
    client = browser(walked)
    assert client.post("/wizard/new/", filled(client)).headers["Location"] == "/wizard/code/"
    assert row_of(walked).way == Way.CODE


def test_withdrawing_while_somebody_is_at_microsoft_closes_the_way_back():
    walked = walk()
    client = browser(walked)
    asked = leave(client)
    with within(walked.customer.path):
        invitations.revoke(invitation_id=walked.invitation_id, by=ADMINISTRATOR, now=clock.now())
    page = client.get("/wizard/returned/", {"code": "c", "state": asked["state"]}, follow=True)
    assert page.status_code == 410
    assert not Sealed.objects.filter(place=redirect.CODE).exists()
