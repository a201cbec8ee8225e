"""Owners, and what somebody owns, of one type (``…/owners/microsoft.graph.user``), or how many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator.graph import casts, targets
from m365_emulator.graph.operations import Operations
from m365_emulator.graph.owners import owned_by, shown_owners

if TYPE_CHECKING:
    from m365_emulator.graph.answer import Answer
    from m365_emulator.graph.call import Call

operations = Operations()
_owned = (
    "/applications/{application-id}",
    "/applications(appId='{appId}')",
    "/servicePrincipals/{servicePrincipal-id}",
    "/servicePrincipals(appId='{appId}')",
    "/groups/{group-id}",
)
_owning = ("/me", "/users/{user-id}", "/servicePrincipals/{servicePrincipal-id}")
_kinds_of_owners = ("microsoft.graph.user", "microsoft.graph.servicePrincipal")
_kinds_owned = ("microsoft.graph.application", "microsoft.graph.servicePrincipal", "microsoft.graph.group")


@operations.on("GET", *(f"{one}/owners/{end}" for one in _owned for end in (*_kinds_of_owners, "$count")))
def list_owners(call: Call) -> Answer:
    """Owners of the object that the path names."""
    item = targets.get(call, targets.kind_of_path(call.operation.path) or "application")
    return casts.answer(call, shown_owners(call.tenant, item))


@operations.on("GET", *(f"{one}/ownedObjects/{end}" for one in _owning for end in (*_kinds_owned, "$count")))
def list_owned_objects(call: Call) -> Answer:
    """What a person or a service principal owns."""
    kind = targets.kind_of_path(call.operation.path)
    owner = targets.get(call, kind).id if kind else call.caller.principal_id
    return casts.answer(call, owned_by(call, owner))
