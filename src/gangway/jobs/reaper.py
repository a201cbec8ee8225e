"""Jobs whose worker fell silent go back to their queue. Procrastinate notices them, but retries nothing by itself."""

import structlog
from django.db import connection, transaction
from procrastinate import sql
from procrastinate.contrib.django.django_connector import DjangoConnector

LOCK = 0x6A6F6273
"""Key of the advisory lock (transaction-wide) that lets one reaper work at a time; it spells "jobs"."""

log = structlog.get_logger(__name__)


def retry_stalled(*, silent_seconds: float) -> list[int]:
    """Give every running job back whose worker is gone or was silent for so long; returns their ids.

    A worker that was only slow may finish the same job as well: every task bears that (at least once). Workers go
    before their jobs, as the library prunes them at each worker's start; else each could wait for the other's locks.
    """
    with transaction.atomic():
        if not _lock_is_ours():
            return []
        database = DjangoConnector()
        database.execute_query_all(sql.queries["prune_stalled_workers"], seconds_since_heartbeat=silent_seconds)
        stalled = database.execute_query_all(
            sql.queries["select_stalled_jobs_by_heartbeat"],
            queue=None,
            task_name=None,
            seconds_since_heartbeat=silent_seconds,
        )
        for job in stalled:
            _give_back(database, job["id"])
            log.warning("job given back: its worker fell silent", job_id=job["id"], task=job["task_name"])
    return [job["id"] for job in stalled]


def _lock_is_ours() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _give_back(database: DjangoConnector, job_id: int) -> None:
    database.execute_query(
        "SELECT procrastinate_retry_job_v2(%(job_id)s, NULL, NULL, NULL, NULL)",
        job_id=job_id,
    )
