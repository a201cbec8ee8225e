"""What the steps of a visit share: what it is for, who came, whether somebody still waits for it, and its two ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator.login import clients, people
from m365_emulator.login.memory import AuthorizeRequest

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.login.clients import Client
    from m365_emulator.login.memory import DeviceFlow, Visit
    from m365_emulator.world import World

code_life = 600
old_code = "That code has expired. Go back to the app or device and ask for a new one."


def flow_of(world: World, visit: Visit) -> DeviceFlow | AuthorizeRequest:
    """What this visit is for. Raises LookupError when it was forgotten since."""
    flow = world.login.asking(visit.reference)
    if flow is None:
        raise LookupError(visit.id)
    return flow


def parties(world: World, visit: Visit) -> tuple[Tenant, DirectoryObject, Client]:
    """Who signed in, where, and to which application."""
    tenant, person = people.at(world, visit.tenant_id, visit.user_id)
    return tenant, person, clients.find(world, flow_of(world, visit).client_id, tenant)


def prompt(world: World, visit: Visit) -> str:
    """The client's ``prompt``; empty for a device code."""
    flow = world.login.asking(visit.reference)
    return flow.prompt if isinstance(flow, AuthorizeRequest) else ""


def domain_hint(world: World, visit: Visit) -> Tenant | None:
    """The tenant that the client expects the person to come from, when it named one that exists."""
    flow = world.login.asking(visit.reference)
    return world.directory.tenant(flow.domain_hint) if isinstance(flow, AuthorizeRequest) and flow.domain_hint else None


def still_waits(world: World, visit: Visit) -> bool:
    """Whether the device still waits; otherwise the visit ends with Entra's sentence."""
    flow = world.login.asking(visit.reference)
    if flow is not None and flow.state == "pending" and world.clock.seconds() < flow.expires_at:
        return True
    if flow is not None and flow.state != "pending":
        fail(visit, "AADSTS90120: The authorization request is already approved or declined.")
    else:
        fail(visit, f"AADSTS70019: {old_code}")
    return False


def approve(world: World, visit: Visit) -> None:
    """The good end: the device, or the client behind the redirect, may have its tokens."""
    flow = flow_of(world, visit)
    flow.state, flow.tenant_id, flow.user_id = "approved", visit.tenant_id, visit.user_id
    flow.methods, flow.proved_at = list(visit.methods), visit.proved_at
    if isinstance(flow, AuthorizeRequest):
        flow.code = f"{flow.id}.{world.ids.opaque(96, 'authorization-code')}"
        flow.expires_at = world.clock.seconds() + code_life
    visit.step = "done"


def fail(visit: Visit, problem: str) -> None:
    """The bad end: a page with Entra's sentence."""
    visit.step, visit.problem = "failed", problem
