"""``POST /$batch``: up to 20 requests in one, each through the same dispatcher, with its own faults and log entry."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from m365_emulator import trouble
from m365_emulator.errors import GraphError
from m365_emulator.graph import dispatch
from m365_emulator.graph.answer import Answer, json_type, uncached
from m365_emulator.graph.errors import malformed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from m365_emulator.log import Entry
    from m365_emulator.tokens import Caller
    from m365_emulator.world import World

at_most = 20
_writing = frozenset({"POST", "PATCH", "PUT"})
_methods = _writing | {"GET", "DELETE"}
_from_url_safe = str.maketrans("-_", "+/")
_failed_dependency = GraphError(
    424, "FailedDependency", "The request could not be performed because a request that it depends on failed."
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to the batch, and whether one of its requests was a writing one."""

    answer: Answer
    wrote: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a batch, its form checked."""

    id: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: Any
    depends_on: tuple[str, ...]


async def perform(world: World, caller: Caller, asked: dispatch.Asked, entry: Entry) -> Outcome:
    """All steps, those with dependencies after what they depend on. Raises GraphError 400 for a batch of wrong form."""
    steps = in_order(read(asked.body))
    inside = _Inside(world, caller, asked, entry)
    answers: dict[str, dict[str, Any]] = {}
    for step in steps:
        failed = any(answers[one.lower()]["status"] >= HTTPStatus.BAD_REQUEST for one in step.depends_on)
        answers[step.id.lower()] = await inside.answered(step, refused=_failed_dependency if failed else None)
    return Outcome(Answer(200, {"responses": list(answers.values())}), any(step.method != "GET" for step in steps))


def read(body: Any) -> list[Step]:
    """The steps of a batch. Raises 400: over 20, a doubled id, an unknown dependency, a write without body or type."""
    rows = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(rows, list) or not rows:
        raise malformed("Invalid batch payload format.")
    if len(rows) > at_most:
        raise malformed(f"Number of batch request steps exceeds the maximum value of {at_most}.")
    steps = [_step(row) for row in rows]
    ids = [step.id.lower() for step in steps]
    for step in steps:
        if ids.count(step.id.lower()) > 1:
            raise malformed(f"Request Id {step.id} has to be unique in a batch.")
        if unknown := [one for one in step.depends_on if one.lower() not in ids]:
            raise malformed(f"Request Id {step.id} depends on '{unknown[0]}', which is not in the batch.")
    return steps


def in_order(steps: list[Step]) -> list[Step]:
    """Dependencies first, else as they came. Raises 400 when they go in a circle."""
    waiting, placed, order = list(steps), set[str](), list[Step]()
    while waiting:
        ready = [step for step in waiting if all(one.lower() in placed for one in step.depends_on)]
        if not ready:
            raise malformed("The dependencies of the batch's requests form a circle.")
        order.append(ready[0])
        placed.add(ready[0].id.lower())
        waiting.remove(ready[0])
    return order


def _step(row: Any) -> Step:
    if not isinstance(row, dict) or not isinstance(row.get("id"), str) or not row["id"]:
        raise malformed("Invalid batch payload format: every request needs an id.")
    method, url, headers = str(row.get("method", "")).upper(), row.get("url"), row.get("headers") or {}
    if method not in _methods or not isinstance(url, str) or not url or not isinstance(headers, dict):
        raise malformed(f"Invalid batch payload format: request {row['id']} lacks a method or a url.")
    named = {str(key).lower(): str(value) for key, value in headers.items()}
    if method in _writing and (row.get("body") is None or "content-type" not in named):
        raise malformed(f"Write request id : {row['id']} does not contain Content-Type header or body.")
    depends_on = row.get("dependsOn") or []
    return Step(row["id"], method, url, named, _body(row.get("body")), tuple(map(str, depends_on)))


def _body(body: Any) -> Any:
    """JSON stands as it is; other content as base64 text, URL-encoded or not, which here can only be JSON again."""
    if not isinstance(body, str):
        return body
    try:
        standard = body.translate(_from_url_safe) + "=" * (-len(body) % 4)
        return dispatch.read_json(base64.b64decode(standard, validate=True))
    except ValueError as error:
        raise malformed("The body of a request in the batch is neither JSON nor base64 of JSON.") from error


@dataclass(frozen=True, slots=True)
class _Inside:
    """What all steps of one batch share."""

    world: World
    caller: Caller
    asked: dispatch.Asked
    entry: Entry

    async def answered(self, step: Step, *, refused: GraphError | None) -> dict[str, Any]:
        """The step's part of the answer; ``refused`` is told instead of doing it. Always leaves a log entry."""
        path, _, query = step.url.removeprefix(self.asked.base).partition("?")
        path = "/" + path.removeprefix("/")
        inner = dispatch.Asked(
            step.method, path, query, self.asked.base, {**self._passed_on(), **step.headers}, step.body
        )
        route = ""
        try:
            if refused is not None:
                raise refused
            strike = self.world.faults.strike(step.method, "/v1.0" + path)
            self.entry.fault = strike.name if strike is not None else self.entry.fault
            await trouble.before(strike)
            inner = dispatch.of_tenant(inner, self.caller)
            found = dispatch.operation_of(inner)
            route = "/v1.0" + found[0].path
            answer = dispatch.perform(self.world, self.caller, inner, found)
            trouble.after(strike)
        except GraphError as error:
            answer = self._refusal(error)
        self.entry.add_subrequest(
            id=step.id, method=step.method, path="/v1.0" + path, status=answer.status, route=route
        )
        return _rendered(step, answer)

    def _passed_on(self) -> dict[str, str]:
        return {key: self.asked.headers[key] for key in ("client-request-id",) if key in self.asked.headers}

    def _refusal(self, error: GraphError) -> Answer:
        request_id = self.entry.request_id
        body = error.body(
            request_id=request_id,
            client_request_id=self.asked.headers.get("client-request-id", request_id),
            date=self.world.clock.now().strftime("%Y-%m-%dT%H:%M:%S"),
        )
        headers = {"Content-Type": "application/json", "x-ms-resource-unit": "1", **error.headers}
        return Answer(error.status, body, headers)


def _rendered(step: Step, answer: Answer) -> dict[str, Any]:
    """One of the ``responses``, with its own headers (Combine multiple HTTP requests using JSON batching)."""
    headers = {"Cache-Control": uncached, **answer.headers}
    if answer.status >= HTTPStatus.BAD_REQUEST:
        return {"id": step.id, "status": answer.status, "headers": headers, "body": answer.body}
    if answer.body is None:
        return {"id": step.id, "status": answer.status, "headers": headers}
    if isinstance(answer.body, str):
        encoded = base64.b64encode(answer.body.encode()).decode()
        return {"id": step.id, "status": answer.status, "headers": headers, "body": encoded}
    headers = {"Content-Type": json_type, "OData-Version": "4.0", **headers}
    return {"id": step.id, "status": answer.status, "headers": headers, "body": answer.body}
