"""OAuth2 permission grants: delegated permissions that were consented, for everybody or for one person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator.errors import GraphError
from m365_emulator.graph import bodies, targets
from m365_emulator.graph.answer import Answer, no_content
from m365_emulator.graph.errors import bad_request, invalid_value, not_found
from m365_emulator.graph.odata import pages
from m365_emulator.graph.odata.shape import Shape
from m365_emulator.graph.operations import Operations

if TYPE_CHECKING:
    from m365_emulator.graph.call import Call

operations = Operations()
shape = Shape(
    type="oAuth2PermissionGrant",
    set="oauth2PermissionGrants",
    filterable={
        "clientId": "eq",
        "consentType": "eq",
        "principalId": "eq",
        "resourceId": "eq",
        "scope": "eq startsWith",
    },
)
_one = "/oauth2PermissionGrants/{oAuth2PermissionGrant-id}"


@operations.on("GET", "/oauth2PermissionGrants")
def list_grants(call: Call) -> Answer:
    """All grants of the tenant."""
    return pages.collection(call, shape, visible(call))


@operations.on(
    "GET",
    "/servicePrincipals/{servicePrincipal-id}/oauth2PermissionGrants",
    "/servicePrincipals(appId='{appId}')/oauth2PermissionGrants",
)
def list_grants_of_client(call: Call) -> Answer:
    """The grants of one client."""
    client = targets.get(call, "servicePrincipal")
    return pages.collection(call, shape, [row for row in visible(call) if row["clientId"] == client.id])


@operations.on("GET", "/users/{user-id}/oauth2PermissionGrants", "/me/oauth2PermissionGrants")
def list_grants_of_person(call: Call) -> Answer:
    """What was consented for one person alone."""
    person = targets.get(call, "user").id if "user-id" in call.keys else call.caller.principal_id
    return pages.collection(call, shape, [row for row in visible(call) if row.get("principalId") == person])


@operations.on("GET", _one)
def get_grant(call: Call) -> Answer:
    """One grant."""
    return pages.single(call, shape, _row(call))


@operations.on("POST", "/oauth2PermissionGrants")
def consent(call: Call) -> Answer:
    """201; 409 when client, resource, kind and person have a grant already: change that one's ``scope``."""
    wanted = bodies.checked(
        "oAuth2PermissionGrant",
        {k: v for k, v in call.body.items() if k not in ("startTime", "expiryTime")},
        fixed=("id",),
        needed=("clientId", "consentType", "resourceId"),
    )
    _check(call, wanted)
    row = {
        "id": call.world.ids.opaque(32, "oauth2PermissionGrant"),
        "clientId": wanted["clientId"],
        "consentType": wanted["consentType"],
        "principalId": wanted.get("principalId"),
        "resourceId": wanted["resourceId"],
        "scope": wanted.get("scope") or "",
    }
    same = ("clientId", "consentType", "principalId", "resourceId")
    if any(all(other.get(name) == row[name] for name in same) for other in call.tenant.permission_grants.values()):
        raise GraphError(409, "Request_MultipleObjectsWithSameKeyValue", "Permission entry already exists.")
    call.tenant.permission_grants[row["id"]] = row
    call.world.replica.wrote("oauth2PermissionGrant", row["id"])
    return pages.single(call, shape, row, status=201)


@operations.on("PATCH", _one)
def change_scope(call: Call) -> Answer:
    """204; ``scope`` is replaced as a whole."""
    wanted = bodies.checked(
        "oAuth2PermissionGrant",
        call.body,
        needed=("scope",),
        fixed=("id", "clientId", "consentType", "principalId", "resourceId"),
    )
    _row(call)["scope"] = wanted["scope"]
    return no_content()


@operations.on("DELETE", _one)
def revoke(call: Call) -> Answer:
    """204; tokens that are out keep their scopes until they expire."""
    del call.tenant.permission_grants[_row(call)["id"]]
    return no_content()


def visible(call: Call) -> list[dict[str, Any]]:
    """The tenant's consents that this read sees."""
    return [
        row
        for key, row in call.tenant.permission_grants.items()
        if call.world.replica.sees("oauth2PermissionGrant", key)
    ]


def _row(call: Call) -> dict[str, Any]:
    oid = call.keys["oAuth2PermissionGrant-id"]
    row = call.tenant.permission_grants.get(oid)
    if row is None or not call.world.replica.sees("oauth2PermissionGrant", oid):
        raise not_found(oid)
    return row


def _check(call: Call, wanted: dict[str, Any]) -> None:
    """Raises 404 for an end that is not there, 400. The model calls the ids texts; they are GUIDs without case."""
    ends = ("clientId", "resourceId", "principalId")
    wanted.update({name: wanted[name].lower() for name in ends if wanted.get(name)})
    for name in ("clientId", "resourceId"):
        item = call.tenant.objects.get(wanted[name])
        if item is None or item.kind != "servicePrincipal" or not call.sees(item):
            raise not_found(wanted[name])
    for_everybody = wanted["consentType"] == "AllPrincipals"
    if wanted["consentType"] not in ("AllPrincipals", "Principal"):
        raise invalid_value("consentType", "OAuth2PermissionGrant")
    if for_everybody == bool(wanted.get("principalId")):
        raise bad_request("principalId is needed for consentType Principal, and only then.", target="principalId")
    if not for_everybody:
        person = call.tenant.objects.get(wanted["principalId"])
        if person is None or person.kind != "user" or not call.sees(person):
            raise not_found(wanted["principalId"])
