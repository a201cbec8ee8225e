"""Members of groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator.graph import casts, targets
from m365_emulator.graph.answer import Answer, no_content
from m365_emulator.graph.errors import bad_request, not_found, reference_exists
from m365_emulator.graph.groups import can_be_members
from m365_emulator.graph.odata import pages
from m365_emulator.graph.operations import Operations
from m365_emulator.graph.owners import shown

if TYPE_CHECKING:
    from m365_emulator.graph.call import Call

operations = Operations()
_one = "/groups/{group-id}"
_member_ends = (
    "/$count",
    *(f"/microsoft.graph.{kind}" for kind in ("user", "group", "servicePrincipal")),
    "/microsoft.graph.user/$count",
)


@operations.on("GET", _one + "/members", *(_one + "/members" + end for end in _member_ends))
def list_members(call: Call) -> Answer:
    """Direct members."""
    return casts.answer(call, shown(call.tenant, _members(call)))


@operations.on("GET", _one + "/members/$ref")
def list_member_references(call: Call) -> Answer:
    """Their addresses only."""
    return pages.references(call, _members(call))


@operations.on("GET", _one + "/transitiveMembers", *(_one + "/transitiveMembers" + end for end in _member_ends))
def list_transitive_members(call: Call) -> Answer:
    """Members, and members of groups inside."""
    found = list(_members(call))
    for one in found:
        found.extend(oid for oid in call.tenant.memberships.get(one, []) if oid not in found)
    return casts.answer(call, shown(call.tenant, found))


@operations.on("POST", _one + "/members/$ref")
def add_member(call: Call) -> Answer:
    """204; 400 when it is one already, or a group in one that can have directory roles (groups-concept: no nesting)."""
    group = targets.get(call, "group")
    kinds = tuple(kind for kind in can_be_members if kind != "group" or not group.body.get("isAssignableToRole"))
    members, member = _members(call), targets.referenced(call, kinds)
    if member.id in members:
        raise reference_exists()
    if member is group:
        raise bad_request("A group cannot be a member of itself.", target="@odata.id")
    members.append(member.id)
    return no_content()


@operations.on("DELETE", _one + "/members/{directoryObject-id}/$ref")
def remove_member(call: Call) -> Answer:
    """204; 404 when it is none."""
    members, oid = _members(call), call.keys["directoryObject-id"]
    if oid not in members:
        raise not_found(oid)
    members.remove(oid)
    return no_content()


def _members(call: Call) -> list[str]:
    return call.tenant.memberships.setdefault(targets.get(call, "group").id, [])
