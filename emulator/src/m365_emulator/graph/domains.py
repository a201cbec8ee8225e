"""Domain names of the tenant."""

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
shape = Shape(type="domain", set="domains", directory=False)


@operations.on("GET", "/domains")
def list_domains(call: Call) -> Answer:
    """All domain names, verified or not."""
    return pages.collection(call, shape, call.tenant.domains)


@operations.on("GET", "/domains/{domain-id}")
def get_domain(call: Call) -> Answer:
    """One domain by its name."""
    wanted = call.keys["domain-id"].lower()
    for domain in call.tenant.domains:
        if domain["id"].lower() == wanted:
            return pages.single(call, shape, domain)
    raise not_found(call.keys["domain-id"])
