"""Policies of the tenant that a client may read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator.graph.odata import pages
from m365_emulator.graph.odata.shape import Shape
from m365_emulator.graph.operations import Operations
from m365_emulator.graph.policy import policy

if TYPE_CHECKING:
    from m365_emulator.graph.answer import Answer
    from m365_emulator.graph.call import Call

operations = Operations()
_shapes = {
    "defaultAppManagementPolicy": Shape(type="tenantAppManagementPolicy", set="policies/defaultAppManagementPolicy"),
    "authorizationPolicy": Shape(type="authorizationPolicy", set="policies/authorizationPolicy"),
}


@operations.on("GET", *(f"/policies/{name}" for name in _shapes))
def get_policy(call: Call) -> Answer:
    """The policy as it is in force."""
    name = call.operation.path.rpartition("/")[2]
    return pages.single(call, _shapes[name], policy(call.tenant, name))
