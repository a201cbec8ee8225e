"""The query options of one request (``$select``, ``$filter`` and the others), read and checked for form."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl

from m365_emulator.graph.errors import bad_request, malformed
from m365_emulator.graph.odata.shape import spelled

_known = frozenset(
    {"select", "filter", "orderby", "top", "count", "expand", "search", "skiptoken", "deltatoken", "format"}
)
_unsupported = frozenset({"skip"})
_largest_page = 999


@dataclass(frozen=True, slots=True)
class Options:
    """``pairs`` are the options as they came, for the address of the next page."""

    pairs: tuple[tuple[str, str], ...] = ()
    select: tuple[str, ...] = ()
    filter: str = ""
    orderby: tuple[tuple[str, bool], ...] = ()
    top: int | None = None
    count: bool = False
    expand: tuple[tuple[str, tuple[str, ...]], ...] = ()
    search: str = ""
    skiptoken: str = ""
    deltatoken: str = ""


def read(query: str) -> Options:
    """Options from a query string. A ``$`` may be left out; options of other names are ignored, as Graph does.

    Names of properties are as the model spells them from here on.
    """
    pairs = parse_qsl(query, keep_blank_values=True)
    given: dict[str, str] = {}
    for key, value in pairs:
        name = key.removeprefix("$").lower()
        if name in _unsupported:
            raise bad_request(f"'${name}' is not supported by the service.")
        if name in given:
            raise malformed(
                f"Query option '${name}' was specified more than once, but it must be specified at most once."
            )
        if name in _known:
            given[name] = value
        elif key.startswith("$"):
            raise malformed(f"The query parameter '{key}' is not supported.")
    return Options(
        pairs=tuple(pairs),
        select=_properties(given.get("select", "")),
        filter=given.get("filter", ""),
        orderby=_order(given.get("orderby", "")),
        top=_top(given.get("top")),
        count=_flag(given.get("count", "false")),
        expand=_expand(given.get("expand", "")),
        search=given.get("search", ""),
        skiptoken=given.get("skiptoken", ""),
        deltatoken=given.get("deltatoken", ""),
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _properties(text: str) -> tuple[str, ...]:
    return tuple(map(spelled, _names(text)))


def _order(text: str) -> tuple[tuple[str, bool], ...]:
    """Property names, each with True when the order is descending."""
    order = []
    for part in _names(text):
        name, _, direction = part.partition(" ")
        if direction.strip().lower() not in ("", "asc", "desc"):
            raise malformed(f"Syntax error in '$orderby={text}'.")
        order.append((spelled(name), direction.strip().lower() == "desc"))
    return tuple(order)


def _top(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal():
        raise malformed(
            f"Invalid value '{text}' for $top query option found. The $top query option requires a "
            "non-negative integer value."
        )
    if not 1 <= int(text) <= _largest_page:
        raise bad_request(f"Invalid page size specified: '{text}'. Must be between 1 and 999 inclusive.")
    return int(text)


def _flag(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise malformed(f"Invalid value '{text}' for $count query option found. Valid values are 'true' and 'false'.")
    return text.lower() == "true"


def _expand(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """``owners($select=id,displayName)`` gives the name and the selected names; ``owners`` alone an empty tuple.

    Raises 400 for every other option inside, which is not done here rather than done in part.
    """
    found = []
    for part in _outside_parentheses(text):
        name, _, inside = part.partition("(")
        option, _, select = inside.removesuffix(")").partition("=")
        if inside and (option.strip().lower().removeprefix("$") != "select" or ";" in select):
            raise bad_request(f"The query options of '{part}' are not supported by the service.")
        found.append((spelled(name.strip()), _properties(select)))
    return tuple(found)


def _outside_parentheses(text: str) -> list[str]:
    parts, depth = [""], 0
    for letter in text:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]
