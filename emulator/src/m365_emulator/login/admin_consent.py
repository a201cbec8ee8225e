"""Consent by an administrator for the whole organization, application permissions included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from m365_emulator import data, partners, principals, tokens
from m365_emulator.clock import graph_time
from m365_emulator.login import consent, policies, scopes
from m365_emulator.login.policies import consent_requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.login.clients import Client
    from m365_emulator.login.scopes import Asked
    from m365_emulator.world import World

_may_all = frozenset({data.global_administrator, data.privileged_role_administrator})
_may_some = frozenset({data.application_administrator, data.cloud_application_administrator})
_guarded_apis = frozenset({data.graph_app_id, "00000002-0000-0000-c000-000000000000"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A permission that is asked for; ``role_id`` is set for an application permission."""

    resource_app_id: str
    value: str
    words: str
    role_id: str = ""


def wanted(world: World, tenant: Tenant, client: Client, scope: str) -> list[Wanted]:
    """What an administrator is asked for: named delegated permissions, or all that the registration lists.

    ``scope`` is empty at the version 1 endpoint; it may name OpenID scopes too (Admin consent on the Microsoft
    identity platform). Raises EntraError 70011, 500011.
    """
    asked = scopes.parse(world, scope) if scope else None
    if asked is None:
        return list(_registered(tenant, client))
    named = list(_registered(tenant, client)) if asked.default else _named(world, tenant, asked)
    have = {(row.resource_app_id, row.value) for row in named if not row.role_id}
    openid = (Wanted(data.graph_app_id, name, consent.everyday[name]) for name in asked.openid)
    return [*(row for row in openid if (row.resource_app_id, row.value) not in have), *named]


def _named(world: World, tenant: Tenant, asked: Asked) -> list[Wanted]:
    if not asked.names:
        return []
    resource, _ = scopes.find_resource(world, tenant, asked)
    scopes.check_names(resource, asked)
    names = [name.lower() for name in asked.names]
    rows = [row for row in resource.body["oauth2PermissionScopes"] if row["value"].lower() in names]
    return [Wanted(str(resource.body["appId"]), row["value"], row["adminConsentDisplayName"]) for row in rows]


def may_grant(world: World, tenant: Tenant, person: DirectoryObject, rows: list[Wanted]) -> bool:
    """Application Administrators may grant everything but application permissions of Microsoft Graph."""
    held = set(tokens.directory_roles(world, tenant, person.id))
    if partners.is_partner(tenant, person.id):
        return False
    if held & _may_all:
        return True
    return bool(held & _may_some) and not any(row.role_id and row.resource_app_id in _guarded_apis for row in rows)


def grant(world: World, tenant: Tenant, client: Client, rows: list[Wanted], *, everything: bool) -> None:
    """Write the consent. ``everything`` says that all registered permissions were asked for, so others may go.

    Raises what a fault on the method ``CONSENT`` says, once the service principal is there (the race of 650051).
    """
    principal = tenant.principal(client.app_id) or principals.create(
        world, tenant, client.app_id, tags=["WindowsAzureActiveDirectoryIntegratedApp"]
    )
    consent.strike_consent(world, tenant)
    if everything and policies.value(tenant, "adminConsentRevokes"):
        _revoke_others(tenant, principal, rows)
    for app_id in dict.fromkeys(row.resource_app_id for row in rows):
        resource = tenant.principal(app_id) or principals.create(world, tenant, app_id)
        values = [row.value for row in rows if row.resource_app_id == app_id and not row.role_id]
        if values:
            consent.extend(world, tenant, (principal.id, resource.id, None), values)
        for row in rows:
            if row.resource_app_id == app_id and row.role_id:
                _assign(world, tenant, principal, resource, row.role_id)
    consent_requests.complete(tenant, client.app_id)


def _registered(tenant: Tenant, client: Client) -> Iterator[Wanted]:
    """Everything in ``requiredResourceAccess``, of all APIs."""
    for resource in client.application.body.get("requiredResourceAccess", []):
        app_id = resource["resourceAppId"]
        known_scopes, known_roles = _permissions_of(tenant, app_id)
        for access in resource["resourceAccess"]:
            if access["type"] == "Scope" and (row := known_scopes.get(access["id"])) is not None:
                yield Wanted(app_id, row["value"], row["adminConsentDisplayName"])
            elif access["type"] == "Role" and (row := known_roles.get(access["id"])) is not None:
                yield Wanted(app_id, row["value"], row["displayName"], row["id"])


def _permissions_of(tenant: Tenant, app_id: str) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """An API's delegated and application permissions by id."""
    principal = tenant.principal(app_id)
    body = principal.body if principal is not None else {}
    if principal is None and app_id in data.resources_by_app_id():
        body = principals.first_party_body(app_id)
    return (
        {row["id"]: row for row in body.get("oauth2PermissionScopes", [])},
        {row["id"]: row for row in body.get("appRoles", [])},
    )


def _revoke_others(tenant: Tenant, principal: DirectoryObject, rows: list[Wanted]) -> None:
    """Take back what was granted for everybody earlier and is not asked for now."""
    names = {item.id: str(item.body.get("appId")) for item in tenant.of_kind("servicePrincipal")}
    roles = {(row.resource_app_id, row.role_id) for row in rows if row.role_id}
    for key, row in list(tenant.app_role_assignments.items()):
        if row["principalId"] == principal.id and (names.get(row["resourceId"]), row["appRoleId"]) not in roles:
            del tenant.app_role_assignments[key]
    for key, row in list(tenant.permission_grants.items()):
        if row["clientId"] != principal.id or row["consentType"] != "AllPrincipals":
            continue
        asked = {item.value for item in rows if item.resource_app_id == names.get(row["resourceId"])}
        row["scope"] = " ".join(value for value in row["scope"].split() if value in asked)
        if not row["scope"]:
            del tenant.permission_grants[key]


def _assign(world: World, tenant: Tenant, principal: DirectoryObject, resource: DirectoryObject, role_id: str) -> None:
    wanted_row = {"principalId": principal.id, "resourceId": resource.id, "appRoleId": role_id}
    if any(wanted_row.items() <= row.items() for row in tenant.app_role_assignments.values()):
        return
    key = world.ids.opaque(32, "appRoleAssignment")
    tenant.app_role_assignments[key] = {
        "id": key,
        "deletedDateTime": None,
        "createdDateTime": graph_time(world.clock.now()),
        "principalDisplayName": principal.body["displayName"],
        "principalType": "ServicePrincipal",
        "resourceDisplayName": resource.body["displayName"],
        **wanted_row,
    }
    world.replica.wrote("appRoleAssignment", key)
