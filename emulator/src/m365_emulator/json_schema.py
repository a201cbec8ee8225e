"""Checks a JSON value against a JSON schema: the words that our own schema uses, and each mistake with its path.

Small on purpose, so that the emulator needs no package for it; a word that it does not know is an error of its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_types: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "null": type(None),
}
_words = {"object": "an object", "array": "a list", "string": "text", "boolean": "true or false", "null": "null"}
_silent = frozenset({"$schema", "$id", "$defs", "title", "description", "properties"})


def mistakes(value: Any, schema: dict[str, Any]) -> Iterator[str]:
    """One sentence per mistake, each beginning with where it is (``tenants[0].people[2].upn``)."""
    return _check(value, schema, schema, "")


def _check(value: Any, schema: dict[str, Any], root: dict[str, Any], at: str) -> Iterator[str]:
    if "$ref" in schema:
        yield from _check(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, at)
        return
    for word in schema.keys() - _silent - _rules.keys() - {"items"}:
        message = f"the schema uses {word}, which this checker does not know"
        raise LookupError(message)
    found = [sentence for word, rule in _rules.items() if word in schema for sentence in rule(value, schema)]
    yield from (f"{at or 'the seed'}{sentence}" for sentence in found)
    if isinstance(value, dict):
        for name, inside in value.items():
            if name in schema.get("properties", {}):
                yield from _check(inside, schema["properties"][name], root, f"{at}.{name}" if at else name)
    elif isinstance(value, list) and "items" in schema:
        for index, inside in enumerate(value):
            yield from _check(inside, schema["items"], root, f"{at}[{index}]")


def _type(value: Any, schema: dict[str, Any]) -> Iterator[str]:
    wanted = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(_is(value, name) for name in wanted):
        yield f": {' or '.join(_words.get(name, 'a whole number') for name in wanted)} is needed"


def _is(value: Any, name: str) -> bool:
    return isinstance(value, _types[name]) and (name == "boolean" or not isinstance(value, bool))


def _required(value: Any, schema: dict[str, Any]) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (f": {name} is missing" for name in schema["required"] if name not in value)


def _known(value: Any, schema: dict[str, Any]) -> Iterator[str]:
    if isinstance(value, dict):
        known = schema["properties"]
        yield from (f".{name} is unknown; known are {', '.join(known)}" for name in value if name not in known)


def _one_of(value: Any, schema: dict[str, Any]) -> Iterator[str]:
    if value not in schema["enum"]:
        yield f": {value!r} is not one of those that exist"


def _pattern(value: Any, schema: dict[str, Any]) -> Iterator[str]:
    if isinstance(value, str) and not re.search(schema["pattern"], value):
        yield f": {value!r} does not have the form {schema['pattern']}"


def _not_empty(value: Any, schema: dict[str, Any]) -> Iterator[str]:
    if isinstance(value, str | list) and len(value) < schema.get("minLength", schema.get("minItems", 0)):
        yield " is empty"


def _at_least(value: Any, schema: dict[str, Any]) -> Iterator[str]:
    if isinstance(value, int) and value < schema["minimum"]:
        yield f": {value} is less than {schema['minimum']}"


_rules: dict[str, Callable[[Any, dict[str, Any]], Iterator[str]]] = {
    "type": _type,
    "required": _required,
    "additionalProperties": _known,
    "enum": _one_of,
    "pattern": _pattern,
    "minLength": _not_empty,
    "minItems": _not_empty,
    "minimum": _at_least,
}
