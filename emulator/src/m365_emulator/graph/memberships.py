"""What people and service principals are members of: groups, directory roles, administrative units."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from m365_emulator.directory import type_of_kind
from m365_emulator.graph import roles, targets
from m365_emulator.graph.odata import pages
from m365_emulator.graph.operations import Operations
from m365_emulator.graph.owners import objects, shown

if TYPE_CHECKING:
    from m365_emulator.directory import Tenant
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
    return answer(call, member.id)


@operations.on("GET", *("/me" + end for end in (*_ends, *_counts)))
def list_own_memberships(call: Call) -> Answer:
    """Memberships of the signed-in person."""
    return answer(call, call.caller.principal_id)


def answer(call: Call, member_id: str) -> Answer:
    """Memberships of one object: direct ones, or through groups as well, of one type when the path has a cast."""
    ids = [member_id]
    if "transitiveMemberOf" in call.operation.path:
        ids = [member_id, *call.tenant.containers_of(member_id)]
    rows = [*_containers(call.tenant, ids), *_roles(call, ids)]
    return of_cast(call, rows)


def direct(call: Call, member_id: str) -> list[dict[str, Any]]:
    """What somebody is a member of, not through anything else."""
    return [*_containers(call.tenant, [member_id]), *_roles(call, [member_id])]


def of_cast(call: Call, rows: list[dict[str, Any]]) -> Answer:
    """Directory objects, of one type when the path has a cast, or how many there are when it ends with ``$count``."""
    path, shape = call.operation.path.removesuffix("/$count"), objects
    cast = path.rpartition("/")[2]
    if cast.startswith("microsoft.graph."):
        rows = [row for row in rows if row["@odata.type"] == f"#{cast}"]
        shape = replace(objects, set=f"{cast.removeprefix('microsoft.graph.')}s")
    answer_with = pages.counted if path != call.operation.path else pages.collection
    return answer_with(call, shape, rows)


def other_ids(call: Call, member_id: str) -> list[str]:
    """Ids of the roles and units that somebody has or is in, directly or through groups."""
    ids = [member_id, *call.tenant.containers_of(member_id)]
    return [row["id"] for row in (*_containers(call.tenant, ids), *_roles(call, ids))]


def _containers(tenant: Tenant, ids: list[str]) -> list[dict[str, Any]]:
    """Groups and units that have one of these members."""
    return shown(tenant, (key for key, members in tenant.memberships.items() if set(ids) & set(members)))


def _roles(call: Call, ids: list[str]) -> list[dict[str, Any]]:
    """Active tenant-wide roles; those of administrative units are not among them."""
    held = dict.fromkeys(
        row["roleDefinitionId"]
        for key, row in call.tenant.role_assignments.items()
        if row["principalId"] in ids
        and row["directoryScopeId"] == "/"
        and call.world.replica.sees("roleAssignment", key)
    )
    return [
        {"@odata.type": type_of_kind["directoryRole"], **roles.directory_role(call.world, call.tenant, one)}
        for one in held
    ]
