"""Samples for lists at size: they keep to every rule of the tables, and each page of the bench shows them."""

import runpy
from pathlib import Path

import pytest
from django.db import connection

from gangway.audit.verify import verify
from gangway.cli.seed import make_samples
from gangway.organizations.place_queries import place
from gangway.organizations.queries import recorded_ids
from gangway.organizations.scope import within_everything
from tests.rooms.factories_organizations import Place
from tests.rooms.factories_web import sit_down

pytestmark = pytest.mark.django_db
PAGES: dict[str, str] = runpy.run_path(str(Path(__file__).parents[2] / "bench" / "lists.py"))["PAGES"]
ROWS = {
    "services": 50,
    "customers": 6,
    "channels": 2,
    "invitations": 3,
    "runs": 50,
    "connections": 50,
    "leftovers, cleared": 1,
    "alarms": 2,
    "imports": 1,
}
"""Of sixty services."""


def test_samples_are_chained_and_each_page_that_the_bench_asks_for_shows_them():
    provider = make_samples(60, 6, 2, "samples")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with within_everything("a test"):
        path = place(provider).path
        told = verify(signed=lambda *_: True, recorded=recorded_ids())
    assert not told.faults
    assert told.entries > 4 * 60
    browser = sit_down(Place(provider, path))
    shown = {name: browser.get(address) for name, address in PAGES.items()}
    assert {answer.status_code for answer in shown.values()} == {200}
    assert {name: shown[name].content.partition(b"<tbody>")[2].count(b"<tr>") for name in ROWS} == ROWS
