"""``POST /{tenant}/oauth2/v2.0/devicecode``, version 1 too: a device code and the user code that goes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.responses import JSONResponse
from starlette.routing import Route

from m365_emulator.login import clients, scopes, tenants
from m365_emulator.login.memory import DeviceFlow
from m365_emulator.login.refusals import only_post, uncached

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from m365_emulator.world import World

life = 900
_remembered = 86_400


def routes(world: World) -> list[Route]:
    """Version 2, and version 1 with its ``resource`` parameter."""

    def start(request: Request, form: dict[str, str], scope: str) -> DeviceFlow:
        segment = request.path_params["tenant"]
        tenant = tenants.resolve(world, segment)
        client = clients.find(world, clients.required(form, "client_id"), tenant)
        scopes.check(world, client, tenant, scopes.parse(world, scope))
        return _start(world, segment, client.app_id, scope)

    async def version_two(request: Request) -> Response:
        form = await _form(request)
        return JSONResponse(_answer(world, start(request, form, clients.required(form, "scope"))), headers=uncached)

    async def version_one(request: Request) -> Response:
        form = await _form(request)
        api = clients.required(form, "resource").rstrip("/")
        flow = start(request, form, f"openid profile offline_access {api}/.default")
        return JSONResponse(_as_version_one(_answer(world, flow)), headers=uncached)

    return [
        Route("/{tenant}/oauth2/v2.0/devicecode", version_two, methods=["POST"]),
        Route("/{tenant}/oauth2/devicecode", version_one, methods=["POST"]),
        Route("/{tenant}/oauth2/v2.0/devicecode", only_post, methods=["GET"]),
        Route("/{tenant}/oauth2/devicecode", only_post, methods=["GET"]),
    ]


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace")))


def _as_version_one(answer: dict[str, object]) -> dict[str, object]:
    """Another name for the page, and numbers as text, as ADAL reads them."""
    named = {"verification_url" if name == "verification_uri" else name: value for name, value in answer.items()}
    return {name: str(value) for name, value in named.items()}


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
