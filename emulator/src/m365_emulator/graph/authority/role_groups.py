"""Groups that can have directory roles: who fills them gives the roles, so this needs as much as that does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator import data
from m365_emulator.graph import targets

if TYPE_CHECKING:
    from m365_emulator.graph.call import Call

_questions = ("/getMemberGroups", "/checkMemberGroups", "/getMemberObjects", "/checkMemberObjects")
_permission = "RoleManagement.ReadWrite.Directory"


def is_meant(call: Call) -> bool:
    """Whether the request makes such a group, or changes one, its members or owners."""
    path = call.operation.path
    if call.operation.method == "GET" or not path.startswith("/groups") or path.endswith(_questions):
        return False
    if path == "/groups":
        return call.body.get("isAssignableToRole") is True
    group = targets.find(call, "group")
    return group is not None and bool(group.body.get("isAssignableToRole"))


def may(call: Call) -> bool:
    """Whether the caller's token has the permission that such groups want beside the one for groups.

    Source: Create group (isAssignableToRole), Add members, Add owners.
    """
    if not is_meant(call):
        return True
    caller = call.caller
    if caller.is_app and caller.directory_roles & {data.global_administrator, data.privileged_role_administrator}:
        return True
    return _permission in (caller.roles if caller.is_app else caller.scopes)
