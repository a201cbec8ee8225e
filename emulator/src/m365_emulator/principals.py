"""Service principals: the face of an application in a tenant. Made by consent, by Graph and by the seed alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator import data
from m365_emulator.clock import graph_time
from m365_emulator.directory import DirectoryObject

if TYPE_CHECKING:
    from m365_emulator.directory import Tenant
    from m365_emulator.world import World


def create(
    world: World, tenant: Tenant, app_id: str, *, object_id: str | None = None, **wanted: Any
) -> DirectoryObject:
    """Make the service principal of an application in a tenant, with a new object id unless one is given.

    ``wanted`` are properties that the client set. Raises LookupError when nobody registered such an application, or
    when it is another tenant's and not multi-tenant.
    """
    body = first_party_body(app_id) if app_id in data.resources_by_app_id() else _body(world, tenant, app_id)
    made = object_id or world.ids.uuid("servicePrincipal")
    principal = DirectoryObject(
        "servicePrincipal",
        made,
        {
            "id": made,
            "deletedDateTime": None,
            "accountEnabled": True,
            "createdDateTime": graph_time(world.clock.now()),
            **body,
            **wanted,
        },
    )
    tenant.objects[made] = principal
    world.replica.wrote("servicePrincipal", made)
    return principal


def first_party_body(app_id: str) -> dict[str, Any]:
    """One of Microsoft's own APIs. Its lists of permissions are shared by all tenants: never change them in place."""
    resource = data.resources_by_app_id()[app_id]
    return {
        **_shape(app_id, resource["name"], data.microsoft_services_tenant, "AzureADMultipleOrgs"),
        "appRoles": data.app_roles(app_id),
        "oauth2PermissionScopes": data.scopes(app_id),
        "servicePrincipalNames": [*resource.get("identifierUris", []), app_id],
    }


def _body(world: World, tenant: Tenant, app_id: str) -> dict[str, Any]:
    found = world.directory.home_of_application(app_id)
    if found is None:
        raise LookupError(app_id)
    home, application = found
    if home is not tenant and application.body.get("signInAudience") == "AzureADMyOrg":
        raise LookupError(app_id)
    body = application.body
    return {
        **_shape(body["appId"], body["displayName"], home.id, body.get("signInAudience", "AzureADMyOrg")),
        "appRoles": body.get("appRoles", []),
        "oauth2PermissionScopes": body.get("api", {}).get("oauth2PermissionScopes", []),
        "tags": list(body.get("tags", [])),
        "servicePrincipalNames": [*body.get("identifierUris", []), body["appId"]],
    }


def _shape(app_id: str, name: str, owner: str, audience: str) -> dict[str, Any]:
    return {
        "alternativeNames": [],
        "appDescription": None,
        "appDisplayName": name,
        "appId": app_id,
        "applicationTemplateId": None,
        "appOwnerOrganizationId": owner,
        "appRoleAssignmentRequired": False,
        "description": None,
        "disabledByMicrosoftStatus": None,
        "displayName": name,
        "homepage": None,
        "keyCredentials": [],
        "loginUrl": None,
        "logoutUrl": None,
        "notes": None,
        "notificationEmailAddresses": [],
        "passwordCredentials": [],
        "preferredSingleSignOnMode": None,
        "replyUrls": [],
        "resourceSpecificApplicationPermissions": [],
        "samlSingleSignOnSettings": None,
        "servicePrincipalType": "Application",
        "signInAudience": audience,
        "tags": [],
        "tokenEncryptionKeyId": None,
        "verifiedPublisher": {
            "displayName": None,
            "verifiedPublisherId": None,
            "addedDateTime": None,
        },
    }
