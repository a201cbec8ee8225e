"""The device polls until its person has signed in. Entra's own error names differ from RFC 8628's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator import access_evaluation
from m365_emulator.errors import EntraError
from m365_emulator.login import clients, issue, people, scopes, tenants

if TYPE_CHECKING:
    from starlette.requests import Request

    from m365_emulator.login.memory import DeviceFlow
    from m365_emulator.world import World

_slower_by = 5.0
_slowest = 60.0
_tolerance = 0.25


def redeem(world: World, request: Request, segment: str, form: dict[str, str]) -> dict[str, Any]:
    """Tokens once the person agreed; before that ``authorization_pending``. A device code works once."""
    request.scope["emulator.unchanged"] = True
    tenant = tenants.resolve(world, segment)
    client = clients.find(world, clients.required(form, "client_id"), tenant)
    clients.check_public(client, form)
    code = form.get("device_code") or form.get("code") or clients.required(form, "device_code")
    flow = world.login.devices.get(code)
    if flow is None or flow.client_id != client.app_id:
        raise EntraError(70018, "Invalid verification code.", error="bad_verification_code")
    tenants.check_same(world, flow.segment, tenant, flow.tenant_id)
    _check_state(world, flow)
    home, person = people.at(world, flow.tenant_id, flow.user_id)
    wants_info = form.get("client_info") == "1"
    able = access_evaluation.capabilities(form)
    how = issue.How("deviceCodeFlow", tuple(flow.methods), proved_at=flow.proved_at, able=able)
    answer = issue.for_person(
        world, home, person, client, scopes.parse(world, flow.scope), how=how, client_info=wants_info
    )
    flow.state = "redeemed"
    request.scope["emulator.unchanged"] = False
    return answer


def _check_state(world: World, flow: DeviceFlow) -> None:
    """Raises the EntraError that this poll deserves; returns when there are tokens to give."""
    if flow.state == "redeemed":
        raise EntraError(70000, "The provided value for the input parameter 'device_code' was already redeemed.")
    if flow.state == "declined":
        raise EntraError(65004, "The user declined to authorize the application.", error="authorization_declined")
    if world.clock.seconds() >= flow.expires_at:
        raise EntraError(
            70020,
            "The provided value for the input parameter 'device_code' is not valid. This device code has expired.",
        )
    _check_pace(world, flow)
    if flow.state == "pending":
        raise EntraError(70016, "OAuth 2.0 device flow error. Authorization is pending. Continue polling.")


def _check_pace(world: World, flow: DeviceFlow) -> None:
    """Ask a hasty client to wait 5 s more (RFC 8628 3.5; Microsoft documents no rule of its own).

    Early polls do not move the moment that the wait is counted from, and the wait has an upper bound, so a client
    that does as it is told always gets through.
    """
    now = world.clock.seconds()
    late = 0.0
    if flow.last_poll_at is not None:
        late = now - flow.last_poll_at - flow.required_wait
        world.log.late_polls.append(late)
    if late < -_tolerance:
        flow.required_wait = min(flow.required_wait + _slower_by, _slowest)
        raise EntraError(
            70016, "OAuth 2.0 device flow error. The client polls too often. Slow down.", error="slow_down"
        )
    flow.last_poll_at = now
