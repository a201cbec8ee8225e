"""`gangway worker`: runs jobs. The only kind of process with private keys, and the only one that calls Microsoft."""

import asyncio
import os
import platform

from gangway.cli.start import prepared
from gangway.config.settings.typed import Role, Settings
from gangway.jobs.pace import Pace


def worker() -> None:
    """Run jobs until SIGTERM or Ctrl-C; what is running then gets some seconds, and goes back to the queue after."""
    with prepared(Role.WORKER) as settings:
        from gangway.jobs import worker as work  # noqa: PLC0415  needs a Django that is awake

        asyncio.run(work.run(_pace(settings), name=f"{platform.node()}:{os.getpid()}"))


def _pace(settings: Settings) -> Pace:
    return Pace(
        concurrency=settings.worker_concurrency,
        heartbeat=settings.worker_heartbeat_seconds,
        stalled=settings.worker_stalled_seconds,
        grace=settings.worker_grace_seconds,
    )
