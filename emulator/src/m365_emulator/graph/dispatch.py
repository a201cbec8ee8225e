"""From a request's parts to an answer: operation, body, options, authority, work. Knows nothing of HTTP servers.

Single requests, those inside a batch and the portal's pages all come through :func:`perform`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from m365_emulator import role_schedules
from m365_emulator.graph import audit_log, throttle
from m365_emulator.graph.authority import check
from m365_emulator.graph.call import Call
from m365_emulator.graph.catalogue import finder
from m365_emulator.graph.errors import malformed
from m365_emulator.graph.odata import options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from m365_emulator.graph.answer import Answer
    from m365_emulator.graph.operations import Operation
    from m365_emulator.tokens import Caller
    from m365_emulator.world import World

_writing = frozenset({"POST", "PATCH", "DELETE"})
_with_body = frozenset({"POST", "PATCH", "PUT"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A request without its wire: ``path`` starts after ``/v1.0`` and is still percent-encoded, so is ``query``.

    ``base`` is the address up to ``/v1.0`` as the client wrote it; ``headers`` have lower-case names.
    """

    method: str
    path: str
    query: str = ""
    base: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


def perform(
    world: World, caller: Caller, asked: Asked, found: tuple[Operation, dict[str, str]] | None = None
) -> Answer:
    """Do what is asked, or raise GraphError. ``found`` is what :func:`operation_of` gave, when it was called before."""
    operation, keys = found or operation_of(asked)
    call = Call(
        world=world,
        caller=caller,
        operation=operation,
        base=asked.base,
        path=asked.path,
        keys=keys,
        options=options.read(asked.query),
        headers=asked.headers,
        body=_object(asked),
    )
    paid = throttle.take(call)
    role_schedules.settle(world, caller.tenant)
    check.require(call)
    answer = operation.handle(call)
    answer.headers.update(paid)
    if asked.method in _writing:
        audit_log.record(call, answer)
    return answer


def of_tenant(asked: Asked, caller: Caller) -> Asked:
    """The same without the caller's own tenant before the collection, which older clients name there."""
    head, slash, rest = asked.path.removeprefix("/").partition("/")
    if not slash or head.lower() not in {"myorganization", caller.tenant.id}:
        return asked
    return replace(asked, path=f"/{rest}", base=f"{asked.base}/{head}")


def operation_of(asked: Asked) -> tuple[Operation, dict[str, str]]:
    """Which operation is meant, and the path's keys. Raises GraphError 404 or 405."""
    return finder().find(asked.method, asked.path)


def read_json(raw: bytes) -> Any:
    """A request's JSON; None when it has no body. Raises 400 also for what no answer could say: half of a pair, NaN."""
    if not raw.strip():
        return None
    try:
        read = json.loads(raw)
        json.dumps(read, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise malformed(
            "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is "
            "of valid JSON format."
        ) from error
    return read


def _object(asked: Asked) -> dict[str, Any]:
    if asked.method not in _with_body or asked.body is None:
        return {}
    if not isinstance(asked.body, dict):
        raise malformed("Unexpected JSON: an object was expected in the request payload.")
    return asked.body
