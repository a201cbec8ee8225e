"""What every message is made of: a subject, a text, the same as HTML, and the names it needs."""

import re
import textwrap
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from django.template.loader import render_to_string
from django.utils.functional import Promise

from gangway.languages.choice import ENGLISH, speaking
from gangway.languages.said import named, said
from gangway.notifications.messages.dress import PLAIN, Dress

LONGEST_SUBJECT: Final = 200
WIDTH: Final = 100
"""Signs in a line of a text: what is longer is wrapped, unless it is a link."""
OURS: Final = frozenset(
    {
        "remaining",
        "beside",
        "left_out",
        "stays",
        "done",
        "roles",
        "start_role",
        "finish_roles",
        "whole_role",
        "granted",
        "licence",
        "users",
        "headline",
        "list",
    }
    | {"safe", "changes", "expires", "deadline", "day", "made_at", "valid_until", "created_at", "when", "ends"}
)
"""Values that are our own words and times, written in English where nobody knew yet who reads them."""
NAMES: Final = frozenset({"registration", "registration_name"})
"""Names of registrations, which are ours to say only where we made them up."""
_ITEM: Final = re.compile(r"\s*(?:- |\d\. )?")


@dataclass(frozen=True, slots=True)
class Mail:
    """A message ready to go. `subject` is one line whatever it was made of; the HTML shows the dress's logo.

    `unbroken`: the text without breaks in its lines, for pages that break them as wide as they are.
    """

    subject: str
    text: str
    html: str
    dress: Dress = PLAIN
    unbroken: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """The plan of one message: its subject (with {names}), its two templates, what they need, and if it has a link."""

    template: str
    subject: str | Promise
    needs: frozenset[str]
    has_link: bool = False
    subjects: Mapping[str, str | Promise] = field(default_factory=dict)
    """Other subjects, by the value of "purpose"."""

    def missing(self, context: Mapping[str, str]) -> tuple[str, ...]:
        """Return the needed names that the context lacks."""
        return tuple(sorted(self.needs - context.keys()))

    def compose(
        self, context: Mapping[str, str], *, link: str = "", dress: Dress = PLAIN, language: str = ENGLISH
    ) -> Mail:
        """Fill the templates. Values are escaped in the HTML; in the subject, line breaks become blanks."""
        with speaking(language):
            told = {name: _told(name, value) for name, value in context.items()}
            values = {**told, "link": link, **dress.values()}
            own = str(self.subjects.get(told.get("purpose", ""), self.subject))
            subject = told.get("own_subject") or own.format_map(told)
            text = render_to_string(f"notifications/{self.template}.txt", values)
            return Mail(
                subject=one_line(subject)[:LONGEST_SUBJECT],
                text=wrapped(text),
                html=render_to_string(f"notifications/{self.template}.html", values),
                dress=dress,
                unbroken=text,
            )


def _told(name: str, value: str) -> str:
    if name in OURS:
        return said(value)
    return named(value) if name in NAMES else value


def wrapped(text: str) -> str:
    """Break lines that are too long to be read; what continues an item of a list stands below its words."""
    return "\n".join(_lines(line) for line in text.split("\n"))


def _lines(line: str) -> str:
    indent = " " * len(_ITEM.match(line)[0])  # type: ignore[index]  # it matches everything
    return textwrap.fill(
        line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )


def one_line(text: str) -> str:
    """Return the text without control and line-breaking characters: a header can't be split in two by a name in it."""
    visible = "".join(" " if unicodedata.category(sign) in {"Cc", "Zl", "Zp", "Cs"} else sign for sign in text)
    return " ".join(visible.split())
