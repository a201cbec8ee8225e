"""A browser without a window: reads pages and uses them by the words on them, as a person does.

Nothing here knows an address, a field's name or an element's id; a label or a button that a person couldn't find isn't
found here either.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import requests
from bs4 import BeautifulSoup, Tag
from requests.cookies import RequestsCookieJar

from gangway.cli.demo.errors import NotOnThePage, PageFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from http.cookiejar import Cookie

REQUEST_SECONDS = 30
LOOK_AGAIN_SECONDS = 0.1
"""How often a waiting person looks at the page again; impatient, so that the seconds told are those of the work."""

TICKED = "ticked"

BUTTONS = "button:not([type=button]), input[type=submit]"
UNSENT = {"button", "submit", "image", "reset", "file"}


def words(element: Tag) -> str:
    """What a person reads in an element, blanks made equal."""
    return " ".join(element.get_text(" ").split())


class _LocalCookies(RequestsCookieJar):
    """Browsers treat http://localhost as safe and send Secure cookies to it; so must this one."""

    def set_cookie(self, cookie: Cookie, *args: Any, **kwargs: Any) -> Any:
        cookie.secure = False
        return super().set_cookie(cookie, *args, **kwargs)


class Tab:
    """One tab: a page, its address, and the cookies of the person whose tab it is."""

    def __init__(self, who: str) -> None:
        self.who = who
        self.url = ""
        self.page = BeautifulSoup("", "html.parser")
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.cookies = _LocalCookies()

    def open(self, address: str) -> None:
        """Go to an address, typed or copied. Raises PageFailed."""
        self._show(self.session.get(urljoin(self.url, address), timeout=REQUEST_SECONDS))

    def reload(self) -> None:
        """Look at the same address again."""
        self.open(self.url)

    def follow(self, name: str) -> None:
        """Click the link with these words. Raises NotOnThePage, PageFailed."""
        self.open(self.link(name))

    def press(self, name: str, entries: Mapping[str, str] | None = None, *, beside: str = "") -> None:
        """Fill in the form around the button with this name, by label, and press it.

        ``beside`` names other words in the same row, where a list has the button in each.

        A text is typed or, in a list, chosen; for a box or a choice, TICKED. What the page had filled in stays.
        Raises NotOnThePage, PageFailed.
        """
        button, form = self._button(name, self.row(beside) if beside else self.page)
        typed = {str(field["name"]): value for field, value in self._entries(form, entries or {})}
        sent = list(_controls(self.page, form, typed))
        if button.get("name"):
            sent.append((str(button["name"]), str(button.get("value", ""))))
        address = urljoin(self.url, str(form.get("action") or self.url))
        if str(form.get("method", "get")).lower() == "post":
            origin = {"Origin": urljoin(self.url, "/").rstrip("/"), "Referer": self.url}
            self._show(self.session.post(address, data=sent, headers=origin, timeout=REQUEST_SECONDS))
        else:
            self._show(self.session.get(address, params=sent, timeout=REQUEST_SECONDS))

    def wait(
        self, until: Callable[[Tab], bool], what: str, seconds: float, *, every: float = LOOK_AGAIN_SECONDS
    ) -> None:
        """Look at the page again until something stands there.

        Raises NotOnThePage when it takes too long, or when the page says meanwhile that something went wrong.
        """
        deadline = time.monotonic() + seconds
        while not until(self):
            if time.monotonic() > deadline or self.page.select("[role=alert]"):
                raise NotOnThePage(f"{what} (for {seconds:.0f} s at most)", self.who, self.url, self.text)
            time.sleep(every)
            self.reload()

    @property
    def text(self) -> str:
        return words(self.page)

    @property
    def heading(self) -> str:
        """The page's main heading."""
        found = self.page.find("h1")
        return words(found) if isinstance(found, Tag) else ""

    def says(self, sentence: str) -> bool:
        """Whether these words stand on the page, whatever their case."""
        return sentence.casefold() in self.text.casefold()

    def has_button(self, name: str) -> bool:
        return any(_named(button, name) for button in self.page.select(BUTTONS))

    def has_link(self, name: str) -> bool:
        return any(_named(link, name) for link in self.page.select("a[href]"))

    def link(self, name: str) -> str:
        """Where a link with these words leads; one that is exactly the words comes before one that begins so."""
        links = self.page.select("a[href]")
        for fits in (_is, _named):
            for link in links:
                if fits(link, name):
                    return urljoin(self.url, str(link["href"]))
        raise NotOnThePage(f"a link “{name}”", self.who, self.url, self.text)

    def copied(self, name: str) -> str:
        """What the button or link with this name puts on the clipboard, as the page's script does."""
        for element in self.page.select("[data-copies]"):
            source = self.page.find(id=str(element["data-copies"]))
            if _named(element, name) and isinstance(source, Tag):
                return str(source.get("data-text") or words(source))
        raise NotOnThePage(f"something to copy named “{name}”", self.who, self.url, self.text)

    def row(self, name: str) -> Tag:
        """The row of a table or list that has these words."""
        for row in self.page.select("tr, li, article"):
            if name.casefold() in words(row).casefold() and not row.select("tr, li, article"):
                return row
        raise NotOnThePage(f"a row with “{name}”", self.who, self.url, self.text)

    def fact(self, name: str) -> str:
        """What stands beside a name in a list of facts or a table."""
        for term in self.page.select("dt, th[scope=row]"):
            if words(term).casefold() == name.casefold():
                value = term.find_next_sibling(["dd", "td"])
                if isinstance(value, Tag):
                    return words(value)
        raise NotOnThePage(f"a fact named “{name}”", self.who, self.url, self.text)

    def _show(self, response: requests.Response) -> None:
        self.url, self.page = response.url, BeautifulSoup(response.content, "html.parser")
        if not response.ok:
            raise PageFailed(response.status_code, self.who, self.url, self.text)
        for unseen in self.page(["script", "style", "noscript", "template", "head"]):
            unseen.decompose()

    def _button(self, name: str, where: Tag) -> tuple[Tag, Tag]:
        for fits in (_is, _named):
            for button in where.select(BUTTONS):
                form = self._form_of(button)
                if form is not None and fits(button, name):
                    return button, form
        raise NotOnThePage(f"a button “{name}”", self.who, self.url, self.text)

    def _form_of(self, control: Tag) -> Tag | None:
        elsewhere = self.page.find("form", id=str(control["form"])) if control.get("form") else None
        return elsewhere if isinstance(elsewhere, Tag) else control.find_parent("form")

    def _entries(self, form: Tag, entries: Mapping[str, str]) -> Iterator[tuple[Tag, str]]:
        for label, value in entries.items():
            field = self._field(form, label)
            yield field, _chosen(field, value)

    def _field(self, form: Tag, label: str) -> Tag:
        for fits in (_is, _named):
            for tag in form.find_all("label"):
                field = form.find(id=str(tag["for"])) if tag.get("for") else tag.find(["input", "select", "textarea"])
                if fits(tag, label) and isinstance(field, Tag):
                    return field
        raise NotOnThePage(f"a field “{label}”", self.who, self.url, self.text)


def _is(element: Tag, name: str) -> bool:
    return _name_of(element) == name.casefold()


def _named(element: Tag, name: str) -> bool:
    """Whether an element's words begin with the name: a label may go on with a hint, a choice with its description."""
    return bool(re.match(rf"{re.escape(name.casefold())}(?!\w)", _name_of(element)))


def _name_of(element: Tag) -> str:
    spoken = element.get("aria-label") or (element.get("value") if element.name == "input" else None)
    return str(spoken or words(element)).casefold()


def _chosen(field: Tag, value: str) -> str:
    """What a form sends for what a person chose: the box's or the option's own value, which nobody sees."""
    if value == TICKED:
        return str(field.get("value", "on"))
    if field.name == "select":
        for option in field.find_all("option"):
            if _named(option, value):
                return str(option.get("value", words(option)))
    return value


def _controls(page: BeautifulSoup, form: Tag, typed: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What a form sends, in the order of the page: what was typed, else what the page had filled in."""
    own = form.find_all(["input", "select", "textarea"])
    elsewhere = page.select(f'[form="{form["id"]}"]') if form.get("id") else []
    for field in [*own, *(tag for tag in elsewhere if tag.name in {"input", "select", "textarea"})]:
        name, kind = str(field.get("name", "")), str(field.get("type", "text"))
        if not name or kind in UNSENT or field.has_attr("disabled"):
            continue
        value = _sent(field, kind, typed.get(name))
        if value is not None:
            yield name, value


def _sent(field: Tag, kind: str, typed: str | None) -> str | None:
    if kind in {"radio", "checkbox"}:
        own = str(field.get("value", "on"))
        chosen = field.has_attr("checked") if typed is None else typed == own
        return own if chosen else None
    if typed is not None:
        return typed
    if field.name == "textarea":
        return field.get_text()
    if field.name == "select":
        option = field.find("option", selected=True) or field.find("option")
        return str(option.get("value", words(option))) if isinstance(option, Tag) else None
    return str(field.get("value", ""))
