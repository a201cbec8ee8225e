"""The Invitation wizard: one page asks one thing, errors stand at their field, live parts say unchanged or stop."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from gangway.foundation import clock
from gangway.invitations.aims import Purpose
from gangway.onboarding import actions
from gangway.onboarding.errors import GuestName, NotAPrincipalName, NotNow, SignInTooOld
from gangway.onboarding.shapes import NextMove, Part, Step
from gangway.onboarding.states import SignInState
from gangway.provisioning.states import RunState
from gangway.services.errors import InvalidName
from gangway.web.purposes import SENT_TO_NOBODY, WORDS
from gangway.web.views import wizard_door
from gangway.web.wizard_pages import ROUTES
from tests.rooms import factories_invitations, web_values
from tests.rooms.factories_onboarding import ADMINISTRATOR, issue, signed_in, walk
from tests.rooms.factories_web import error_at, in_wizard, put_into_wizard, soup

pytestmark = pytest.mark.django_db

PAGES = [step for step in Step if step is not Step.CLOSED]


def page_of(step):
    return reverse(ROUTES[step])


def refuse(error):
    def act(**_given):
        raise error

    return act


@pytest.mark.parametrize("here", PAGES)
@pytest.mark.parametrize("asked", PAGES)
def test_every_page_sends_people_to_where_their_case_stands(monkeypatch, here, asked):
    answer = in_wizard(monkeypatch, web_values.case(here)).get(page_of(asked))
    if here is asked:
        assert answer.status_code == 200
    else:
        assert answer.headers["Location"] == page_of(here)


@pytest.mark.parametrize("step", PAGES)
def test_looking_at_a_page_calls_no_action(monkeypatch, step):
    for name in ("choose_new", "start_authentication", "confirm_signed_in", "start_provisioning", "sign_in_again"):
        monkeypatch.setattr(actions, name, refuse(AssertionError(name)))
    client = in_wizard(monkeypatch, web_values.case(step))
    assert client.get(page_of(step)).status_code == 200
    assert client.head(page_of(step)).status_code == 200


def test_a_closed_invitation_says_why(monkeypatch):
    answer = in_wizard(monkeypatch, web_values.case(Step.CLOSED)).get("/wizard/", follow=True)
    assert answer.status_code == 410
    assert "withdrawn by Sailmaker Voice" in answer.content.decode()


def test_a_session_held_for_too_long_must_open_the_link_again(monkeypatch):
    client = in_wizard(monkeypatch, web_values.case())
    put_into_wizard(client, uuid4(), lasts=-timedelta(seconds=1))
    assert client.get("/wizard/").status_code == 404


def test_the_first_choice_names_the_one_role_that_is_enough(monkeypatch):
    alone = "a Privileged Role Administrator or a Global Administrator"
    offer = replace(web_values.OFFER, purpose=Purpose.REPAIR, whole_role=alone)
    page = soup(in_wizard(monkeypatch, web_values.case(offer=offer)).get("/wizard/"))
    assert f"{alone} can do all of it." in page.select_one(".gw-choice").get_text()
    assert "can start" not in page.select_one(".gw-choice").get_text()


def test_only_what_exists_can_be_chosen(monkeypatch):
    page = soup(in_wizard(monkeypatch, web_values.case()).get("/wizard/"))
    offered = [choice.strong.get_text() for choice in page.select(".gw-choice")]
    assert offered == ["Create New App Registration", "Use App Registration"]


def test_every_permission_and_role_is_told_before_anybody_signs_in(monkeypatch):
    text = soup(in_wizard(monkeypatch, web_values.case(Step.WHO)).get("/wizard/new/")).get_text(" ", strip=True)
    for one in (*web_values.PLAN.permissions, *web_values.PLAN.roles):
        assert one.name in text.replace(". ", ".")
        assert one.why in text
    assert web_values.PLAN.fingerprint_shown in text
    assert "Sandbox1-sp2-token" in text


def test_who_does_not_sign_in_themselves_leaves_the_page_by_another_way_until_something_is_made(monkeypatch):
    ways = "button[form=use], a[href='/wizard/script/'], a[href='/wizard/guide/'], a[href='/wizard/colleague/']"
    page = soup(in_wizard(monkeypatch, web_values.case(Step.WHO)).get("/wizard/new/"))
    assert len(page.select(ways)) == len(ways.split(","))
    assert page.select_one("form#use")["action"] == "/wizard/use/choose/"
    begun = web_values.case(Step.WHO, run=web_values.run(RunState.NEEDS_SIGN_IN))
    assert not soup(in_wizard(monkeypatch, begun).get("/wizard/new/")).select(ways)


@pytest.mark.parametrize(
    ("typed", "error"), [("nobody", NotAPrincipalName(field="upn")), ("a#EXT#@x.example", GuestName(field="upn"))]
)
def test_a_wrong_upn_is_told_at_its_field_and_stays_there(monkeypatch, typed, error):
    monkeypatch.setattr(actions, "start_authentication", refuse(error))
    answer = in_wizard(monkeypatch, web_values.case(Step.WHO)).post("/wizard/new/", {"upn": typed})
    assert error.what in error_at(answer, "upn")
    assert error.cure in error_at(answer, "upn")
    assert soup(answer).select_one("#id_upn")["value"] == typed
    assert soup(answer).select_one("#id_upn")["aria-invalid"] == "true"


def test_an_empty_upn_is_told_at_its_field(monkeypatch):
    answer = in_wizard(monkeypatch, web_values.case(Step.WHO)).post("/wizard/new/", {"upn": " "})
    assert "admin@contoso.com" in error_at(answer, "upn")


def test_the_code_is_shown_with_its_link_which_works_without_scripts(monkeypatch):
    page = soup(in_wizard(monkeypatch, web_values.case(Step.CODE)).get("/wizard/code/"))
    assert page.select_one("[data-testid=user-code]").get_text() == web_values.CODE
    link = page.select_one("#copy-and-open")
    assert link.get_text(strip=True) == "Copy code and open page in new tab"
    assert (link["href"], link["target"]) == ("https://microsoft.com/devicelogin", "_blank")
    assert "noopener" in link["rel"]
    assert ", ".join(web_values.CODE) in page.get_text()
    assert page.select_one("noscript meta[http-equiv=refresh]")


def test_the_code_is_in_no_address(monkeypatch):
    page = soup(in_wizard(monkeypatch, web_values.case(Step.CODE)).get("/wizard/code/"))
    addresses = [tag.get(name, "") for tag in page.find_all() for name in ("href", "src", "action", "hx-get")]
    assert not any(web_values.CODE in address for address in addresses)


def test_a_poll_says_unchanged_until_something_changes(monkeypatch):
    client = in_wizard(monkeypatch, web_values.case(Step.CODE))
    seen = soup(client.get("/wizard/code/")).select_one("#live input[name=seen]")["value"]
    assert client.get("/wizard/code/state", {"seen": seen}).status_code == 204
    checking = web_values.sign_in(SignInState.CHECKING, words="You are signed in; we look at your tenant …")
    client = in_wizard(monkeypatch, web_values.case(Step.CODE, sign_in=checking))
    answer = client.get("/wizard/code/state", {"seen": seen})
    assert answer.status_code == 200
    assert "we look at your tenant" in answer.content.decode()
    assert web_values.CODE not in answer.content.decode()


def test_a_poll_stops_when_the_sign_in_was_refused_and_offers_the_next_move(monkeypatch):
    wrong = web_values.sign_in(SignInState.WRONG_TENANT, problem=web_values.PROBLEM, has_code=False)
    answer = in_wizard(monkeypatch, web_values.case(Step.CODE, sign_in=wrong)).get("/wizard/code/state")
    assert answer.status_code == 286
    page = soup(answer)
    assert web_values.PROBLEM.what in page.get_text()
    assert page.select_one("button[form=again]").get_text(strip=True) == "Sign in again"
    assert "7d5f2c1e-98aa-4f6f-9d2b-1c0a7e55d210" in page.select_one("details").get_text()
    assert page.select("[data-way]"), "whoever can't sign in to that tenant has other ways"


def test_another_person_than_named_may_be_confirmed_knowingly(monkeypatch):
    problem = replace(web_values.PROBLEM, next_move=NextMove.CONFIRM_PERSON)
    other = web_values.sign_in(SignInState.WRONG_PERSON, problem=problem, has_code=False)
    done = []
    monkeypatch.setattr(actions, "confirm_other_person", lambda **given: done.append(given["case_id"]))
    client = in_wizard(monkeypatch, web_values.case(Step.CODE, sign_in=other))
    form = soup(client.get("/wizard/code/")).select_one("form#accept")
    assert client.post(form["action"]).status_code == 302
    assert done == [web_values.NIL]


def test_a_poll_takes_the_page_along_when_the_sign_in_has_worked(monkeypatch):
    answer = in_wizard(monkeypatch, web_values.case(Step.SIGNED_IN)).get("/wizard/code/state")
    assert answer.headers["HX-Redirect"] == "/wizard/signed-in/"


def test_a_poll_without_a_session_makes_the_page_load_again():
    answer = Client().get("/wizard/code/state", headers={"HX-Request": "true"})
    assert answer.headers["HX-Refresh"] == "true"


def test_the_established_connection_says_who_where_and_what_they_can_do(monkeypatch):
    text = soup(in_wizard(monkeypatch, web_values.case(Step.SIGNED_IN)).get("/wizard/signed-in/")).get_text(
        " ", strip=True
    )
    assert "The Token connection has successfully been established." in text
    for told in (
        "Nils Åkerström",
        "Contoso Bakeries",
        "contosobakeries.onmicrosoft.com",
        "Needs another administrator",
    ):
        assert told in text


def test_each_step_is_told_with_its_words_and_the_way_on(monkeypatch):
    parts = (
        Part("registration", "Create the app registration", "can"),
        Part("credential", "Create its secret", "forbidden", "A policy forbids secrets.", "Ask for an exception."),
        Part("consent", "Consent to the permissions", "activate", "The role is not active.", "Activate it in PIM."),
        Part("roles", "Give the directory roles", "needs_other", "", "It takes a Global Administrator."),
    )
    signer = replace(web_values.SIGNER, parts=parts, notes=("Teams Phone licences left: 5.",))
    client = in_wizard(monkeypatch, web_values.case(Step.SIGNED_IN, signer=signer))
    text = soup(client.get("/wizard/signed-in/")).get_text(" ", strip=True)
    for part in parts:
        assert part.label in text
        assert part.words in text
        assert part.cure in text
    for word in ("This account can do it", "Something stands in the way", "A role has to be activated first"):
        assert word in text
    assert "Teams Phone licences left: 5." in text


def test_next_step_is_a_post_and_goes_where_the_case_then_stands(monkeypatch):
    done = []
    monkeypatch.setattr(actions, "confirm_signed_in", lambda **given: done.append(given["by"].kind))
    answer = in_wizard(monkeypatch, web_values.case(Step.SIGNED_IN)).post("/wizard/signed-in/")
    assert answer.headers["Location"] == "/wizard/"
    assert done == ["administrator"]


def test_the_name_rules_stand_beside_the_field_and_its_errors_at_it(monkeypatch):
    sentences = ("A dot cannot be used.", "Use at least 3 characters.")
    monkeypatch.setattr(actions, "start_provisioning", refuse(InvalidName(field="name", sentences=sentences)))
    answer = in_wizard(monkeypatch, web_values.case(Step.NAME)).post("/wizard/name/", {"name": " x."})
    assert all(sentence in error_at(answer, "name") for sentence in sentences)
    assert soup(answer).select_one("#id_name")["value"] == " x."
    assert "3–15 characters" in soup(answer).select_one(".gw-rules").get_text()


@pytest.mark.parametrize(("name", "words"), [("a.b c", "A dot cannot be used."), ("TAKEN", "Another registration")])
def test_what_is_wrong_with_the_name_is_told_together_with_the_days(name, words):
    client = beside_a_taken_name()
    answer = client.post("/wizard/name/", {"name": name, "days": "9999"})
    assert words in error_at(answer, "name")
    assert "Type a number of days" in error_at(answer, "days")


def to_the_name(walked):
    signed_in(walked)
    actions.confirm_signed_in(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())


def beside_a_taken_name():
    """The browser of somebody who names a registration where the name "taken" is taken."""
    first = walk()
    to_the_name(first)
    actions.start_provisioning(case_id=first.case_id, name="taken", by=ADMINISTRATOR, now=clock.now())
    invitation_id = issue(first.customer, first.operator_id)
    token = factories_invitations.link(first.customer, invitation_id)
    case_id = actions.begin_case(token=token, by=ADMINISTRATOR, now=clock.now()).case_id
    actions.choose_new(case_id=case_id, by=ADMINISTRATOR, now=clock.now())
    to_the_name(replace(first, invitation_id=invitation_id, case_id=case_id))
    client = Client()
    put_into_wizard(client, case_id)
    return client


def test_while_typing_a_word_says_whether_the_name_can_be_used():
    client = beside_a_taken_name()
    assert soup(client.get("/wizard/name/")).select_one("[hx-get='/wizard/name/state']")
    told = {"": "", "a b": "Blank spaces", "TAKEN": "Another registration", "voice-1": "✓ This name can be used."}
    for typed, word in told.items():
        answer = soup(client.get("/wizard/name/state", {"name": typed})).get_text()
        assert word in answer if word else not answer.strip()


def test_a_name_that_microsoft_refused_comes_back_at_its_field(monkeypatch):
    case = web_values.case(Step.NAME, registration_name="microsoft-1", name_error="Microsoft doesn't allow this name.")
    answer = in_wizard(monkeypatch, case).get("/wizard/name/")
    assert error_at(answer, "name") == "Microsoft doesn't allow this name."
    assert soup(answer).select_one("#id_name")["value"] == "microsoft-1"


@pytest.mark.parametrize("name_error", ["Microsoft doesn't allow this name.", ""])
def test_a_shorter_life_that_was_chosen_stands_there_again(monkeypatch, name_error):
    case = web_values.case(Step.NAME, run=web_values.run(credential_days=30), name_error=name_error)
    answer = in_wizard(monkeypatch, case).get("/wizard/name/")
    assert soup(answer).select_one("#id_days")["value"] == "30"


def test_a_sign_in_that_became_too_old_is_told_where_the_case_then_stands(monkeypatch):
    monkeypatch.setattr(actions, "start_provisioning", refuse(SignInTooOld()))
    client = in_wizard(monkeypatch, web_values.case(Step.NAME))
    assert client.post("/wizard/name/", {"name": "contoso"}).headers["Location"] == "/wizard/"
    assert "expired" in client.get("/wizard/name/").content.decode()


def test_moving_on_in_another_window_is_told(monkeypatch):
    monkeypatch.setattr(actions, "start_authentication", refuse(NotNow()))
    client = in_wizard(monkeypatch, web_values.case(Step.WHO))
    answer = client.post("/wizard/new/", {"upn": "admin@contoso.example"}, follow=True)
    assert "perhaps in another window" in answer.content.decode()


def test_the_steps_of_the_run_are_live_with_honest_words(monkeypatch):
    client = in_wizard(monkeypatch, web_values.case(Step.PROVISIONING))
    page = soup(client.get("/wizard/provisioning/"))
    assert len(page.select(".gw-timeline > li")) == len(web_values.run().steps)
    assert "Microsoft is copying it" in page.get_text()
    assert "You may close this page" in page.get_text()
    assert (
        client.get("/wizard/provisioning/state", {"seen": page.select_one("[name=seen]")["value"]}).status_code == 204
    )


def test_a_run_that_stopped_says_why_and_offers_the_next_move(monkeypatch):
    stopped = web_values.case(Step.PROVISIONING, run=web_values.run(RunState.NEEDS_SIGN_IN), problem=web_values.PROBLEM)
    page = soup(in_wizard(monkeypatch, stopped).get("/wizard/provisioning/"))
    assert web_values.PROBLEM.cure in page.get_text()
    assert page.select_one("button[form=again]")
    assert page.select_one("form#again")["action"] == "/wizard/again/"


def test_the_end_says_what_was_granted_by_whom_until_when_and_how_to_undo_it(monkeypatch):
    page = soup(in_wizard(monkeypatch, web_values.case(Step.DONE)).get("/wizard/done/"))
    text, done = page.get_text(" ", strip=True), web_values.DONE
    assert page.select_one(f'a[href="{done.own_view}"]').get_text() == done.own_view
    for told in (
        done.application_id,
        done.granted_by,
        *done.permissions,
        *done.roles,
        *done.undo,
        "You can close this page",
        "Until its service is created it stands there as “Not created yet”",
    ):
        assert told in text


def test_the_end_names_no_address_for_later_where_there_is_none(monkeypatch):
    case = replace(web_values.case(Step.DONE), done=replace(web_values.DONE, own_view=""))
    assert "Later, without a link" not in soup(in_wizard(monkeypatch, case).get("/wizard/done/")).get_text()


@pytest.mark.parametrize("purpose", sorted(set(Purpose) - SENT_TO_NOBODY))
def test_each_purpose_has_its_own_words_and_only_what_changes(monkeypatch, purpose):
    lines = () if purpose is Purpose.CONNECT else ("Added: Reader & <more>",)
    offer = replace(web_values.OFFER, purpose=purpose.value, changes=lines)
    titles = set()
    for step in (Step.CHOOSE, Step.WHO):
        case = replace(web_values.case(step), offer=offer)
        page = soup(in_wizard(monkeypatch, case).get(page_of(step))).main
        words = page.get_text(" ", strip=True)
        titles.add(page.h1.get_text(strip=True))
        assert ("Create New App Registration" in words) is (purpose is Purpose.CONNECT)
        assert [each.get_text() for each in page.select("#otherwise + ul li")] == list(lines)
    assert titles == {str(WORDS[purpose].choose), str(WORDS[purpose].first)}
    for step, new in ((Step.PROVISIONING, "Making"), (Step.DONE, "is made")):
        case = replace(web_values.case(step), offer=offer)
        title = soup(in_wizard(monkeypatch, case).get(page_of(step))).h1.get_text()
        assert (new in title) is (purpose is Purpose.CONNECT)
    monkeypatch.setattr(wizard_door, "offer", lambda _token: offer)
    page = soup(Client().get("/i/" + "t" * 43)).main
    asked = page.h1.get_text(strip=True)
    assert ("for Teams calling" in asked) is (purpose is Purpose.CONNECT)
    assert bool(page.select("#otherwise + ul li")) is bool(lines)


# No page is a dead end: each has a next step, and says who acts next


def shown(monkeypatch, case, address):
    return soup(in_wizard(monkeypatch, case).get(address))


def test_with_an_account_that_cannot_begin_nothing_is_started(monkeypatch):
    parts = (replace(web_values.SIGNER.parts[0], key="registration", verdict="needs_other"),)
    case = replace(web_values.case(Step.SIGNED_IN), signer=replace(web_values.SIGNER, parts=parts))
    page = shown(monkeypatch, case, "/wizard/signed-in/")
    assert "With this account nothing can be begun" in page.get_text()
    assert page.select_one('main a[href="/wizard/colleague/"]')
    assert not page.select('form[action="/wizard/my-part/"]')
    assert shown(monkeypatch, case, "/wizard/colleague/").select_one("#id_colleague")
    kept = replace(case, keeps_name="voice-one")
    assert shown(monkeypatch, kept, "/wizard/signed-in/").select('form[action="/wizard/my-part/"]')


def test_a_name_that_stays_is_shown_without_the_rules_for_a_new_one(monkeypatch):
    case = web_values.case(Step.NAME)
    assert "No dot" in shown(monkeypatch, case, "/wizard/name/").main.get_text()
    page = shown(monkeypatch, replace(case, keeps_name="voice.one for calling"), "/wizard/name/")
    assert page.select_one("#id_name")["value"] == "voice.one for calling"
    assert "No dot" not in page.main.get_text()


def test_who_names_the_registration_may_still_sign_in_as_somebody_else(monkeypatch):
    page = shown(monkeypatch, web_values.case(Step.NAME), "/wizard/name/")
    assert (
        page.select_one('main form[action="/wizard/again/"] button').get_text(strip=True) == "Sign in as someone else"
    )


def test_who_waits_for_an_approval_reads_what_to_do_when_the_answer_is_no(monkeypatch):
    client = Client()
    put_into_wizard(client, walk().case_id)
    text = soup(client.get("/wizard/approval/")).get_text(" ", strip=True)
    assert "If the answer is no, doing nothing is enough" in text
    assert shown(monkeypatch, web_values.case(Step.WHO), "/wizard/new/").select_one('a[href="/wizard/approval/"]')


def test_who_handed_it_on_reads_that_nothing_more_is_asked_of_them(monkeypatch):
    words, case = "You need not do anything more", replace(web_values.case(Step.WHO), colleagues=())
    assert words not in shown(monkeypatch, case, "/wizard/colleague/").get_text()
    asked = replace(case, colleagues=(web_values.COLLEAGUE,))
    assert words in shown(monkeypatch, asked, "/wizard/colleague/").get_text()


def test_a_frozen_invitation_says_who_acts_next(monkeypatch):
    case = web_values.case(Step.CLOSED)
    case = replace(case, offer=replace(case.offer, invitation_state="reported"))
    text = shown(monkeypatch, case, "/wizard/closed/").get_text(" ", strip=True)
    assert "Sailmaker Voice acts next" in text
    assert "the link in your e-mail works again" in text


@pytest.mark.parametrize("step", [Step.CHOOSE, Step.WHO, Step.USE, Step.CODE, Step.SIGNED_IN, Step.NAME, Step.WAITING])
def test_who_did_not_expect_it_can_say_so_on_every_page(monkeypatch, step):
    page = shown(monkeypatch, web_values.case(step), page_of(step))
    assert page.select_one('footer a[href="/wizard/unexpected/"]')
