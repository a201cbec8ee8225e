"""``$search`` on directory objects: names and descriptions by their words, other properties by how they begin.

Source: Use the $search query parameter, Using $search on directory object collections.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from m365_emulator.graph.errors import malformed, unsupported_query
from m365_emulator.graph.odata.shape import spelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from m365_emulator.graph.odata.shape import Shape

    Item = Mapping[str, Any]
    Wanted = Callable[[Item], bool]

_piece = re.compile(r'\s*(?:(?P<clause>"(?:[^"\\]|\\.)*")|(?P<word>AND|OR)\b|(?P<mark>[()]))')
_part = re.compile(r"[^\W\d_]+|\d+")
_hump = re.compile(r"(?<=[a-z])(?=[A-Z])")
_by_words = frozenset({"displayName", "description"})


def parse(text: str, shape: Shape) -> Wanted:
    """What an object must fulfil: clauses in double quotes, AND before OR, parentheses. Raises GraphError 400."""
    reader = _Reader(text, shape)
    wanted = reader.either()
    if reader.peek() != "":
        raise reader.unreadable()
    return wanted


class _Reader:
    """One pass over the pieces, a method for each level of the grammar."""

    def __init__(self, text: str, shape: Shape) -> None:
        self._text, self._shape = text, shape
        self._pieces, at = [], 0
        while at < len(text.rstrip()):
            match = _piece.match(text, at)
            if match is None:
                raise self.unreadable(at)
            self._pieces.append(match[0].strip())
            at = match.end()
        self._next = 0

    def peek(self) -> str:
        return self._pieces[self._next] if self._next < len(self._pieces) else ""

    def unreadable(self, at: int = 0) -> Exception:
        """What Graph says to a clause without double quotes."""
        at = max(self._text.find(":"), at)
        return malformed(
            f"Syntax error: character '{self._text[at : at + 1]}' is not valid at position {at} in '{self._text}'."
        )

    def either(self) -> Wanted:
        found = [self._all()]
        while self._take("OR"):
            found.append(self._all())
        return lambda item: any(one(item) for one in found)

    def _all(self) -> Wanted:
        found = [self._one()]
        while self._take("AND"):
            found.append(self._one())
        return lambda item: all(one(item) for one in found)

    def _one(self) -> Wanted:
        if self._take("("):
            inside = self.either()
            if not self._take(")"):
                raise self.unreadable()
            return inside
        piece = self.peek()
        if not piece.startswith('"'):
            raise self.unreadable()
        self._next += 1
        return self._clause(re.sub(r"\\(.)", r"\1", piece[1:-1]))

    def _clause(self, text: str) -> Wanted:
        """``displayName:voice``. Raises 400 for a property that is not searched."""
        given, colon, words = text.partition(":")
        name = spelled(given)
        if colon and name in _by_words:
            return _having(name, {token for word in words.split() for token in _tokens(word)})
        if not colon or "startsWith" not in self._shape.filterable.get(name, "").split():
            raise unsupported_query("Unsupported or invalid $search clause.")
        return _beginning(name, words.casefold())

    def _take(self, piece: str) -> bool:
        found = self.peek() == piece
        self._next += found
        return found


def _having(name: str, wanted: set[str]) -> Wanted:
    """Every word that is asked for begins one of the property's, in any order."""

    def holds(item: Item) -> bool:
        there = set(_words(str(item.get(name) or "")))
        return bool(wanted) and all(any(word.startswith(one) for word in there) for one in wanted)

    return holds


def _beginning(name: str, words: str) -> Wanted:
    def holds(item: Item) -> bool:
        have = item.get(name)
        return any(str(one or "").casefold().startswith(words) for one in (have if isinstance(have, list) else [have]))

    return holds


def _words(text: str) -> Iterable[str]:
    """The words of a property, and those that only symbols part as one: ``hello-world`` is also ``helloworld``."""
    for chunk in text.split():
        tokens = _tokens(chunk)
        yield from tokens
        yield "".join(tokens)


def _tokens(chunk: str) -> list[str]:
    """``helloWorld.123`` is hello, world and 123: parted by a change of case, numbers and symbols."""
    return [token.casefold() for part in _part.findall(chunk) for token in _hump.split(part)]
