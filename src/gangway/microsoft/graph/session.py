"""Graph with one token: single calls, and batches in which every part has its own result."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from gangway.foundation.ids import TenantId
from gangway.foundation.sealed import SealedText
from gangway.microsoft.cloud import Cloud
from gangway.microsoft.errors import MicrosoftError, Throttled, Unreadable
from gangway.microsoft.graph.calls import Call, rows
from gangway.microsoft.reading import graph_error
from gangway.microsoft.throttling import LONGEST_SLEEP, Gates
from gangway.microsoft.transport import Transport
from gangway.microsoft.wire import Answer, Asked

T = TypeVar("T")

BATCH_LIMIT = 20
"""Most requests in one batch, Microsoft's number."""

UNTOLD_WAIT = 2.0
"""Seconds that a tenant's calls wait after a 429 that names no time."""

THROTTLED_TURNS = 3
"""How often throttled parts of a batch are sent again before the error is handed to the caller."""

PAGES_MAY_TAKE = 5.0
"""Seconds for the further pages of all lists of one request of which a part is enough."""

TOO_MANY = 429

NEXT = "@odata.nextLink"

gates = Gates()


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """How one call ended: its value, or the error. `answer` has the request id and the duration."""

    answer: Answer
    value: T | None = None
    error: MicrosoftError | None = None

    def get(self) -> T:
        """The value; raises the error when there is one."""
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]  # without an error the value is what `read` gave


@dataclass(frozen=True)
class GraphSession:
    """A token at work in one tenant. Not tied to a connection: any number may be open."""

    transport: Transport
    cloud: Cloud
    token: SealedText
    tenant: TenantId
    routine: bool = False
    sleep: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep, repr=False)

    async def call(self, call: Call[T]) -> T:
        """Send one call. Raises the MicrosoftError that the answer means."""
        return (await self.outcome(call)).get()

    async def outcome(self, call: Call[T]) -> Outcome[T]:
        """Send one call and keep its error as a value. Raises only NotHeard."""
        if (closed := self._closed()) is not None:
            return Outcome(Answer(TOO_MANY), error=closed)
        url = self.cloud.graph_url(call.path)
        answer = await self._send(Asked(call.method, url, self._headers(call), self._body(call), routine=self.routine))
        return await self._whole(call, answer, until=_until())

    async def batch(self, calls: Sequence[Call[Any]], *, in_order: bool = False) -> list[Outcome[Any]]:
        """Send calls together, at most twenty in one request; outcomes come in the order of the calls.

        `in_order` makes each wait for the one before (a failure then fails the later ones with 424). Throttled parts
        are sent again by themselves after the time Microsoft asks for, unless it is long: then they stay throttled.
        Raises NotHeard or the error of the whole batch.
        """
        outcomes: list[Outcome[Any]] = []
        for start in range(0, len(calls), BATCH_LIMIT):
            outcomes += await self._batch(calls[start : start + BATCH_LIMIT], in_order=in_order)
        return outcomes

    async def _batch(self, calls: Sequence[Call[Any]], *, in_order: bool) -> list[Outcome[Any]]:
        outcomes = await self._one_batch(calls, in_order=in_order)
        for _turn in range(THROTTLED_TURNS):
            late = [place for place, outcome in enumerate(outcomes) if isinstance(outcome.error, Throttled)]
            if not late or in_order:
                break
            again = await self._one_batch([calls[place] for place in late], in_order=False)
            for place, outcome in zip(late, again, strict=True):
                outcomes[place] = outcome
        return outcomes

    async def _one_batch(self, calls: Sequence[Call[Any]], *, in_order: bool) -> list[Outcome[Any]]:
        if len(calls) == 1:
            return [await self.outcome(calls[0])]
        if (closed := self._closed()) is not None:
            return [Outcome(Answer(TOO_MANY), error=closed) for _ in calls]
        parts = [_part(place, call, self._body(call), in_order=in_order) for place, call in enumerate(calls)]
        url, body = self.cloud.graph_url("/$batch"), {"requests": parts}
        whole = await self._send(Asked("POST", url, self._headers(), body, routine=self.routine))
        if whole.status == TOO_MANY:
            return [self._outcome(call, whole) for call in calls]
        if not whole.good:
            raise graph_error(whole)
        answers, until = _answers(whole), _until()
        return [await self._whole(call, answers[str(place)], until=until) for place, call in enumerate(calls)]

    async def _whole(self, call: Call[T], answer: Answer, *, until: float) -> Outcome[T]:
        """How a call ended, with what stands on its further pages; trouble with these is this call's alone.

        A list of which a part is enough is given as far as it was heard: it still links to the rest.
        """
        if call.pages == 1:
            return self._outcome(call, answer)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(until if call.partly else None):
                    for _page in range(call.pages - 1):
                        link = answer.member(NEXT) if answer.good else None
                        if not isinstance(link, str):
                            break
                        page = await self._page(call, link)
                        answer = replace(page, body={**page.body, "value": rows(answer) + rows(page)})
        except MicrosoftError as error:
            if not call.partly:
                return Outcome(answer, error=error)
        try:
            return self._outcome(call, answer)
        except Unreadable as error:
            return Outcome(answer, error=error)

    async def _page(self, call: Call[Any], link: str) -> Answer:
        """One further page. Raises whatever stands against it; in a long pause nothing is sent."""
        if (closed := self._closed()) is not None:
            raise closed
        if not link.startswith(self.cloud.graph_url("/")):
            raise Unreadable("Microsoft's answer leads elsewhere for its next page.")  # our token goes nowhere else
        page = await self._send(Asked("GET", link, self._headers(call), routine=self.routine))
        self._outcome(replace(call, read=rows), page).get()
        return page

    def _closed(self) -> Throttled | None:
        """Why nothing is asked now: Microsoft wants so long a pause that nobody should sleep through it."""
        seconds = gates.wait(self.tenant)
        return Throttled(wait=seconds) if seconds > LONGEST_SLEEP else None

    async def _send(self, asked: Asked) -> Answer:
        if (seconds := gates.wait(self.tenant)) > 0:
            await self.sleep(min(seconds, LONGEST_SLEEP))
        return await self.transport.send(asked)

    def _outcome(self, call: Call[T], answer: Answer) -> Outcome[T]:
        if answer.good:
            return Outcome(answer, value=call.read(answer))
        error = graph_error(answer)
        if isinstance(error, Throttled):
            gates.close(self.tenant, UNTOLD_WAIT if error.wait is None else error.wait)
        return Outcome(answer, error=error)

    def _body(self, call: Call[Any]) -> Any:
        return {"@odata.id": self.cloud.graph_url(call.refers_to)} if call.refers_to else call.body

    def _headers(self, call: Call[Any] | None = None) -> dict[str, str]:
        return {**(call.headers if call else {}), "Authorization": f"Bearer {self.token.reveal()}"}


def _until() -> float:
    """The moment, by the loop's clock, until which further pages are read of what needn't be whole."""
    return asyncio.get_running_loop().time() + PAGES_MAY_TAKE


def _part(place: int, call: Call[Any], body: Any, *, in_order: bool) -> dict[str, Any]:
    part: dict[str, Any] = {"id": str(place), "method": call.method, "url": call.path}
    if body is not None:
        part["body"] = body
    headers = {**call.headers, **({"Content-Type": "application/json"} if body is not None else {})}
    if headers:
        part["headers"] = headers
    if in_order and place:
        part["dependsOn"] = [str(place - 1)]
    return part


def _answers(whole: Answer) -> dict[str, Answer]:
    parts = whole.member("responses")
    if not isinstance(parts, list):
        raise Unreadable("Microsoft's answer to a batch has no parts.")
    return _Parts({str(part.get("id")): _read_part(part, whole) for part in parts if isinstance(part, dict)})


def _read_part(part: dict[str, Any], whole: Answer) -> Answer:
    headers = {str(name).lower(): str(value) for name, value in (part.get("headers") or {}).items()}
    ids = {name: whole.headers[name] for name in ("request-id", "client-request-id") if name in whole.headers}
    return replace(whole, status=int(part.get("status", 0)), body=part.get("body"), headers={**ids, **headers})


class _Parts(dict[str, Answer]):
    """The parts of a batch by their id; one that is missing says so."""

    def __missing__(self, key: str) -> Answer:
        raise Unreadable(f"Microsoft's answer to a batch lacks part {key}.")
