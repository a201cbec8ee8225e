"""Checks the JSON that a client sends against the types of Graph's model, and reads it as Graph would keep it."""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING, Any

from m365_emulator import credentials
from m365_emulator.graph.errors import bad_request, invalid_value, malformed, read_only, value_required
from m365_emulator.graph.odata import shape

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_guid = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_time = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,7})?)?(Z|[+-]\d\d:\d\d)?")
bind = "@odata.bind"
_longest = {
    "application": {"description": 1024},
    "federatedIdentityCredential": {"description": 600, "issuer": 600, "subject": 600},
    "group": {"displayName": 256, "mailNickname": 64},
    "servicePrincipal": {"description": 1024, "notes": 1024},
    "user": {"displayName": 256, "mailNickname": 64},
}
_needed_inside = {
    "appRole": ("id", "displayName", "allowedMemberTypes"),
    "permissionScope": ("id", "value", "type", "adminConsentDisplayName"),
    "requiredResourceAccess": ("resourceAppId",),
    "resourceAccess": ("id", "type"),
}
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
    kept: Collection[str] = (),
) -> dict[str, Any]:
    """The body without annotations, each property known and of its kind; ``null`` empties a list.

    Texts are no longer than Microsoft lets them be. ``fixed`` properties may not be set by a client, ``needed`` ones
    may not be left out or empty, ``kept`` ones not be ``null``; relations that a client may set by ``@odata.bind`` are
    ``bound``. Raises 400.
    """
    resource = _resource(type_name)
    for name in body:
        if name.endswith(bind) and name.removesuffix(bind) not in bound:
            raise bad_request(f"Property '{name}' cannot be set on resource '{resource}'.", target=name)
    wanted = {}
    for name, value in body.items():
        if "@" in name:
            continue
        wanted[name] = _property(type_name, name, value)
        if name in fixed:
            raise read_only(name, resource)
        if (name in kept and value is None) or _is_too_long(type_name, name, value):
            raise invalid_value(name, resource)
    for name in needed:
        if wanted.get(name) in (None, ""):
            raise value_required(name, resource)
    return wanted


def is_guid(text: object) -> bool:
    """Whether a JSON value is a GUID as text."""
    return isinstance(text, str) and _guid.fullmatch(text) is not None


def _is_too_long(type_name: str, name: str, value: Any) -> bool:
    longest = _longest.get(type_name, {}).get(name)
    return longest is not None and isinstance(value, str) and len(value) > longest


def _resource(type_name: str) -> str:
    return type_name[0].upper() + type_name[1:]


def _property(type_name: str, name: str, value: Any) -> Any:
    kind = shape.properties(type_name).get(name)
    if kind is None:
        raise bad_request(f"Property '{name}' does not exist as a declared property or extension property.")
    if value is None:
        return [] if kind.startswith("list:") else None
    return _value(kind, value)


def _value(kind: str, value: Any) -> Any:
    if kind.startswith("list:"):
        if not isinstance(value, list):
            raise malformed(
                "A node of type 'PrimitiveValue' was read from the JSON reader when trying to read the "
                "contents of the property; however, a 'StartArray' node was expected."
            )
        return [_value(kind.removeprefix("list:"), one) for one in value]
    if shape.is_type(kind):
        if not isinstance(value, dict):
            raise malformed(f"Cannot convert a value to the expected type 'microsoft.graph.{kind}'.")
        row = {name: inside if "@" in name else _property(kind, name, inside) for name, inside in value.items()}
        for name in _needed_inside.get(kind, ()):
            if row.get(name) in (None, ""):
                raise value_required(name, _resource(kind))
        return row
    if not _fits(kind, value):
        raise malformed(f"Cannot convert the literal '{value}' to the expected type '{_names[kind]}'.")
    return value.lower() if kind == "guid" else value


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
            return isinstance(value, str) and _time.fullmatch(value) is not None and _is_moment(value)
    return True


def _is_moment(text: str) -> bool:
    """Whether there is such a day and hour, and in UTC as well."""
    try:
        credentials.moment(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return False
    return True
