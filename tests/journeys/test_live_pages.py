"""Pages that follow something: how often they ask, by a clock that the test moves."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.people import Administrator, Invited
from tests.journeys.seeded import GRACE

pytestmark = pytest.mark.slow

HIDDEN = """() => {
  Object.defineProperty(document, "hidden", { value: true, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
SEEN = """() => {
  Object.defineProperty(document, "hidden", { value: false, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""

AT_REST = {1, 2}
"""So often asks a page within twenty seconds that waits for ten or more between two looks."""


def asked_within(page: Page, seconds: int) -> int:
    """Let the page's own clock run, each second by itself, and count what it asks meanwhile."""
    before = page.evaluate("() => window.asked")
    for _ in range(seconds):
        page.clock.run_for(1000)
        page.wait_for_function("() => !document.querySelector('.htmx-request')")
    return int(page.evaluate("() => window.asked")) - int(before)


def test_a_waiting_page_asks_less_often_with_time_and_at_once_when_it_is_seen_again(
    invited: Invited, administrator: Administrator
) -> None:
    page = administrator.page
    page.clock.install()
    administrator.to_the_code(invited.link, GRACE[0])
    page.clock.run_for(1000)
    expect(page.locator("[data-until]")).to_have_text(re.compile(r"^\(1\d min \d+ s left\)$"))
    page.evaluate(
        "() => { window.asked = 0; document.addEventListener('htmx:beforeSend', () => { window.asked += 1; }); }"
    )
    fresh = asked_within(page, 20)
    page.clock.run_for(400_000)
    settled = asked_within(page, 20)
    assert settled in AT_REST
    assert fresh >= 3 * settled

    page.evaluate(HIDDEN)
    assert asked_within(page, 20) in AT_REST
    before = page.evaluate("() => window.asked")
    page.evaluate(SEEN)
    assert page.evaluate("() => window.asked") == before + 1
    assert asked_within(page, 20) >= 3 * settled
