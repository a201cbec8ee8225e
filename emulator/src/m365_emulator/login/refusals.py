"""Entra's error bodies: the number decides OAuth error and status, as ``data/aadsts-errors.json`` has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.responses import JSONResponse

from m365_emulator import data
from m365_emulator.errors import EntraError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Scope

    from m365_emulator.errors import FaultAnswer
    from m365_emulator.world import World


def entra_answer(world: World, scope: Scope, error: EntraError) -> Response:
    """The JSON answer of the token and device code endpoints."""
    known = data.errors().get(error.number, {"error": ["invalid_request"], "httpStatus": 400})
    name = error.error or known["error"][0]
    content = body(world, scope, name, error.number, error.text)
    if "suberror" in known:
        content["suberror"] = known["suberror"]
    if error.claims is not None:
        content["claims"] = error.claims
    return JSONResponse(content, error.status or known["httpStatus"], uncached)


def fault_answer(world: World, scope: Scope, error: FaultAnswer) -> Response:
    """A fault that strikes Entra: the given body, or a temporary outage in Entra's shape."""
    content = error.given_body or body(world, scope, "temporarily_unavailable", 90033, error.message)
    return JSONResponse(content, error.status, {**uncached, **error.headers})


async def only_post(request: Request) -> Response:
    """The answer of the token and device code endpoints to whoever only looks at them."""
    raise EntraError(900561, f"The endpoint only accepts POST requests. Received a {request.method} request.")


def body(world: World, scope: Scope, name: str, number: int, text: str) -> dict[str, Any]:
    """Entra's error body; the trace id is the request's own id, the correlation id the client's if it sent one."""
    trace = scope["emulator.entry"].request_id
    correlation = _clients_own_id(scope) or trace
    timestamp = world.clock.now().strftime("%Y-%m-%d %H:%M:%SZ")
    return {
        "error": name,
        "error_description": (
            f"AADSTS{number}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}"
        ),
        "error_codes": [number],
        "timestamp": timestamp,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"{world.settings.origin}/error?code={number}",
    }


def told(world: World, scope: Scope, name: str, problem: str) -> dict[str, str]:
    """What a client hears by redirect of a problem ("AADSTS…: …"), with the ids to ask after and where it is explained.

    Source: Admin consent on the Microsoft identity platform, error response.
    """
    number, _, text = problem.removeprefix("AADSTS").partition(": ")
    content = body(world, scope, name, int(number), text)
    return {key: str(content[key]) for key in ("error", "error_description", "error_uri")}


def _clients_own_id(scope: Scope) -> str:
    """The id that the client gave its request: in a header or, as MSAL does where a browser goes, in the address."""
    query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
    given: list[bytes] = [value for name, value in scope["headers"] if name == _request_id.encode()]
    return given[0].decode("latin-1") if given else query.get(_request_id, "")


_request_id = "client-request-id"
uncached = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"}
"""Of all that these endpoints answer."""
