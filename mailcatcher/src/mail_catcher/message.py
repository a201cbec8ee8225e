"""One caught mail: how it arrived, what it says, and where its links lead."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime
    from email.message import EmailMessage

BARE_ADDRESS = re.compile(r"https?://[^\s<>\"']+")


@dataclass(frozen=True)
class Message:
    """A mail as the SMTP server took it. ``sender`` and ``recipients`` are the envelope's, not the headers'."""

    number: int
    sender: str
    recipients: tuple[str, ...]
    received_at: datetime
    source: bytes

    @cached_property
    def parsed(self) -> EmailMessage:
        return email.message_from_bytes(self.source, policy=email.policy.default)

    @property
    def subject(self) -> str:
        return str(self.parsed["Subject"] or "")

    @property
    def author(self) -> str:
        """Who the mail says it is from; the envelope's sender when it doesn't say."""
        return str(self.parsed["From"] or self.sender)

    @cached_property
    def text(self) -> str:
        return self._body("plain")

    @cached_property
    def html(self) -> str:
        return self._body("html")

    @cached_property
    def links(self) -> tuple[dict[str, str], ...]:
        """Every web address in the mail, each once, with the first words that carry it (none in plain text)."""
        reader = _Links()
        reader.feed(self.html)
        found: dict[str, dict[str, str]] = {}
        for link in reader.links:
            found.setdefault(link["address"], {**link, "words": " ".join(link["words"].split())})
        for address in BARE_ADDRESS.findall(self.text):
            found.setdefault(address, {"address": address, "words": ""})
        return tuple(found.values())

    @property
    def shown_source(self) -> str:
        return self.source.decode("utf-8", errors="replace")

    def summary(self) -> dict[str, Any]:
        """What a list shows, ready for JSON."""
        return {
            "number": self.number,
            "from": self.author,
            "to": list(self.recipients),
            "subject": self.subject,
            "received_at": self.received_at.isoformat(),
        }

    def details(self) -> dict[str, Any]:
        """The whole mail, ready for JSON."""
        headers = [{"name": name, "value": str(value)} for name, value in self.parsed.items()]
        bodies = {"text": self.text, "html": self.html, "links": list(self.links)}
        return {**self.summary(), **bodies, "headers": headers}

    def _body(self, kind: str) -> str:
        part = self.parsed.get_body(preferencelist=(kind,))
        return str(part.get_content()) if part is not None else ""


@dataclass
class _Links(HTMLParser):
    """Collects ``<a href>`` and the words between its tags."""

    links: list[dict[str, str]] = field(default_factory=list)
    inside: dict[str, str] | None = None

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get("href") or ""
        if tag == "a" and address.startswith(("http://", "https://")):
            self.inside = {"address": address, "words": ""}
            self.links.append(self.inside)

    def handle_data(self, data: str) -> None:
        if self.inside is not None:
            self.inside["words"] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self.inside = None
