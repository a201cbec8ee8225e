"""What every message is made of: a subject, a text, the same as HTML, and the names it needs."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.template.loader import render_to_string

LONGEST_SUBJECT: Final = 200


@dataclass(frozen=True, slots=True)
class Mail:
    """A message ready to go. `subject` is one line whatever it was made of."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Message:
    """The plan of one message: its subject (with {names}), its two templates, what they need, and if it has a link."""

    template: str
    subject: str
    needs: frozenset[str]
    has_link: bool = False

    def missing(self, context: Mapping[str, str]) -> tuple[str, ...]:
        """Return the needed names that the context lacks."""
        return tuple(sorted(self.needs - context.keys()))

    def compose(self, context: Mapping[str, str], *, link: str = "") -> Mail:
        """Fill the templates. Values are escaped in the HTML; in the subject, line breaks become blanks."""
        values = {**context, "link": link}
        subject = context.get("own_subject") or self.subject.format_map(context)
        return Mail(
            subject=one_line(subject)[:LONGEST_SUBJECT],
            text=render_to_string(f"notifications/{self.template}.txt", values),
            html=render_to_string(f"notifications/{self.template}.html", values),
        )


def one_line(text: str) -> str:
    """Return the text without control and line-breaking characters: a header can't be split in two by a name in it."""
    visible = "".join(" " if unicodedata.category(sign) in {"Cc", "Zl", "Zp", "Cs"} else sign for sign in text)
    return " ".join(visible.split())
