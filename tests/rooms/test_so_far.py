"""What happened so far, on the pages where the customer's people come back: told to them, never to strangers."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

import gangway
from gangway.audit.record import Actor
from gangway.foundation import clock
from gangway.invitations import actions as invitations
from gangway.invitations import relinking
from gangway.invitations.moves import note_on
from gangway.languages.choice import ENGLISH, NAMES
from gangway.onboarding.shapes import Step
from gangway.organizations.scope import within
from gangway.web import so_far
from gangway.web.wizard_pages import ROUTES
from tests.rooms import web_values
from tests.rooms.factories_invitations import OPERATOR, issue, link
from tests.rooms.factories_onboarding import ADMINISTRATOR, UPN, Walk, signed_in, walk
from tests.rooms.factories_web import in_wizard, put_into_wizard, soup

pytestmark = pytest.mark.django_db

COLLEAGUE = "riley.roles@contoso.com"
HEADING = "What happened so far"


def note(walked: Walk, what: str, by: Actor = OPERATOR) -> None:
    with within(walked.customer.path):
        note_on(walked.invitation_id, what=what, by=by, at=clock.now())


def told(answer) -> str:
    part = next((one for one in soup(answer).select("details") if HEADING in one.get_text()), None)
    return part.get_text(" ", strip=True) if part else ""


def door(walked: Walk) -> str:
    return f"/i/{link(walked.customer, walked.invitation_id).reveal()}"


def test_whoever_comes_back_reads_who_did_what_and_when():
    walked = walk()
    note(walked, "Opened together with the customer")
    note(walked, f"Link for another administrator sent to {COLLEAGUE}", ADMINISTRATOR)
    with within(walked.customer.path):
        relinking.extend(invitation_id=walked.invitation_id, days=9, by=OPERATOR, now=clock.now())
    answer = Client().get(door(walked))
    text = told(answer)
    for words in (
        "The invitation was opened",
        "It was opened together with you",
        f"A link was sent to {COLLEAGUE}",
        "The invitation was extended",
        "Olga Operator",
        UPN,
    ):
        assert words in text
    assert OPERATOR.address not in answer.content.decode()
    assert len(soup(answer).select("details .gw-when time")) == len(soup(answer).select("details .gw-timeline > li"))


def test_before_anybody_went_on_there_is_nothing_to_come_back_to():
    walked = walk()
    fresh = issue(walked.customer)
    assert HEADING not in Client().get(f"/i/{link(walked.customer, fresh).reveal()}").content.decode()


def test_addresses_of_other_recipients_and_the_providers_own_affairs_are_not_told():
    walked = walk()
    for what in (
        "Recipient changed from stranger@elsewhere.example to ada@contoso.example",
        "Refused: signed in to Fabrikam (fabrikam.example)",
        "Says that Fabrikam (fabrikam.example) is the right Microsoft 365",
        "The holder of a dead link, sent to stranger@elsewhere.example, asked for a new one",
        "Not finished by itself",
        "Reported as unexpected after its end",
        "A line of another kind",
    ):
        note(walked, what)
    text = told(Client().get(door(walked)))
    assert "The invitation was sent to another recipient" in text
    assert not re.search(r"elsewhere\.example|fabrikam|finished by itself|after its end|another kind", text.lower())


BOB = "bob@fabrikam.example"
FABRIKAMS = Actor(kind="administrator", id="", name=BOB)


@pytest.mark.parametrize("recipient", ["ada@contoso.com", BOB])
def test_a_former_recipient_and_whom_they_named_are_not_told_to_the_present_one(recipient):
    walked = walk()
    for what in (
        "Says that Fabrikam (fabrikam.example) is the right Microsoft 365",
        "Link for another administrator sent to carol@fabrikam.example",
        "Link of carol@fabrikam.example withdrawn",
    ):
        note(walked, what, FABRIKAMS)
    with within(walked.customer.path):
        relinking.readdress(invitation_id=walked.invitation_id, recipient=recipient, by=OPERATOR, now=clock.now())
    address = door(walked)
    Client().post(address)
    walked.start("ada@contoso.com")
    text = told(Client().get(address))
    assert "Somebody said that theirs is the right Microsoft 365" in text
    assert ("fabrikam.example" in text) is (recipient == BOB)
    assert "carol" not in text


@pytest.mark.parametrize("domain", ["", "contoso.com"])
def test_people_of_the_same_microsoft_365_are_told_to_each_other(domain):
    walked = walk(domain=domain)
    note(walked, "What is asked for was changed", Actor(kind="administrator", id="", name=COLLEAGUE))
    with within(walked.customer.path):
        relinking.readdress(invitation_id=walked.invitation_id, recipient="a@b.example", by=OPERATOR, now=clock.now())
    Client().post(address := door(walked))
    assert (COLLEAGUE in told(Client().get(address))) is bool(domain)
    signed_in(walked)
    assert COLLEAGUE in told(Client().get(address))


def test_strangers_and_dead_links_are_told_nothing_of_it():
    walked = walk()
    first = door(walked)
    with within(walked.customer.path):
        relinking.replace_links(invitation_id=walked.invitation_id, by=OPERATOR, now=clock.now())
    for address in (first, "/i/" + "t" * 43):
        answer = Client().get(address)
        assert answer.status_code in {404, 410}
        assert HEADING not in answer.content.decode()


@pytest.mark.parametrize("replaced", [False, True])
def test_the_page_that_says_why_it_is_closed_tells_it_to_whom_it_was_not_closed_before(replaced):
    walked, client = walk(), Client()
    put_into_wizard(client, walked.case_id)
    with within(walked.customer.path):
        if replaced:
            relinking.replace_links(invitation_id=walked.invitation_id, by=OPERATOR, now=clock.now())
        invitations.revoke(invitation_id=walked.invitation_id, by=OPERATOR, now=clock.now())
    text = told(client.get(reverse("web:wizard_closed")))
    assert ("The invitation was withdrawn" in text) is not replaced


@pytest.mark.parametrize("step", [Step.WAITING, Step.DONE])
def test_the_pages_where_one_waits_and_where_it_is_done_tell_it(monkeypatch, step):
    walked, shown = walk(), web_values.case(step)
    asker = replace(shown.offer.asker, organization_path=walked.customer.path)
    offer = replace(shown.offer, invitation_id=walked.invitation_id, asker=asker)
    client = in_wizard(monkeypatch, replace(shown, offer=offer))
    assert "The invitation was opened" in told(client.get(reverse(ROUTES[step])))


@pytest.mark.parametrize("language", [code for code in NAMES if code != ENGLISH])
def test_it_is_told_in_the_language_of_the_page(language):
    with translation.override(language):
        for words in (*so_far.STATES.values(), *so_far.NOTES.values()):
            said = str(words)
            with translation.override(ENGLISH):
                assert said != str(words)


def every_note() -> set[str]:
    """How each line of the history begins that the code writes."""
    found = set()
    for path in Path(gangway.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if called in {"move", "write_history", "note_on", "change_plan"}:
                found |= {text for word in node.keywords if word.arg in {"note", "what"} for text in texts(word.value)}
    return found


def texts(node: ast.AST) -> Iterator[str]:
    """The beginnings of a text that is put together."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield from texts(node.values[0])
    elif isinstance(node, ast.Subscript):
        yield from texts(node.value)
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)


def test_every_line_that_the_code_writes_has_words_or_is_left_out_knowingly():
    known = (*so_far.NOTES, *so_far.NOT_TOLD, so_far.SENT_TO, so_far.LINK_OF, "I didn't expect this")
    written = every_note()
    assert len(written) > 12
    assert [line for line in written if line and not line.startswith(known)] == []
