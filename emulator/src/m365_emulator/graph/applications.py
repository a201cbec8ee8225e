"""Applications: app registrations in their home tenant."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from m365_emulator import principals
from m365_emulator.clock import graph_time
from m365_emulator.directory import DirectoryObject
from m365_emulator.graph import (
    app_restrictions,
    application_addresses,
    application_form,
    entitlements,
    key_credentials,
    passwords,
    targets,
)
from m365_emulator.graph.answer import Answer, no_content
from m365_emulator.graph.errors import bad_request, not_found, precondition_failed, same_key
from m365_emulator.graph.odata import pages
from m365_emulator.graph.odata.shape import Shape
from m365_emulator.graph.operations import Operations
from m365_emulator.graph.owners import owner_of_new, shown_owners
from m365_emulator.graph.removal import soft_delete

if TYPE_CHECKING:
    from m365_emulator.graph.call import Call

operations = Operations()
shape = Shape(
    type="application",
    set="applications",
    filterable={
        "id": "eq ne not in",
        "appId": "eq ne not in startsWith",
        "createdDateTime": "eq ne not ge le in",
        "displayName": "eq ne not ge le in startsWith endsWith",
        "description": "eq ne not ge le startsWith",
        "identifierUris": "any not startsWith",
        "publisherDomain": "eq ne ge le startsWith",
        "signInAudience": "eq ne not",
        "tags": "any not ge le startsWith",
        "uniqueName": "eq ne not in startsWith",
        "serviceManagementReference": "eq",
        "requiredResourceAccess": "any not",
        "keyCredentials": "any not ge le",
        "owners": "any",
        "federatedIdentityCredentials": "any",
    },
    sortable=frozenset({"displayName", "createdDateTime"}),
    expandable={
        "federatedIdentityCredentials": lambda call, item: call.tenant.objects[item["id"]].hidden.get("federated", []),
        "owners": lambda call, item: shown_owners(call.tenant, call.tenant.objects[item["id"]]),
    },
)
by_id = "/applications/{application-id}"
by_app_id = "/applications(appId='{appId}')"
by_unique_name = "/applications(uniqueName='{uniqueName}')"


@operations.on("GET", "/applications")
def list_applications(call: Call) -> Answer:
    """The tenant's registrations that this read sees."""
    return pages.collection(call, shape, _visible(call))


@operations.on("GET", "/applications/$count")
def count_applications(call: Call) -> Answer:
    """How many there are, as plain text."""
    return pages.counted(call, shape, _visible(call))


@operations.on("GET", by_id, by_app_id, by_unique_name)
def get_application(call: Call) -> Answer:
    """By object id, by client id or by unique name."""
    return pages.single(call, shape, key_credentials.shown(call, targets.get(call, "application")))


@operations.on("POST", "/applications")
def create_application(call: Call) -> Answer:
    """201 with the whole application, and with the text of a secret that was asked for."""
    application = create(call, application_form.read(call.tenant, call.body, new=True))
    return pages.single(call, shape, {**application.body, **_with_secrets(call, application)}, status=201)


@operations.on("PATCH", by_id, by_app_id)
def update_application(call: Call) -> Answer:
    """204; only what is named changes."""
    application = targets.get(call, "application")
    change(call, application, application_form.read(call.tenant, call.body, new=False))
    return no_content()


@operations.on("PATCH", by_unique_name)
def upsert_application(call: Call) -> Answer:
    """Change the application with this unique name or, with ``Prefer: create-if-missing``, make it."""
    name = call.keys["uniqueName"]
    if call.body.get("uniqueName", name) != name:
        raise bad_request("The uniqueName in the body differs from the one in the address.", target="uniqueName")
    application = call.tenant.find("application", uniqueName=name)
    if application is not None:
        if call.only_creates:
            raise precondition_failed()
        change(call, application, application_form.read(call.tenant, call.body, new=False))
        return no_content()
    if not call.creates_if_missing:
        raise not_found(name)
    application_form.refuse_secrets(call.body)
    made = create(call, application_form.read(call.tenant, {**call.body, "uniqueName": name}, new=True))
    return pages.single(call, shape, made.body, status=201)


@operations.on("DELETE", by_id, by_app_id, by_unique_name)
def delete_application(call: Call) -> Answer:
    """Into the deleted items for 30 days; its service principal, grants and roles in this tenant go with it."""
    soft_delete(call, targets.get(call, "application"))
    return no_content()


def create(call: Call, wanted: dict[str, Any]) -> DirectoryObject:
    """Register an application. Raises 409 when its unique name is taken, also among the deleted items."""
    _require_unique(call, wanted.get("uniqueName"))
    world, tenant = call.world, call.tenant
    application_addresses.require_free(tenant, wanted.get("identifierUris") or [])
    owners = [item.id for item in targets.bound(call, "owners", ("user", "servicePrincipal"))]
    oid, app_id = world.ids.uuid("application"), world.ids.uuid("appId")
    body = application_form.fresh(tenant, {key: wanted[key] for key in wanted if key != "passwordCredentials"})
    keys = body.pop("keyCredentials")
    body.update(id=oid, appId=app_id, createdDateTime=graph_time(world.clock.now()), createdByAppId=call.caller.app_id)
    application = DirectoryObject("application", oid, body, owners=[*dict.fromkeys([*owner_of_new(call), *owners])])
    app_restrictions.check_uris(tenant, application, body["identifierUris"])
    body["keyCredentials"] = key_credentials.replace_all(call, application, keys)
    tenant.objects[oid] = application
    world.replica.wrote("application", oid)
    return application


def change(call: Call, application: DirectoryObject, wanted: dict[str, Any]) -> None:
    """Set properties. Raises 400 when the unique name, once set, would change."""
    name, wished = application.body.get("uniqueName"), wanted.get("uniqueName")
    if "uniqueName" in wanted and wished != name:
        if name is not None:
            raise bad_request("Property 'uniqueName' is immutable once it is set.", target="uniqueName")
        _require_unique(call, wished)
    if wanted.get("keyCredentials") is not None:
        wanted["keyCredentials"] = key_credentials.replace_all(call, application, wanted["keyCredentials"])
    if "identifierUris" in wanted:
        application_addresses.require_free(call.tenant, wanted["identifierUris"] or [], application)
    merged = copy.deepcopy(application.body)
    application_form.merge(merged, wanted)
    before, after = (one.get("identifierUris") or [] for one in (application.body, merged))
    app_restrictions.check_uris(
        call.tenant, replace(application, body=merged), (uri for uri in after if uri not in before)
    )
    entitlements.check_removed(application.body, merged)
    application.body.update(merged)
    principals.follow(call.tenant, application)


def _with_secrets(call: Call, application: DirectoryObject) -> dict[str, Any]:
    """The secrets that a client asks for with the registration itself, with their text this once."""
    asked = call.body.get("passwordCredentials") or []
    return {"passwordCredentials": [passwords.made(call, application, row) for row in asked]} if asked else {}


def _visible(call: Call) -> list[dict[str, Any]]:
    return [item.body for item in call.tenant.of_kind("application") if call.sees(item)]


def _require_unique(call: Call, name: str | None) -> None:
    if name is None:
        return
    deleted = (item for item in call.tenant.deleted.values() if item.kind == "application")
    if call.tenant.find("application", uniqueName=name) is not None or any(
        str(item.body.get("uniqueName")).casefold() == name.casefold() for item in deleted
    ):
        raise same_key("uniqueName")
