"""The control door under ``/_control/``: closed without its token, and to requests that came for another host."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_emulator import state
from m365_emulator.clock import graph_time
from m365_emulator.control import people, ready_faults
from m365_emulator.control.guide import guide
from m365_emulator.login import policies
from m365_emulator.seed import SeedError
from m365_emulator.world import build

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from m365_emulator.directory import Tenant
    from m365_emulator.world import World

header_name = "X-Emulator-Control"


def routes(world: World) -> list[Route]:
    """All routes of the door; each is guarded."""
    doors: list[tuple[str, str, Callable[[World, Request], Awaitable[Response]]]] = [
        ("GET", "/_control/", _describe),
        ("POST", "/_control/reset", _reset),
        ("POST", "/_control/seed", _seed),
        ("GET", "/_control/clock", _clock),
        ("POST", "/_control/clock", _set_clock),
        ("GET", "/_control/faults", _faults),
        ("PUT", "/_control/faults/{name}", _set_fault),
        ("DELETE", "/_control/faults/{name}", _clear_fault),
        ("DELETE", "/_control/faults", _clear_faults),
        ("GET", "/_control/log", _log),
        ("GET", "/_control/log/summary", _log_summary),
        ("GET", "/_control/log/polls", _log_polls),
        ("DELETE", "/_control/log", _clear_log),
        ("GET", "/_control/state", _state),
        ("POST", "/_control/keys/rotate", _rotate),
        ("GET", "/_control/tenants/{tenant}/policies", _policies),
        ("PATCH", "/_control/tenants/{tenant}/policies", _change_policies),
        ("PATCH", "/_control/people/{upn}", _change_person),
    ]
    return [Route(path, _guarded(world, door), methods=[method]) for method, path, door in doors]


def _guarded(
    world: World,
    door: Callable[[World, Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> Response:
        token = world.settings.control_token
        if token is None:
            raise HTTPException(404, "The control door is closed.")
        if request.url.hostname is None or _bracketed(request.url.hostname) not in world.settings.control_hosts:
            return _refuse("The control door answers only to this machine's own names.")
        if not hmac.compare_digest(request.headers.get(header_name, "").encode(), token.encode()):
            return _refuse(f"The control door wants its token in the header {header_name}.")
        try:
            return await door(world, request)
        except KeyError as error:
            return JSONResponse({"error": f"The body lacks {error.args[0]}."}, 400)
        except LookupError as error:
            return JSONResponse({"error": f"There is no {error.args[0]} here."}, 404)
        except (ValueError, TypeError, SeedError) as error:
            return JSONResponse({"error": str(error)}, 400)

    return guarded


async def _describe(world: World, _request: Request) -> Response:
    return JSONResponse(guide(world, header_name))


async def _reset(world: World, _request: Request) -> Response:
    world.reset()
    return Response(status_code=204)


async def _seed(world: World, request: Request) -> Response:
    seed = await _body(request)
    build(world.settings, seed)
    world.reset(seed)
    return Response(status_code=204)


async def _clock(world: World, _request: Request) -> Response:
    return JSONResponse({"now": graph_time(world.clock.now()), "frozen": world.clock.frozen_at is not None})


async def _set_clock(world: World, request: Request) -> Response:
    body = await _body(request)
    if unknown := sorted(set(body) - {"reset", "freeze", "thaw", "advance"}):
        message = f"unknown: {', '.join(unknown)}; known: reset, freeze, thaw, advance"
        raise ValueError(message)
    if body.get("reset"):
        world.clock.reset()
    if body.get("thaw"):
        world.clock.thaw()
    if (freeze := body.get("freeze")) not in (None, False):
        world.clock.freeze(None if freeze is True else _moment(freeze))
    world.clock.advance(float(body.get("advance", 0)))
    return await _clock(world, request)


async def _faults(world: World, _request: Request) -> Response:
    return JSONResponse({"faults": world.faults.dump()})


async def _set_fault(world: World, request: Request) -> Response:
    name = request.path_params["name"]
    body = await _body(request) if await request.body() else ready_faults.of(name)
    world.faults.set(name, dict(body.get("match", {})), dict(body["effect"]))
    return await _faults(world, request)


async def _clear_fault(world: World, request: Request) -> Response:
    world.faults.clear(request.path_params["name"])
    return Response(status_code=204)


async def _clear_faults(world: World, _request: Request) -> Response:
    world.faults.clear()
    return Response(status_code=204)


async def _log(world: World, request: Request) -> Response:
    return JSONResponse({"requests": world.log.dump(**_wanted(request))})


async def _log_summary(world: World, request: Request) -> Response:
    return JSONResponse(world.log.summary(**_wanted(request)))


async def _log_polls(world: World, _request: Request) -> Response:
    now, waiting = world.clock.seconds(), [flow for flow in world.login.devices.values() if flow.state == "pending"]
    overdue = [now - flow.last_poll_at - flow.required_wait for flow in waiting if flow.last_poll_at is not None]
    return JSONResponse(
        {
            **world.log.punctuality(),
            "waiting": len(waiting),
            "never_polled": len(waiting) - len(overdue),
            "longest_overdue_seconds": round(max([0.0, *overdue]), 3),
        }
    )


async def _clear_log(world: World, _request: Request) -> Response:
    world.log.clear()
    return Response(status_code=204)


async def _state(world: World, _request: Request) -> Response:
    return JSONResponse({"tenants": [state.show_tenant(tenant) for tenant in world.directory.tenants.values()]})


async def _rotate(world: World, _request: Request) -> Response:
    world.keys.rotate()
    return Response(status_code=204)


async def _policies(world: World, request: Request) -> Response:
    return JSONResponse(policies.values(_tenant(world, request)))


async def _change_policies(world: World, request: Request) -> Response:
    tenant = _tenant(world, request)
    policies.change(tenant, await _body(request))
    return JSONResponse(policies.values(tenant))


async def _change_person(world: World, request: Request) -> Response:
    return JSONResponse(people.change(world, request.path_params["upn"], await _body(request)))


def _tenant(world: World, request: Request) -> Tenant:
    tenant = world.directory.tenant(request.path_params["tenant"])
    if tenant is None:
        raise LookupError(request.path_params["tenant"])
    return tenant


def _wanted(request: Request) -> dict[str, Any]:
    """Which log entries are asked for: ``after`` a number, of these ``plane``s (default: all but the door's own)."""
    planes = request.query_params.getlist("plane") or ["graph", "login", "portal"]
    return {"after": int(request.query_params.get("after", 0)), "planes": frozenset(planes)}


async def _body(request: Request) -> dict[str, Any]:
    body = await request.json()
    if not isinstance(body, dict):
        message = "the body must be a JSON object"
        raise TypeError(message)
    return body


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        message = f"{text} has no time zone; write for example 2026-01-31T12:00:00Z"
        raise ValueError(message)
    return moment


def _bracketed(hostname: str) -> str:
    return f"[{hostname}]" if ":" in hostname and not hostname.startswith("[") else hostname


def _refuse(sentence: str) -> Response:
    return JSONResponse({"error": sentence}, 403)
