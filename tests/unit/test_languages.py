"""Texts that rooms made in English, found again in the language of a page."""

import re
from datetime import UTC, datetime

import pytest
from django.utils import translation

from gangway.invitations.aims import Purpose
from gangway.languages import choice, times
from gangway.languages import said as finding
from gangway.languages.said import MOST_TOGETHER, Pattern, in_order, said
from gangway.notifications.messages import MESSAGES
from gangway.notifications.states import MessageKind
from tests.rooms import pseudo_language
from tests.unit.test_messages import CONTEXTS

PROBLEM = "Microsoft does not answer at the moment."
LET_IN = (
    "Ask the people who look after Conditional Access in the tenant to let this application in, from the address of "
    "this platform: 192.0.2.7. Leave the policy on for everything else."
)


@pytest.fixture(autouse=True)
def in_german(settings, tmp_path):
    settings.LOCALE_PATHS = [pseudo_language.speak(tmp_path, "de")]
    with translation.override("de"):
        yield
    pseudo_language.forget()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (PROBLEM, f"⟦{PROBLEM}⟧"),
        ("Role Teams Administrator given", "⟦Role ⟦Teams Administrator⟧ given⟧"),
        ("Role Nobody knows this given", "⟦Role Nobody knows this given⟧"),
        (f"- {PROBLEM}\n- Contoso", f"- ⟦{PROBLEM}⟧\n- Contoso"),
        (f"{PROBLEM} Sign in again to go on.", f"⟦{PROBLEM}⟧ ⟦Sign in again to go on.⟧"),
        (f"Contoso says so. {PROBLEM}", f"Contoso says so. ⟦{PROBLEM}⟧"),
        ("client secret or certificate", "⟦client secret⟧ ⟦or⟧ ⟦certificate⟧"),
        ("Ada and Grace", "Ada and Grace"),
        ("“voice-1”, “Smith and Sons” and “c”", "⟦“voice-1”⟧, ⟦“Smith and Sons”⟧ ⟦and⟧ ⟦“c”⟧"),
        ("“voice-1” and Grace", "“voice-1” and Grace"),
        ("“50%”", "⟦“50%”⟧"),
        ("Contoso", "Contoso"),
        ("", ""),
    ],
)
def test_a_text_is_found_again_whole_as_a_pattern_by_sentences_or_as_a_list(text, told):
    assert said(text) == told


def test_what_stands_in_a_sentence_is_said_too():
    assert pseudo_language.unmarked(said(LET_IN)) == ""
    assert "192.0.2.7" in said(LET_IN)


def test_a_name_in_quotation_marks_within_a_sentence_has_the_marks_of_the_language():
    stay = "App registrations that were made like this before stay untouched: "
    assert said(f"{stay}“voice-1”.") == f"⟦{stay}⟦“voice-1”⟧.⟧"
    assert said(f"{stay}“a”, “b and c”.") == f"⟦{stay}⟦“a”⟧, ⟦“b and c”⟧.⟧"


def test_a_mail_says_a_name_that_we_made_up_in_its_language():
    facts = dict.fromkeys(CONTEXTS[MessageKind.SERVICE_CREATED], "9") | {
        "registration_name": "App registration 3eeda679"
    }
    told = MESSAGES[MessageKind.SERVICE_CREATED].compose(facts, language="de").text
    assert "⟦App registration 3eeda679⟧" in " ".join(told.split())


def test_facts_are_put_in_as_they_are_and_never_looked_at_again():
    with translation.override("de"):
        assert said("You named {upn_1}, but b@x.example signed in.").count("{upn_1}") == 1


def test_english_stays_as_it_is():
    with translation.override("en"):
        assert said(PROBLEM) == PROBLEM


def test_the_pattern_that_says_most_is_tried_first():
    first, second = in_order(["Role {name}", "Role {name} given", "{a} {b}"])
    assert (first.text, second.text) == ("Role {name} given", "Role {name}")


def test_a_pattern_reads_a_long_text_once_however_it_was_made():
    assert Pattern("{a} x {b} x {c} x {d}!").facts_in("x " * 2000) is None


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "Friday, 27 November 2026, 14:05 (UTC)"),
        ("de", "Freitag, 27. November 2026, 14:05 (UTC)"),
        ("fr", "vendredi 27 novembre 2026 à 14:05 (UTC)"),
        ("es", "viernes, 27 de noviembre de 2026, 14:05 (UTC)"),
        ("he", "יום שישי, 27 בנובמבר 2026, 14:05 (UTC)"),
        ("xx", "Friday, 27 November 2026, 14:05 (UTC)"),
    ],
)
def test_a_time_is_said_with_the_names_and_the_order_of_its_language(language, told):
    moment = datetime(2026, 11, 27, 14, 5, tzinfo=UTC)
    assert times.time_in_words(moment, language).casefold() == told.casefold()
    assert times.retold(times.time_in_words(moment), language).casefold() == told.casefold()


def test_a_time_in_a_text_is_said_too():
    assert said("27 November 2026") == "27. November 2026"
    assert said("Friday, 27 November 2026, 14:05 (UTC)") == "Freitag, 27. November 2026, 14:05 (UTC)"


TO_CUSTOMERS = (
    MessageKind.INVITATION,
    MessageKind.INVITATION_REMINDER,
    MessageKind.HANDOFF,
    MessageKind.REMINDER,
    MessageKind.COMPLETION,
    MessageKind.SERVICE_CREATED,
    MessageKind.ALARM_CONTACT,
    MessageKind.ROTATION_AHEAD,
    MessageKind.REMOVAL_ASKED,
    MessageKind.SERVICE_GONE,
)


@pytest.mark.parametrize("purpose", ["", *(purpose.value for purpose in Purpose if purpose is not Purpose.CONNECT)])
@pytest.mark.parametrize("kind", TO_CUSTOMERS)
def test_a_mail_to_a_customer_says_nothing_in_english_only(kind, purpose):
    facts = {name: f"9{number}" for number, name in enumerate(sorted(CONTEXTS[kind]))}
    composed = MESSAGES[kind].compose(facts | {"purpose": purpose, "for_own": "9"}, link="https://9.9/9", language="de")
    for told in (composed.subject, composed.text, pseudo_language.outside(composed.html)):
        assert re.findall(r"[^\W\d_]{2,}", re.sub(r"https?://\S+", "", pseudo_language.unmarked(told))) == []


def test_an_unknown_language_is_english():
    assert choice.known("xx") == choice.known("") == "en"


@pytest.mark.parametrize("day", ["31 February 2026", "0 May 2026", "1 January 0000", "1 May 2026, 29:00 (UTC)"])
def test_a_name_that_only_looks_like_a_day_breaks_nothing(in_german, day):
    assert day in said(f"{day} is no longer used then; you can delete it.")


HOSTILE = {
    "sentences": "A. ",
    "a list": "A, B and ",
    "patterns in patterns": "Role ",
    "dashes": "- ",
    "beginnings": "You signed in to A. The Microsoft 365 to be connected is the one with the domain ",
}


@pytest.mark.parametrize("of", HOSTILE)
def test_what_a_text_costs_grows_as_it_does(monkeypatch, of):
    """Counted in signs that are looked up, not in time."""
    looked_up = []

    def whole(language, text, depth):
        looked_up.append(len(text))
        return found(language, text, depth)

    found = finding._whole
    monkeypatch.setattr(finding, "_whole", whole)
    costs = []
    for twice in (1, 2):
        finding._in.cache_clear()
        looked_up.clear()
        said(HOSTILE[of] * (2_400 // len(HOSTILE[of])) * twice)
        costs.append(sum(looked_up))
    assert costs[1] <= 3 * costs[0]


def test_no_message_of_ours_has_more_sentences_than_are_looked_up_together():
    assert max(len(finding._BETWEEN_SENTENCES.findall(one.text)) + 1 for one in finding.patterns()) <= MOST_TOGETHER


def test_a_known_sentence_is_found_in_a_long_text():
    assert said("Nobody knows this. " * 200 + PROBLEM).endswith(f"⟦{PROBLEM}⟧")
