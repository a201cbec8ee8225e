"""Reads the path of a Graph address: segments, keys in parentheses, casts and bound actions.

``/applications(uniqueName='a%2Fb')/owners/$ref`` becomes three segments, the first with a key. Keys may hold any
character; a quote is written twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

_keyed = re.compile(r"(?P<name>[^()']+)\((?P<keys>.*)\)", re.DOTALL)
_key = re.compile(r"\s*(?:(?P<name>\w+)=)?(?:'(?P<text>(?:[^']|'')*)'|(?P<bare>[^',]+))\s*(?:,|$)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Segment:
    """``name`` is what stands between slashes without its parentheses, ``keys`` are the named keys inside them."""

    name: str
    keys: tuple[tuple[str, str], ...] = ()

    @property
    def shape(self) -> tuple[str, ...]:
        """What chooses the route: the name without case, and the names of the keys."""
        return (_plain(self.name), *(name for name, _ in self.keys))


def read(raw: str) -> list[Segment]:
    """The segments of a path that is still percent-encoded, for example ``/applications/1f3e``."""
    found: list[Segment] = []
    for part in filter(None, _split(raw)):
        found.extend(_segments(unquote(part)))
    return found


def _split(raw: str) -> list[str]:
    """Cut at slashes, but not inside quotes: some clients leave a slash in a key as it is."""
    parts, quoted = [""], False
    for letter in raw.replace("%27", "'"):
        quoted ^= letter == "'"
        if letter == "/" and not quoted:
            parts.append("")
        else:
            parts[-1] += letter
    return raw.split("/") if quoted else parts


def _segments(text: str) -> list[Segment]:
    match = _keyed.fullmatch(text)
    if match is None:
        return [Segment(text)]
    keys = []
    for one in _key.finditer(match["keys"]):
        value = one["text"].replace("''", "'") if one["text"] is not None else one["bare"]
        keys.append((one["name"] or "", value))
    if len(keys) == 1 and not keys[0][0]:
        return [Segment(match["name"]), Segment(keys[0][1])]
    return [Segment(match["name"], tuple(keys))]


def _plain(name: str) -> str:
    """``graph.directoryRole`` is short for ``microsoft.graph.directoryRole``."""
    lower = name.lower()
    return f"microsoft.{lower}" if lower.startswith("graph.") else lower
