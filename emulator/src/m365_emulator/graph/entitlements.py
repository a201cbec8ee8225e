"""Scopes and app roles that an application offers: each once, and switched off before it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator.errors import GraphError
from m365_emulator.graph.errors import bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping


def check_unique(wanted: Mapping[str, Any]) -> None:
    """Raise 400 when an id or a value stands in one list twice."""
    for name, rows in (("appRoles", _roles(wanted)), ("oauth2PermissionScopes", _scopes(wanted))):
        for key in ("id", "value"):
            known = [row[key] for row in rows if row.get(key)]
            if len(set(known)) < len(known):
                raise bad_request("Request contains a property with duplicate values.", target=name)


def check_removed(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Raise 400 when something goes that is still enabled."""
    for list_of in (_roles, _scopes):
        left = {row.get("id") for row in list_of(after)}
        if any(row.get("isEnabled", True) and row.get("id") not in left for row in list_of(before)):
            raise GraphError(
                400,
                "CannotDeleteOrUpdateEnabledEntitlement",
                "Property value cannot be deleted unless it is disabled first.",
            )


def _roles(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(body.get("appRoles") or [])


def _scopes(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list((body.get("api") or {}).get("oauth2PermissionScopes") or [])
