"""What a client may write into an app management policy: known types of restriction, readable spans of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator import durations
from m365_emulator.graph.errors import bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

_types = {
    "passwordCredentials": frozenset(
        {
            "passwordAddition",
            "passwordLifetime",
            "customPasswordAddition",
            "symmetricKeyAddition",
            "symmetricKeyLifetime",
        }
    ),
    "keyCredentials": frozenset({"asymmetricKeyLifetime"}),
}


def check_tenant_wide(wanted: Mapping[str, Any]) -> None:
    """Raise 400 for a restriction that does not exist, in either half of the tenant's policy."""
    for side in ("applicationRestrictions", "servicePrincipalRestrictions"):
        check(wanted.get(side) or {})


def check(configuration: Mapping[str, Any]) -> None:
    """Raise 400 for a restriction that does not exist, or whose life cannot be read."""
    for group, types in _types.items():
        for row in configuration.get(group) or []:
            if row.get("restrictionType") not in types:
                raise bad_request(f"Invalid restrictionType '{row.get('restrictionType')}' in {group}.", target=group)
            _check_life(row, group)


def _check_life(row: Mapping[str, Any], group: str) -> None:
    if row.get("maxLifetime") is None:
        return
    try:
        durations.read(str(row["maxLifetime"]))
    except ValueError as error:
        raise bad_request(f"Invalid maxLifetime in {group}: {error}.", target=group) from error
