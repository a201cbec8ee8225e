"""What people and service principals are members of: groups, directory roles, administrative units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator.graph import casts, containers, targets
from m365_emulator.graph.operations import Operations

if TYPE_CHECKING:
    from m365_emulator.graph.answer import Answer
    from m365_emulator.graph.call import Call

operations = Operations()
_casts = ("/microsoft.graph.directoryRole", "/microsoft.graph.group", "/microsoft.graph.administrativeUnit")
_names = ("/memberOf", "/transitiveMemberOf")
_ends = tuple(name + cast for name in _names for cast in ("", *_casts))
_counts = tuple(name + cast + "/$count" for name in _names for cast in ("", *_casts[:2]))
_of_groups = tuple("/groups/{group-id}" + name + end for name in _names for end in ("", "/$count", _casts[1]))
_members = ("/users/{user-id}", "/servicePrincipals/{servicePrincipal-id}", "/servicePrincipals(appId='{appId}')")


@operations.on(
    "GET",
    *(one + end for one in _members for end in _ends),
    *(one + end for one in _members[:2] for end in _counts),
    *_of_groups,
)
def list_memberships(call: Call) -> Answer:
    """Memberships of the object that the path names."""
    member = targets.get(call, targets.kind_of_path(call.operation.path) or "user")
    return _answer(call, member.id)


@operations.on("GET", *("/me" + end for end in (*_ends, *_counts)))
def list_own_memberships(call: Call) -> Answer:
    """Memberships of the signed-in person."""
    return _answer(call, call.caller.principal_id)


def _answer(call: Call, member_id: str) -> Answer:
    """Memberships of one object: direct ones, or through groups as well, of one type when the path has a cast."""
    found = containers.transitive if "transitiveMemberOf" in call.operation.path else containers.direct
    return casts.answer(call, found(call, member_id))
