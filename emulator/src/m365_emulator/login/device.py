"""``POST /{tenant}/oauth2/v2.0/devicecode``: a device code and the user code that goes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.responses import JSONResponse
from starlette.routing import Route

from m365_emulator.login import clients, scopes, tenants
from m365_emulator.login.memory import DeviceFlow

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from m365_emulator.world import World

life = 900
_remembered = 86_400


def routes(world: World) -> list[Route]:
    """The one route that hands out device codes."""

    async def device_code(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        segment = request.path_params["tenant"]
        tenant = tenants.resolve(world, segment)
        client = clients.find(world, clients.required(form, "client_id"), tenant)
        scope = clients.required(form, "scope")
        scopes.check(world, client, tenant, scopes.parse(world, scope))
        flow = _start(world, segment, client.app_id, scope)
        return JSONResponse(_answer(world, flow))

    return [Route("/{tenant}/oauth2/v2.0/devicecode", device_code, methods=["POST"])]


def _start(world: World, segment: str, client_id: str, scope: str) -> DeviceFlow:
    now = world.clock.seconds()
    world.login.forget_before(now - _remembered)
    flow = DeviceFlow(
        device_code=world.ids.opaque(216, "device-code"),
        user_code=_free_user_code(world),
        client_id=client_id,
        segment=segment.lower(),
        scope=scope,
        interval=world.settings.device_interval,
        expires_at=now + life,
        required_wait=world.settings.device_interval,
    )
    world.login.add_device(flow)
    return flow


def _free_user_code(world: World) -> str:
    while world.login.device_by_user_code(code := world.ids.user_code()) is not None:
        continue
    return code


def _answer(world: World, flow: DeviceFlow) -> dict[str, object]:
    address = f"{world.settings.people_origin}/devicelogin"
    return {
        "user_code": flow.user_code,
        "device_code": flow.device_code,
        "verification_uri": address,
        "expires_in": life,
        "interval": flow.interval,
        "message": f"To sign in, use a web browser to open the page {address} and enter the code {flow.user_code} to "
        "authenticate.",
    }
