"""The desk's frame as a browser draws it: what everybody needs is in sight, what is pressed is large enough."""

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
from playwright.sync_api import Locator, Page, expect

from gangway.connections.care_view import Beside
from gangway.connections.fleet import Backlog
from gangway.foundation import clock
from gangway.organizations.roles import Capability
from gangway.web.desk import DOORS
from gangway.web.lists import bulk_of
from gangway.web.words import CONNECTION, ROTATION, said

pytestmark = pytest.mark.slow
STYLES: Final = ("vendor/tabler/tabler.min.css", "gangway/theme.css", "gangway/layout.css", "gangway/components.css")
SMALLEST: Final = 24
"""Pixels, as WCAG 2.2 asks of what is pressed."""


def drawn(page: Page, template: str, values: dict[str, object]) -> None:
    """Show a template with our styles, without a server, as somebody gets it who asks for nothing in particular."""
    context = Context(values)
    context.request = RequestFactory().get("/")
    page.set_content(get_template(template).template.render(context))
    for style in STYLES:
        page.add_style_tag(path=find(style))


def test_whoever_may_see_all_finds_the_way_out_without_scrolling(new_page: Callable[..., Page]) -> None:
    page = new_page("desk", viewport={"width": 1280, "height": 900})
    seat = SimpleNamespace(places=(), organization_name="Sandbox Telecom", name="Olga", email="olga@sp2.example")
    doors = [{"word": str(door.word), "icon": door.icon, "url": "/"} for door in DOORS]
    drawn(page, "layouts/desk.html", {"seat": seat, "navigation": doors, "request": SimpleNamespace(path="/")})
    expect(page.get_by_role("button", name="Sign out")).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": 1280, "height": 640})
    expect(page.get_by_role("button", name="Sign out")).to_be_in_viewport(ratio=1)


def test_on_a_small_laptop_no_entry_of_the_menu_is_cut(new_page: Callable[..., Page]) -> None:
    page = new_page("laptop", viewport={"width": 1280, "height": 800})
    seat = SimpleNamespace(places=(), organization_name="Sandbox Telecom", name="Olga", email="olga@sp2.example")
    doors = [{"word": str(door.word), "icon": door.icon, "url": "/"} for door in DOORS]
    drawn(page, "layouts/desk.html", {"seat": seat, "navigation": doors, "request": SimpleNamespace(path="/")})
    menu = page.get_by_role("navigation")
    assert menu.evaluate("one => [one.clientHeight >= one.scrollHeight, one.clientHeight, one.scrollHeight]")[0]
    heights = [(link.bounding_box() or {"height": 0})["height"] for link in menu.get_by_role("link").all()]
    assert len(heights) == len(DOORS)
    assert min(heights) >= SMALLEST
    page.get_by_role("button", name="Keyboard").evaluate("() => document.getElementById('gw-keys').showModal()")
    cap = page.locator("kbd").first
    assert cap.evaluate("one => parseFloat(getComputedStyle(one).paddingInlineStart)") >= 4


def test_what_is_shown_to_be_copied_has_room_around_it_and_a_label_that_is_seen(new_page: Callable[..., Page]) -> None:
    page = new_page("copied", viewport={"width": 1280, "height": 800})
    line = {"name": "record", "text": "_gangway.example.com", "label": "Name of the record", "button": "Copy"}
    drawn(page, "components/copy_line.html", {**line, "shows_label": True})
    expect(page.get_by_text("Name of the record")).to_be_visible()
    expect(page.get_by_label("Name of the record")).to_have_value("_gangway.example.com")
    page.get_by_label("Name of the record").evaluate("one => one.classList.add('gw-mono')")
    padding = "one => parseFloat(getComputedStyle(one).paddingInlineStart)"
    assert page.get_by_label("Name of the record").evaluate(padding) >= 8


def connections_listed(page: Page) -> None:
    """A list of connections as long as its words get, sorted by nothing yet."""
    now = clock.now()
    row = SimpleNamespace(
        service_id=UUID(int=1),
        short_name="contoso-hq-0001",
        customer_name="Contoso International Holdings",
        status="ok",
        validate_at=now,
        ends_at=now,
        rotate_at=now,
    )
    each = {
        "row": row,
        "pill": said(CONNECTION, "ok"),
        "rotation": said(ROTATION, "planned"),
        "beside": [Beside("Call quality of Microsoft Teams", now)],
        "lacks": ["RoleManagement.Read.Directory", "Skype for Business Administrator"],
    }
    values = {
        "rows": [each],
        "backlog": Backlog(0, None),
        "page": SimpleNamespace(rows=[row], number=1),
        "may_change": True,
        "bulk": bulk_of("connections", frozenset(Capability)),
    }
    drawn(page, "fleet/list.html", {**values, "wanted": SimpleNamespace(sort="", narrows=False, choices={})})


@pytest.mark.parametrize("width", [768, 780, 992, 1279])
def test_a_list_between_phone_and_desk_has_room_for_all_its_columns(new_page: Callable[..., Page], width: int) -> None:
    page = new_page("between", viewport={"width": width, "height": 900})
    connections_listed(page)
    table = page.locator("table")
    assert table.evaluate("table => table.scrollWidth <= table.parentElement.clientWidth")


def test_on_a_phone_the_heads_that_sort_stand_above_the_cards(new_page: Callable[..., Page]) -> None:
    page = new_page("phone", viewport={"width": 360, "height": 740})
    connections_listed(page)
    head = page.get_by_role("link", name="Next look")
    box = head.bounding_box()
    assert box
    assert min(box["width"], box["height"]) >= SMALLEST
    assert page.evaluate("([x, y]) => document.elementFromPoint(x, y).matches('.gw-sort')", middle(page, head))
    expect(page.get_by_text("Credential ends", exact=True)).to_have_css("position", "absolute")


def middle(page: Page, one: Locator) -> list[float]:
    """Where somebody presses it, once it is in sight."""
    one.scroll_into_view_if_needed()
    box = one.bounding_box()
    assert box
    return [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]


def test_what_is_pressed_in_a_row_is_large_enough(new_page: Callable[..., Page]) -> None:
    page = new_page("row")
    may = dict.fromkeys(("send", "copy", "resend", "change"), True)
    row = {"invitation": SimpleNamespace(id=UUID(int=1), purpose="connect"), "can": may}
    drawn(page, "invitations/_row_actions.html", {"row": row})
    for one in page.locator("a, button").all():
        box = one.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= SMALLEST, one.inner_text()
