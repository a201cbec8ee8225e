"""What rooms put together in English from facts is found again in another language: nothing is lost on the way."""

import re
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.utils import translation

from gangway.languages.said import said
from gangway.microsoft.errors import Busy, Forbidden
from gangway.microsoft.graph import session
from gangway.microsoft.graph.shapes import Organization
from gangway.onboarding.farewell import written
from gangway.provisioning import check_items, proving
from gangway.provisioning.engine import pinning, rights, verify
from gangway.provisioning.engine.blueprint import draw
from gangway.provisioning.engine.difference import differences
from gangway.provisioning.engine.fitting import fit
from gangway.provisioning.engine.script import Asked, Wanted, script
from gangway.provisioning.farewell import Line, Outcome, Parted
from gangway.provisioning.waiting_view import RemainingRow
from tests.rooms import pseudo_language

UNIT = {"features": ["administrative-unit"], "role_choice": "teams"}
NOW = datetime(2026, 11, 27, 14, 5, tzinfo=UTC)
ABOUT = SimpleNamespace(short_name="9-9", full_name="9", customer_name="9", provider_name="9")


@pytest.fixture(autouse=True)
def in_german(settings, tmp_path):
    settings.LOCALE_PATHS = [pseudo_language.speak(tmp_path, "de")]
    with translation.override("de"):
        yield
    pseudo_language.forget()


def english_in(text):
    """Words that no catalog knows; German times, and names with dots, are nobody's words."""
    left = re.sub(r"\w+, \d+\. \w+ \d+|\S*\.\S+\.\S+|UTC", " ", pseudo_language.unmarked(text))
    return re.findall(r"[^\W\d_]{3,}", left)


def plan(**given):
    return pinning.pin(profile="teams-voice", **{"version": 2, **given})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"credential_days": 365}, {"credential_days": 180}),
        ({"credential_days": 90}, {"credential_days": 180}),
        ({"credential_kind": "secret"}, {"credential_kind": "federated"}),
        ({**UNIT, "unit": "9"}, {**UNIT, "unit": "99"}),
        ({**UNIT}, {**UNIT, "unit": "9"}),
        ({**UNIT, "unit": "9"}, {**UNIT}),
        ({"role_days": 30}, {}),
        ({"keep_sign_in_application": True}, {}),
        ({}, {"keep_sign_in_application": True}),
        ({}, {"features": ["self-rotation", "call-quality"]}),
    ],
)
def test_a_difference_of_plans_is_said_whole(before, after):
    changes = differences(plan(**before), plan(**after))
    assert changes
    assert [english_in(said(change.what)) for change in changes] == [[] for _change in changes]


@pytest.mark.parametrize("text", [*rights.LACKS.values(), *verify.ARE_THERE.values()])
def test_what_an_account_lacks_and_what_was_read_back_are_sentences_of_their_own(text):
    assert said(text) == f"⟦{text}⟧"


@pytest.mark.parametrize("part", rights.Part)
def test_what_remains_for_a_colleague_is_said_with_its_kind(part):
    assert english_in(said(RemainingRow(part, "", "9", "").words)) == []


def test_whatever_is_seen_of_a_registration_that_is_there_is_said_with_what_to_do():
    """The lines that *What we saw* may have: nothing there, everything there, more than needed, a refusal."""
    wanted = plan(features=["self-rotation", "call-quality"])
    pinned = pinning.read(wanted)
    values, roles = {one.value for one in pinned.permissions}, {one.template_id for one in pinned.roles}
    found = (fit(wanted, permissions=(), roles=()), fit(wanted, permissions={*values, "9.9.9"}, roles=roles))
    items = [check_items.signed_in(token, "sign_in", "Sign-in as the registration") for token in (object(), Busy())]
    items += [item for one in found for item in (*proving._rights(one), *proving._more(one))]
    for told in ({"value": Organization("9", "9", ())}, {"error": Forbidden()}, {"error": Busy()}):
        outcome = session.Outcome(check_items.NO_ANSWER, **told)
        items += [*proving._tenant(outcome, "9"), *proving._tenant(outcome, "99")]
    assert len({item.words for item in items}) > 8
    names = re.compile(rf"\b({'|'.join(map(re.escape, values))})\b")
    texts = [text for item in items for text in (item.label, item.words, item.cure)]
    assert [text for text in texts if english_in(names.sub("", said(text)))] == []


def test_the_last_paper_about_a_service_can_be_read_in_another_language():
    why = "Other services sign in with it."
    lines = (
        Line(Outcome.REMOVED, "Permission 9 taken away", at=NOW),
        Line(Outcome.STAYS, "App registration 9", "9-9", why),
        Line(Outcome.STAYS, "Credential 9", "", why),
        Line(Outcome.STAYS, "Credential 9", "9-9"),
        Line(Outcome.STAYS, "Credential 9"),
        Line(Outcome.DESTROYED, "Our copy of credential 9", "9-9"),
        Line(Outcome.DESTROYED, "Our copy of credential 9"),
        Line(Outcome.GONE, "Directory role 9", "9-9", at=NOW),
        Line(Outcome.CLAIMED, "Enterprise application 9", "9-9", at=NOW, by="9"),
    )
    for parts in ((), (Parted("9", "9-9", "9-9", "9", lines),)):
        paper = "\n".join(written(ABOUT, parts, now=NOW))
        assert english_in(said(paper)) == []


def test_the_script_explains_itself_in_another_language_and_runs_the_same():
    blueprint = draw(plan(), registration="9", display_name="9", notes="9", sign_in_client=None)
    asked, wanted = Asked("9", "9", "9", "9"), Wanted("9")
    told = script(blueprint, asked, wanted, cloud="public", say=said)
    comments = re.findall(r"^ *# (?:\d\. )?(.+)$", told, re.MULTILINE)
    assert len(comments) > 15
    assert [line for line in comments if english_in(line)] == []
    assert "Write-Host '1. ⟦App registration⟧'" in told
    said_aloud = re.findall(r"(?:Write-Host|Write-Value|throw) ([^{}].*)", told)
    assert len(said_aloud) > 25
    assert [line for line in said_aloud if not line.startswith(("'", "('", "[TimeoutException] '"))] == []
    assert [line for line in said_aloud if english_in("".join(re.findall("'([^']*)'", line)))] == []
    assert re.sub("[⟦⟧]", "", told) == script(blueprint, asked, wanted, cloud="public")
