"""The whole emulated cloud as one ASGI application on one origin.

Four planes share it, told apart by the first segment of the path: ``/v1.0`` is Microsoft Graph, ``/portal`` the portal,
``/_control`` the control door, everything else Entra ID. ``graph.routes`` and ``portal.routes`` give their routes with
full paths (``/v1.0/applications``). Around each request stand, in this order: the request log, latency, faults, the
rendering of refusals, and the state file, which is written before the answer to a writing request leaves.
"""

from __future__ import annotations

import asyncio
import json
import logging
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, Router

from m365_emulator import cors, trouble
from m365_emulator.control.routes import routes as control_routes
from m365_emulator.directory import handed_out
from m365_emulator.errors import ConnectionCut, EntraError, FaultAnswer, GraphError
from m365_emulator.graph.answer import uncached
from m365_emulator.graph.routes import routes as graph_routes
from m365_emulator.keeper import Keeper
from m365_emulator.login.refusals import entra_answer, fault_answer
from m365_emulator.login.routes import routes as login_routes
from m365_emulator.portal.routes import routes as portal_routes
from m365_emulator.resource_manager import routes as resource_manager_routes

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from m365_emulator.log import Entry
    from m365_emulator.world import World

logger = logging.getLogger(__name__)
_reading = frozenset({"GET", "HEAD", "OPTIONS"})
_read_ahead = 4 * 1024 * 1024
cut_extension = "m365_emulator.cut"


class App:
    """The ASGI application of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.keeper = Keeper(world)
        self.planes: dict[str, ASGIApp] = {
            "graph": _router(graph_routes(world)),
            "portal": _router(portal_routes(world)),
            "control": _router(control_routes(world)),
            "login": _router([*login_routes(world), *resource_manager_routes(world)]),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        plane = plane_of(scope["path"])
        entry = self.world.log.start(
            plane=plane, method=scope["method"], path=scope["path"], request_id=self.world.ids.uuid("request")
        )
        scope["app"], scope["emulator.entry"] = self, entry
        outlet = _Outlet(self, scope, send, entry)
        noted = handed_out.set(outlet.tenants)
        try:
            await self._answer(plane, scope, receive, outlet)
        except ConnectionCut:
            await _cut(scope, receive)
        finally:
            handed_out.reset(noted)
            entry.route = entry.route or _route_of(scope)
            self.world.log.end(entry, outlet.status)

    async def _answer(self, plane: str, scope: Scope, receive: Receive, outlet: _Outlet) -> None:
        """Let the plane answer; refusals, and our own mistakes, become answers here and nowhere else."""
        if scope["method"] == "OPTIONS" and cors.is_page_asking(plane, scope):
            await cors.preflight(scope)(scope, receive, outlet)
            return
        try:
            if plane != "control":
                receive = await _arrived(receive)
                await self._trouble(scope, outlet)
            await self.planes[plane](scope, receive, outlet)
        except ConnectionCut:
            raise
        except Exception as error:  # noqa: BLE001 see above
            await render(self.world, plane, scope, error)(scope, receive, outlet)

    async def _trouble(self, scope: Scope, outlet: _Outlet) -> None:
        """Latency and faults, which the control door is spared."""
        if self.world.settings.latency_seconds:
            await asyncio.sleep(self.world.settings.latency_seconds)
        strike = self.world.faults.strike(scope["method"], scope["path"])
        if strike is not None:
            outlet.entry.fault, outlet.strike = strike.name, strike
        await trouble.before(strike)


class _Outlet:
    """What an answer passes on its way out: the state file, the emulator's own Date and request ids, a late cut."""

    def __init__(self, app: App, scope: Scope, send: Send, entry: Entry) -> None:
        self.app, self.world, self.scope, self.send, self.entry = app, app.world, scope, send, entry
        self.tenants: set[str] = set()
        self.status: int | None = None
        self.strike: Any = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if self.scope["method"] in _reading or self.scope.get("emulator.unchanged"):
                self.app.keeper.remember(self.tenants)
            else:
                await self.app.keeper.keep(self.tenants)
            strike, self.strike = self.strike, None
            trouble.after(strike)
            self.status = message["status"]
            message["headers"] = [*message.get("headers", []), *self._own_headers()]
        await self.send(message)

    def _own_headers(self) -> list[tuple[bytes, bytes]]:
        date = format_datetime(self.world.clock.now(), usegmt=True).encode()
        request_id = self.entry.request_id.encode()
        readable = cors.headers(self.entry.plane, self.scope)
        if self.entry.plane != "graph":
            return [(b"date", date), (b"x-ms-request-id", request_id), *readable]
        return [
            *readable,
            (b"date", date),
            (b"request-id", request_id),
            (b"client-request-id", client_request_id(self.scope).encode()),
            (b"x-ms-ags-diagnostic", _diagnostic),
        ]


def plane_of(path: str) -> str:
    """Which part of the cloud a path belongs to."""
    head = path.split("/", 2)[1] if path.startswith("/") else ""
    return {"v1.0": "graph", "beta": "graph", "portal": "portal", "_control": "control"}.get(head, "login")


def entry_of(scope: Scope) -> Entry:
    """The log entry of a request, for its request id and to note the requests of a batch."""
    entry: Entry = scope["emulator.entry"]
    return entry


def client_request_id(scope: Scope) -> str:
    """The client's own request id, echoed; ours when it sent none."""
    given = next((value for name, value in scope["headers"] if name == b"client-request-id"), b"")
    return given.decode("latin-1") or entry_of(scope).request_id


def graph_error_body(world: World, scope: Scope, error: GraphError) -> dict[str, Any]:
    """A Graph error's JSON for this request."""
    return error.body(
        request_id=entry_of(scope).request_id,
        client_request_id=client_request_id(scope),
        date=world.clock.now().strftime("%Y-%m-%dT%H:%M:%S"),
    )


def render(world: World, plane: str, scope: Scope, error: Exception) -> Response:
    """The answer to an exception. What nobody expected is logged and becomes a 500 in the plane's own shape."""
    if isinstance(error, HTTPException):
        error = _http_error(plane, scope, error)
    if isinstance(error, EntraError):
        return entra_answer(world, scope, error)
    if isinstance(error, FaultAnswer) and plane != "graph":
        return fault_answer(world, scope, error)
    if isinstance(error, GraphError):
        return JSONResponse(
            graph_error_body(world, scope, error), error.status, {"Cache-Control": uncached, **error.headers}
        )
    if isinstance(error, HTTPException):
        return PlainTextResponse(error.detail, error.status_code, error.headers)
    logger.error("the emulator made a mistake at %s %s", scope["method"], scope["path"], exc_info=error)
    broken = GraphError(500, "InternalServerError", "The emulator made a mistake; its log says which.")
    return JSONResponse(graph_error_body(world, scope, broken), 500)


def _http_error(plane: str, scope: Scope, error: HTTPException) -> Exception:
    """Graph's shape for Starlette's own 404 and 405."""
    if plane != "graph":
        return error
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return GraphError(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
    segment = scope["path"].rstrip("/").rpartition("/")[2]
    return GraphError(error.status_code, "BadRequest", f"Resource not found for the segment '{segment}'.")


def _router(routes: list[Route]) -> Router:
    return Router(routes, redirect_slashes=False, default=_not_found)


async def _arrived(receive: Receive) -> Receive:
    """Take the body in before the request is held: then it is done although whoever asked hangs up meanwhile.

    Of a very large body only the beginning; what is left comes as it is sent.
    """
    read: list[Message] = []
    size, more = 0, True
    while more and size < _read_ahead:
        read.append(await receive())
        size, more = size + len(read[-1].get("body", b"")), read[-1].get("more_body", False)

    async def again() -> Message:
        return read.pop(0) if read else await receive()

    return again


async def _not_found(scope: Scope, _receive: Receive, _send: Send) -> None:
    raise HTTPException(404, f"There is nothing at {scope['path']}.")


def _route_of(scope: Scope) -> str:
    routes: dict[Callable[..., Any], str] = scope["app"].__dict__.setdefault("routes_by_endpoint", {})
    if not routes:
        for router in scope["app"].planes.values():
            routes.update({route.endpoint: route.path for route in router.routes if isinstance(route, Route)})
    return routes.get(scope.get("endpoint", _not_found), "")


async def _cut(scope: Scope, receive: Receive) -> None:
    """Close the connection without a word; the server of ``m365_emulator.server`` lets us."""
    abort = scope.get("extensions", {}).get(cut_extension)
    if abort is None:
        raise ConnectionResetError
    abort()
    while (await receive())["type"] != "http.disconnect":
        continue


_diagnostic = json.dumps(
    {
        "ServerInfo": {
            "DataCenter": "Emulated",
            "Slice": "E",
            "Ring": "1",
            "ScaleUnit": "001",
            "RoleInstance": "EMULATOR",
        }
    }
).encode()
