"""A page that waits for a sign-in: "unchanged" costs little, and nothing that happens is missed."""

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.test.utils import CaptureQueriesContext

from gangway.foundation import clock
from gangway.onboarding import actions
from gangway.web import marked
from tests.rooms import factories_web
from tests.rooms.factories_onboarding import ADMINISTRATOR, PENDING, Microsoft, Walk, loop, make_due, round_trip, walk

STATE = "/wizard/code/state"
FEW = 6
"""Queries, of which two set the scope."""


@pytest.fixture
def short_answers(monkeypatch):
    monkeypatch.setattr(marked, "_turn_of_a_whole_one", lambda _number: False)


def waiting() -> tuple[Client, Walk]:
    walked = walk()
    make_due(walked.start())
    round_trip(loop(Microsoft(polls=[PENDING])))
    client = Client()
    factories_web.put_into_wizard(client, walked.case_id)
    return client, walked


def seen_by(page: str) -> str:
    return str(BeautifulSoup(page, "html.parser").select_one("input[name=seen]")["value"])


@pytest.mark.django_db
def test_unchanged_is_told_by_few_questions_from_the_first_look_on(short_answers):
    from django.db import connection  # noqa: PLC0415  the test's own

    client, _ = waiting()
    seen = seen_by(client.get("/wizard/code/").content.decode())
    with CaptureQueriesContext(connection) as asked:
        assert client.get(STATE, {"seen": seen}).status_code == 204
    assert len([query for query in asked.captured_queries if "ROLE" not in query["sql"]]) <= FEW


@pytest.mark.django_db
def test_what_happens_is_seen_at_the_next_look(short_answers):
    client, walked = waiting()
    seen = seen_by(client.get(STATE).content.decode())
    assert client.get(STATE, {"seen": seen}).status_code == 204
    actions.tell_blocked(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    answer = client.get(STATE, {"seen": seen})
    assert answer.status_code == 286
    assert seen_by(answer.content.decode()).partition(".")[0] != seen.partition(".")[0]


@pytest.mark.django_db
def test_a_whole_answer_in_between_says_unchanged_as_well(monkeypatch):
    monkeypatch.setattr(marked, "_turn_of_a_whole_one", lambda _number: True)
    client, _ = waiting()
    seen = seen_by(client.get(STATE).content.decode())
    assert client.get(STATE, {"seen": seen}).status_code == 204


def test_every_page_has_its_turn_however_often_it_asks(monkeypatch):
    for step in (1, 2, 3, 10):
        turns = []
        for look in range(marked.WHOLE_EVERY):
            monkeypatch.setattr(clock, "ticks", lambda look=look, step=step: float(look * step * marked.USUAL_SECONDS))
            turns.append(marked._turn_of_a_whole_one(5))
        assert sum(turns) == 1
