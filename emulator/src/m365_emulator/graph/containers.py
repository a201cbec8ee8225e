"""What a directory object is a member of: the groups, administrative units and directory roles that hold it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator import data
from m365_emulator.directory import type_of_kind
from m365_emulator.graph import roles
from m365_emulator.graph.owners import shown

if TYPE_CHECKING:
    from m365_emulator.graph.call import Call


def direct(call: Call, member_id: str) -> list[dict[str, Any]]:
    """What somebody is a member of, not through anything else."""
    return _of(call, [member_id])


def transitive(call: Call, member_id: str) -> list[dict[str, Any]]:
    """The same, and what the groups are members of that somebody is in."""
    return _of(call, [member_id, *call.tenant.containers_of(member_id)])


def _of(call: Call, ids: list[str]) -> list[dict[str, Any]]:
    holding = (key for key, members in call.tenant.memberships.items() if set(ids) & set(members))
    return [*shown(call.tenant, holding), *_roles(call, ids)]


def _roles(call: Call, ids: list[str]) -> list[dict[str, Any]]:
    """Active tenant-wide roles; those of administrative units and the tenant's own are not among them."""
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
        if one in data.role_templates()
    ]
