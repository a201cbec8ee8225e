"""A browser small enough to read: cookies, forms and redirects, over real HTTP and without any script."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests


@dataclass
class Form:
    """A form with its fields and the buttons' values by label."""

    action: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    boxes: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)


class Page(HTMLParser):
    """What a person could see and do on a page."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__()
        self.response, self.url, self.text = response, response.url, ""
        self.form = Form()
        self.alerts: list[str] = []
        self._button: tuple[str, str] | None = None
        self._in_alert = False
        self._label = ""
        self.feed(response.text)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag, attrs):
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.form.action = given.get("action", "")
        elif tag == "input" and given.get("type") == "checkbox":
            self.form.boxes[given["name"]] = given["value"]
        elif tag == "input" and "name" in given:
            self.form.fields[given["name"]] = given.get("value", "")
        elif tag == "button":
            self._button, self._label = (given.get("name", ""), given.get("value", "")), ""
        self._in_alert = given.get("role") == "alert" or (self._in_alert and tag != "p")
        if given.get("role") == "alert":
            self.alerts.append("")

    def handle_endtag(self, tag):
        if tag == "button" and self._button is not None:
            self.form.buttons[" ".join(self._label.split())] = self._button
            self._button = None
        if tag == "p":
            self._in_alert = False

    def handle_data(self, data):
        self.text += data
        if self._button is not None:
            self._label += data
        if self._in_alert:
            self.alerts[-1] += data


class Browser:
    """Opens pages and presses buttons. ``ca_file`` is only needed for the TLS address."""

    def __init__(self, ca_file: str) -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = ca_file

    def open(self, address: str) -> Page:
        return Page(self.session.get(address))

    def press(self, page: Page, button: str, *, check: tuple[str, ...] = (), **typed: str) -> Page:
        """Fill in the page's form and press the button whose label starts so."""
        name, value = next(pair for label, pair in page.form.buttons.items() if label.startswith(button))
        ticked = {box: page.form.boxes[box] for box in check}
        content = {**page.form.fields, **typed, **ticked, name: value}
        return Page(self.session.post(urljoin(page.url, page.form.action), data=content))
