"""What was typed into one part of a page while another part is sent: as a browser does it, without a server."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Final

import pytest
from django.contrib.staticfiles.finders import find
from django.template import Context, engines
from django.test import RequestFactory
from playwright.sync_api import Page, Route, expect

pytestmark = pytest.mark.slow
HOST: Final = "https://desk.example"
CHANGE: Final = f"{HOST}/invitations/1/change/"
PARTS: Final = """
<form method="post" action="/invitations/1/edit/">
  <div class="gw-field"><label for="name">Full Name</label><input id="name" name="name" value="Contoso Voice"></div>
  <div class="gw-field"><label for="secret">Secret</label><input id="secret" name="secret" type="password"></div>
  <div class="gw-field"><label for="code">Code</label><input id="code" name="code" autocomplete="one-time-code"></div>
  <div class="gw-field"><label for="licence">Licence</label><select id="licence" name="licence">
    <option>Free</option><option>Paid</option></select></div>
  <div class="gw-field"><input type="checkbox" id="itself" name="itself"><label for="itself">By itself</label></div>
  <button>Change</button></form>
<form method="post" action="/invitations/1/extend/">
  <div class="gw-field"><label for="days">Days</label><input id="days" name="days" value="14"></div>
  <button>Extend</button></form>
<table><tr><td><input type="checkbox" aria-label="Tick" name="ticked" form="rows"></td></tr></table>
<form method="post" action="/rows/" id="rows"></form>"""


def framed(body: str, person: str) -> str:
    """A page of the Operation Center."""
    page = f'{{% extends "layouts/desk.html" %}}{{% block main %}}{body}{{% endblock %}}'
    seat = SimpleNamespace(
        operator_id=person, places=(), organization_name="Sailmaker Voice", name="Ada", email="a@b.c"
    )
    context = Context({"seat": seat})
    context.request = RequestFactory().get("/")
    return str(engines["django"].from_string(page).template.render(context))


def opened(page: Page, *people: str) -> Page:
    """Open a page of two forms; whatever is sent leads to a page without them. Each time another person is there."""
    coming = iter(people)
    here = [""]

    def answer(route: Route) -> None:
        if route.request.url.endswith("gangway.js"):
            route.fulfill(path=find("gangway/gangway.js"), content_type="text/javascript")
        elif route.request.is_navigation_request():
            is_change = route.request.url == CHANGE
            here[0] = next(coming, here[0]) if is_change else here[0]
            body = framed(PARTS if is_change else "<h1>Done</h1>", here[0])
            route.fulfill(body=body, content_type="text/html; charset=utf-8")
        else:
            route.abort()

    page.route("**/*", answer)
    page.goto(CHANGE)
    return page


def typed(page: Page) -> None:
    """Type into one form, and send the other one."""
    page.get_by_label("Full Name").fill("Contoso Bakeries")
    page.get_by_label("Secret").fill("Xy~8Q~abcDEF")
    page.get_by_label("Code").fill("123456")
    page.get_by_label("Licence").select_option("Paid")
    page.get_by_label("By itself").check()
    page.get_by_label("Tick").check()
    page.get_by_label("Days").fill("20")
    page.get_by_role("button", name="Extend").click()
    page.get_by_role("heading", name="Done").wait_for()


def test_what_was_typed_beside_what_is_sent_is_there_again_and_marked_as_not_saved(
    new_page: Callable[..., Page],
) -> None:
    page = opened(new_page("typed"), "ada")
    typed(page)
    kept = page.evaluate("sessionStorage.getItem('gangway-unsent')")
    assert not [one for one in ("Xy~8Q", "123456", "ticked", '"20"') if one in kept]
    told = page.get_by_text("Something that you typed is not saved yet.")
    expect(told).to_be_visible()
    told.get_by_role("link").click()
    expect(page.get_by_label("Full Name")).to_have_value("Contoso Bakeries")
    expect(page.get_by_label("Full Name")).to_have_accessible_description(re.compile("^Not saved yet: "))
    expect(page.get_by_label("Licence")).to_have_value("Paid")
    expect(page.get_by_label("By itself")).to_be_checked()
    for name, value in (("Secret", ""), ("Code", ""), ("Days", "14")):
        expect(page.get_by_label(name)).to_have_value(value)
    expect(page.get_by_label("Tick")).not_to_be_checked()
    expect(page.get_by_text("Not saved yet: ")).to_have_count(3)
    page.get_by_role("button", name="Change").click()
    page.get_by_role("heading", name="Done").wait_for()
    expect(page.get_by_text("Something that you typed is not saved yet.")).to_be_hidden()
    page.goto(CHANGE)
    expect(page.get_by_label("Full Name")).to_have_value("Contoso Voice")


def test_what_somebody_typed_waits_for_nobody_else(new_page: Callable[..., Page]) -> None:
    page = opened(new_page("another"), "ada", "grace")
    typed(page)
    page.goto(CHANGE)
    expect(page.get_by_label("Full Name")).to_have_value("Contoso Voice")
    expect(page.get_by_text("Not saved yet: ")).to_have_count(0)
