"""Where a role may be assigned: everywhere in the tenant, or in one administrative unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator import data
from m365_emulator.graph import licensing
from m365_emulator.graph.errors import bad_request, not_found

if TYPE_CHECKING:
    from m365_emulator.graph.call import Call


def check(call: Call, role_id: str, scope: str) -> None:
    """Raise 404 for a unit that is not there, 400 for a role that is none for units or a tenant without Entra ID P1."""
    if scope == "/":
        return
    kind, _, oid = scope.removeprefix("/").partition("/")
    unit = call.tenant.objects.get(oid)
    if kind != "administrativeUnits" or unit is None or unit.kind != "administrativeUnit" or not call.sees(unit):
        raise not_found(scope)
    template = data.role_templates().get(role_id)
    if template is not None and not template["administrativeUnitScope"]:
        raise bad_request(
            "The given built-in role is not supported to be assigned to a single resource scope.",
            target="directoryScopeId",
        )
    licensing.require(call.tenant, "P1")
