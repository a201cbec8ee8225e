"""One worker process: runs jobs and loops, gives back what dead workers left, defers periodic work when it is due."""

import asyncio
from collections.abc import Callable
from typing import Any

import procrastinate
import structlog
from django.db import DatabaseError, InterfaceError
from procrastinate import PsycopgConnector
from procrastinate.contrib.django.utils import connector_params
from psycopg import AsyncConnection

from gangway.foundation import clock
from gangway.jobs import reaper, schedule
from gangway.jobs.pace import Pace
from gangway.jobs.registry import LOOPS, Loop, deferring_app
from gangway.jobs.threads import in_database

log = structlog.get_logger(__name__)


def reading_app() -> procrastinate.App:
    """Give an App with its own async connections to fetch jobs with.

    It shares the tasks of the deferring App but isn't it: what a task defers goes through Django's connection, in the
    task's own transaction. (With the stock command a rolled-back task leaves the jobs it deferred behind.) Whatever it
    asks is one statement, so that no transaction has to be begun and committed around it.
    """
    return deferring_app().with_connector(PsycopgConnector(kwargs=connector_params(), configure=_each_alone))


async def _each_alone(connection: AsyncConnection[Any]) -> None:
    await connection.set_autocommit(True)


async def run(pace: Pace, *, name: str = "worker", handle_signals: bool = True, wait: bool = True) -> None:
    """Work until stopped by SIGTERM or SIGINT; running jobs then get `grace` seconds and go back to the queue after."""
    await in_database(schedule.write_down, now=clock.now())
    app = reading_app()
    stop = asyncio.Event()
    async with app.open_async():
        loops = [asyncio.create_task(_run_loop(loop_name, loop, stop)) for loop_name, loop in LOOPS.items()]
        keepers = [asyncio.create_task(_keep(seconds, work)) for seconds, work in _chores(pace)]
        try:
            await app.run_worker_async(
                name=name,
                wait=wait,
                concurrency=pace.concurrency,
                fetch_job_polling_interval=pace.poll,
                abort_job_polling_interval=pace.poll,
                update_heartbeat_interval=pace.heartbeat,
                stalled_worker_timeout=pace.stalled,
                shutdown_graceful_timeout=pace.grace,
                delete_jobs="successful",
                task_middleware=[],  # `in_database` gives connections back by itself
                install_signal_handlers=handle_signals,
            )
        finally:
            stop.set()
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*keepers, *loops, return_exceptions=True)


def _chores(pace: Pace) -> list[tuple[float, Callable[[], object]]]:
    return [
        (pace.heartbeat, lambda: reaper.retry_stalled(silent_seconds=pace.stalled)),
        (1.0, lambda: schedule.defer_what_is_due(now=clock.now())),
    ]


async def _run_loop(name: str, loop: Loop, stop: asyncio.Event) -> None:
    """Run a room's loop; what it did not catch itself is begun anew, for without it its work would stand still."""
    while not stop.is_set():
        try:
            await loop(stop)
        except Exception:
            log.exception("a loop fell and is begun anew", loop=name)
            await asyncio.sleep(1)


async def _keep(seconds: float, work: Callable[[], object]) -> None:
    """Do a chore again and again; a database that is away for a while is logged and asked again."""
    while True:
        try:
            await in_database(work)
        except (DatabaseError, InterfaceError) as error:
            log.warning("the database did not answer a worker's chore", error=type(error).__name__)
        await asyncio.sleep(seconds)
