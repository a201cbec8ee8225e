"""The one place of input and output: one connection pool per event loop, time-outs, request ids, redacted logs."""

import asyncio
import ssl
import uuid
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import aiohttp
import structlog
from pydantic_core import from_json

from gangway.foundation import clock
from gangway.microsoft.silence import unheard
from gangway.microsoft.wire import Answer, Asked

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 5.0
"""Longest wait for a connection, TLS included."""

TOTAL_SECONDS = 30.0
"""Longest wait for one whole answer."""

CONNECTIONS = 300
"""Most connections at once per event loop; aiohttp lets further requests wait for a free one.

Ten thousand sign-ins are two thousand polls a second: at 100 ms an answer, 200 are under way at any moment.
"""


class Transport(Protocol):
    """Something that carries one request. The real one is `Wire`; tests bring their own."""

    async def send(self, asked: Asked) -> Answer:
        """The answer, whatever its status. Raises NotHeard when none came."""
        ...


class Wire:
    """aiohttp behind the smallest possible door."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def send(self, asked: Asked) -> Answer:
        """Send with a fresh client-request-id; log method, host, path, status and ids, never headers or bodies."""
        mark, began = str(uuid.uuid4()), clock.ticks()
        headers = {**asked.headers, "client-request-id": mark, "return-client-request-id": "true"}
        try:
            answer = await self._exchange(asked, headers, began)
        except (aiohttp.ClientError, TimeoutError, ssl.SSLError) as error:
            self._log(asked, mark, clock.ticks() - began, failed=type(error).__name__)
            raise unheard(error, correlation_id=mark, at=clock.now()) from error
        if not asked.routine or answer.busy:
            self._log(asked, mark, answer.seconds, status=answer.status, microsoft_request_id=answer.request_id)
        return answer

    async def _exchange(self, asked: Asked, headers: dict[str, str], began: float) -> Answer:
        async with self._session.request(
            asked.method, asked.url, headers=headers, json=asked.body, data=asked.form, allow_redirects=False
        ) as response:
            raw = await response.read()
            return Answer(
                status=response.status,
                body=_parsed(raw),
                headers=response.headers,
                seconds=clock.ticks() - began,
                at=clock.now(),
            )

    @staticmethod
    def _log(asked: Asked, mark: str, seconds: float, **fields: object) -> None:
        parts = urlsplit(asked.url)
        log.info(
            "microsoft_called",
            method=asked.method,
            host=parts.netloc,
            path=parts.path,
            milliseconds=round(seconds * 1000),
            client_request_id=mark,
            **fields,
        )


_pools: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Path | None, tuple[Wire, AsyncGenerator[Wire, None]]]]
_pools = WeakKeyDictionary()


async def shared(extra_ca_file: Path | None) -> Wire:
    """The running event loop's wire, made at the first call and closed with the loop.

    `extra_ca_file` (PEM) is trusted beside the system's authorities; raises OSError when it can't be read.
    """
    pool = _pools.setdefault(asyncio.get_running_loop(), {})
    if extra_ca_file not in pool:
        keeper = _kept(extra_ca_file)
        pool[extra_ca_file] = (await anext(keeper), keeper)  # nothing in there suspends, so no second one is made
    return pool[extra_ca_file][0]


async def _kept(extra_ca_file: Path | None) -> AsyncGenerator[Wire, None]:
    """A wire that lives as long as its loop: asyncio finishes open generators when a loop shuts down."""
    timeout = aiohttp.ClientTimeout(total=TOTAL_SECONDS, sock_connect=CONNECT_SECONDS)
    connector = aiohttp.TCPConnector(ssl=trust(extra_ca_file), limit=CONNECTIONS)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        yield Wire(session)


def trust(extra_ca_file: Path | None) -> ssl.SSLContext:
    """The system's authorities and, when named, those in a PEM file."""
    context = ssl.create_default_context()
    if extra_ca_file is not None:
        context.load_verify_locations(cafile=extra_ca_file)
    return context


def _parsed(raw: bytes) -> Any:
    """JSON when it is JSON, else None: whoever needs a body says `Unreadable` with the status at hand."""
    try:
        return from_json(raw) if raw else None
    except ValueError:
        return None
