"""Finds the directory object that a path names, by object id or by one of the alternate keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator.graph import paths
from m365_emulator.graph.errors import bad_request, not_found

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.graph.call import Call

_kind_of_set = {
    "applications": "application",
    "servicePrincipals": "servicePrincipal",
    "users": "user",
    "groups": "group",
    "directoryRoles": "directoryRole",
}
_id_parameter = {
    "application": "application-id",
    "servicePrincipal": "servicePrincipal-id",
    "user": "user-id",
    "group": "group-id",
    "administrativeUnit": "administrativeUnit-id",
}


def find(call: Call, kind: str) -> DirectoryObject | None:
    """The live object that the path's key names, also when no copy shows it yet; None when there is none."""
    keys = call.keys
    for alternate in ("appId", "uniqueName"):
        if alternate in keys:
            return call.tenant.find(kind, **{alternate: keys[alternate]})
    return by_id(call.tenant, kind, keys[_id_parameter[kind]])


def by_id(tenant: Tenant, kind: str, oid: str) -> DirectoryObject | None:
    """A live object of one kind by its object id; people also by their user principal name."""
    item = tenant.objects.get(oid.lower()) or tenant.objects.get(oid)
    if item is None and kind == "user":
        return tenant.user(oid)
    return item if item is not None and item.kind == kind else None


def get(call: Call, kind: str) -> DirectoryObject:
    """The object that the path names. Raises 404 when there is none, or when this read's copy lacks it yet."""
    item = find(call, kind)
    if item is None or not call.sees(item):
        raise not_found(named(call, kind))
    return item


def any_object(call: Call, oid: str) -> DirectoryObject:
    """The live object with this id, of whatever type. Raises 404 as :func:`get`."""
    item = call.tenant.objects.get(oid.lower()) or call.tenant.objects.get(oid)
    if item is None or not call.sees(item):
        raise not_found(oid)
    return item


def named(call: Call, kind: str) -> str:
    """How the path names its object, for the sentence of a 404."""
    keys = call.keys
    return next((keys[one] for one in ("appId", "uniqueName") if one in keys), keys.get(_id_parameter[kind], ""))


def kind_of_path(path: str) -> str | None:
    """The kind of object that an operation's path begins with (``/applications/{application-id}/owners``)."""
    return _kind_of_set.get(path.removeprefix("/").partition("/")[0].partition("(")[0])


def referenced(call: Call, kinds: tuple[str, ...] = ()) -> DirectoryObject:
    """The object that a ``$ref`` body names by its address. Raises 400 or 404."""
    address = call.body.get("@odata.id")
    if not isinstance(address, str) or "/" not in address:
        raise bad_request("Invalid object reference in '@odata.id'.")
    oid = paths.read(address.partition("?")[0])[-1].name
    item = call.tenant.objects.get(oid)
    if item is None or not call.sees(item):
        raise not_found(oid)
    if kinds and item.kind not in kinds:
        raise bad_request("Not a valid reference update.")
    return item
