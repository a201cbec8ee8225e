"""Microsoft's errors reach people in the dictionary's words, with its code, ids and time behind details."""

from collections.abc import Iterator

import pytest
from bs4 import BeautifulSoup
from django.conf import settings as django_settings
from django.template.loader import render_to_string

from gangway.foundation import clock
from gangway.jobs.testing import run_until_idle
from gangway.microsoft import dictionary
from gangway.onboarding import actions, queries
from gangway.organizations.scope import within
from gangway.web.onboarding_pages import items_of
from tests.emulator.conftest import Emulator
from tests.rooms.factories_onboarding import Microsoft, loop, make_due, refused, round_trip, walk
from tests.rooms.test_onboarding_aboard import OLGA, aboard, add

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def emulator(process: Emulator, settings) -> Iterator[Emulator]:
    process.control("POST", "reset")
    told = {
        "cloud_login_url": process.url,
        "cloud_graph_url": process.url,
        "extra_ca_file": process.ca_file,
        "egress_addresses": ("203.0.113.7", "203.0.113.8"),
    }
    settings.GANGWAY = django_settings.GANGWAY.model_copy(update=told)
    yield process
    process.control("DELETE", "faults")


@pytest.mark.slow
def test_a_policy_that_stops_the_registration_is_told_with_our_addresses_and_microsofts_marks(emulator):
    walked = aboard(emulator)
    onboarding_id = add(walked)
    fault = {"match": {"path": "*/oauth2/v2.0/token"}, "effect": {"aadsts": 53003}}
    emulator.control("PUT", "faults/policy", json=fault)
    with within(walked.customer.path):
        actions.validate(onboarding_id=onboarding_id, by=OLGA, now=clock.now())
        run_until_idle()
        item = next(item for item in queries.validation(onboarding_id).items if item.key == "sign_in")
    entry = dictionary.of_signal("AADSTS53003")
    assert (item.state, item.words) == ("error", entry.application.what)
    assert "203.0.113.7 and 203.0.113.8" in item.cure
    marks = dict(item.details)
    assert marks["AADSTS"] == "53003"
    assert {"Request ID", "Correlation ID", "Time"} <= set(marks)
    page = BeautifulSoup(render_to_string("components/checks.html", {"items": items_of([item])}), "html.parser")
    folded = page.find("details")
    assert folded is not None
    assert all(value in folded.get_text() for value in marks.values())


@pytest.mark.parametrize(
    ("error", "number"),
    [
        ("interaction_required", 53003),
        ("interaction_required", 50005),
        ("invalid_grant", 50158),
        ("invalid_grant", 50177),
        ("invalid_grant", 5000224),
        ("access_denied", 90094),
        ("access_denied", 500021),
        ("invalid_client", 7000218),
    ],
)
def test_the_wizard_tells_a_refused_sign_in_in_the_dictionarys_words(error, number):
    walked, script = walk(), Microsoft(polls=[refused(error, number)])
    sign_in_id = walked.start()
    rounds = loop(script)
    for _ in range(2):
        make_due(sign_in_id)
        round_trip(rounds)
    problem, words = walked.view().sign_in.problem, dictionary.of_signal(f"AADSTS{number}").words
    assert (problem.what, problem.cure, problem.acts) == (words.what, words.cure, words.acts)
    marks = dict(problem.details)
    assert (marks["AADSTS"], marks["Correlation ID"]) == (str(number), "correlation-1")
    assert marks["Time"]


def test_an_unknown_refusal_shows_its_number_and_none_of_microsofts_free_text():
    walked, script = walk(), Microsoft(polls=[refused("brand_new", 599999)])
    sign_in_id = walked.start()
    rounds = loop(script)
    for _ in range(2):
        make_due(sign_in_id)
        round_trip(rounds)
    problem = walked.view().sign_in.problem
    assert problem.what == "Microsoft refused the sign-in (AADSTS599999)."
    assert "told." not in f"{problem.what} {problem.cure} {problem.details}"
