"""Texts that rooms made in English, said in the language that is spoken now.

Rooms without Django, and rows that keep what happened, have their words in English. Here such a text is found again:
whole, or as one of the patterns with placeholders that the extraction read from the code (`locale/patterns.json`),
or sentence by sentence, or as a list, or as a time. What is known in no such way (a name, Microsoft's own words) stays
as it is; names in quotation marks get the marks of the language.
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from django.utils.translation import get_language, gettext

from gangway.languages.choice import ENGLISH
from gangway.languages.times import retold

LONGEST: Final = 5_000
"""Characters of a line that is looked at; longer ones are nobody's words. What it costs grows as the text does."""
MOST_TOGETHER: Final = 6
"""Sentences that are looked up as one message; none of ours has more."""
DEEPEST: Final = 4
"""Facts within facts that are said; deeper ones stay as they are."""
LEAST_FIXED: Final = 4
"""Letters that a pattern has outside its placeholders; with fewer it would fit anything."""
_PLACE: Final = re.compile(r"\{(\w+)\}")
_BETWEEN_SENTENCES: Final = re.compile(r"(?<=[.!?:]) (?=[A-Z“\"])")
_BETWEEN_ITEMS: Final = re.compile(r", | and | or ")
_QUOTED: Final = re.compile("“([^“”]*)”")
_QUOTED_NAMES: Final = re.compile("“[^“”]*”(?:(?:, | and | or )“[^“”]*”)*")
_DASH: Final = "- "
_MADE_UP: Final = re.compile("App registration [0-9a-f]{8}")


def said(text: str) -> str:
    """Return a text of ours in the language that is spoken now."""
    language = get_language() or ENGLISH
    if language == ENGLISH or not text:
        return text
    return "\n".join(line if len(line) > LONGEST else _in(language, line) for line in text.split("\n"))


def named(name: str) -> str:
    """Return the name of a registration: its own as it is, one that we made up in the language that is spoken now."""
    return said(name) if _MADE_UP.fullmatch(name) else name


@lru_cache(maxsize=2048)
def _in(language: str, text: str, depth: int = 0) -> str:
    """`language` is the one that is spoken anyway: it only keeps the answers apart. `depth`: facts within facts."""
    if depth > DEEPEST:
        return text
    if text.startswith(_DASH):
        return _DASH + _in(language, text.removeprefix(_DASH), depth + 1)
    if text != text.strip():
        core = text.strip()
        return text.replace(core, _in(language, core, depth)) if core else text
    return retold(text, language) or _whole(language, text, depth) or _quoted(text) or _sentences(language, text, depth)


def _whole(language: str, text: str, depth: int) -> str:
    """Return the text as one message, or as one with facts in it; empty when it is none."""
    told = gettext(text)
    if told != text:
        return told
    for pattern in patterns():
        facts = pattern.facts_in(text)
        if facts is not None:
            told = gettext(pattern.text)
            inside = {name: _in(language, value, depth + 1) for name, value in facts.items()}
            return fill(told, inside)
    return ""


def _sentences(language: str, text: str, depth: int) -> str:
    """Say as many sentences together as are known, then the next ones; only so many are tried at once."""
    ends = [found.start() for found in _BETWEEN_SENTENCES.finditer(text)] + [len(text)]
    told: list[str] = []
    begin, at = 0, 0
    while at < len(ends):
        for last in range(min(at + MOST_TOGETHER, len(ends)) - 1, at - 1, -1):
            known = _whole(language, text[begin : ends[last]], depth)
            if known:
                break
        else:
            last, known = at, text[begin : ends[at]]
            if last == len(ends) - 1:
                known = retold(known, language) or _items(language, known, depth) or known
        told.append(known)
        begin, at = ends[last] + 1, last + 1
    return " ".join(told)


def _quoted(text: str) -> str:
    """Say names in quotation marks, one or a list of them: each name as it is, in the marks of the language."""
    if not _QUOTED_NAMES.fullmatch(text):
        return ""
    joints, between = _QUOTED.split(text), _between()
    pieces = (
        gettext("“%(name)s”") % {"name": one} if at % 2 else between.get(one, "") for at, one in enumerate(joints)
    )
    return "".join(pieces)


def _between() -> dict[str, str]:
    """What stands between the things of a list."""
    return {", ": ", ", " and ": f" {gettext('and')} ", " or ": f" {gettext('or')} "}


def _items(language: str, text: str, depth: int) -> str:
    """Say a list: each thing in it, and what stands between the last two."""
    if not _BETWEEN_ITEMS.search(text):
        return ""
    between = _between()
    parts = _BETWEEN_ITEMS.split(text)
    told = [_whole(language, part, depth) or part for part in parts]
    if told == parts:
        return ""
    joints = [between[found[0]] for found in _BETWEEN_ITEMS.finditer(text)]
    return "".join(part + joint for part, joint in zip(told, [*joints, ""], strict=True))


class Pattern:
    """A message with placeholders, able to tell which facts a finished text has in their places."""

    def __init__(self, text: str) -> None:
        """Cut the message at its placeholders."""
        cut = _PLACE.split(text)
        self.text = text
        self.fixed, self.names = cut[::2], cut[1::2]
        self.weight = sum(len(part.strip()) for part in self.fixed)

    def facts_in(self, text: str) -> Mapping[str, str] | None:
        """Return the facts by their names; None when the text isn't made of this message.

        Each fixed part is taken where it first comes, so that no text, however made, costs more than reading it.
        """
        begin, end = self.fixed[0], self.fixed[-1]
        if len(text) < self.weight or not text.startswith(begin) or not text.endswith(end):
            return None
        at, last = len(begin), len(text) - len(end)
        values: list[str] = []
        for part in self.fixed[1:-1]:
            found = text.find(part, at, last)
            if found < 0:
                return None
            values.append(text[at:found])
            at = found + len(part)
        values.append(text[at:last])
        return dict(zip(self.names, values, strict=True))


@cache
def patterns() -> tuple[Pattern, ...]:
    """Return all patterns, the ones that say most first: they fit the fewest texts."""
    texts = json.loads(files("gangway").joinpath("locale/patterns.json").read_text("utf-8"))
    return in_order(texts)


def in_order(texts: Iterable[str]) -> tuple[Pattern, ...]:
    """Return patterns of these messages in the order in which they are tried."""
    made = [Pattern(text) for text in texts]
    return tuple(sorted((one for one in made if one.weight >= LEAST_FIXED), key=lambda one: -one.weight))


def fill(text: str, facts: Mapping[str, str]) -> str:
    """Put facts in their places; what came in isn't looked at again."""
    return _PLACE.sub(lambda found: facts.get(found[1], found[0]), text)
