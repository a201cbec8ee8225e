"""One log line for each request: route name, status, time. Never the path or the query, for they carry link tokens."""

import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

import structlog
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.signals import got_request_exception
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponseBase

log = structlog.get_logger("gangway.web")


class RequestLog:
    """Middleware, outermost: gives each request an id, says what became of it, and hands the id back as a header."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        started = _begin(request)
        answer = self.get_response(request)
        return (
            _end(request, answer, started) if isinstance(answer, HttpResponseBase) else _later(request, answer, started)
        )


async def _later(request: HttpRequest, answer: Awaitable[HttpResponseBase], started: float) -> HttpResponseBase:
    return _end(request, await answer, started)


def _begin(request: HttpRequest) -> float:
    request.id = uuid4().hex  # type: ignore[attr-defined]
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request.id)  # type: ignore[attr-defined]
    return time.perf_counter()


def _end(request: HttpRequest, response: HttpResponseBase, started: float) -> HttpResponseBase:
    response.headers["X-Request-Id"] = request.id  # type: ignore[attr-defined]
    milliseconds = round((time.perf_counter() - started) * 1000, 1)
    log.info(
        "request",
        method=request.method,
        route=request.resolver_match.view_name if request.resolver_match else "(none)",
        status=response.status_code,
        milliseconds=milliseconds,
    )
    return response


@receiver(got_request_exception)
def tell_what_broke(**_: object) -> None:
    """Log an error that no page foresaw, with its trace; Django's own way would print the path."""
    log.exception("broken")  # noqa: LOG004  Django sends the signal from its exception handler
