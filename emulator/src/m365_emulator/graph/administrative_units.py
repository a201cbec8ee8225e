"""Administrative units: parts of a tenant that a role can be limited to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator.directory import DirectoryObject
from m365_emulator.graph import bodies, licensing, targets
from m365_emulator.graph.answer import Answer, no_content
from m365_emulator.graph.errors import not_found, reference_exists
from m365_emulator.graph.odata import pages
from m365_emulator.graph.odata.shape import Shape
from m365_emulator.graph.operations import Operations
from m365_emulator.graph.owners import objects, shown
from m365_emulator.graph.removal import forget_unit

if TYPE_CHECKING:
    from m365_emulator.graph.call import Call

operations = Operations()
shape = Shape(
    type="administrativeUnit",
    set="directory/administrativeUnits",
    filterable={"id": "eq in", "displayName": "eq ne not ge le in startsWith", "description": "eq ne not startsWith"},
    sortable=frozenset({"displayName"}),
    expandable={"members": lambda call, item: shown(call.tenant, call.tenant.memberships.get(item["id"], []))},
)
_root = "/directory/administrativeUnits"
_one = _root + "/{administrativeUnit-id}"


@operations.on("GET", _root)
def list_units(call: Call) -> Answer:
    """All units of the tenant that this read sees."""
    units = call.tenant.of_kind("administrativeUnit")
    return pages.collection(call, shape, [item.body for item in units if call.sees(item)])


@operations.on("GET", _one)
def get_unit(call: Call) -> Answer:
    """One unit."""
    return pages.single(call, shape, targets.get(call, "administrativeUnit").body)


@operations.on("POST", _root)
def create_unit(call: Call) -> Answer:
    """201; needs Entra ID P1."""
    wanted = bodies.checked("administrativeUnit", call.body, fixed=("id", "deletedDateTime"), needed=("displayName",))
    licensing.require(call.tenant, "P1")
    oid = call.world.ids.uuid("administrativeUnit")
    body = {
        "id": oid,
        "deletedDateTime": None,
        "description": None,
        "isMemberManagementRestricted": False,
        "visibility": None,
        "membershipType": None,
        "membershipRule": None,
        "membershipRuleProcessingState": None,
        **{name: value for name, value in wanted.items() if name != "members"},
    }
    call.tenant.objects[oid] = DirectoryObject("administrativeUnit", oid, body)
    call.tenant.memberships[oid] = []
    call.world.replica.wrote("administrativeUnit", oid)
    return pages.single(call, shape, body, status=201)


@operations.on("PATCH", _one)
def update_unit(call: Call) -> Answer:
    """204; only what is named changes."""
    unit = targets.get(call, "administrativeUnit")
    unit.body.update(bodies.checked("administrativeUnit", call.body, fixed=("id", "deletedDateTime", "members")))
    return no_content()


@operations.on("DELETE", _one)
def delete_unit(call: Call) -> Answer:
    """204; roles that were limited to it are gone."""
    forget_unit(call.tenant, targets.get(call, "administrativeUnit").id)
    return no_content()


@operations.on("GET", _one + "/members")
def list_members(call: Call) -> Answer:
    """People, groups and devices in the unit."""
    return pages.collection(call, objects, shown(call.tenant, _members(call)))


@operations.on("GET", _one + "/members/$ref")
def list_member_references(call: Call) -> Answer:
    """Their addresses only."""
    return pages.references(call, _members(call))


@operations.on("POST", _one + "/members/$ref")
def add_member(call: Call) -> Answer:
    """204; 400 when it is one already, or is neither a person nor a group."""
    members, member = _members(call), targets.referenced(call, ("user", "group"))
    if member.id in members:
        raise reference_exists()
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
    return call.tenant.memberships.setdefault(targets.get(call, "administrativeUnit").id, [])
