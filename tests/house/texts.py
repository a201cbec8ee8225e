"""What a customer's people read, and its translations: ``python -m tests.house.texts``.

Without a word after it, it reads all texts from the sources, merges them into the catalogs (keeping what is translated,
dropping what is gone, guessing nothing), and compiles them. `--check FILE` says what is missing or wrong in a catalog;
`--take FILE LANGUAGE` puts the translations of a file into the catalog of a language.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from gangway.languages.choice import ENGLISH, NAMES
from tests.house.text_sources import every_text, plain_texts

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCALE = Path(__file__).parents[2] / "src" / "gangway" / "locale"
LANGUAGES = tuple(code for code in NAMES if code != ENGLISH)
PATTERNS = LOCALE / "patterns.json"
HEAD = "# What a customer's people read. Written by `python -m tests.house.texts`; only the msgstr are to be changed."
PLACE = re.compile(r"%\(\w+\)[sd]|\{\w+\}|%%")
TAG = re.compile(r"</?[a-z]+\b[^>]*>|&[a-z]+;")
ID = str | tuple[str, str]


def path_of(language: str, kind: str = "po") -> Path:
    """Where a language's catalog lies."""
    return LOCALE / language / "LC_MESSAGES" / f"django.{kind}"


def patterns() -> str:
    """The messages with placeholders in braces, as the product reads them."""
    texts = sorted({text for _place, text in plain_texts() if re.search(r"\{[a-z_]\w*\}", text)})
    return json.dumps(texts, ensure_ascii=False, indent=1) + "\n"


def read(path: Path) -> Catalog:
    """Read a catalog."""
    with path.open("rb") as file:
        return read_po(file)


def merged(language: str, *known: Catalog) -> Catalog:
    """A catalog of exactly today's texts, with what the known ones say of them; later ones win."""
    made = Catalog(locale=language, header_comment=HEAD, fuzzy=False, project="Gangway", charset="utf-8")
    for text, places in every_text().items():
        told = [one for catalog in known if (one := catalog.get(text if isinstance(text, str) else text[0]))]
        string = next((one.string for one in reversed(told) if whole(one) and not one.fuzzy), None)
        made.add(text, string, locations=[(place, 0) for place in places])
    return made


def whole(message: Message) -> bool:
    """Whether every form of a message is translated."""
    strings = message.string if isinstance(message.string, (list, tuple)) else (message.string,)
    return bool(strings) and all(strings)


def faults(catalog: Catalog) -> Iterator[str]:
    """What is missing, guessed or wrong in a catalog."""
    for message in catalog:
        if message.id:
            yield from (f"{message.id!r}: {fault}" for fault in _faults(message))


def _faults(message: Message) -> Iterator[str]:
    if message.fuzzy:
        yield "is fuzzy"
    if not whole(message):
        yield "has no translation"
        return
    originals = message.id if isinstance(message.id, (list, tuple)) else (message.id,)
    strings = message.string if isinstance(message.string, (list, tuple)) else (message.string,)
    for string in strings:
        for what, sought in (("placeholders", PLACE), ("HTML", TAG)):
            allowed = [Counter(sought.findall(original)) for original in originals]
            found = Counter(sought.findall(string))
            if found not in allowed:
                yield f"has other {what}: {sorted(found)} instead of {sorted(allowed[-1])}"
        if [len(part) - len(part.strip()) for part in (originals[0], string)].count(0) == 1:
            yield "begins or ends with a blank, or should"


def written(catalog: Catalog, path: Path) -> None:
    """Write a catalog; the same texts always make the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(
            file, catalog, width=110, sort_output=False, include_lineno=False, omit_header=False, ignore_obsolete=True
        )
    dated = re.compile(
        r'^"(POT-Creation-Date|PO-Revision-Date|Last-Translator|Report-Msgid-Bugs-To|Generated-By|Language-Team|Project-Id-Version)[^\n]*\n',
        re.MULTILINE,
    )
    path.write_text(dated.sub("", path.read_text("utf-8")), encoding="utf-8")


def compiled(catalog: Catalog, path: Path) -> None:
    """Write what the product reads; the same translations always make the same file."""
    catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    with path.open("wb") as file:
        write_mo(file, catalog)


def main(*words: str) -> int:
    """Do what the words say; returns how it ended."""
    if words[:1] == ("--check",):
        found = list(faults(read(Path(words[1]))))
        sys.stdout.write(("\n".join(found) or "Nothing is missing.") + "\n")
        return len(found) > 0
    taken = {words[2]: read(Path(words[1]))} if words[:1] == ("--take",) else {}
    PATTERNS.parent.mkdir(exist_ok=True)
    PATTERNS.write_text(patterns(), encoding="utf-8")
    for language in LANGUAGES:
        path = path_of(language)
        known = [read(path)] if path.exists() else []
        catalog = merged(language, *known, *([taken[language]] if language in taken else []))
        written(catalog, path)
        compiled(read(path), path_of(language, "mo"))
        missing = sum(not whole(message) for message in catalog if message.id)
        sys.stdout.write(f"{language}: {len(catalog)} texts, {missing} without a translation\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
