"""Checks the JSON that a client sends against the types of Graph's model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from m365_emulator.graph.errors import bad_request, malformed, read_only, value_required
from m365_emulator.graph.odata import shape

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_guid = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_time = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,7})?)?(Z|[+-]\d\d:\d\d)?")
bind = "@odata.bind"
_names = {
    "text": "Edm.String",
    "flag": "Edm.Boolean",
    "number": "Edm.Int32",
    "guid": "Edm.Guid",
    "time": "Edm.DateTimeOffset",
}


def checked(
    type_name: str,
    body: Mapping[str, Any],
    *,
    fixed: Collection[str] = (),
    needed: Collection[str] = (),
    bound: Collection[str] = (),
) -> dict[str, Any]:
    """The body without annotations, each property known and of its kind.

    ``fixed`` properties may not be set by a client, ``needed`` ones may not be left out or empty; relations that a
    client may set by ``@odata.bind`` are ``bound``. Raises 400.
    """
    resource = type_name[0].upper() + type_name[1:]
    for name in body:
        if name.endswith(bind) and name.removesuffix(bind) not in bound:
            raise bad_request(f"Property '{name}' cannot be set on resource '{resource}'.", target=name)
    wanted = {key: value for key, value in body.items() if "@" not in key}
    for name, value in wanted.items():
        _check_property(type_name, name, value)
        if name in fixed:
            raise read_only(name, resource)
    for name in needed:
        if wanted.get(name) in (None, ""):
            raise value_required(name, resource)
    return wanted


def is_guid(text: object) -> bool:
    """Whether a JSON value is a GUID as text."""
    return isinstance(text, str) and _guid.fullmatch(text) is not None


def _check_property(type_name: str, name: str, value: Any) -> None:
    kind = shape.properties(type_name).get(name)
    if kind is None:
        raise bad_request(f"Property '{name}' does not exist as a declared property or extension property.")
    if value is not None:
        _check_value(kind, value)


def _check_value(kind: str, value: Any) -> None:
    if kind.startswith("list:"):
        if not isinstance(value, list):
            raise malformed(
                "A node of type 'PrimitiveValue' was read from the JSON reader when trying to read the "
                "contents of the property; however, a 'StartArray' node was expected."
            )
        for one in value:
            _check_value(kind.removeprefix("list:"), one)
    elif shape.is_type(kind):
        if not isinstance(value, dict):
            raise malformed(f"Cannot convert a value to the expected type 'microsoft.graph.{kind}'.")
        for name, inside in value.items():
            if "@" not in name:
                _check_property(kind, name, inside)
    elif not _fits(kind, value):
        raise malformed(f"Cannot convert the literal '{value}' to the expected type '{_names[kind]}'.")


def _fits(kind: str, value: Any) -> bool:
    match kind:
        case "text":
            return isinstance(value, str)
        case "flag":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "guid":
            return is_guid(value)
        case "time":
            return isinstance(value, str) and _time.fullmatch(value) is not None
    return True
