"""Finds the directory object that a path names, by object id or by one of the alternate keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator.graph import bodies, paths
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
_bound_at_most = 20


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
    """The object that the path names. Raises 404 when there is none or this read's copy lacks it yet, 400 for no id."""
    item = find(call, kind)
    if item is None or not call.sees(item):
        name = named(call, kind)
        if kind != "user" and _id_parameter.get(kind) in call.keys and not bodies.is_guid(name):
            raise bad_request(f"Invalid object identifier '{name}'.")
        raise not_found(name)
    return item


def own(call: Call) -> DirectoryObject:
    """The person who calls. Raises 404 for a partner's, who has no object in the customer's tenant."""
    person = call.tenant.objects.get(call.caller.principal_id)
    if person is None:
        raise not_found(call.caller.principal_id)
    return person


def bound(call: Call, name: str, kinds: tuple[str, ...]) -> list[DirectoryObject]:
    """The objects that the body names by ``<name>@odata.bind``. Raises 400 or 404."""
    addresses = call.body.get(f"{name}{bodies.bind}") or []
    if not isinstance(addresses, list):
        raise bad_request(f"'{name}{bodies.bind}' must be a list of addresses.", target=name)
    if len(addresses) > _bound_at_most:
        raise bad_request(f"At most {_bound_at_most} objects can be named by '{name}{bodies.bind}'.", target=name)
    return [_at_address(call, address, kinds) for address in dict.fromkeys(map(str, addresses))]


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
    return _at_address(call, call.body.get("@odata.id"), kinds)


def _at_address(call: Call, address: Any, kinds: tuple[str, ...]) -> DirectoryObject:
    if not isinstance(address, str) or "/" not in address:
        raise bad_request("Invalid object reference in '@odata.id'.")
    *before, last = (segment.name for segment in paths.read(address.partition("?")[0]))
    person = call.tenant.user(last) if before[-1:] == ["users"] else None
    item = any_object(call, person.id if person is not None else last)
    if kinds and item.kind not in kinds:
        raise bad_request("Not a valid reference update.")
    return item
