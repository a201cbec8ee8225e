"""Many requests at the same moment: as many at work as there are connections, the others in their turn."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.urls import path
from django.utils.module_loading import import_string

from gangway.cli import web
from gangway.web import turns
from gangway.web.turns import TakingTurns

AT_ONCE = settings.GANGWAY.database_pool_size
LONG = 30
"""Seconds: a bound for failure, never a pause."""


class Crowd:
    """A slow view, and how many are within it."""

    def __init__(self) -> None:
        self.inside, self.may_go = 0, threading.Event()
        self.lock = threading.Lock()

    def slow(self, _request: Any) -> HttpResponse:
        with self.lock:
            self.inside += 1
        assert self.may_go.wait(LONG)
        with self.lock:
            self.inside -= 1
        return HttpResponse("done")


def broken(_request: Any) -> HttpResponse:
    raise ValueError("broken")


def form(request: Any) -> HttpResponse:
    return HttpResponse(request.POST["a"])


crowd = Crowd()
urlpatterns = [path("slow/", lambda request: crowd.slow(request)), path("broken/", broken), path("form/", form)]  # noqa: PLW0108 each test has a crowd of its own


@pytest.fixture(autouse=True)
def small(settings):
    """Nothing but the handler and the views above."""
    global crowd  # noqa: PLW0603 the view's module-level door
    crowd = Crowd()
    settings.ROOT_URLCONF, settings.MIDDLEWARE, settings.DEBUG_PROPAGATE_EXCEPTIONS = __name__, [], False
    yield
    crowd.may_go.set()


async def ask(
    handler: TakingTurns,
    address: str,
    *,
    gone: asyncio.Event | None = None,
    sends: tuple[bytes, ...] = (b"",),
    wants: bytes = b"en",
    more: tuple[tuple[bytes, bytes], ...] = (),
    way: str = "GET",
) -> tuple[int, dict[str, str]]:
    """One request as a server hands it over.

    `gone`: when the browser goes away; `sends`: its body's parts; `wants`: the language that the browser asks for;
    `more`: other headers; `way`: its method.
    """
    told, parts = [], [{"type": "http.request", "body": part, "more_body": True} for part in sends]
    begun = iter([*parts, {"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        for message in begun:
            return message
        await (gone or asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        told.append(message)

    scope = {"type": "http", "method": way, "path": address, "query_string": b""}
    scope["headers"] = [(b"accept-language", wants), *more]
    await handler(scope, receive, send)
    headers = {name.decode().lower(): value.decode() for name, value in told[0]["headers"]} if told else {}
    return (told[0]["status"] if told else 0), headers


async def until(so: Callable[[], bool]) -> None:
    async with asyncio.timeout(LONG):
        while not so():  # noqa: ASYNC110 threads tell no event of the loop
            await asyncio.sleep(0.01)


@asynccontextmanager
async def all_at_work(handler: TakingTurns) -> AsyncIterator[list[Awaitable[Any]]]:
    tasks = [asyncio.create_task(ask(handler, "/slow/")) for _ in range(AT_ONCE)]
    await until(lambda: crowd.inside == AT_ONCE)
    yield tasks
    crowd.may_go.set()
    await asyncio.gather(*tasks)


def test_no_more_are_at_work_than_there_are_connections_and_all_are_answered():
    async def busy() -> list[Any]:
        handler = TakingTurns()
        async with all_at_work(handler):
            more = [asyncio.create_task(ask(handler, "/slow/")) for _ in range(2 * AT_ONCE)]
            await until(lambda: len(handler.turns._waiters or ()) == len(more))
            assert crowd.inside == AT_ONCE
        return await asyncio.gather(*more)

    assert [status for status, _headers in asyncio.run(busy())] == [200] * 2 * AT_ONCE


def test_who_waits_too_long_is_told_when_to_come_again(monkeypatch):
    async def crowded() -> tuple[Any, Any, Any]:
        handler = TakingTurns()
        async with all_at_work(handler):
            monkeypatch.setattr(turns, "PATIENCE_SECONDS", 0.01)
            told = await ask(handler, "/slow/", wants=b"de")
            customer = await ask(handler, "/wizard/", wants=b"de-AT, en;q=0.5")
            monkeypatch.setattr(turns, "PATIENCE_SECONDS", LONG)
        return told, customer, await ask(handler, "/slow/")

    (status, headers), (_status, customers), (later, _) = asyncio.run(crowded())
    assert (headers["content-language"], customers["content-language"]) == ("en", "de")
    assert (status, headers["retry-after"], headers["cache-control"]) == (503, str(turns.AGAIN_SECONDS), "no-store")
    assert later == 200


def test_whose_browser_goes_away_keeps_the_turn_until_the_work_ends():
    async def impatient() -> None:
        handler, gone = TakingTurns(), asyncio.Event()
        tasks = [asyncio.create_task(ask(handler, "/slow/", gone=gone)) for _ in range(AT_ONCE)]
        await until(lambda: crowd.inside == AT_ONCE)
        gone.set()
        for _ in range(100):
            await asyncio.sleep(0)  # so that the handler has heard it
        assert handler.turns.locked()
        crowd.may_go.set()
        await asyncio.gather(*tasks)
        await until(lambda: not handler.turns.locked())
        assert crowd.inside == 0

    asyncio.run(impatient())


def test_a_broken_view_gives_its_turn_back():
    async def breaking() -> set[int]:
        handler = TakingTurns()
        return {(await asyncio.wait_for(ask(handler, "/broken/"), LONG))[0] for _ in range(2 * AT_ONCE)}

    assert asyncio.run(breaking()) == {500}


def test_a_body_is_taken_within_bounds_for_each_and_for_all_together(monkeypatch):
    monkeypatch.setattr(turns, "LARGEST_BODY", 10)
    monkeypatch.setattr(turns, "ALL_BODIES", 15)

    async def sending() -> list[int]:
        handler = TakingTurns()
        found = [(await ask(handler, "/broken/", sends=sends))[0] for sends in ((b"12345", b"67890"), (b"123456",) * 2)]
        gone = asyncio.Event()
        waiting = asyncio.create_task(ask(handler, "/slow/", gone=gone, sends=(b"1234567890",)))
        await until(lambda: crowd.inside == 1)
        found.append((await ask(handler, "/broken/", sends=(b"123456",)))[0])
        crowd.may_go.set()
        await waiting
        return [*found, (await ask(handler, "/broken/", sends=(b"123456",)))[0]]

    assert asyncio.run(sending()) == [500, 413, 413, 500]
    assert turns.Body.held == 0


TWICE = "a*=x; a*0=y"
"""A parameter with a number and without, which Python's own reader of heads can't sort."""


@pytest.mark.parametrize("parameters", ["charset*=nope''%41", TWICE])
@pytest.mark.parametrize("most", [turns.LARGEST_BODY, 0], ids=["small", "too large"])
def test_a_type_that_cannot_be_read_is_refused_before_anything_looks_at_it(monkeypatch, most, parameters):
    monkeypatch.setattr(turns, "LARGEST_BODY", most)
    odd = ((b"content-type", f"text/html; {parameters}".encode()),)
    assert asyncio.run(ask(TakingTurns(), "/broken/", more=odd, sends=(b"1",)))[0] == 400


def test_a_form_whose_part_has_a_head_that_cannot_be_read_is_no_fault_of_ours():
    sent = f'--x\r\nContent-Disposition: form-data; name="a"; {TWICE}\r\n\r\nb\r\n--x--\r\n'.encode()
    kind = ((b"content-type", b"multipart/form-data; boundary=x"), (b"content-length", str(len(sent)).encode()))
    assert asyncio.run(ask(TakingTurns(), "/form/", way="POST", more=kind, sends=(sent,)))[0] == 400


def test_the_web_process_takes_turns(monkeypatch):
    started = []
    monkeypatch.setattr(web.uvicorn, "run", lambda application, **_more: started.append(application))
    monkeypatch.setattr(web, "prepared", lambda _role, **_more: nullcontext(settings.GANGWAY))
    monkeypatch.setattr(web, "give_up_reach", lambda _settings: None)
    web.web()
    assert isinstance(import_string(started[0].replace(":", ".")), TakingTurns)
    assert isinstance(import_string(settings.ASGI_APPLICATION), TakingTurns)
