"""Service principals: the face of an application in a tenant. Made by consent, by Graph and by the seed alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator import data
from m365_emulator.clock import graph_time
from m365_emulator.directory import DirectoryObject

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        **_derived(body),
        "tags": list(body.get("tags") or []),
    }


def follow(tenant: Tenant, application: DirectoryObject) -> None:
    """Say on the service principal at home what a change of the application made of it."""
    principal = tenant.principal(application.body["appId"])
    if principal is None:
        return
    derived = _derived(application.body)
    if derived["displayName"] == principal.body.get("appDisplayName"):
        del derived["displayName"]  # only a new name of the application replaces the one given here
    tags = [*principal.body.get("tags", []), *(application.body.get("tags") or [])]
    principal.body.update(derived, tags=list(dict.fromkeys(tags)))


def _derived(application: Mapping[str, Any]) -> dict[str, Any]:
    """What a service principal has from its application and cannot have otherwise."""
    web = application.get("web") or {}
    platforms = (application.get(kind) or {} for kind in ("web", "spa", "publicClient"))
    return {
        "appDescription": application.get("description"),
        "appDisplayName": application["displayName"],
        "appRoles": application.get("appRoles") or [],
        "displayName": application["displayName"],
        "homepage": web.get("homePageUrl"),
        "logoutUrl": web.get("logoutUrl"),
        "oauth2PermissionScopes": (application.get("api") or {}).get("oauth2PermissionScopes") or [],
        "replyUrls": [address for platform in platforms for address in platform.get("redirectUris") or []],
        "servicePrincipalNames": [*(application.get("identifierUris") or []), application["appId"]],
        "signInAudience": application.get("signInAudience", "AzureADMyOrg"),
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
