"""Whether an object fulfils a filter. Text compares without case, as the directory does."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from m365_emulator import credentials
from m365_emulator.graph.odata.syntax import Both, Compare, Node, Not, Some

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_no_variables: Mapping[str, Any] = {}


def matches(node: Node, item: Mapping[str, Any], variables: Mapping[str, Any] = _no_variables) -> bool:
    """Whether ``item`` fulfils the filter; ``variables`` are those bound by an enclosing ``any``."""
    match node:
        case Not(inside):
            return not matches(inside, item, variables)
        case Both("and", left, right):
            return matches(left, item, variables) and matches(right, item, variables)
        case Both(_, left, right):
            return matches(left, item, variables) or matches(right, item, variables)
        case Some(path, variable, condition):
            rows = _at(path, item, variables) or []
            if condition is None:
                return bool(rows)
            return any(matches(condition, item, {**variables, variable: row}) for row in rows)
        case Compare(path, operator, value):
            return _operators[operator](_beside(value, _at(path, item, variables)), _folded(value))


def _at(path: tuple[str, ...], item: Mapping[str, Any], variables: Mapping[str, Any]) -> Any:
    head, *rest = path
    have: Any = variables[head] if head in variables else item.get(head)
    for name in rest:
        if name == "$count":
            return len(have or [])
        have = have.get(name) if isinstance(have, dict) else None
    return have


def _beside(wanted: Any, have: Any) -> Any:
    """What an object has, so that it compares with what a filter names: a moment with a moment, text without case."""
    first = wanted[0] if isinstance(wanted, tuple) else wanted
    if isinstance(first, datetime) and isinstance(have, str):
        with suppress(ValueError):
            return credentials.moment(have)
    return _folded(have)


def _folded(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_folded(one) for one in value)
    return value.casefold() if isinstance(value, str) else value


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def check(have: Any, wanted: Any) -> bool:
        return have is not None and wanted is not None and type(have) is type(wanted) and compare(have, wanted)

    return check


_operators: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda have, wanted: bool(have == wanted),
    "ne": lambda have, wanted: bool(have != wanted),
    "gt": _ordered(lambda have, wanted: have > wanted),
    "ge": _ordered(lambda have, wanted: have >= wanted),
    "lt": _ordered(lambda have, wanted: have < wanted),
    "le": _ordered(lambda have, wanted: have <= wanted),
    "in": lambda have, wanted: have in wanted,
    "startsWith": _ordered(lambda have, wanted: have.startswith(wanted)),
    "endsWith": _ordered(lambda have, wanted: have.endswith(wanted)),
    "contains": _ordered(lambda have, wanted: wanted in have),
}
