"""Database work out of async code: one sync function, in one thread, with a connection that is given back after."""

import asyncio
import contextvars
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_in_callers_thread: contextvars.ContextVar[bool] = contextvars.ContextVar("in_callers_thread", default=False)


async def in_database(
    function: Callable[Parameters, Result], /, *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Result:
    """Run a sync function that uses the database and await its result; several may run side by side.

    What it needs of a transaction it opens itself (`transaction.atomic`). Exceptions pass through unchanged.
    """
    if _in_callers_thread.get():
        own = contextvars.copy_context()  # or a caller whose time is up gets the scope it is in just then
        return await sync_to_async(function, thread_sensitive=True, context=own)(*args, **kwargs)
    return await asyncio.to_thread(_with_own_connection, function, *args, **kwargs)


def _with_own_connection(
    function: Callable[Parameters, Result], /, *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Result:
    close_old_connections()
    try:
        return function(*args, **kwargs)
    finally:
        close_old_connections()


@contextmanager
def callers_thread() -> Iterator[None]:
    """Tests: let database work happen in the caller's thread, hence in the caller's (uncommitted) transaction."""
    before = _in_callers_thread.set(True)
    try:
        yield
    finally:
        _in_callers_thread.reset(before)
