"""The world as JSON and back: everything that must be there again after a restart. ``keeper`` puts it into files.

Lists of permissions that Microsoft's own service principals share stay out of it; they come back from ``data/``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from m365_emulator import data, faults, microsofts_own, world
from m365_emulator.clock import Clock
from m365_emulator.directory import Directory, DirectoryObject, Tenant, Tenants
from m365_emulator.ids import Ids
from m365_emulator.keys import Keys
from m365_emulator.log import RequestLog
from m365_emulator.login import memory
from m365_emulator.replica import Replica, Written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from m365_emulator.settings import Settings
    from m365_emulator.world import World

_version = 2
_shared = ("appRoles", "oauth2PermissionScopes")


class StateError(Exception):
    """The state file is not one of ours, or of another version; the sentence says which."""


def dump(of: World) -> dict[str, Any]:
    """The whole world as JSON can hold it."""
    return {"m365_emulator_state": _version, "seed": of.seed, "sections": dict(sections(of))}


def sections(of: World, tenants: Iterable[str] | None = None) -> Iterator[tuple[str, Any]]:
    """The world in parts that change apart, by name; of tenants only the named ones (None: all)."""
    yield "clock", of.clock.dump()
    yield "ids", of.ids.dump()
    yield "keys", of.keys.dump()
    yield "faults", of.faults.dump()
    yield "replica", of.replica.dump()
    yield "login", of.login.dump()
    yield "tenants", list(of.directory.tenants)
    for tenant in of.directory.tenants.looked_at():
        if tenants is None or tenant.id in tenants:
            yield f"tenant/{tenant.id}", _dump_tenant(tenant)


def restore(settings: Settings, kept: dict[str, Any]) -> World:
    """The world of a dump. Raises KeyError, TypeError or StateError when it isn't one."""
    if kept["m365_emulator_state"] != _version:
        message = "It was written by another version of the emulator; start with a new file."
        raise StateError(message)
    parts = kept["sections"]
    clock, troubles = Clock(**parts["clock"]), faults.load(parts["faults"])
    replica = Replica(clock, troubles, {key: Written(**row) for key, row in parts["replica"].items()})
    tenants = Tenants({oid: _restore_tenant(parts[f"tenant/{oid}"]) for oid in parts["tenants"]})
    return world.World(
        settings=settings,
        seed=kept["seed"],
        clock=clock,
        ids=Ids(parts["ids"]["seed"], Counter(parts["ids"]["counters"])),
        keys=Keys(**parts["keys"]),
        directory=Directory(tenants, microsofts_own.tenant()),
        faults=troubles,
        replica=replica,
        log=RequestLog(),
        login=memory.load(parts["login"]),
    )


def show_tenant(tenant: Tenant) -> dict[str, Any]:
    """A tenant for people and judges to look at: as in the state file, but without what Graph never shows."""
    row = _dump_tenant(tenant)
    for collection in ("objects", "deleted"):
        row[collection] = {
            object_id: {key: value for key, value in item.items() if key != "hidden"}
            for object_id, item in row[collection].items()
        }
    return row


def _dump_tenant(tenant: Tenant) -> dict[str, Any]:
    row = {name: getattr(tenant, name) for name in Tenant.__slots__ if not name.startswith("_")}
    for collection in ("objects", "deleted"):
        row[collection] = {key: _dump_object(item) for key, item in row[collection].items()}
    return row


def _dump_object(item: DirectoryObject) -> dict[str, Any]:
    if not _is_first_party(item.kind, item.body):
        return asdict(item)
    slim = {key: value for key, value in item.body.items() if key not in _shared}
    return {**{name: getattr(item, name) for name in DirectoryObject.__slots__}, "body": slim}


def _restore_tenant(row: dict[str, Any]) -> Tenant:
    for collection in ("objects", "deleted"):
        row[collection] = {key: _restore_object(item) for key, item in row[collection].items()}
    return Tenant(**row)


def _restore_object(row: dict[str, Any]) -> DirectoryObject:
    item = DirectoryObject(**row)
    if _is_first_party(item.kind, item.body):
        app_id = item.body["appId"]
        item.body.update(appRoles=data.app_roles(app_id), oauth2PermissionScopes=data.scopes(app_id))
    return item


def _is_first_party(kind: str, body: dict[str, Any]) -> bool:
    return kind == "servicePrincipal" and body.get("appId") in data.resources_by_app_id()
