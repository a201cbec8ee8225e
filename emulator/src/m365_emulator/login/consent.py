"""Consent to delegated permissions: what is still missing, who may grant it, and granting it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from m365_emulator import data, partners, principals, tokens, trouble
from m365_emulator.errors import EntraError
from m365_emulator.login import policies, scopes
from m365_emulator.login.policies import consent_requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.login.clients import Client
    from m365_emulator.login.scopes import Asked
    from m365_emulator.world import World

_may_consent_for_all = frozenset(
    {
        data.global_administrator,
        data.privileged_role_administrator,
        data.application_administrator,
        data.cloud_application_administrator,
    }
)
everyday = {
    "openid": "Sign you in",
    "profile": "View your basic profile",
    "email": "View your email address",
    "offline_access": "Maintain access to data you have given it access to",
}


@dataclass(frozen=True, slots=True)
class Permission:
    """A delegated permission that is asked for: at which API, its value, its sentence, whether an admin must agree."""

    resource_app_id: str
    value: str
    words: str
    needs_admin: bool


class _Granted:
    """What needs no consent any more, looked up once per API. ``client_id`` is the service principal's object id."""

    def __init__(self, world: World, tenant: Tenant, app_id: str, person_id: str) -> None:
        principal = tenant.principal(app_id)
        self.client_id = principal.id if principal is not None else ""
        self.world, self.tenant, self.app_id, self.person_id = world, tenant, app_id, person_id
        self.known: dict[str, set[str]] = {}

    def holds(self, item: Permission) -> bool:
        if item.resource_app_id not in self.known:
            values = self.tenant.delegated_scopes(self.client_id, item.resource_app_id, self.person_id)
            values += preauthorized(self.world, self.app_id, item.resource_app_id)
            self.known[item.resource_app_id] = {value.lower() for value in values}
        return item.value.lower() in self.known[item.resource_app_id]


def missing(
    world: World, tenant: Tenant, person: DirectoryObject, client: Client, asked: list[Asked], *, again: bool = False
) -> list[Permission]:
    """Permissions that are asked for and that nobody granted for this person yet; all of them when asked ``again``."""
    granted = _Granted(world, tenant, client.app_id, person.id)
    wanted = (item for one in asked for item in _wanted(world, tenant, client, one))
    return [item for item in wanted if again or not granted.holds(item)]


def may_grant(world: World, tenant: Tenant, person: DirectoryObject, wanted: list[Permission]) -> bool:
    """Whether this person may agree: anybody to everyday permissions unless that is off, administrators to all."""
    if may_grant_for_all(world, tenant, person):
        return True
    return bool(policies.value(tenant, "userConsent")) and not any(item.needs_admin for item in wanted)


def may_grant_for_all(world: World, tenant: Tenant, person: DirectoryObject) -> bool:
    """Whether this person may consent on behalf of the organization; partners never may (90099)."""
    if partners.is_partner(tenant, person.id):
        return False
    return not _may_consent_for_all.isdisjoint(tokens.directory_roles(world, tenant, person.id))


def grant(
    world: World,
    tenant: Tenant,
    person: DirectoryObject,
    client: Client,
    wanted: list[Permission],
    *,
    for_all: bool,
) -> None:
    """Record the consent; the application gets its service principal in the tenant if it has none yet.

    Raises what a fault on the method ``CONSENT`` says, once the service principal is there (the race of 650051).
    """
    principal = tenant.principal(client.app_id) or principals.create(
        world, tenant, client.app_id, tags=["WindowsAzureActiveDirectoryIntegratedApp"]
    )
    strike_consent(world, tenant)
    for app_id in dict.fromkeys(item.resource_app_id for item in wanted):
        values = [item.value for item in wanted if item.resource_app_id == app_id]
        resource = tenant.principal(app_id) or principals.create(world, tenant, app_id)
        extend(world, tenant, (principal.id, resource.id, None if for_all else person.id), values)
    if for_all:
        consent_requests.complete(tenant, client.app_id)


def strike_consent(world: World, tenant: Tenant) -> None:
    """Faults may strike the moment when a consent is written, which is no request of its own."""
    strike = world.faults.strike("CONSENT", f"/{tenant.id}/adminconsent")
    if strike is not None and strike.effect.answers:
        raise trouble.answer(strike)


def not_for_partners(tenant: Tenant, client: Client) -> EntraError:
    """What a partner's person hears about an application that the customer did not consent to."""
    return EntraError(
        90099,
        f"The application '{client.app_id}' ({client.name}) has not been authorized in the tenant '{tenant.id}'. "
        "Applications must be authorized to access the customer tenant before partner delegated administrators can "
        "use them.",
    )


def granted(
    world: World, tenant: Tenant, person: DirectoryObject, client_principal: DirectoryObject, resource: DirectoryObject
) -> list[str]:
    """Permissions that a new token for this API carries: all that were ever consented, not only those asked now."""
    values: dict[str, None] = {}
    for key, row in tenant.permission_grants.items():
        for_person = row["consentType"] == "AllPrincipals" or row.get("principalId") == person.id
        if (
            (row["clientId"], row["resourceId"]) == (client_principal.id, resource.id)
            and for_person
            and world.replica.in_tokens("oauth2PermissionGrant", key)
        ):
            values.update(dict.fromkeys(row["scope"].split()))
    return list(values)


def preauthorized(world: World, client_app_id: str, resource_app_id: str) -> list[str]:
    """Permissions that need nobody's consent, because the API's owner trusts the client with them."""
    if resource_app_id in data.resources_by_app_id():
        if not world.directory.is_microsofts(client_app_id):
            return []
        client = data.clients_by_app_id().get(client_app_id, {})
        return list(client.get("preauthorized", {}).get(resource_app_id, []))
    found = world.directory.home_of_application(resource_app_id)
    api = (found[1].body.get("api") or {}) if found is not None else {}
    names = {row["id"]: row["value"] for row in api.get("oauth2PermissionScopes") or [] if row.get("value")}
    trusted = [row for row in api.get("preAuthorizedApplications") or [] if row.get("appId") == client_app_id]
    return [names[one] for row in trusted for one in row.get("delegatedPermissionIds") or [] if one in names]


def extend(world: World, tenant: Tenant, parties: tuple[str, str, str | None], values: list[str]) -> None:
    """Add permissions to the grant of these parties (client, API, person or None for everybody), or make it."""
    client_id, resource_id, person_id = parties
    for row in tenant.permission_grants.values():
        if (row["clientId"], row["resourceId"], row.get("principalId")) == parties:
            row["scope"] = " ".join(dict.fromkeys([*row["scope"].split(), *values]))
            return
    key = world.ids.opaque(32, "oauth2PermissionGrant")
    tenant.permission_grants[key] = {
        "id": key,
        "clientId": client_id,
        "consentType": "Principal" if person_id else "AllPrincipals",
        "principalId": person_id,
        "resourceId": resource_id,
        "scope": " ".join(values),
    }
    world.replica.wrote("oauth2PermissionGrant", key)


def _wanted(world: World, tenant: Tenant, client: Client, asked: Asked) -> Iterator[Permission]:
    graph_scopes = {row["value"]: row for row in data.scopes(data.graph_app_id)}
    for name in asked.openid:
        yield Permission(data.graph_app_id, name, everyday[name], needs_admin=False)
    if not asked.names:
        return
    resource, _ = scopes.find_resource(world, tenant, asked)
    scopes.check_names(resource, asked)
    app_id = str(resource.body["appId"])
    rows = (
        graph_scopes
        if app_id == data.graph_app_id
        else {row["value"]: row for row in resource.body.get("oauth2PermissionScopes", [])}
    )
    by_lower = {value.lower(): row for value, row in rows.items()}
    names = _registered(client, app_id, rows) if asked.default else asked.names
    for name in names:
        row = by_lower[name.lower()]
        if row["value"] not in asked.openid:
            words = everyday.get(row["value"], row["adminConsentDisplayName"])
            yield Permission(app_id, row["value"], words, needs_admin=row["type"] == "Admin")


def _registered(client: Client, app_id: str, rows: dict[str, dict[str, Any]]) -> list[str]:
    """The delegated permissions of one API that the application's registration lists."""
    values = {row["id"]: value for value, row in rows.items()}
    return [
        values[access["id"]]
        for resource in client.application.body.get("requiredResourceAccess", [])
        if resource["resourceAppId"] == app_id
        for access in resource["resourceAccess"]
        if access["type"] == "Scope" and access["id"] in values
    ]
