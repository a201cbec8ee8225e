"""Answers that are sent while they are made: each part is made inside the person's scope, long after the view ended."""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import cast

from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections, connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from gangway.organizations.scope import within


def streamed(request: HttpRequest, parts: Iterator[str], *, path: str, content_type: str) -> HttpResponse:
    """Return an answer that reads its parts one by one, within the scope of this path."""
    scoped = _within(parts, path)
    is_async = isinstance(request, ASGIRequest)
    answer = StreamingHttpResponse(_awaited(scoped) if is_async else scoped, content_type=content_type)
    return cast("HttpResponse", answer)


def _within(parts: Iterator[str], path: str) -> Iterator[str]:
    while True:
        with within(path):
            part = _next(parts)
        if part is None:
            return
        yield part


async def _awaited(parts: Iterator[str]) -> AsyncIterator[str]:
    """Make each part in a thread of its own, so that no other answer waits for it; also when the browser goes away."""
    loop, thread, within_here = asyncio.get_running_loop(), ThreadPoolExecutor(1, "stream"), contextvars.copy_context()
    try:
        while (part := await loop.run_in_executor(thread, within_here.run, _next_and_let_go, parts)) is not None:
            yield part
    finally:
        thread.shutdown(wait=False)


def _next_and_let_go(parts: Iterator[str]) -> str | None:
    """Make a part, and hold no database connection while a slow browser takes it."""
    try:
        return _next(parts)
    finally:
        if not connection.in_atomic_block:
            close_old_connections()


def _next(parts: Iterator[str]) -> str | None:
    return next(parts, None)
