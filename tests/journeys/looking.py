"""How a page is judged: in light and wide and in dark and narrow, by axe, by what the console says, by its width."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve
from playwright.sync_api import ConsoleMessage, Page

AXE: Final = Path(__file__).parents[1] / "vendor" / "axe-core" / "axe.min.js"
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS: Final = (("light", 1280, 900), ("dark", 360, 740))
PICTURES: Final = os.environ.get("TOUR_PICTURES", "")
"""A folder: every page that was looked at is kept there as a picture, for designers' eyes."""

JUDGE: Final = """async ([theme, rules]) => {
  const still = new CSSStyleSheet();
  still.replaceSync("*, *::before, *::after { transition: none !important; }");
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, still];
  document.documentElement.dataset.bsTheme = theme;
  for (let frames = 0; frames < 3; frames += 1) await new Promise(requestAnimationFrame);
  document.querySelectorAll("details").forEach((part) => { part.open = true; });
  const found = await axe.run(document, { runOnly: rules, resultTypes: ["violations"], iframes: false });
  return found.violations.map((one) => `${one.id}: ${one.help}: ` + one.nodes.map((node) =>
    `${node.target.join(" ")} (${node.failureSummary.split("\\n")[1].trim()})`).join("; "));
}"""
WIDE: Final = """() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  return [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > room + 1)
    .slice(0, 4).map((one) => one.outerHTML.slice(0, 120));
}"""


@dataclass
class Looker:
    """Keeps which routes have been looked at, and everything that was wrong with them."""

    seen: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    number: int = 0

    def follow(self, page: Page) -> Page:
        """Hear what this page's console says from now on, and have the judge wait in each document."""
        page.add_init_script(path=AXE)
        page.on("console", lambda message: self._hear(page, message))
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: script: {error}"))
        return page

    def at(self, page: Page, name: str = "", *, covers: bool = False) -> None:
        """Judge the page as it is now; ``name`` tells apart what one address shows at different times.

        ``covers``: something lies open above the page, so a part of what is beneath can't be pressed at this moment.
        """
        route, address = route_of(page.url), urlsplit(page.url).path
        self.seen.add(route)
        self.number += 1
        before = page.viewport_size
        for theme, width, height in LOOKS:
            page.set_viewport_size({"width": width, "height": height})
            if PICTURES:
                self._keep(page, theme, f"{self.number:02} {route} {name}")
            found = page.evaluate(JUDGE, [theme, RULES])
            found = [fault for fault in found if not (covers and "obscured" in fault)]
            found += [f"wider than the screen: {part}" for part in page.evaluate(WIDE)]
            self.faults += [f"{route} {name} ({address}, {theme}, {width} px): {fault}" for fault in found]
        if before:
            page.set_viewport_size(before)

    def visit(self, page: Page, address: str, name: str = "") -> None:
        """Go there and judge it."""
        page.goto(address)
        self.at(page, name)

    def _keep(self, page: Page, theme: str, name: str) -> None:
        page.evaluate("(theme) => { document.documentElement.dataset.bsTheme = theme; }", theme)
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        stem = re.sub(r"\W+", "-", name.strip())
        page.screenshot(path=Path(PICTURES) / f"{stem}.{theme}.png", full_page=True)

    def _hear(self, page: Page, message: ConsoleMessage) -> None:
        refused_page = message.text.startswith("Failed to load resource") and _where(message) == page.url
        if message.type in {"error", "warning"} and not refused_page:
            self.faults.append(f"{page.url}: console: {message.text}")


def route_of(address: str) -> str:
    """The name of an address in the table of addresses, without its namespace; empty when there is none."""
    try:
        return resolve(urlsplit(address).path).url_name or ""
    except Resolver404:
        return ""


def _where(message: ConsoleMessage) -> Any:
    return message.location.get("url")
