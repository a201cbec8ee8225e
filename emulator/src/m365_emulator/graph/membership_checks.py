"""Questions about membership: of which groups, roles and units is somebody a member, through groups too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator.graph import containers, targets
from m365_emulator.graph.answer import Answer
from m365_emulator.graph.errors import bad_request
from m365_emulator.graph.operations import Operations

if TYPE_CHECKING:
    from m365_emulator.graph.call import Call

operations = Operations()
_who = (
    "/users/{user-id}",
    "/servicePrincipals/{servicePrincipal-id}",
    "/me",
    "/groups/{group-id}",
    "/directoryObjects/{directoryObject-id}",
)
_at_most_groups, _at_most_objects = 20, 20


@operations.on("POST", *(one + "/getMemberGroups" for one in _who))
def get_member_groups(call: Call) -> Answer:
    """Ids of all groups; ``securityEnabledOnly`` leaves the others out."""
    return _texts(call, _groups(call))


@operations.on("POST", *(one + "/getMemberObjects" for one in _who))
def get_member_objects(call: Call) -> Answer:
    """Ids of all groups, roles and units; ``securityEnabledOnly`` leaves other groups and the rest out."""
    others = [] if call.body.get("securityEnabledOnly") else _others(call, _member(call))
    return _texts(call, list(dict.fromkeys([*_groups(call), *others])))


@operations.on("POST", *(one + "/checkMemberGroups" for one in _who))
def check_member_groups(call: Call) -> Answer:
    """Those of at most 20 groups that somebody is in."""
    wanted = _ids(call, "groupIds", _at_most_groups)
    return _texts(call, [oid for oid in wanted if oid in call.tenant.groups_of(_member(call))])


@operations.on("POST", *(one + "/checkMemberObjects" for one in _who))
def check_member_objects(call: Call) -> Answer:
    """Those of at most 20 groups, roles and units that somebody is in."""
    wanted, member = _ids(call, "ids", _at_most_objects), _member(call)
    held = {*call.tenant.groups_of(member), *_others(call, member)}
    return _texts(call, [oid for oid in wanted if oid in held])


def _groups(call: Call) -> list[str]:
    found = call.tenant.groups_of(_member(call))
    if call.body.get("securityEnabledOnly"):
        return [oid for oid in found if call.tenant.objects[oid].body.get("securityEnabled")]
    return found


def _others(call: Call, member_id: str) -> list[str]:
    """Ids of the roles and units that somebody has or is in, directly or through groups."""
    return [row["id"] for row in containers.transitive(call, member_id)]


def _member(call: Call) -> str:
    if "directoryObject-id" in call.keys:
        return targets.any_object(call, call.keys["directoryObject-id"]).id
    if call.operation.path.startswith("/me"):
        return call.caller.principal_id
    return targets.get(call, targets.kind_of_path(call.operation.path) or "user").id


def _ids(call: Call, name: str, at_most: int) -> list[str]:
    wanted = call.body.get(name)
    if not isinstance(wanted, list) or len(wanted) > at_most:
        raise bad_request(f"'{name}' must be a list of at most {at_most} ids.", target=name)
    return [str(one) for one in wanted]


def _texts(call: Call, values: list[str]) -> Answer:
    return Answer(200, {"@odata.context": f"{call.base}/$metadata#Collection(Edm.String)", "value": values})
