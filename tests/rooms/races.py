"""Real races: several threads, each with its own database connection, let go at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connections

Result = TypeVar("Result")


def race(*runners: Callable[[], Result]) -> list[Result | Exception]:
    """Run all at once and return, in order, what each returned or raised."""
    start = Barrier(len(runners))

    def run(runner: Callable[[], Result]) -> Result | Exception:
        start.wait(timeout=10)
        try:
            return runner()
        except Exception as error:  # noqa: BLE001 - the loser's error is what the test looks at
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(runners)) as pool:
        return list(pool.map(run, runners))
