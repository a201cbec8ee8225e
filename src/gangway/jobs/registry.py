"""Every task of the product, with its queue, its retry decision and its deadline.

A room's `tasks.py` is imported when Django starts; the decorator below puts each function on the workers' list.
"""

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import procrastinate
import structlog
from procrastinate.contrib.django import app

from gangway.jobs.retry import NEVER, RetryDecision
from gangway.jobs.threads import in_database

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Entry:
    """One task as it was registered. `deadline_seconds` is the longest one attempt may take."""

    name: str
    queue: str
    deadline_seconds: int
    function: Callable[..., Any]


TASKS: dict[str, Entry] = {}


def task(
    *, name: str, queue: str = "default", retry: RetryDecision | None = None, deadline_seconds: int
) -> Callable[[Function], Function]:
    """Register a function, async or not, as the task `name` ("room:verb_thing"); its arguments are ids.

    An async function runs on the worker's event loop. A sync one runs in a thread with a database connection of its
    own; at its deadline the job counts as failed although the thread may still finish, so both must bear repeats.
    """

    def register(function: Function) -> Function:
        entry = Entry(name, queue, deadline_seconds, function)
        TASKS[name] = entry
        app.task(name=name, queue=queue, retry=retry or NEVER)(_bounded(entry))
        return function

    return register


Loop = Callable[[asyncio.Event], Awaitable[None]]

LOOPS: dict[str, Loop] = {}
"""Work that never ends, by name: every worker runs each loop once, beside its jobs, until the event is set."""


def loop(name: str) -> Callable[[Loop], Loop]:
    """Register an async function as the loop `name` ("room:keeps_doing_thing").

    It is given an event and returns soon after that is set; what it was about to do stays a row for another worker.
    """

    def register(function: Loop) -> Loop:
        LOOPS[name] = function
        return function

    return register


def _bounded(entry: Entry) -> Callable[..., Awaitable[None]]:
    """Wrap a task so that it has its deadline and its name in every log line."""

    @functools.wraps(entry.function)
    async def run(**ids: str | int) -> None:
        with structlog.contextvars.bound_contextvars(task=entry.name, **ids):
            async with asyncio.timeout(entry.deadline_seconds):
                if inspect.iscoroutinefunction(entry.function):
                    await entry.function(**ids)
                else:
                    await in_database(entry.function, **ids)

    return run


_COMPLETED: list[procrastinate.App] = []


def complete(ready: procrastinate.App) -> None:
    """Keep the one App that holds the Django connector; procrastinate calls this when Django is ready."""
    _COMPLETED[:] = [ready]


def deferring_app() -> procrastinate.App:
    """Give the App that writes jobs over Django's own connection: in the caller's transaction, in web and worker."""
    return _COMPLETED[0]
