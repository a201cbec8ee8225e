"""As many requests are at work at the same moment as there are database connections; the others wait for their turn.

Without it each request that comes gets a thread of its own, and all of them want one of a few connections: a thousand
pages that look at the same moment then take each other's processor time, and whoever got no connection is told that
something broke. Who waits here costs next to nothing and is served in the order of coming. A request's body has been
read before, into memory (it may hold secrets) and within bounds, and an answer is sent after its turn and without its
connection, so a slow browser keeps nobody waiting.

This is no middleware: Django calls all of ours in one thread for each request, where nobody can wait for nothing. The
threads stay: one made for each request, and its way in and out of Django's two worlds, cost as much as a small answer.
"""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import IO, Any, ClassVar, Final

import structlog
from django.conf import settings
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.core.handlers.base import BaseHandler
from django.db import close_old_connections
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _

from gangway.languages.choice import speaking
from gangway.web.languages import language_at_first

log = structlog.get_logger("gangway.web")

PATIENCE_SECONDS: Final = 20.0
"""So long a request waits for its turn; then it is told to come again, which is better than a browser that gives up."""
AGAIN_SECONDS: Final = 5
TOO_MANY: Final[Any] = _(
    "Very many people are here at this moment. Nothing was done. Wait a few seconds, then do it once more."
)
LARGEST_BODY: Final = 8 * 2**20
"""Bytes; more than any form takes, so that a file of a few megabytes is refused in its field."""
ALL_BODIES: Final = 64 * 2**20
"""Bytes of all requests together that have come and wait for their answer."""
TOO_LARGE: Final[Any] = _("This is more than any form here takes. Nothing was done. Send a smaller file.")
SAFE: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
AGAIN: Final = {**SAFE, "Retry-After": str(AGAIN_SECONDS)}


class Body(BytesIO):
    """What somebody sent; it counts among all bodies until it is closed. `refused`: it was too much."""

    held: ClassVar[int] = 0
    refused = False

    def take(self, part: bytes) -> None:
        """Take a part of it, if there is room."""
        self.refused = self.tell() + len(part) > LARGEST_BODY or Body.held + len(part) > ALL_BODIES
        if not self.refused:
            Body.held += self.write(part)

    def close(self) -> None:
        """Count no more."""
        if not self.closed:
            Body.held -= self.getbuffer().nbytes
        super().close()


class Request(ASGIRequest):
    """A request of which no part can have a head that breaks more than its form."""

    def parse_file_upload(self, META: Any, post_data: Any) -> Any:  # noqa: N803  Django's name
        """Read a form in parts. Raises MultiPartParserError where Django would stumble over the head of one."""
        try:
            return super().parse_file_upload(META, post_data)
        except TypeError as error:  # Python can't sort a parameter that stands with a number and without
            raise MultiPartParserError("the head of a part can't be read") from error


class TakingTurns(ASGIHandler):
    """Django's handler, with as many requests at work as the pool has connections, each in one of as many threads."""

    request_class = Request

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        at_once = settings.GANGWAY.database_pool_size
        self.turns, self.threads = asyncio.Semaphore(at_once), ThreadPoolExecutor(at_once, "request")

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Any]) -> None:
        """Answer one request, without a thread for Django's signals of its own. Raises ValueError for no HTTP."""
        if scope["type"] != "http":
            raise ValueError(f"here is only HTTP, not {scope['type']}")
        await self.handle(scope, receive, send)

    async def read_body(self, receive: Callable[[], Awaitable[Any]]) -> Body:
        """Read a request's body, as far as it is taken. Raises RequestAborted when the browser goes away."""
        body = Body()
        while not body.refused:
            message = await receive()
            if message["type"] == "http.disconnect":
                body.close()
                raise RequestAborted
            body.take(message.get("body", b""))
            if not message.get("more_body", False):
                break
        body.seek(0)
        return body

    def create_request(
        self, scope: Any, body_file: IO[bytes]
    ) -> tuple[ASGIRequest, None] | tuple[None, HttpResponseBase]:
        """Make the request, or the answer to one that is too large, or whose head can't be read."""
        try:
            made = super().create_request(scope, body_file)
        except (ValueError, TypeError):  # Django reads the type's parameters here, and not all that may stand there
            log.warning("head_unreadable")
            return None, HttpResponse(status=400, headers=SAFE)
        if made[0] is not None and isinstance(body_file, Body) and body_file.refused:
            log.warning("body_too_large")
            return None, _told(TOO_LARGE, made[0], status=413, headers=SAFE)
        return made

    async def run_get_response(self, request: HttpRequest) -> HttpResponseBase:
        """Answer in turn. Whose browser goes away keeps the turn until the work ends: its thread can't be stopped."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self.turns.acquire()
        except TimeoutError:
            log.warning("too_many_at_once", waited_seconds=PATIENCE_SECONDS)
            return _told(TOO_MANY, request, status=503, headers=AGAIN)
        try:
            within = contextvars.copy_context()
            work = asyncio.get_running_loop().run_in_executor(self.threads, within.run, self._answer, request)
        except RuntimeError:  # no thread to be had, or the process is ending
            self.turns.release()
            raise
        work.add_done_callback(lambda _: self.turns.release())
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait([work])
            if work.exception() is None:
                work.result().close()
            raise

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        try:
            response: HttpResponseBase = self.get_response(request)
        finally:
            close_old_connections()
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        return response


def _told(words: Any, request: HttpRequest, *, status: int, headers: Mapping[str, str]) -> HttpResponse:
    """Answer in plain words, for which nothing is looked up."""
    language = language_at_first(request)
    with speaking(language):
        text = f"{words}\n"
    about = {**headers, "Content-Language": language}
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8", headers=about)
