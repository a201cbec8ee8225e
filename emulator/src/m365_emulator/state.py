"""The state file: everything that must be there again after a restart, written whole, for its owner only.

Lists of permissions that Microsoft's own service principals share stay out of it; they come back from ``data/``.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from m365_emulator import data, faults, world
from m365_emulator.clock import Clock
from m365_emulator.directory import Directory, DirectoryObject, Tenant
from m365_emulator.ids import Ids
from m365_emulator.keys import Keys
from m365_emulator.log import RequestLog
from m365_emulator.login import memory
from m365_emulator.replica import Replica, Written

if TYPE_CHECKING:
    from pathlib import Path

    from m365_emulator.settings import Settings
    from m365_emulator.world import World

_version = 1
_shared = ("appRoles", "oauth2PermissionScopes")


class StateError(Exception):
    """The state file is not one of ours, or of another version; the sentence says which."""


def save(of: World) -> None:
    """Write the state file, if the emulator was started with one."""
    path = of.settings.state_file
    if path is None:
        return
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(dump(of), file, separators=(",", ":"))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def dump(of: World) -> dict[str, Any]:
    """The whole world as JSON can hold it."""
    return {
        "m365_emulator_state": _version,
        "seed": of.seed,
        "clock": of.clock.dump(),
        "ids": of.ids.dump(),
        "keys": of.keys.dump(),
        "tenants": [_dump_tenant(tenant) for tenant in of.directory.tenants.values()],
        "faults": of.faults.dump(),
        "replica": of.replica.dump(),
        "login": of.login.dump(),
    }


def load(settings: Settings, path: Path) -> World:
    """The world that a state file holds. Raises StateError."""
    try:
        kept = json.loads(path.read_text("utf-8"))
        if kept["m365_emulator_state"] != _version:
            message = f"{path} was written by another version of the emulator; start with a new file."
            raise StateError(message)
        return _restore(settings, kept)
    except (ValueError, KeyError, TypeError) as error:
        message = f"{path} is not a state file of this emulator: {error}"
        raise StateError(message) from error


def _restore(settings: Settings, kept: dict[str, Any]) -> World:
    clock, troubles = Clock(**kept["clock"]), faults.load(kept["faults"])
    replica = Replica(clock, troubles, {key: Written(**row) for key, row in kept["replica"].items()})
    directory = Directory({row["id"]: _restore_tenant(row) for row in kept["tenants"]})
    return world.World(
        settings=settings,
        seed=kept["seed"],
        clock=clock,
        ids=Ids(kept["ids"]["seed"], Counter(kept["ids"]["counters"])),
        keys=Keys(**kept["keys"]),
        directory=directory,
        faults=troubles,
        replica=replica,
        log=RequestLog(),
        login=memory.load(kept["login"]),
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
