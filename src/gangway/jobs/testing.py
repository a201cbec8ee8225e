"""For tests: run what was deferred, in this process and in this database connection, until nothing is left."""

import json
from typing import Any

from asgiref.sync import async_to_sync
from procrastinate import jobs, manager
from procrastinate.contrib.django.django_connector import DjangoConnector

from gangway.jobs.registry import deferring_app
from gangway.jobs.threads import callers_thread

MOST_JOBS = 1000
"""A chain longer than this defers itself for ever."""


class JobFailed(AssertionError):
    """A job failed for good; its cause is chained."""


def run_until_idle(*, most: int = MOST_JOBS, waits_over: bool = False) -> int:
    """Run every waiting job, and those that they defer, one after the other; returns how many attempts were made.

    Jobs for later (`run_at`, retries) stay where they are, unless `waits_over` says that their time has come. A job
    that fails with no retry left raises `JobFailed`. Works inside an uncommitted test transaction.
    """
    with callers_thread():
        for count in range(most):
            if waits_over:
                let_time_pass()
            if not async_to_sync(_run_one)():
                return count
    message = f"more than {most} jobs: does a task defer itself?"
    raise AssertionError(message)


def let_time_pass() -> None:
    """Say that the time of every job for later has come."""
    DjangoConnector().execute_query("UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo'")


async def _run_one() -> bool:
    desk = manager.JobManager(DjangoConnector())
    worker_id = await desk.register_worker()
    job = await desk.fetch_job(queues=None, worker_id=worker_id)
    if job is not None:
        await _attempt(desk, job)
    await desk.unregister_worker(worker_id)
    return job is not None


def _ids(job: jobs.Job) -> dict[str, str | int]:
    """Read a job's arguments: over Django's connection JSON comes as text."""
    given: Any = job.task_kwargs
    return dict(json.loads(given) if isinstance(given, str) else given)


async def _attempt(desk: manager.JobManager, job: jobs.Job) -> None:
    task = deferring_app().tasks[job.task_name]
    try:
        await task.func(**_ids(job))
    except Exception as error:
        again = task.get_retry_exception(exception=error, job=job)
        if again is None:
            await desk.finish_job(job=job, status=jobs.Status.FAILED, delete_job=False)
            message = f"{job.task_name} failed: {type(error).__name__}"
            raise JobFailed(message) from error
        await desk.retry_job(job=job, retry_at=again.retry_decision.retry_at)
    else:
        await desk.finish_job(job=job, status=jobs.Status.SUCCEEDED, delete_job=True)
