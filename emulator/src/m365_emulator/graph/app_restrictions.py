"""What the tenant's app management policies forbid: secrets, credentials that live too long, an API's odd names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator import credentials, durations
from m365_emulator.addresses import split
from m365_emulator.errors import GraphError
from m365_emulator.graph.errors import bad_request
from m365_emulator.graph.policy import policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import timedelta

    from m365_emulator.directory import DirectoryObject, Tenant

_sides = {"application": "applicationRestrictions", "servicePrincipal": "servicePrincipalRestrictions"}
_version_two = 2
_unique = "uriAdditionWithoutUniqueTenantIdentifier"
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


def check_uris(tenant: Tenant, item: DirectoryObject, added: Iterable[str]) -> None:
    """Raise 400 for new names of an API that a policy in force does not let this application have.

    Source: Restrictions on identifier URIs of Microsoft Entra applications; the first code [O], the second has none.
    """
    narrow, wide = _uri_rule(tenant, item, "nonDefaultUriAddition"), _uri_rule(tenant, item, _unique)
    app_id = item.body["appId"]
    for uri in added:
        if wide and not _names_its_tenant(tenant, app_id, uri):
            raise GraphError(
                400,
                "InvalidUniqueTenantIdentifierAsPerAppPolicy",
                f"Failed to add identifier URI {uri}. All newly added URIs must contain a tenant verified domain, "
                "tenant ID, or app ID, as per the default tenant policy of your organization. See "
                "https://aka.ms/identifier-uri-addition-error for more information on this error.",
            )
        if narrow and uri.lower() not in (f"api://{app_id}", f"api://{tenant.id}/{app_id}"):
            raise bad_request(
                f"The newly added URI {uri} must comply with the format 'api://{{appId}}' or "
                "'api://{tenantId}/{appId}' as per the default app management policy of your organization. If the "
                "requestedAccessTokenVersion is set to 2, this restriction may not apply. See "
                "https://aka.ms/identifier-uri-addition-error for more information on this error.",
                target="identifierUris",
            )


def _uri_rule(tenant: Tenant, item: DirectoryObject, name: str) -> bool:
    """Whether such a restriction meets the application: its own policy decides, where that says something of it.

    Who takes tokens of version 2, or signs people in by SAML, is spared unless the restriction says otherwise.
    """
    for configuration in _configurations(tenant, item):
        row = (configuration.get("identifierUris") or {}).get(name)
        if row:
            return row.get("state") == "enabled" and _is_meant(item, row) and not _is_spared(tenant, item, row)
    return False


def _configurations(tenant: Tenant, item: DirectoryObject) -> Iterator[dict[str, Any]]:
    own = tenant.policies.get(custom_policies, {})
    for oid in item.hidden.get(assigned, []):
        if oid in own and own[oid].get("isEnabled"):
            yield (own[oid].get("restrictions") or {}).get("applicationRestrictions") or {}
    default = policy(tenant, "defaultAppManagementPolicy")
    if default["isEnabled"]:
        yield default.get("applicationRestrictions") or {}


def _is_spared(tenant: Tenant, item: DirectoryObject, row: dict[str, Any]) -> bool:
    version = (item.body.get("api") or {}).get("requestedAccessTokenVersion")
    if version == _version_two and row.get("excludeAppsReceivingV2Tokens") is not False:
        return True
    principal = tenant.principal(item.body["appId"])
    mode = principal.body.get("preferredSingleSignOnMode") if principal is not None else None
    return row.get("excludeSaml") is not False and str(mode).lower() == "saml"


def _names_its_tenant(tenant: Tenant, app_id: str, uri: str) -> bool:
    host = (split(uri).hostname or "").lower()
    verified = [name.lower() for name in tenant.domain_names()]
    within = any(host == one or host.endswith(f".{one}") for one in verified)
    return within or bool({tenant.id, app_id} & set(uri.lower().split("/")))


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
