"""Administrative units: parts of a tenant that a role can be limited to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator.graph import targets
from m365_emulator.graph.odata import pages
from m365_emulator.graph.odata.shape import Shape
from m365_emulator.graph.operations import Operations
from m365_emulator.graph.owners import objects, shown

if TYPE_CHECKING:
    from m365_emulator.graph.answer import Answer
    from m365_emulator.graph.call import Call

operations = Operations()
shape = Shape(
    type="administrativeUnit",
    set="directory/administrativeUnits",
    filterable={"id": "eq in", "displayName": "eq ne not ge le in startsWith", "description": "eq ne not startsWith"},
    sortable=frozenset({"displayName"}),
)
_root = "/directory/administrativeUnits"


@operations.on("GET", _root)
def list_units(call: Call) -> Answer:
    """All units of the tenant."""
    return pages.collection(call, shape, [item.body for item in call.tenant.of_kind("administrativeUnit")])


@operations.on("GET", _root + "/{administrativeUnit-id}")
def get_unit(call: Call) -> Answer:
    """One unit."""
    return pages.single(call, shape, targets.get(call, "administrativeUnit").body)


@operations.on("GET", _root + "/{administrativeUnit-id}/members")
def list_members(call: Call) -> Answer:
    """People, groups and devices in the unit."""
    unit = targets.get(call, "administrativeUnit")
    return pages.collection(call, objects, shown(call.tenant, call.tenant.memberships.get(unit.id, [])))
