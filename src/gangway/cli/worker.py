"""`gangway worker`: runs jobs. The only kind of process with private keys, and the only one that calls Microsoft."""

import gc
import os
import platform
from typing import Final

import uvloop

from gangway.cli.start import prepared
from gangway.config.settings.typed import Role, Settings
from gangway.jobs.pace import Pace

GARBAGE_AFTER: Final = 20_000
"""New objects between two searches for garbage in cycles; Python's own 700 suits short programs."""


def worker() -> None:
    """Run jobs until SIGTERM or Ctrl-C; what is running then gets some seconds, and goes back to the queue after."""
    with prepared(Role.WORKER, serves=True) as settings:
        from gangway.jobs import worker as work  # noqa: PLC0415  needs a Django that is awake

        rarely_collect()
        uvloop.run(work.run(_pace(settings), name=f"{platform.node()}:{os.getpid()}"))


def rarely_collect() -> None:
    """What is loaded stays for good: it need not be searched for garbage again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER, 20, 20)


def _pace(settings: Settings) -> Pace:
    return Pace(
        concurrency=settings.worker_concurrency,
        heartbeat=settings.worker_heartbeat_seconds,
        stalled=settings.worker_stalled_seconds,
        grace=settings.worker_grace_seconds,
    )
