"""Pages where something waits for another administrator: both sides see the same, and every way on is there."""

from dataclasses import replace
from uuid import uuid4

import pytest
from django.core import signing
from django.test import Client

from gangway.foundation import clock
from gangway.invitations.errors import ColleagueElsewhere
from gangway.onboarding import actions
from gangway.onboarding.shapes import Step
from gangway.provisioning import consent
from gangway.provisioning.beside_view import BesideView
from gangway.provisioning.errors import CheckedJustNow, NotADayToPlan
from gangway.provisioning.queries import AskedScope
from gangway.web.views import wizard_waiting
from tests.rooms import web_values
from tests.rooms.factories_web import error_at, in_wizard, soup

pytestmark = pytest.mark.django_db

WAITING = "/wizard/waiting/"


def refuse(error):
    def act(**_given):
        raise error

    return act


def text_of(answer):
    return " ".join(soup(answer).get_text(" ").split())


def test_it_says_what_remains_who_may_do_it_until_when_and_who_was_asked(monkeypatch):
    text = text_of(in_wizard(monkeypatch, web_values.case(Step.WAITING)).get(WAITING))
    for words in ("Waiting for consent and roles", "Privileged Role Administrator", "Teams Administrator"):
        assert words in text
    assert web_values.COLLEAGUE.recipient in text
    assert "It gives no directory roles" in text


def test_each_time_says_in_which_zone_it_is(monkeypatch):
    page = soup(in_wizard(monkeypatch, web_values.case(Step.WAITING)).get(WAITING))
    times = page.select(".gw-facts time")
    assert len(times) > 3
    assert [str(time) for time in times if time["data-local"] != "zone"] == []


def test_of_a_colleagues_link_that_was_withdrawn_nothing_says_until_when_it_is_good(monkeypatch):
    case = web_values.case(Step.WAITING)
    assert "link good until" in text_of(in_wizard(monkeypatch, case).get(WAITING))
    withdrawn = replace(web_values.COLLEAGUE, revoked_at=clock.now())
    text = text_of(in_wizard(monkeypatch, replace(case, colleagues=(withdrawn,))).get(WAITING))
    assert web_values.COLLEAGUE.recipient in text
    assert "link good until" not in text


def test_every_way_on_is_a_form_with_a_token(monkeypatch):
    page = soup(in_wizard(monkeypatch, web_values.case(Step.WAITING)).get(WAITING))
    forms = {form["action"]: form for form in page.select("main form[method=post]")}
    ways = ("hand-off/", "check/", "planned/", "no-reminders/")
    assert {f"{WAITING}{way}" for way in ways} | {"/wizard/again/"} == set(forms)
    assert all(form.select_one("[name=csrfmiddlewaretoken]") for form in forms.values())


def test_the_second_administrator_is_not_offered_to_hand_on(monkeypatch):
    case = replace(web_values.case(Step.WAITING), is_rest=True)
    assert "hand-off" not in in_wizard(monkeypatch, case).get(WAITING).content.decode()


def test_where_only_a_sign_in_goes_on_there_is_nothing_to_check(monkeypatch):
    case = replace(web_values.case(Step.WAITING), waiting=replace(web_values.WAITING, can_check=False))
    text = text_of(in_wizard(monkeypatch, case).get(WAITING))
    assert "Check now" not in text
    assert "it goes on when somebody signs in" in text


def test_the_consent_page_is_not_offered_where_it_could_take_something_away(monkeypatch):
    case = replace(web_values.case(Step.WAITING), waiting=replace(web_values.WAITING, consent_url=""))
    page = soup(in_wizard(monkeypatch, case).get(WAITING))
    assert page.select_one("#consent-link") is None
    assert "could take away permissions" in page.get_text()


def test_who_was_named_before_and_could_not_be_asked_stands_in_the_form_with_the_reason(monkeypatch):
    refused = {
        "colleague": "ada@fabrikam.example",
        "colleague_refused": "This address belongs to another organization.",
    }
    page = soup(in_wizard(monkeypatch, web_values.case(Step.WAITING, colleagues=(), **refused)).get("/wizard/waiting/"))
    assert page.select_one("#id_colleague")["value"] == "ada@fabrikam.example"
    assert "You named ada@fabrikam.example, but no link could be sent to them." in page.get_text()
    assert "belongs to another organization" in page.get_text()


def test_a_refused_address_is_told_at_its_field_and_stays_there(monkeypatch):
    monkeypatch.setattr(actions, "hand_off", refuse(ColleagueElsewhere(field="colleague")))
    client = in_wizard(monkeypatch, web_values.case(Step.WAITING))
    answer = client.post(f"{WAITING}hand-off/", {"colleague": "mallory@elsewhere.example"})
    assert ColleagueElsewhere.what in error_at(answer, "colleague")
    assert soup(answer).select_one("#id_colleague")["value"] == "mallory@elsewhere.example"


@pytest.mark.parametrize(("typed", "words"), [("soon", "such as 2026-12-01"), ("2020-01-01", "within the time")])
def test_a_day_that_cannot_be_is_told_at_its_field(monkeypatch, typed, words):
    monkeypatch.setattr(actions, "plan_for", refuse(NotADayToPlan(field="planned_on")))
    answer = in_wizard(monkeypatch, web_values.case(Step.WAITING)).post(f"{WAITING}planned/", {"planned_on": typed})
    assert words in error_at(answer, "planned_on")


def test_asking_again_at_once_is_told_and_the_page_stays(monkeypatch):
    monkeypatch.setattr(actions, "check_now", refuse(CheckedJustNow()))
    answer = in_wizard(monkeypatch, web_values.case(Step.WAITING)).post(f"{WAITING}check/", follow=True)
    assert CheckedJustNow.what in text_of(answer)


def test_a_weak_account_is_offered_its_part_and_the_colleague_may_be_named_later(monkeypatch):
    done = []
    monkeypatch.setattr(actions, "do_my_part", lambda **given: done.append(given["colleague"]))
    client = in_wizard(monkeypatch, web_values.case(Step.SIGNED_IN))
    assert "Do my part and ask a colleague for the rest" in text_of(client.get("/wizard/signed-in/"))
    assert client.post("/wizard/my-part/", {"colleague": ""}).status_code == 302
    assert done == [""]


def test_the_second_one_sees_only_their_part_before_signing_in(monkeypatch):
    beside = BesideView(replace(web_values.PLAN, title="Call quality"), None, None, web_values.WAITING)
    asks = (AskedScope("User.Read", "Sign in and read user profile", "To read your name and your roles."),)
    offer = replace(web_values.OFFER, rest=web_values.WAITING, rest_beside=(beside,), asks=asks)
    case = replace(web_values.case(Step.WHO), is_rest=True, offer=offer, waiting=web_values.WAITING)
    text = text_of(in_wizard(monkeypatch, case).get("/wizard/new/"))
    assert "What remains for you" in text
    assert "Create New App Registration" not in text
    for row in web_values.WAITING.remaining:
        assert row.name in text.replace(". ", ".")
    shown = ("Reads your organization's name", "What Microsoft's page shows", "Publisher", "How to undo it")
    for words in (*shown, "Permissions that it names", asks[0].title, asks[0].why):
        assert words in text, words
    assert "Print for your change board" in text
    assert "A second app registration, in the same sign-in: Call quality" in text


def test_coming_back_from_microsoft_with_a_strange_state_leads_nowhere():
    for state in ("", "x", signing.dumps(str(uuid4()), salt="another")):
        assert Client().get("/consented/", {"admin_consent": "True", "state": state}).status_code == 404


def test_a_state_of_ours_for_a_run_that_is_gone_leads_nowhere_either():
    state = signing.dumps(str(uuid4()), salt=consent.SALT)
    assert Client().get("/consented/", {"admin_consent": "True", "state": state}).status_code == 404


@pytest.mark.parametrize(
    ("told", "asked"),
    [
        ({"admin_consent": "True"}, 1),
        ({"admin_consent": "True", "error": "access_denied"}, 0),
        ({"error": "access_denied", "error_description": "AADSTS650051: already present."}, 0),
    ],
)
def test_coming_back_asks_for_a_look_only_after_a_yes_and_believes_nothing(monkeypatch, told, asked):
    looks = []
    monkeypatch.setattr(wizard_waiting.actions, "come_back_from_consent", lambda **given: looks.append(given))
    monkeypatch.setattr(wizard_waiting, "asked_by_run", lambda _run_id: (web_values.OFFER.asker, "en"))
    state = signing.dumps(str(uuid4()), salt=consent.SALT)
    answer = Client().get("/consented/", {**told, "state": state})
    assert soup(answer).header.get_text(strip=True).startswith("Sailmaker Voice")
    assert (answer.status_code, len(looks)) == (200, asked)
    assert "We believe it when" in text_of(answer) or not asked
    assert ("is not in this tenant" in text_of(answer)) is ("error_description" in told)
    assert Client().head("/consented/", {**told, "state": state}).status_code == 200
    assert len(looks) == asked
