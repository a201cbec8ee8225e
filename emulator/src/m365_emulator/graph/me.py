"""The signed-in person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator.graph import users
from m365_emulator.graph.errors import not_found
from m365_emulator.graph.odata import pages
from m365_emulator.graph.operations import Operations

if TYPE_CHECKING:
    from m365_emulator.graph.answer import Answer
    from m365_emulator.graph.call import Call

operations = Operations()


@operations.on("GET", "/me")
def get_me(call: Call) -> Answer:
    """The person whose token it is."""
    person = call.tenant.objects.get(call.caller.principal_id)
    if person is None:  # a partner's person has no object in the customer's tenant
        raise not_found(call.caller.principal_id)
    return pages.single(call, users.shape, person.body)
