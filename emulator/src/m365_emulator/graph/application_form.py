"""What a client may write into an application: checks, defaults, merging."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from m365_emulator.graph import application_addresses, bodies, entitlements
from m365_emulator.graph.errors import bad_request, invalid_value
from m365_emulator.login import policies

if TYPE_CHECKING:
    from collections.abc import Mapping

    from m365_emulator.directory import Tenant

_fixed = frozenset(
    {
        "id",
        "appId",
        "createdDateTime",
        "deletedDateTime",
        "publisherDomain",
        "createdByAppId",
        "certification",
        "disabledByMicrosoftStatus",
        "applicationTemplateId",
        "isDisabled",
    }
)
_audiences = frozenset(
    {
        "AzureADMyOrg",
        "AzureADMultipleOrgs",
        "AzureADandPersonalMicrosoftAccount",
        "PersonalMicrosoftAccount",
    }
)
_name_at_most = 256
_token_versions = (None, 1, 2)
_complex = frozenset(
    {
        "web",
        "api",
        "spa",
        "publicClient",
        "info",
        "parentalControlSettings",
        "optionalClaims",
        "servicePrincipalLockConfiguration",
        "requestSignatureVerification",
        "authenticationBehaviors",
    }
)


def read(tenant: Tenant, body: Mapping[str, Any], *, new: bool) -> dict[str, Any]:
    """The properties that a client sets. Raises 400 with Graph's words for what it refuses."""
    wanted = bodies.checked(
        "application", body, fixed=_fixed, needed=("displayName",) if new else (), bound=("owners",) if new else ()
    )
    if "displayName" in wanted:
        _check_name(tenant, wanted["displayName"])
    if wanted.get("signInAudience", "AzureADMyOrg") not in _audiences:
        raise invalid_value("signInAudience", "Application")
    if "uniqueName" in wanted and not wanted["uniqueName"]:
        raise invalid_value("uniqueName", "Application")
    if (wanted.get("api") or {}).get("requestedAccessTokenVersion") not in _token_versions:
        raise invalid_value("requestedAccessTokenVersion", "ApiApplication")
    _check_access(wanted.get("requiredResourceAccess") or [])
    application_addresses.check(tenant, wanted)
    entitlements.check_unique(wanted)
    if not new:
        refuse_secrets(wanted)
        wanted.pop("passwordCredentials", None)
    for key in ("owners", "federatedIdentityCredentials", "logo"):
        wanted.pop(key, None)
    return wanted


def refuse_secrets(body: Mapping[str, Any]) -> None:
    """Raises 400: no PATCH sets secrets, an upsert that makes the application neither (Upsert application)."""
    if body.get("passwordCredentials"):
        raise bad_request("Credentials cannot be set here; use the addPassword action.", target="passwordCredentials")


def fresh(tenant: Tenant, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """A whole application: Graph's defaults and what the client wants."""
    body = {**_defaults(), "publisherDomain": _publisher_domain(tenant)}
    merge(body, wanted)
    return body


def merge(body: dict[str, Any], wanted: Mapping[str, Any]) -> None:
    """Set properties; of complex ones only the members that are named. Lists are replaced as a whole.

    ``null`` for something that is always there (``web``) takes it back to how it is in a new application.
    """
    usual = _defaults()
    for name, value in wanted.items():
        have = body.get(name)
        if name in _complex and isinstance(have, dict) and isinstance(value, dict):
            body[name] = {**have, **copy.deepcopy(value)}
        else:
            body[name] = copy.deepcopy(usual.get(name) if value is None else value)


def _defaults() -> dict[str, Any]:
    """What Graph says of an application of which nothing else was said."""
    return {
        "id": None,
        "deletedDateTime": None,
        "appId": None,
        "applicationTemplateId": None,
        "createdByAppId": None,
        "createdDateTime": None,
        "displayName": None,
        "description": None,
        "disabledByMicrosoftStatus": None,
        "groupMembershipClaims": None,
        "identifierUris": [],
        "isDeviceOnlyAuthSupported": None,
        "isFallbackPublicClient": None,
        "nativeAuthenticationApisEnabled": None,
        "notes": None,
        "publisherDomain": None,
        "serviceManagementReference": None,
        "signInAudience": "AzureADMyOrg",
        "tags": [],
        "tokenEncryptionKeyId": None,
        "uniqueName": None,
        "samlMetadataUrl": None,
        "defaultRedirectUri": None,
        "certification": None,
        "optionalClaims": None,
        "servicePrincipalLockConfiguration": None,
        "requestSignatureVerification": None,
        "addIns": [],
        "api": {
            "acceptMappedClaims": None,
            "knownClientApplications": [],
            "requestedAccessTokenVersion": None,
            "oauth2PermissionScopes": [],
            "preAuthorizedApplications": [],
        },
        "appRoles": [],
        "info": {
            "logoUrl": None,
            "marketingUrl": None,
            "privacyStatementUrl": None,
            "supportUrl": None,
            "termsOfServiceUrl": None,
        },
        "keyCredentials": [],
        "parentalControlSettings": {"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"},
        "passwordCredentials": [],
        "publicClient": {"redirectUris": []},
        "requiredResourceAccess": [],
        "verifiedPublisher": {"displayName": None, "verifiedPublisherId": None, "addedDateTime": None},
        "web": {
            "homePageUrl": None,
            "logoutUrl": None,
            "redirectUris": [],
            "redirectUriSettings": [],
            "implicitGrantSettings": {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": False},
        },
        "spa": {"redirectUris": []},
    }


def _check_name(tenant: Tenant, name: object) -> None:
    """Microsoft has been seen to refuse its own name in others' names; a switch of the tenant does so here."""
    if not isinstance(name, str) or not name.strip() or len(name) > _name_at_most:
        raise invalid_value("displayName", "Application")
    if "microsoft" in name.casefold() and policies.value(tenant, "refuseMicrosoftInNames"):
        raise invalid_value("displayName", "Application")


def _check_access(rows: list[dict[str, Any]]) -> None:
    seen = set()
    for row in rows:
        resource = row["resourceAppId"]
        if not bodies.is_guid(resource) or resource in seen:
            raise invalid_value("requiredResourceAccess", "Application")
        seen.add(resource)
        for access in row.setdefault("resourceAccess", []):
            if access["type"] not in ("Role", "Scope"):
                raise invalid_value("requiredResourceAccess", "Application")


def _publisher_domain(tenant: Tenant) -> str | None:
    return next((str(domain["id"]) for domain in tenant.domains if domain.get("isInitial")), None)
