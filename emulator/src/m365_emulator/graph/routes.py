"""The entrance of Graph: one route for everything under ``/v1.0``, which hands over to the dispatcher.

``/beta`` is the same operations under another name; nothing that only beta has.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from m365_emulator import tokens
from m365_emulator.graph import batch, dispatch, wire
from m365_emulator.graph.answer import Answer, json_type, uncached
from m365_emulator.graph.errors import bad_request, malformed, method_not_allowed

if TYPE_CHECKING:
    from starlette.requests import Request

    from m365_emulator.world import World

versions = ("/v1.0", "/beta")
_methods = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"]
_bare = re.compile(r"odata\.metadata=none", re.IGNORECASE)
_batch_paths = frozenset({"/$batch", "/%24batch"})


def routes(world: World) -> list[Route]:
    """One route for each version; which operations there are stands in the catalogue."""

    async def graph(request: Request) -> Response:
        caller = tokens.authenticate(world, request.headers.get("authorization"))
        asked = dispatch.of_tenant(_asked(request), caller)
        if asked.path in _batch_paths:
            return _rendered(await _batch(request, world, caller, await _with_body(request, asked)))
        found = dispatch.operation_of(asked)
        request.scope["emulator.entry"].route = _version(request) + found[0].path
        answer = dispatch.perform(world, caller, await _with_body(request, asked), found)
        return _rendered(answer, asked.headers.get("accept", ""))

    return [Route(version + "/{path:path}", graph, methods=_methods) for version in versions]


async def _batch(request: Request, world: World, caller: tokens.Caller, asked: dispatch.Asked) -> Answer:
    if asked.method != "POST":
        raise method_not_allowed()
    request.scope["emulator.entry"].route = _version(request) + "/$batch"
    outcome = await batch.perform(world, caller, asked, request.scope["emulator.entry"])
    if not outcome.wrote:
        request.scope["emulator.unchanged"] = True
    return outcome.answer


def _version(request: Request) -> str:
    return next(one for one in versions if request.scope["path"].startswith(f"{one}/"))


def _asked(request: Request) -> dispatch.Asked:
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    version = _version(request)
    path = raw.decode("latin-1").partition("?")[0].removeprefix(version)
    return dispatch.Asked(
        method=request.method,
        path=path,
        query=request.scope["query_string"].decode("latin-1"),
        base=f"{request.url.scheme}://{request.url.netloc}{version}",
        headers={key.lower(): value for key, value in request.headers.items()},
    )


async def _with_body(request: Request, asked: dispatch.Asked) -> dispatch.Asked:
    """Raises 400 for a body of another kind than JSON, or of none that is said."""
    raw = await request.body()
    if raw.strip():
        _check_type(asked.headers.get("content-type", ""))
    return replace(asked, body=dispatch.read_json(raw))


def _check_type(given: str) -> None:
    if not given:
        raise malformed("Write requests (excluding DELETE) must contain the Content-Type header declaration.")
    if not given.partition(";")[0].strip().lower().endswith("json"):
        raise bad_request("Entity only allows writes with a JSON Content-Type header.")


def _rendered(answer: Answer, accept: str = "") -> Response:
    headers = {"Cache-Control": uncached, "OData-Version": "4.0", "x-ms-resource-unit": "1", **answer.headers}
    if answer.body is None:
        return Response(status_code=answer.status, headers=headers)
    if isinstance(answer.body, str):
        return Response(answer.body, answer.status, headers)
    if _bare.search(accept):
        bare_type = json_type.replace("minimal", "none")
        return Response(wire.json_bytes(wire.bare(answer.body)), answer.status, {"Content-Type": bare_type, **headers})
    return Response(wire.json_bytes(answer.body), answer.status, {"Content-Type": json_type, **headers})
