"""Reads a ``$filter`` into a tree. The grammar is what Graph's pages show, nothing beyond it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from m365_emulator import credentials
from m365_emulator.graph.errors import malformed
from m365_emulator.graph.odata.shape import spelled

if TYPE_CHECKING:
    from datetime import datetime

_token = re.compile(
    r"""
    \s*(?:
      (?P<text>'(?:[^']|'')*')
    | (?P<time>\d{4}-\d\d-\d\d(?:T[0-9:.]+(?:Z|[+-]\d\d:\d\d)?)?)
    | (?P<guid>[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})
    | (?P<number>-?\d+(?:\.\d+)?)
    | (?P<name>[A-Za-z_@$][A-Za-z0-9_.$]*(?:/[A-Za-z_$][A-Za-z0-9_.$]*)*)
    | (?P<mark>[(),:])
    )""",
    re.VERBOSE,
)
_comparisons = frozenset({"eq", "ne", "gt", "ge", "lt", "le"})
_functions = {"startswith": "startsWith", "endswith": "endsWith", "contains": "contains"}
_words = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Compare:
    """``path op value``, also for ``startsWith`` and its sisters; ``in`` has a tuple as its value."""

    path: tuple[str, ...]
    operator: str
    value: Any


@dataclass(frozen=True, slots=True)
class Some:
    """``path/any(x:condition)``; without a condition: the collection is not empty."""

    path: tuple[str, ...]
    variable: str
    condition: Node | None


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    inside: Node


@dataclass(frozen=True, slots=True)
class Both:
    """Two conditions with ``and`` or ``or`` between them."""

    word: str
    left: Node
    right: Node


Node = Compare | Some | Not | Both


def parse(text: str) -> Node:
    """The tree of a filter. Raises GraphError 400 ``BadRequest`` when it cannot be read."""
    reader = _Reader(_tokens(text))
    node = reader.either()
    if reader.peek() is not None:
        raise _invalid(f"Syntax error at position {reader.position()} in '{text}'.")
    return node


def _path(text: str) -> tuple[str, ...]:
    return tuple(map(spelled, text.split("/")))


def _moment(text: str) -> datetime:
    try:
        return credentials.moment(text)
    except ValueError as error:
        raise _invalid(f"'{text}' is not a time.") from error


def _invalid(reason: str) -> Exception:
    return malformed(f"Invalid filter clause: {reason}")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    while at < len(text.rstrip()):
        match = _token.match(text, at)
        if match is None or match.lastgroup is None:
            raise _invalid(f"Syntax error at position {at} in '{text}'.")
        found.append(_Token(match.lastgroup, match.group(match.lastgroup), at))
        at = match.end()
    return found


class _Reader:
    """One pass over the tokens, a method for each level of the grammar."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0

    def peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def position(self) -> int:
        token = self.peek()
        return token.at if token else sum(len(item.text) for item in self._tokens[-1:])

    def either(self) -> Node:
        node = self._all()
        while self._word("or"):
            node = Both("or", node, self._all())
        return node

    def _all(self) -> Node:
        node = self._one()
        while self._word("and"):
            node = Both("and", node, self._one())
        return node

    def _one(self) -> Node:
        if self._word("not"):
            return Not(self._one())
        if self._mark("("):
            node = self.either()
            self._need(")")
            return node
        name = self._take("name").text
        if name.lower() in _functions and self._mark("("):
            return self._function(_functions[name.lower()])
        if name.endswith("/any") and self._mark("("):
            return self._any(_path(name.removesuffix("/any")))
        return self._comparison(_path(name))

    def _function(self, operator: str) -> Node:
        path = _path(self._take("name").text)
        self._need(",")
        node = Compare(path, operator, self._value())
        self._need(")")
        if self._word("eq"):
            return node if self._value() is True else Not(node)
        return node

    def _any(self, path: tuple[str, ...]) -> Node:
        if self._mark(")"):
            return Some(path, "", None)
        variable = spelled(self._take("name").text)
        self._need(":")
        node = Some(path, variable, self.either())
        self._need(")")
        return node

    def _comparison(self, path: tuple[str, ...]) -> Node:
        operator = self._take("name").text.lower()
        if operator == "in":
            return Compare(path, "in", self._list())
        if operator not in _comparisons:
            raise _invalid(f"'{operator}' is not a known operator.")
        return Compare(path, operator, self._value())

    def _list(self) -> tuple[Any, ...]:
        self._need("(")
        values = [self._value()]
        while self._mark(","):
            values.append(self._value())
        self._need(")")
        return tuple(values)

    def _value(self) -> Any:
        token = self.peek()
        if token is None or token.kind == "mark":
            raise _invalid("a value is missing.")
        self._next += 1
        if token.kind == "text":
            return token.text[1:-1].replace("''", "'")
        if token.kind == "number":
            return float(token.text) if "." in token.text else int(token.text)
        if token.kind == "time":
            return _moment(token.text)
        if token.kind == "guid":
            return token.text
        if token.text.lower() in _words:
            return _words[token.text.lower()]
        raise _invalid(f"'{token.text}' is not a value; text stands in single quotes.")

    def _word(self, word: str) -> bool:
        token = self.peek()
        if token is None or token.kind != "name" or token.text.lower() != word:
            return False
        self._next += 1
        return True

    def _mark(self, mark: str) -> bool:
        token = self.peek()
        if token is None or token.kind != "mark" or token.text != mark:
            return False
        self._next += 1
        return True

    def _need(self, mark: str) -> None:
        if not self._mark(mark):
            raise _invalid(f"'{mark}' is missing.")

    def _take(self, kind: str) -> _Token:
        token = self.peek()
        if token is None or token.kind != kind:
            raise _invalid("a property name is missing.")
        self._next += 1
        return token
