"""Service principals: an application's presence in a tenant ("enterprise application" in the portal)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator import data, principals
from m365_emulator.errors import GraphError
from m365_emulator.graph import app_role_assignments, bodies, containers, key_credentials, principal_lock, targets
from m365_emulator.graph.answer import Answer, no_content
from m365_emulator.graph.authority.rules import creates_principals
from m365_emulator.graph.errors import backing_application_missing, denied, not_found, precondition_failed, same_key
from m365_emulator.graph.odata import pages
from m365_emulator.graph.odata.shape import Shape
from m365_emulator.graph.operations import Operations
from m365_emulator.graph.owners import owned_by, owner_of_new, shown_owners
from m365_emulator.graph.removal import soft_delete

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject
    from m365_emulator.graph.call import Call

operations = Operations()
by_id = "/servicePrincipals/{servicePrincipal-id}"
by_app_id = "/servicePrincipals(appId='{appId}')"
_fixed = frozenset(
    {
        "id",
        "appId",
        "deletedDateTime",
        "appDisplayName",
        "appOwnerOrganizationId",
        "appRoles",
        "oauth2PermissionScopes",
        "createdDateTime",
        "servicePrincipalType",
        "signInAudience",
        "verifiedPublisher",
        "applicationTemplateId",
        "resourceSpecificApplicationPermissions",
        "disabledByMicrosoftStatus",
        "appDescription",
        "passwordCredentials",
    }
)
_anything = frozenset({"Application.ReadWrite.All", "Directory.ReadWrite.All"})
_kept = ("accountEnabled", "appRoleAssignmentRequired", "displayName")


def _assigned_to(call: Call, item: Any) -> list[dict[str, Any]]:
    return [row for row in call.tenant.app_role_assignments.values() if row["resourceId"] == item["id"]]


def _grants(call: Call, item: Any) -> list[dict[str, Any]]:
    return [row for row in call.tenant.permission_grants.values() if row["clientId"] == item["id"]]


shape = Shape(
    type="servicePrincipal",
    set="servicePrincipals",
    filterable={
        "id": "eq ne not in",
        "appId": "eq ne not in startsWith",
        "accountEnabled": "eq ne not in",
        "displayName": "eq ne not ge le in startsWith endsWith",
        "appDisplayName": "eq ne not ge le in startsWith",
        "appOwnerOrganizationId": "eq ne not ge le",
        "servicePrincipalType": "eq ne not in",
        "servicePrincipalNames": "any not startsWith",
        "tags": "any not ge le startsWith",
        "homepage": "eq startsWith",
        "alternativeNames": "any not startsWith",
        "preferredSingleSignOnMode": "eq startsWith",
        "signInAudience": "eq",
        "createdDateTime": "eq ne not ge le in",
        "owners": "any not",
    },
    sortable=frozenset({"displayName"}),
    expandable={
        "owners": lambda call, item: shown_owners(call.tenant, call.tenant.objects[item["id"]]),
        "appRoleAssignments": app_role_assignments.held_by,
        "appRoleAssignedTo": _assigned_to,
        "memberOf": lambda call, item: containers.direct(call, item["id"]),
        "oauth2PermissionGrants": _grants,
        "ownedObjects": lambda call, item: owned_by(call, item["id"]),
    },
)


@operations.on("GET", "/servicePrincipals")
def list_principals(call: Call) -> Answer:
    """The tenant's service principals that this read sees."""
    return pages.collection(call, shape, _visible(call))


@operations.on("GET", "/servicePrincipals/$count")
def count_principals(call: Call) -> Answer:
    """How many there are, as plain text."""
    return pages.counted(call, shape, _visible(call))


@operations.on("GET", by_id, by_app_id)
def get_principal(call: Call) -> Answer:
    """By object id or by the application's client id."""
    return pages.single(call, shape, key_credentials.shown(call, targets.get(call, "servicePrincipal")))


@operations.on("POST", "/servicePrincipals")
def create_principal(call: Call) -> Answer:
    """201; 409 when the application is here already."""
    wanted = bodies.checked("servicePrincipal", call.body, fixed=_fixed - {"appId"}, needed=("appId",), kept=_kept)
    principal = create(call, str(wanted.pop("appId")), wanted)
    return pages.single(call, shape, principal.body, status=201)


@operations.on("PATCH", by_id)
def update_principal(call: Call) -> Answer:
    """204; only what is named changes."""
    principal = targets.get(call, "servicePrincipal")
    _change(call, principal, bodies.checked("servicePrincipal", call.body, fixed=_fixed, kept=_kept))
    return no_content()


@operations.on("PATCH", by_app_id)
def upsert_principal(call: Call) -> Answer:
    """Change the principal of this application or, with ``Prefer: create-if-missing``, make it."""
    app_id = call.keys["appId"]
    given = {name: value for name, value in call.body.items() if name != "appId"}
    wanted = bodies.checked("servicePrincipal", given, fixed=_fixed, kept=_kept)
    principal = call.tenant.principal(app_id)
    if principal is not None:
        if call.only_creates:
            raise precondition_failed()
        _change(call, principal, wanted)
        return no_content()
    if not call.creates_if_missing:
        raise not_found(app_id)
    return pages.single(call, shape, create(call, app_id, wanted).body, status=201)


@operations.on("DELETE", by_id, by_app_id)
def delete_principal(call: Call) -> Answer:
    """Into the deleted items; grants and roles are gone. The application, here or elsewhere, stays."""
    soft_delete(call, targets.get(call, "servicePrincipal"))
    return no_content()


def create(call: Call, app_id: str, wanted: dict[str, Any]) -> DirectoryObject:
    """Bring an application into this tenant.

    Raises 409 when it is here already and 400 when there is no such application, or no copy shows it yet.
    """
    if call.tenant.principal(app_id) is not None:
        raise same_key(
            "servicePrincipalNames",
            f"The service principal cannot be created, updated, or restored because the service principal "
            f"name {app_id} is already in use.",
        )
    _require_owned(call, app_id)
    _require_backing(call, app_id)
    keys = wanted.pop("keyCredentials", None)
    try:
        principal = principals.create(call.world, call.tenant, app_id, **wanted)
    except LookupError as error:
        raise backing_application_missing() from error
    _change(call, principal, {"keyCredentials": keys} if keys else {})
    principal.owners.extend(owner_of_new(call))
    return principal


def _change(call: Call, principal: DirectoryObject, wanted: dict[str, Any]) -> None:
    principal_lock.check(call, principal, wanted)
    if wanted.get("keyCredentials") is not None:
        wanted["keyCredentials"] = key_credentials.replace_all(call, principal, wanted["keyCredentials"])
    principal.body.update(wanted)


def _require_owned(call: Call, app_id: str) -> None:
    """Raises 403 when an application that may manage only what it owns brings in something else.

    Source: Create servicePrincipal; the sentence is what clients such as Terraform's provider look for.
    """
    caller = call.caller
    if not caller.is_app or caller.roles & _anything or caller.directory_roles & creates_principals.role_ids:
        return
    application = call.tenant.application(app_id)
    if application is None:
        raise GraphError(
            403,
            "Authorization_RequestDenied",
            "When using this permission, the backing application of the service principal being created must in the "
            "local tenant",
        )
    if caller.principal_id not in application.owners:
        raise denied()


def _require_backing(call: Call, app_id: str) -> None:
    application = call.tenant.application(app_id)
    if application is not None and not call.sees(application):
        raise backing_application_missing()
    if application is None and app_id not in data.resources_by_app_id() and not bodies.is_guid(app_id):
        raise backing_application_missing()


def _visible(call: Call) -> list[dict[str, Any]]:
    return [item.body for item in call.tenant.of_kind("servicePrincipal") if call.sees(item)]
