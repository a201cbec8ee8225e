"""Directory objects of any type by their ids."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from m365_emulator.graph import targets
from m365_emulator.graph.answer import Answer, no_content
from m365_emulator.graph.errors import bad_request, denied
from m365_emulator.graph.odata import pages
from m365_emulator.graph.operations import Operations
from m365_emulator.graph.owners import objects, shown
from m365_emulator.graph.removal import soft_delete

if TYPE_CHECKING:
    from m365_emulator.graph.call import Call

operations = Operations()
_one = "/directoryObjects/{directoryObject-id}"
_at_most = 1000
_needed = {
    "user": "User.ReadWrite.All",
    "group": "Group.ReadWrite.All",
    "application": "Application.ReadWrite.All",
    "servicePrincipal": "Application.ReadWrite.All",
}
_for_every_kind = ("Directory.ReadWrite.All", "Directory.AccessAsUser.All")


@operations.on("POST", "/directoryObjects/getByIds")
def get_by_ids(call: Call) -> Answer:
    """Those of at most a thousand ids that exist, of the types that are asked for, in one answer.

    Source: directoryObject: getByIds.
    """
    wanted = call.body.get("ids")
    if not isinstance(wanted, list) or not wanted or len(wanted) > _at_most:
        raise bad_request(f"'ids' must be a list of one to {_at_most} ids.", target="ids")
    kinds = {str(kind).removeprefix("microsoft.graph.").lower() for kind in call.body.get("types") or []}
    rows = [
        row
        for row in shown(call.tenant, dict.fromkeys(str(one).lower() for one in wanted))
        if (not kinds or row["@odata.type"].rpartition(".")[2].lower() in kinds | _every(kinds))
    ]
    return pages.collection(call, replace(objects, paged=False), rows)


@operations.on("GET", _one)
def get_object(call: Call) -> Answer:
    """One object with its type."""
    item = targets.any_object(call, call.keys["directoryObject-id"])
    return pages.single(call, objects, shown(call.tenant, [item.id])[0])


@operations.on("DELETE", _one)
def delete_object(call: Call) -> Answer:
    """204, as at the address of its own type; that type's permission is needed."""
    item = targets.any_object(call, call.keys["directoryObject-id"])
    have = call.caller.roles if call.caller.is_app else call.caller.scopes
    if item.kind not in _needed or not have & {_needed[item.kind], *_for_every_kind}:
        raise denied()
    soft_delete(call, item)
    return no_content()


def _every(kinds: set[str]) -> set[str]:
    """``directoryObject`` names every type."""
    known = {"user", "group", "application", "serviceprincipal", "administrativeunit", "directoryrole"}
    return known if "directoryobject" in kinds else set()
