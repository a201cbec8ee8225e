"""Deferring work: the job appears if, and only if, the caller's transaction commits."""

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.types import TimeDeltaParams

from gangway.foundation import clock
from gangway.jobs.errors import JobArgumentRefused, TaskUnknown
from gangway.jobs.registry import TASKS, deferring_app

LONGEST_ID = 64
"""Characters; a UUID has 36, a token or a secret has more."""

log = structlog.get_logger(__name__)


def defer(
    task: str,
    *,
    lock: str | None = None,
    queueing_lock: str | None = None,
    run_at: datetime | None = None,
    **ids: str | int,
) -> None:
    """Put a job on its queue within the caller's transaction (web and worker).

    `lock`: jobs with the same one never run at the same time. `queueing_lock`: while one with it waits, another is not
    added and that is fine. `run_at`: not before this time of our clock (aware). `ids` are the task's arguments.
    Raises `TaskUnknown`, `JobArgumentRefused`.
    """
    if task not in TASKS:
        raise TaskUnknown(task=task)
    for name, value in ids.items():
        _only_ids(task, name, value)
    deferrer = deferring_app().configure_task(
        task, allow_unknown=False, lock=lock, queueing_lock=queueing_lock, schedule_in=_wait(run_at)
    )
    try:
        # A savepoint: a taken queueing lock must not abort the caller's transaction.
        with transaction.atomic(savepoint=queueing_lock is not None):
            deferrer.defer(**ids)
    except AlreadyEnqueued:
        log.debug("job already queued", task=task)


def _wait(run_at: datetime | None) -> TimeDeltaParams | None:
    """Turn a time of our clock into a wait: the queue asks the database's clock, and ours may be ahead of it."""
    if run_at is None:
        return None
    return {"milliseconds": max(round((run_at - clock.now()) / timedelta(milliseconds=1)), 0)}


def _only_ids(task: str, name: str, value: object) -> None:
    """Refuse what can't be an id. The value itself is never put into the error: it may be a secret."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise JobArgumentRefused(task=task, argument=name)
    if isinstance(value, str) and len(value) > LONGEST_ID:
        raise JobArgumentRefused(task=task, argument=name)
