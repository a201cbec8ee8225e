"""The signed-in person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator.graph import targets, users
from m365_emulator.graph.odata import pages
from m365_emulator.graph.operations import Operations

if TYPE_CHECKING:
    from m365_emulator.graph.answer import Answer
    from m365_emulator.graph.call import Call

operations = Operations()


@operations.on("GET", "/me")
def get_me(call: Call) -> Answer:
    """The person whose token it is."""
    return pages.single(call, users.shape, targets.own(call).body)
