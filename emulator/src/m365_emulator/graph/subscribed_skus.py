"""Licences that the tenant bought."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator.graph.errors import not_found
from m365_emulator.graph.odata import pages
from m365_emulator.graph.odata.shape import Shape
from m365_emulator.graph.operations import Operations

if TYPE_CHECKING:
    from m365_emulator.graph.answer import Answer
    from m365_emulator.graph.call import Call

operations = Operations()
shape = Shape(type="subscribedSku", set="subscribedSkus", directory=False)


@operations.on("GET", "/subscribedSkus")
def list_skus(call: Call) -> Answer:
    """All subscriptions with used and free units."""
    return pages.collection(call, shape, call.tenant.skus)


@operations.on("GET", "/subscribedSkus/{subscribedSku-id}")
def get_sku(call: Call) -> Answer:
    """One subscription."""
    for sku in call.tenant.skus:
        if sku["id"] == call.keys["subscribedSku-id"]:
            return pages.single(call, shape, sku)
    raise not_found(call.keys["subscribedSku-id"])
