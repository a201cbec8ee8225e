"""What the tenant's app management policies forbid: secrets at all, secrets or certificates that live too long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator import credentials, durations
from m365_emulator.errors import GraphError
from m365_emulator.graph.policy import policy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from m365_emulator.directory import DirectoryObject, Tenant

_sides = {"application": "applicationRestrictions", "servicePrincipal": "servicePrincipalRestrictions"}
custom_policies, assigned = "appManagementPolicies", "app_management_policies"


def check_secret(tenant: Tenant, item: DirectoryObject, life: timedelta) -> None:
    """Raise 400 when a policy in force lets this application have no (such) secret."""
    _check(tenant, item, "passwordCredentials", ("passwordAddition", "passwordLifetime"), life)


def check_key(tenant: Tenant, item: DirectoryObject, kind: str, life: timedelta) -> None:
    """As for secrets; ``kind`` is the key's type (``AsymmetricX509Cert``, ``Symmetric``)."""
    if kind == "Symmetric":
        _check(tenant, item, "passwordCredentials", ("symmetricKeyAddition", "symmetricKeyLifetime"), life)
    else:
        _check(tenant, item, "keyCredentials", ("", "asymmetricKeyLifetime"), life)


def _check(tenant: Tenant, item: DirectoryObject, group: str, kinds: tuple[str, str], life: timedelta) -> None:
    for restriction, name in _in_force(tenant, item, group):
        kind = restriction.get("restrictionType")
        if kind == kinds[0]:
            raise GraphError(
                400,
                "CredentialTypeNotAllowedAsPerAppPolicy",
                f"Credential type not allowed as per assigned policy '{name}'.",
            )
        if kind == kinds[1] and restriction.get("maxLifetime") and life > durations.read(restriction["maxLifetime"]):
            raise GraphError(
                400,
                "CredentialInvalidLifetimeAsPerAppPolicy",
                f"Credential lifetime exceeds the max value allowed as per assigned policy '{name}'.",
            )


def _in_force(tenant: Tenant, item: DirectoryObject, group: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Restrictions that meet this application, each with the name of its policy.

    A policy of its own decides about every type of restriction that it names; the tenant's policy about the others.
    """
    decided: set[str] = set()
    for body, rows in _policies(tenant, item, group):
        for row in rows:
            if row.get("restrictionType") not in decided and row.get("state") != "disabled" and _is_meant(item, row):
                yield row, str(body["displayName"])
        decided |= {str(row.get("restrictionType")) for row in rows}


def _policies(
    tenant: Tenant, item: DirectoryObject, group: str
) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    own = tenant.policies.get(custom_policies, {})
    for oid in item.hidden.get(assigned, []):
        if oid in own and own[oid].get("isEnabled"):
            yield own[oid], (own[oid].get("restrictions") or {}).get(group) or []
    default = policy(tenant, "defaultAppManagementPolicy")
    if default["isEnabled"]:
        yield default, (default.get(_sides[item.kind]) or {}).get(group) or []


def _is_meant(item: DirectoryObject, restriction: dict[str, Any]) -> bool:
    """Whether the application is young enough for the restriction."""
    since, made = restriction.get("restrictForAppsCreatedAfterDateTime"), item.body.get("createdDateTime")
    return not since or not made or credentials.moment(made) >= credentials.moment(since)
