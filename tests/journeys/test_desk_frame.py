"""The desk's frame as a browser draws it: what everybody needs is in sight, what is pressed is large enough."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Final
from uuid import UUID

import pytest
from django.contrib.staticfiles.finders import find
from django.template.loader import render_to_string
from playwright.sync_api import Page, expect

from gangway.web.desk import DOORS

pytestmark = pytest.mark.slow
STYLES: Final = ("vendor/tabler/tabler.min.css", "gangway/theme.css", "gangway/layout.css", "gangway/components.css")
SMALLEST: Final = 24
"""Pixels, as WCAG 2.2 asks of what is pressed."""


def drawn(page: Page, template: str, values: dict[str, object]) -> None:
    """Show a template with our styles, without a server."""
    page.set_content(render_to_string(template, values))
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


def test_what_is_pressed_in_a_row_is_large_enough(new_page: Callable[..., Page]) -> None:
    page = new_page("row")
    may = dict.fromkeys(("send", "copy", "resend", "change"), True)
    row = {"invitation": SimpleNamespace(id=UUID(int=1), purpose="connect"), "can": may}
    drawn(page, "invitations/_row_actions.html", {"row": row})
    for one in page.locator("a, button").all():
        box = one.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= SMALLEST, one.inner_text()
