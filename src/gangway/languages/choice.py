"""Which languages there are, and how each calls itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.utils import translation

ENGLISH: Final = "en"
NAMES: Final[dict[str, str]] = {
    ENGLISH: "English",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "he": "עברית",
}
"""Each by its own name: who can't read a page can still find theirs."""


def known(code: str) -> str:
    """Return this language if we speak it, else English."""
    return code if code in NAMES else ENGLISH


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Speak this language inside, whatever is spoken around it."""
    with translation.override(known(code)):
        yield
