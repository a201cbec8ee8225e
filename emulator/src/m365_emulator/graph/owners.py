"""Owners of applications, service principals: who may manage them without a directory role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator.directory import type_of_kind
from m365_emulator.graph import targets
from m365_emulator.graph.answer import Answer, no_content
from m365_emulator.graph.authority.rules import manages_applications
from m365_emulator.graph.errors import bad_request, not_found
from m365_emulator.graph.odata import pages
from m365_emulator.graph.odata.shape import Shape
from m365_emulator.graph.operations import Operations

if TYPE_CHECKING:
    from collections.abc import Iterable

    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.graph.call import Call

operations = Operations()
objects = Shape(
    type="directoryObject",
    set="directoryObjects",
    polymorphic=True,
    filterable={"id": "eq ne not in", "displayName": "eq ne not ge le in startsWith"},
    sortable=frozenset({"displayName"}),
)
_application = ("/applications/{application-id}", "/applications(appId='{appId}')")
_principal = ("/servicePrincipals/{servicePrincipal-id}", "/servicePrincipals(appId='{appId}')")
_group = "/groups/{group-id}"
_owned_by = ("/me", "/users/{user-id}", _principal[0])
_at_most = 100


@operations.on("GET", *(one + "/owners" for one in (*_application, *_principal, _group)))
def list_owners(call: Call) -> Answer:
    """People and service principals that own the object."""
    return pages.collection(call, objects, shown_owners(call.tenant, _owned(call)))


@operations.on("GET", *(one + "/owners/$ref" for one in (*_application, *_principal, _group)))
def list_owner_references(call: Call) -> Answer:
    """Their addresses only."""
    return pages.references(call, _owned(call).owners)


@operations.on("POST", *(one + "/owners/$ref" for one in (*_application, *_principal, _group)))
def add_owner(call: Call) -> Answer:
    """204; 400 when it is one already."""
    item = _owned(call)
    owner = targets.referenced(call, ("user", "servicePrincipal"))
    if owner.id in item.owners:
        raise bad_request(
            "One or more added object references already exist for the following modified properties: 'owners'."
        )
    if len(item.owners) >= _at_most:
        raise bad_request(f"An object can have at most {_at_most} owners.")
    item.owners.append(owner.id)
    return no_content()


@operations.on("DELETE", *(one + "/owners/{directoryObject-id}/$ref" for one in (*_application, *_principal, _group)))
def remove_owner(call: Call) -> Answer:
    """204; 404 when it is none, 400 for the last person who owns a group (Remove group owner)."""
    item, oid = _owned(call), call.keys["directoryObject-id"]
    if oid not in item.owners:
        raise not_found(oid)
    people = [one for one in item.owners if one in call.tenant.objects and call.tenant.objects[one].kind == "user"]
    if item.kind == "group" and people == [oid]:
        raise bad_request("The group must have at least one owner, hence this owner cannot be removed.")
    item.owners.remove(oid)
    return no_content()


@operations.on("GET", *(one + "/ownedObjects" for one in _owned_by))
def list_owned_objects(call: Call) -> Answer:
    """Applications, service principals and groups that somebody owns."""
    kind = targets.kind_of_path(call.operation.path)
    owner = targets.get(call, kind).id if kind else call.caller.principal_id
    return pages.collection(call, objects, owned_by(call, owner))


def owned_by(call: Call, owner_id: str) -> list[dict[str, Any]]:
    """What somebody owns."""
    owned = [item.id for item in call.tenant.objects.values() if owner_id in item.owners and call.sees(item)]
    return shown(call.tenant, owned)


def shown(tenant: Tenant, ids: Iterable[str]) -> list[dict[str, Any]]:
    """Directory objects of several types with their ``@odata.type``; those that are gone are left out."""
    found = (tenant.objects[oid] for oid in ids if oid in tenant.objects)
    return [{"@odata.type": type_of_kind[item.kind], **item.body} for item in found]


def shown_owners(tenant: Tenant, item: DirectoryObject) -> list[dict[str, Any]]:
    """The owners of an object as directory objects."""
    return shown(tenant, item.owners)


def owner_of_new(call: Call) -> list[str]:
    """An application that is made by an application, or by a person without an administrator's role, has an owner."""
    caller = call.caller
    if caller.is_app:
        return [caller.principal_id]
    return [] if manages_applications.role_ids & caller.directory_roles else [caller.principal_id]


def _owned(call: Call) -> DirectoryObject:
    return targets.get(call, targets.kind_of_path(call.operation.path) or "application")
