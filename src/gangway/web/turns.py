"""As many requests are at work at the same moment as there are database connections; the others wait for their turn.

Without it each request that comes gets a thread of its own, and all of them want one of a few connections: a thousand
pages that look at the same moment then take each other's processor time, and whoever got no connection is told that
something broke. Who waits here costs next to nothing and is served in the order of coming. A request's body has been
read before, and an answer is sent after its turn and without its connection, so a slow browser keeps nobody waiting.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final, cast

import structlog
from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponseBase

from gangway.web.views.refusals import too_many

log = structlog.get_logger("gangway.web")

PATIENCE_SECONDS: Final = 20.0
"""So long a request waits for its turn; then it is told to come again, which is better than a browser that gives up."""
AGAIN_SECONDS: Final = 5


class Turns:
    """Middleware: lets so many requests through at once; does nothing where there is one at a time anyway."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        self.turns = asyncio.Semaphore(settings.GANGWAY.database_pool_size)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        return self._in_turn(request) if self.is_async else self.get_response(request)

    async def _in_turn(self, request: HttpRequest) -> HttpResponseBase:
        try:
            await asyncio.wait_for(self.turns.acquire(), PATIENCE_SECONDS)
        except TimeoutError:
            log.warning("too_many_at_once", waited_seconds=PATIENCE_SECONDS)
            refused = too_many(request)
            refused.headers["Retry-After"] = str(AGAIN_SECONDS)
            return refused
        try:
            answer = cast("HttpResponseBase", await self.get_response(request))
            if not answer.streaming:
                await sync_to_async(close_old_connections)()
            return answer
        finally:
            self.turns.release()
