"""As many requests are at work at the same moment as there are database connections; the others wait for their turn.

Without it each request that comes gets a thread of its own, and all of them want one of a few connections: a thousand
pages that look at the same moment then take each other's processor time, and whoever got no connection is told that
something broke. Who waits here costs next to nothing and is served in the order of coming. A request's body has been
read before, and an answer is sent after its turn and without its connection, so a slow browser keeps nobody waiting.

This is no middleware: Django calls all of ours in one thread for each request, where nobody can wait for nothing.
"""

import asyncio
from typing import Final

import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

log = structlog.get_logger("gangway.web")

PATIENCE_SECONDS: Final = 20.0
"""So long a request waits for its turn; then it is told to come again, which is better than a browser that gives up."""
AGAIN_SECONDS: Final = 5
TOO_MANY: Final = (
    "Very many people are here at this moment. Nothing was done. Wait a few seconds, then do it once more.\n"
)
HEADERS: Final = {
    "Retry-After": str(AGAIN_SECONDS),
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


class TakingTurns(ASGIHandler):
    """Django's handler, with as many requests at work as the pool has connections."""

    def __init__(self) -> None:
        super().__init__()
        self.turns = asyncio.Semaphore(settings.GANGWAY.database_pool_size)

    async def run_get_response(self, request: HttpRequest) -> HttpResponseBase:
        """Answer in turn. Whose browser goes away keeps the turn until the work ends: its thread can't be stopped."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self.turns.acquire()
        except TimeoutError:
            log.warning("too_many_at_once", waited_seconds=PATIENCE_SECONDS)
            return HttpResponse(TOO_MANY, status=503, content_type="text/plain; charset=utf-8", headers=HEADERS)
        work = asyncio.ensure_future(self._answer(request))
        work.add_done_callback(lambda _: self.turns.release())
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait([work])
            raise

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        answer: HttpResponseBase = await super().run_get_response(request)
        if not answer.streaming:
            await sync_to_async(close_old_connections)()
        return answer
