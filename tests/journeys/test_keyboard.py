"""The Operation Center without a mouse: every step is reached, seen and taken with keys."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from gangway.cli.demo.plot import new_name
from tests.journeys.people import Operator, sees

pytestmark = pytest.mark.slow

FARTHEST = 80
"""Presses of Tab after which something counts as not reachable."""

HERE = """async () => {
  for (let frames = 0; frames < 2; frames += 1) await new Promise(requestAnimationFrame);
  const one = document.activeElement;
  const box = one.getBoundingClientRect();
  const named = one.labels?.length ? one.labels[0] : one;
  return [(one.getAttribute("aria-label") || named.textContent).replace(/\\s+/g, " ").trim(),
    getComputedStyle(one).outlineStyle !== "none" && box.width > 0 && box.bottom > 0 && box.right > 0];
}"""


def reach(page: Page, name: str) -> None:
    """Press Tab until the focus is there; on the way it is never somewhere that can't be seen."""
    for _ in range(FARTHEST):
        page.keyboard.press("Tab")
        found, visible = page.evaluate(HERE)
        assert visible, f"the focus on “{found}” can't be seen"
        if found.startswith(name):
            return
    pytest.fail(f"“{name}” is not reached with Tab on {page.url}")


def press(page: Page, name: str, key: str = "Enter") -> None:
    reach(page, name)
    page.keyboard.press(key)


def arrives(page: Page, heading: str) -> None:
    expect(page.get_by_role("heading", name=heading, level=1, exact=True)).to_be_visible()


def test_service_is_added_and_withdrawn_without_a_mouse(operator: Operator) -> None:
    page, short_name = operator.page, new_name("keys")
    page.goto(f"{operator.origin}/services/")
    press(page, "Skip to the content")
    expect(page.locator("main")).to_be_focused()
    press(page, "Add Service", "Space")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Direct Routing")).to_be_focused()
    page.keyboard.press("Enter")
    arrives(page, "Whose service will it be?")
    press(page, "Contoso")
    arrives(page, "Direct Routing for Contoso")
    press(page, "Add New Tenant")
    arrives(page, "Add New Tenant")
    reach(page, "Full Name of Service")
    page.keyboard.type("Without a mouse")
    reach(page, "Unique Short Name of Service")
    page.keyboard.type(short_name)
    press(page, "Hosted Essentials+", "Space")
    reach(page, "Number of licensed users")
    page.keyboard.type("5")
    reach(page, "E-mail address of the tenant service admin")
    page.keyboard.type("grace.global@contoso.com")
    press(page, "Next")
    arrives(page, f"The link for {short_name} is on its way")
    press(page, "Follow this invitation")
    arrives(page, f"Invitation for {short_name}")
    press(page, "Revoke")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert dialog.evaluate("one => one.contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("main").get_by_role("button", name="Revoke")).to_be_focused()
    page.keyboard.press("Enter")
    press(page, "Revoke")
    sees(page, "is withdrawn")
