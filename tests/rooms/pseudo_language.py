"""A language that says each text of the product as it is, between two marks: the rest is English only."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from bs4 import BeautifulSoup

from gangway.languages import said
from tests.house.text_sources import every_text

if TYPE_CHECKING:
    from pathlib import Path

BEGIN, END = "⟦", "⟧"
HIDDEN = ("script", "style", "code", "pre", "[data-words-of-others]")


def speak(folder: Path, *languages: str) -> Path:
    """Write the catalogs of such languages; gives the folder for LOCALE_PATHS."""
    for language in languages:
        catalog = Catalog(locale=language, fuzzy=False)
        for text in every_text():
            texts = (text,) if isinstance(text, str) else text
            strings = [f"{BEGIN}{one}{END}" for one in texts]
            catalog.add(text, strings[0] if isinstance(text, str) else strings)
        made = BytesIO()
        write_mo(made, catalog)
        path = folder / language / "LC_MESSAGES" / "django.mo"
        path.parent.mkdir(parents=True)
        path.write_bytes(made.getvalue())
    forget()
    return folder


def forget() -> None:
    """Let texts be looked up anew."""
    said._in.cache_clear()


def outside(html: str) -> str:
    """Return the visible text of a page, and of what readers are told, without what the language says."""
    page = BeautifulSoup(html, "html.parser")
    told = [
        str(tag[name]) for tag in page.find_all() for name in ("aria-label", "data-label", "title") if tag.get(name)
    ]
    for hidden in page.select(", ".join(HIDDEN)):
        hidden.decompose()
    return " ".join(unmarked(text) for text in [page.get_text(" "), *told])


def unmarked(text: str) -> str:
    """Return what stands outside of the marks, which may stand within one another."""
    deep, kept = 0, []
    for sign in text:
        deep += (sign == BEGIN) - (sign == END)
        kept.append(" " if sign == END else sign if not deep else "")
    return " ".join("".join(kept).split())
