"""A list without a mouse, and numbers and days in a person's own manner: as a browser does it, without a server."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Final
from uuid import UUID

import pytest
from django.contrib.staticfiles.finders import find
from django.template import Context
from django.template.loader import get_template
from django.test import RequestFactory
from django.utils.dateparse import parse_datetime
from playwright.sync_api import Page, Route, expect

from gangway.web.lists import bulk_of
from gangway.web.words import RUN, said

pytestmark = pytest.mark.slow
HOST: Final = "https://desk.example"
NAMES: Final = ("contoso-1", "fabrikam-2", "northwind-3")
ROW: Final = "document.activeElement.closest('tr')?.rowIndex ?? 0"


def listed(page: Page) -> Page:
    """Open a list of runs with our scripts; whatever is followed or sent opens it once more."""
    at = parse_datetime("2026-11-22T14:05:00+00:00")
    runs = [
        SimpleNamespace(id=UUID(int=number), registration_name=name, short_name=name, created_at=at, ended_at=at)
        for number, name in enumerate(NAMES, start=1)
    ]
    values = {
        "page": SimpleNamespace(rows=runs, number=1),
        "rows": [{"run": run, "pill": said(RUN, "failed")} for run in runs],
        "wanted": SimpleNamespace(sort="", search="", narrows=False, choices={}),
        "bulk": bulk_of("runs", frozenset()),
    }
    context = Context(values)
    context.request = RequestFactory().get("/runs/")
    body = get_template("runs/list.html").template.render(context)
    body = body.replace("</main>", '<p id="counted"><data value="12345" data-number="yes">12,345</data></p></main>')

    def answer(route: Route) -> None:
        if route.request.is_navigation_request():
            route.fulfill(body=body, content_type="text/html; charset=utf-8")
        else:
            route.abort()

    page.route("**/*", answer)
    page.goto(f"{HOST}/runs/")
    for script in ("gangway/gangway.js", "gangway/keys.js"):
        page.add_script_tag(path=find(script))
    page.evaluate("document.dispatchEvent(new Event('DOMContentLoaded'))")
    return page


def test_a_list_is_searched_walked_along_ticked_and_opened_by_keys(new_page: Callable[..., Page]) -> None:
    page = listed(new_page("keys"))
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("j/x?")
    expect(page.get_by_role("searchbox")).to_have_value("j/x?")
    page.locator("h1").click()
    walked = []
    for key in ("j", "j", "ArrowDown", "j", "k", "ArrowUp"):
        page.keyboard.press(key)
        walked.append(page.evaluate(ROW))
    assert walked == [1, 2, 3, 3, 2, 1]
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_role("checkbox", name=f"Tick {NAMES[1]}")).to_be_checked()
    expect(page.get_by_role("checkbox", name=f"Tick {NAMES[0]}")).not_to_be_checked()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{HOST}/runs/{UUID(int=2)}/")


def test_the_keys_are_shown_by_one_of_them_and_can_be_switched_off(new_page: Callable[..., Page]) -> None:
    page = listed(new_page("help"))
    page.keyboard.press("?")
    shown = page.get_by_role("dialog", name="Keyboard")
    expect(shown).to_be_visible()
    expect(shown.locator("kbd")).to_have_text(["/", "j", "k", "Enter", "x", "?"])
    shown.get_by_role("checkbox").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    assert page.evaluate(ROW) == 0


SENT_TWICE: Final = """() => {
  const form = document.body.appendChild(document.createElement("form"));
  form.method = "post";
  const sent = () => {
    const event = new SubmitEvent("submit", { cancelable: true, bubbles: true });
    form.dispatchEvent(event);
    return !event.defaultPrevented;
  };
  const changes = [sent(), sent()];
  form.dataset.downloads = "";
  return [changes, [sent(), sent()]];
}"""


def test_what_changes_something_is_sent_once_and_a_file_as_often_as_it_is_wanted(new_page: Callable[..., Page]) -> None:
    page = listed(new_page("twice"))
    assert page.evaluate(SENT_TWICE) == [[True, False], [True, True]]


MANNERS: Final = {
    "en-US": ("12,345", "Nov 22, 2026"),
    "en-GB": ("12,345", "22 Nov 2026"),
    "de-DE": ("12.345", "22 Nov 2026"),
    "he-IL": ("12,345", "22 Nov 2026"),
}


@pytest.mark.parametrize("locale", MANNERS)
def test_numbers_and_days_are_written_as_in_the_persons_country(new_page: Callable[..., Page], locale: str) -> None:
    page = listed(new_page(locale, locale=locale, timezone_id="Europe/Vienna"))
    number, day = MANNERS[locale]
    expect(page.locator("#counted")).to_have_text(number)
    written = page.locator("main tbody time").first.inner_text()
    assert written.startswith(day), written
    assert any(hour in written for hour in ("15:05", "3:05")), "the hour is the one of the person's zone"
