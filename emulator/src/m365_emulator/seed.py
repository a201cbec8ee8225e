"""Turns a seed file into tenants, people, applications and licences. Its JSON schema is seeds/seed.schema.json."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from m365_emulator import credentials, data, partners, principals
from m365_emulator.clock import graph_time
from m365_emulator.directory import DirectoryObject, Tenant
from m365_emulator.login import policies
from m365_emulator.seed_file import SeedError, check, read

if TYPE_CHECKING:
    from m365_emulator.world import World

__all__ = ["SeedError", "plant", "read"]
_founded = datetime(2023, 11, 14, tzinfo=UTC)
_a_lifetime = timedelta(days=36500)
_first_party = (data.graph_app_id, data.teams_app_id)


def plant(world: World, seed: dict[str, Any]) -> None:
    """Fill an empty world. Guests and partners come last: their home tenants must be there. Raises SeedError."""
    check(seed)
    try:
        for row in seed["tenants"]:
            _plant_tenant(world, row)
        for row in seed["tenants"]:
            for guest in row.get("guests", []):
                _plant_guest(world, world.directory.tenants[row["id"]], guest)
            for partner in row.get("partners", []):
                _plant_partner(world, world.directory.tenants[row["id"]], partner)
            policies.change(world.directory.tenants[row["id"]], row.get("policies", {}))
    except ValueError as error:
        raise SeedError(str(error)) from error
    except KeyError as error:
        message = f"The seed lacks, or names something unknown: {error.args[0]}"
        raise SeedError(message) from error


def _plant_tenant(world: World, row: dict[str, Any]) -> None:
    tenant = Tenant(id=row["id"], display_name=row["displayName"], domains=_domains(row["domains"]))
    tenant.settings = {"created": int(_founded.timestamp()), "region": row.get("region", "NA")}
    tenant.organization = _organization(tenant, row.get("country", "US"))
    tenant.skus = [_sku(tenant, licence) for licence in row.get("licences", [])]
    world.directory.tenants[tenant.id] = tenant
    for app_id in _first_party:
        principals.create(
            world,
            tenant,
            app_id,
            object_id=world.ids.named(f"{tenant.id}/principal/{app_id}"),
            createdDateTime=graph_time(_founded),
        )
    for person in row.get("people", []):
        _plant_person(world, tenant, person)
    for application in row.get("applications", []):
        _plant_application(world, tenant, application)


def _plant_person(world: World, tenant: Tenant, row: dict[str, Any]) -> None:
    made = row.get("id") or world.ids.named(f"{tenant.id}/person/{row['upn']}")
    person = DirectoryObject("user", made, _user_body(tenant, made, row["upn"], row["displayName"], "Member"))
    person.body["accountEnabled"] = row.get("enabled", True)
    credentials.set_person_password(person, row["password"])
    person.hidden.update(_secondary(row))
    tenant.objects[made] = person
    _give_roles(world, tenant, made, row.get("roles", []))
    _make_eligible(world, tenant, made, row.get("eligibleRoles", []))


def _secondary(row: dict[str, Any]) -> dict[str, Any]:
    """What else a sign-in may look at; only what the seed names."""
    wanted = {"mfaNumber": "mfa_number", "passwordExpired": "password_expired", "compliantDevice": "compliant_device"}
    return {kept: row[name] for name, kept in wanted.items() if name in row}


def _plant_partner(world: World, tenant: Tenant, row: dict[str, Any]) -> None:
    """A person of a partner (GDAP), who may sign in here with the relationship's roles."""
    home = world.directory.tenant_of_upn(row["of"])
    account = home.user(row["of"]) if home is not None else None
    if home is None or account is None:
        raise KeyError(row["of"])
    partners.add(tenant, home, account, [data.role_ids_by_name()[name] for name in row["roles"]])


def _plant_guest(world: World, tenant: Tenant, row: dict[str, Any]) -> None:
    """A guest: an object of its own here, whose password stays with the account at home."""
    home = world.directory.tenant_of_upn(row["of"])
    account = home.user(row["of"]) if home is not None else None
    if home is None or account is None:
        raise KeyError(row["of"])
    upn = f"{row['of'].replace('@', '_')}#EXT#@{tenant.domains[0]['id']}"
    made = row.get("id") or world.ids.named(f"{tenant.id}/guest/{row['of']}")
    guest = DirectoryObject("user", made, _user_body(tenant, made, upn, account.body["displayName"], "Guest"))
    guest.body.update(mail=row["of"], externalUserState="Accepted", creationType="Invitation")
    guest.hidden.update(home_tenant=home.id, home_user=account.id, sign_in_name=row["of"])
    tenant.objects[made] = guest
    _give_roles(world, tenant, made, row.get("roles", []))


def _plant_application(world: World, tenant: Tenant, row: dict[str, Any]) -> None:
    made = row.get("id") or world.ids.named(f"{tenant.id}/application/{row['name']}")
    application = DirectoryObject("application", made, _application_body(tenant, made, row))
    tenant.objects[made] = application
    principal = principals.create(
        world,
        tenant,
        row["appId"],
        object_id=world.ids.named(f"{tenant.id}/principal/{row['appId']}"),
        createdDateTime=graph_time(_founded),
        tags=["WindowsAzureActiveDirectoryIntegratedApp"],
    )
    if row.get("granted"):
        _grant(world, tenant, principal, row.get("application", []))
    if "secret" in row:
        _plant_secret(world, application, row["secret"])
    if "certificate" in row:
        _plant_certificate(world, application, row["certificate"])
    if "federated" in row:
        application.hidden["federated"] = [
            {
                "id": world.ids.named(f"{made}/federated/{one['name']}"),
                "description": None,
                "audiences": ["api://AzureADTokenExchange"],
                **one,
            }
            for one in row["federated"]
        ]


def _plant_secret(world: World, application: DirectoryObject, text: str) -> None:
    key_id = world.ids.named(f"{application.id}/secret")
    application.body["passwordCredentials"] = [
        {
            "customKeyIdentifier": None,
            "displayName": "from the seed",
            "hint": text[:3],
            "keyId": key_id,
            "startDateTime": graph_time(_founded),
            "endDateTime": graph_time(_founded + _a_lifetime),
            "secretText": None,
        }
    ]
    application.hidden["secrets"] = {key_id: credentials.digest(text)}


def _plant_certificate(world: World, application: DirectoryObject, text: str) -> None:
    """``text`` is the certificate's DER in base64, as Graph's ``keyCredential.key``."""
    key_id = world.ids.named(f"{application.id}/certificate")
    application.body["keyCredentials"] = [
        {
            "customKeyIdentifier": None,
            "displayName": "from the seed",
            "keyId": key_id,
            "startDateTime": graph_time(_founded),
            "endDateTime": graph_time(_founded + _a_lifetime),
            "type": "AsymmetricX509Cert",
            "usage": "Verify",
            "key": None,
        }
    ]
    application.hidden["keys"] = {key_id: text}


def _grant(world: World, tenant: Tenant, principal: DirectoryObject, values: list[str]) -> None:
    graph = tenant.principal(data.graph_app_id)
    ids = {role["value"]: role["id"] for role in data.app_roles(data.graph_app_id)}
    for value in values:
        key = world.ids.named(f"{principal.id}/role/{value}")
        tenant.app_role_assignments[key] = {
            "id": key,
            "deletedDateTime": None,
            "appRoleId": ids[value],
            "createdDateTime": graph_time(_founded),
            "principalDisplayName": principal.body["displayName"],
            "principalId": principal.id,
            "principalType": "ServicePrincipal",
            "resourceDisplayName": "Microsoft Graph",
            "resourceId": graph.id if graph else "",
        }


def _give_roles(world: World, tenant: Tenant, principal_id: str, names: list[str]) -> None:
    for name in names:
        key = world.ids.named(f"{principal_id}/directory-role/{name}")
        tenant.role_assignments[key] = {
            "id": key,
            "principalId": principal_id,
            "roleDefinitionId": data.role_ids_by_name()[name],
            "directoryScopeId": "/",
            "appScopeId": None,
            "condition": None,
        }


def _make_eligible(world: World, tenant: Tenant, principal_id: str, names: list[str]) -> None:
    """Roles that the person could activate (PIM) but has not."""
    for name in names:
        key = world.ids.named(f"{principal_id}/eligible-role/{name}")
        tenant.role_eligibilities[key] = {
            "id": key,
            "principalId": principal_id,
            "roleDefinitionId": data.role_ids_by_name()[name],
            "directoryScopeId": "/",
        }


def _user_body(tenant: Tenant, object_id: str, upn: str, name: str, kind: str) -> dict[str, Any]:
    given, _, surname = name.partition(" ")
    return {
        "id": object_id,
        "deletedDateTime": None,
        "accountEnabled": True,
        "businessPhones": [],
        "createdDateTime": graph_time(_founded),
        "displayName": name,
        "givenName": given,
        "surname": surname or None,
        "jobTitle": None,
        "mail": upn if kind == "Member" else None,
        "mailNickname": upn.partition("@")[0],
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None,
        "userPrincipalName": upn,
        "userType": kind,
        "usageLocation": tenant.organization["countryLetterCode"],
        "assignedLicenses": [],
    }


def _application_body(tenant: Tenant, object_id: str, row: dict[str, Any]) -> dict[str, Any]:
    access = [{"id": permission, "type": "Scope"} for permission in _ids(data.scopes, row.get("delegated", []))]
    access += [{"id": permission, "type": "Role"} for permission in _ids(data.app_roles, row.get("application", []))]
    return {
        "id": object_id,
        "deletedDateTime": None,
        "appId": row["appId"],
        "displayName": row["displayName"],
        "createdDateTime": graph_time(_founded),
        "description": None,
        "groupMembershipClaims": row.get("groupClaims"),
        "identifierUris": [],
        "isFallbackPublicClient": row.get("publicClient", False),
        "keyCredentials": [],
        "notes": None,
        **_told_in_id_tokens(row.get("idTokenClaims", [])),
        "passwordCredentials": [],
        "publisherDomain": tenant.domains[0]["id"],
        "requiredResourceAccess": [{"resourceAppId": data.graph_app_id, "resourceAccess": access}] if access else [],
        "signInAudience": "AzureADMultipleOrgs" if row.get("multiTenant") else "AzureADMyOrg",
        "tags": [],
        "uniqueName": None,
        "appRoles": [_app_role(object_id, value) for value in row.get("appRoles", [])],
        "web": {"redirectUris": row.get("redirectUris", [])},
        "publicClient": {"redirectUris": row.get("publicRedirectUris", [])},
        "spa": {"redirectUris": row.get("spaRedirectUris", [])},
        "api": {"oauth2PermissionScopes": []},
    }


def _told_in_id_tokens(names: list[str]) -> dict[str, Any]:
    claims: list[dict[str, Any]] = [
        {"name": name, "source": None, "essential": False, "additionalProperties": []} for name in names
    ]
    return {"optionalClaims": {"idToken": claims, "accessToken": [], "saml2Token": []}} if claims else {}


def _app_role(object_id: str, value: str) -> dict[str, Any]:
    return {
        "id": str(uuid5(UUID(object_id), value)),
        "value": value,
        "displayName": value,
        "description": value,
        "allowedMemberTypes": ["User"],
        "isEnabled": True,
    }


def _ids(list_of: Any, values: list[str]) -> list[str]:
    ids = {row["value"]: row["id"] for row in list_of(data.graph_app_id)}
    return [ids[value] for value in values]


def _domains(names: list[str]) -> list[dict[str, Any]]:
    """The first name is the tenant's initial domain, the last one its default."""
    return [
        {
            "id": name,
            "authenticationType": "Managed",
            "availabilityStatus": None,
            "isAdminManaged": True,
            "isDefault": name == names[-1],
            "isInitial": name == names[0],
            "isRoot": True,
            "isVerified": True,
            "supportedServices": ["Email", "OfficeCommunicationsOnline"],
            "passwordValidityPeriodInDays": 2147483647,
            "passwordNotificationWindowInDays": 14,
            "state": None,
        }
        for name in names
    ]


def _organization(tenant: Tenant, country: str) -> dict[str, Any]:
    return {
        "id": tenant.id,
        "deletedDateTime": None,
        "displayName": tenant.display_name,
        "countryLetterCode": country,
        "country": None,
        "createdDateTime": graph_time(_founded),
        "businessPhones": [],
        "city": None,
        "preferredLanguage": "en",
        "tenantType": "AAD",
        "technicalNotificationMails": [],
        "assignedPlans": [],
        "provisionedPlans": [],
    }


def _sku(tenant: Tenant, row: dict[str, Any]) -> dict[str, Any]:
    sku = data.skus_by_part_number()[row["partNumber"]]
    return {
        "accountId": tenant.id,
        "accountName": tenant.domains[0]["id"].partition(".")[0],
        "appliesTo": "User",
        "capabilityStatus": "Enabled",
        "consumedUnits": row.get("consumed", 0),
        "id": f"{tenant.id}_{sku['skuId']}",
        "prepaidUnits": {"enabled": row["enabled"], "lockedOut": 0, "suspended": 0, "warning": 0},
        "servicePlans": [
            {
                "appliesTo": "User",
                "provisioningStatus": "Success",
                "servicePlanName": name,
                "servicePlanId": data.service_plans_by_name()[name]["servicePlanId"],
            }
            for name in sku["plans"]
        ],
        "skuId": sku["skuId"],
        "skuPartNumber": sku["skuPartNumber"],
        "subscriptionIds": [],
    }
