"""When Microsoft's own page stands in the way: the wizard notices or is told, explains, and offers the other ways."""

import re
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from gangway.foundation import clock
from gangway.invitations import actions as invitations
from gangway.invitations import queries as invited
from gangway.invitations.handoffs import MOST_COLLEAGUES
from gangway.jobs.testing import run_until_idle
from gangway.microsoft import dictionary
from gangway.onboarding import actions, case_view
from gangway.onboarding.errors import NotNow
from gangway.onboarding.models import Case, SignIn
from gangway.onboarding.queries import explained
from gangway.onboarding.shapes import Step
from gangway.onboarding.states import SignInState, Way
from gangway.organizations.scope import within, within_everything
from gangway.web.sign_in_ways import WAYS
from tests.rooms import web_values
from tests.rooms.factories_aboard import tokens_kept
from tests.rooms.factories_onboarding import (
    ADMINISTRATOR,
    PENDING,
    Microsoft,
    Walk,
    facts,
    later,
    loop,
    make_due,
    refused,
    round_trip,
    signed_in,
    walk,
)
from tests.rooms.factories_web import error_at, in_wizard, put_into_wizard, sit_down, soup

pytestmark = pytest.mark.django_db


def waiting_for_a_code(*answers) -> tuple[Walk, Client]:
    """Somebody who was shown a code, and whatever Microsoft then answers to polls."""
    walked, client = walk(), Client()
    sign_in_id, rows = walked.start(), loop(Microsoft(polls=[*answers, PENDING]))
    for _ in range(len(answers) + 1):
        make_due(sign_in_id)
        round_trip(rows)
    put_into_wizard(client, walked.case_id)
    return walked, client


BY_HAND = ["use", "script", "guide"]
"""Ways that need no sign-in of ours: offered while nothing is made."""


def ways(client: Client) -> list[str]:
    """The other ways that the page offers."""
    return [str(way["data-way"]) for way in soup(client.get("/wizard/code/")).select("[data-way]")]


def test_a_policy_that_speaks_is_explained_and_the_other_ways_are_offered():
    _walked, client = waiting_for_a_code(refused("interaction_required", 53003))
    assert ways(client) == ["microsoft", "colleague", "computer", *BY_HAND]
    text = soup(client.get("/wizard/code/")).get_text(" ", strip=True)
    assert "Leave the policy on" in text
    assert "Finishes:" in text
    assert "Remains:" in text


def test_a_silent_policy_is_noticed_after_a_while(monkeypatch):
    _walked, client = waiting_for_a_code()
    assert ways(client) == []
    with later(monkeypatch, case_view.LONG.total_seconds() + 1):
        page = soup(client.get("/wizard/code/"))
        assert "This takes longer than it usually does." in page.get_text()
        assert page.select_one("[data-testid=user-code]"), "the code goes on being good"
        assert ways(client) == ["microsoft", "colleague", "computer", *BY_HAND]


def test_the_waiting_page_tells_by_itself_that_it_takes_long(monkeypatch):
    _walked, client = waiting_for_a_code()
    seen = soup(client.get("/wizard/code/")).select_one("#live input[name=seen]")["value"]
    assert client.get("/wizard/code/state", {"seen": seen}).status_code == 204
    with later(monkeypatch, case_view.LONG.total_seconds() + 1):
        assert "longer than it usually does" in client.get("/wizard/code/state", {"seen": seen}).content.decode()


def test_a_code_that_ran_out_offers_the_other_ways(monkeypatch):
    walked, client = waiting_for_a_code(refused("expired_token", 70020))
    assert walked.view().sign_in.state == SignInState.EXPIRED
    assert "microsoft" in ways(client)


def test_whoever_says_so_ends_the_waiting_at_once():
    walked, client = waiting_for_a_code()
    page = soup(client.post("/wizard/blocked/", follow=True))
    assert "A policy of your organization does not let this sign-in through." in page.get_text()
    sign_in = walked.view().sign_in
    assert (sign_in.state, sign_in.problem.code) == (SignInState.BLOCKED, "onboarding:sign_in:blocked_told")
    assert ways(client) == ["microsoft", "colleague", "computer", *BY_HAND]


def invited_to(walked: Walk) -> str:
    """Whose link it is: a name that was only typed is nobody's."""
    with within(walked.customer.path):
        return invited.invitation(walked.invitation_id).recipient


def asked(client: Client, address: str):
    return client.post("/wizard/colleague/", {"colleague": address}, follow=True)


def test_who_is_blocked_hands_it_on_by_a_link_of_the_colleagues_own_and_the_operator_is_told():
    walked, client = waiting_for_a_code(refused("interaction_required", 53003))
    with within_everything("a test"):
        Case.objects.filter(pk=walked.case_id).update(administrator_upn="ceo@contoso.com")
    (way,) = soup(client.get("/wizard/code/")).select("[data-way=colleague] a")
    assert way["href"] == "/wizard/colleague/"
    assert "domain" in error_at(asked(client, "riley@elsewhere.example"), "colleague")
    assert "on its way to riley.roles@contoso.com" in asked(client, "riley.roles@contoso.com").content.decode()
    run_until_idle()
    to_riley, to_ida = mail.outbox[-2:]
    assert to_riley.to == ["riley.roles@contoso.com"]
    assert "Nothing has been made yet." in to_riley.body
    assert "opens all of it" in " ".join(to_riley.body.split())
    who = invited_to(walked)
    assert f"{who} asked riley.roles@contoso.com to sign in instead" in " ".join(to_ida.body.split())
    assert who in to_riley.body

    theirs = Client()
    link = re.search(r"/i/\S+", to_riley.body)[0]
    assert theirs.post(link, follow=True).redirect_chain[-1][0] == "/wizard/new/"
    assert theirs.session["wizard"]["case"] == client.session["wizard"]["case"]
    with within(walked.customer.path):
        (one,) = invited.handoffs(walked.invitation_id)
    assert (one.sent_count, one.opened_at is not None) == (1, True)
    desk = sit_down(walked.provider)
    page = soup(desk.get(reverse("web:invitation", args=[walked.invitation_id])))
    assert "riley.roles@contoso.com" in page.select_one("section[aria-labelledby=asked]").get_text()

    desk.post(reverse("web:handoff_withdraw", args=[one.id]))
    assert theirs.get("/wizard/new/").status_code == 409
    assert theirs.post(link).status_code == 410


def handed_on(walked: Walk) -> UUID:
    """The first one hands all of it to a colleague, who has a link then."""
    actions.hand_off(case_id=walked.case_id, colleague="riley.roles@contoso.com", by=ADMINISTRATOR, now=clock.now())
    with within(walked.customer.path):
        (one,) = invited.handoffs(walked.invitation_id)
    return one.id


def test_who_signed_in_and_cannot_begin_hands_all_of_it_on_and_leaves_no_token():
    walked = walk()
    nothing = dict.fromkeys(("registration", "consent", "roles"), "needs_other")
    signed_in(walked, Microsoft(signer=facts(can=nothing, active_roles={})))
    assert walked.view().step is Step.SIGNED_IN
    handed_on(walked)
    assert walked.view().step is Step.WHO
    with within_everything("a test"):
        assert not SignIn.objects.filter(case_id=walked.case_id, token_id__isnull=False).exists()


@pytest.mark.parametrize("already_in", [False, True], ids=["at Microsoft", "signed in"])
def test_a_withdrawn_link_stops_whoever_signs_in_by_it_also_before_anything_was_made(already_in):
    walked, script = walk(), Microsoft()
    handoff_id = handed_on(walked)
    with within(walked.customer.path):
        invitations.note_opened(handoff_id=handoff_id, now=clock.now())
    script.polls = [script.granted()]
    if already_in:
        signed_in(walked)
    else:
        sign_in_id, rounds = walked.start(), loop(script)
        make_due(sign_in_id)
        round_trip(rounds)
    with within(walked.customer.path):
        actions.withdraw_handoff(handoff_id=handoff_id, by=ADMINISTRATOR, now=clock.now())
    if not already_in:
        make_due(sign_in_id)
        round_trip(rounds)
    assert walked.view().step is not Step.SIGNED_IN
    assert tokens_kept() == []


def test_withdrawing_a_link_that_nobody_used_disturbs_nobody():
    walked = walk()
    handoff_id = handed_on(walked)
    client = Client()
    put_into_wizard(client, walked.case_id)
    signed_in(walked)
    with within(walked.customer.path):
        actions.withdraw_handoff(handoff_id=handoff_id, by=ADMINISTRATOR, now=clock.now())
    assert walked.view().step is Step.SIGNED_IN
    assert client.get("/wizard/signed-in/").status_code == 200


def test_a_colleague_may_be_asked_before_anybody_tried_and_only_a_few_are():
    walked, client = walk(choose=False), Client()
    put_into_wizard(client, walked.case_id)
    assert soup(client.get("/wizard/")).select_one("a[href='/wizard/colleague/']")
    for number in range(MOST_COLLEAGUES):
        assert "on its way" in asked(client, f"admin{number}@contoso.com").content.decode()
    assert error_at(asked(client, "admin9@contoso.com"), "colleague")


def test_from_the_redirect_the_code_is_the_other_way():
    walked, client = walk(), Client()
    put_into_wizard(client, walked.case_id)
    actions.sign_in_with_microsoft(
        case_id=walked.case_id, upn="grace.global@contoso.com", host="localhost:8000", by=ADMINISTRATOR, now=clock.now()
    )
    client.post("/wizard/blocked/")
    assert walked.view().sign_in.state == SignInState.BLOCKED
    assert ways(client) == ["code", "colleague", "computer", *BY_HAND]


def test_nobody_is_blocked_who_is_not_at_microsoft():
    walked = walk()
    with pytest.raises(NotNow):
        actions.tell_blocked(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    signed_in(walked)
    with pytest.raises(NotNow):
        actions.tell_blocked(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())


def test_who_has_only_the_rest_to_do_sees_the_consent_page_as_a_way(monkeypatch):
    blocked = web_values.sign_in(SignInState.BLOCKED, problem=web_values.PROBLEM, has_code=False)
    case = replace(web_values.case(Step.CODE, sign_in=blocked), waiting=web_values.WAITING)
    assert "consent" in ways(in_wizard(monkeypatch, case))


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.key)
def test_no_way_advises_to_switch_a_protection_off(way):
    told = f"{way.title} {way.words} {way.finishes} {way.remains}".lower()
    for advice in ("switch off", "turn off", "disable", "exclude", "exempt"):
        assert advice not in told
    assert str(way.finishes)
    assert str(way.remains)


@pytest.mark.parametrize("typed", ["53003", "AADSTS53003", " aadsts53003 ", "Error code: 53003"])
def test_a_number_from_microsofts_page_is_explained(monkeypatch, typed):
    client = in_wizard(monkeypatch, web_values.case(Step.CODE))
    page = soup(client.get("/wizard/code/", {"number": typed}))
    assert "Conditional Access" in page.select_one("#showed ~ form .gw-note").get_text()


def test_a_number_leads_to_its_cure_on_the_same_page():
    walked, client = walk(), Client()
    put_into_wizard(client, walked.case_id)

    def leads_on(number: str) -> bool:
        page = soup(client.get("/wizard/code/", {"number": number}))
        return bool(page.select("#showed ~ form .gw-note button[form=way-microsoft]"))

    walked.start("grace.global@contoso.com")
    assert leads_on("53003")
    assert not leads_on("50126")
    actions.take_the_redirect(case_id=walked.case_id, host="localhost:8000", by=ADMINISTRATOR, now=clock.now())
    assert not leads_on("53003")


def test_no_number_points_below_where_its_meaning_stands_alone():
    numbers = {number for entry in dictionary.entries() for number in entry.numbers}
    pointing = {number for number in numbers if "below" in explained(str(number)).cure}
    assert numbers
    assert pointing == set()


@pytest.mark.parametrize("typed", ["", "1", "٥٣٠٠٣", "<b>53003</b>", "9" * 30])
def test_a_number_without_words_says_so_at_its_field(monkeypatch, typed):
    answer = in_wizard(monkeypatch, web_values.case(Step.CODE)).get("/wizard/code/", {"number": typed})
    assert answer.status_code == 200
    assert error_at(answer, "number")


SHOWED = {
    Way.CODE: (
        "admin approval",
        "cannot access this right now",
        "compliant",
        "second factor",
        "wrong account",
        "doesn't exist in this tenant",
        "locked",
        "That code didn't work",
        "not found in the directory",
        "Are you trying to sign in",
    ),
    Way.REDIRECT: ("admin approval", "redirect URI does not match", "second factor", "wrong account"),
}


@pytest.mark.parametrize("way", list(Way))
def test_what_microsoft_may_show_leads_to_its_cure(monkeypatch, way):
    at = SignInState.CODE_READY if way is Way.CODE else SignInState.AWAY
    case = web_values.case(Step.CODE, sign_in=web_values.sign_in(at, way=way))
    page = soup(in_wizard(monkeypatch, case).get("/wizard/code/"))
    headings = " | ".join(one.get_text(" ", strip=True) for one in page.select("#showed ~ details summary"))
    for words in SHOWED[way]:
        assert words in headings
    assert "leave it unticked" in page.get_text()
    assert ("A code can't prove which device" in page.get_text()) is (way is Way.CODE)


def test_the_page_shows_which_account_and_until_when(monkeypatch):
    page = soup(in_wizard(monkeypatch, web_values.case(Step.CODE)).get("/wizard/code/"))
    assert "admin@contoso.example" in page.select_one(".gw-lead").get_text()
    assert page.select_one("[data-until]")["data-left"] == "{minutes} min {seconds} s left"


def test_the_redirect_is_recommended_by_how_one_points_not_by_a_browsers_name(monkeypatch):
    case = web_values.case(Step.WHO)
    case = replace(case, offer=replace(case.offer, login_origin="https://login.example"))
    client = in_wizard(monkeypatch, case)
    pages = [client.get("/wizard/new/", headers={"User-Agent": name}) for name in ("iPhone", "Windows NT 10.0")]
    shown = [soup(page).select_one(".gw-on-computer").get_text(strip=True) for page in pages]
    assert shown == ["Recommended on this computer."] * 2


def test_who_waits_only_shortly_is_left_in_peace():
    walked, _client = waiting_for_a_code()
    assert not walked.view(now=clock.now() + timedelta(minutes=1)).sign_in.waits_long
