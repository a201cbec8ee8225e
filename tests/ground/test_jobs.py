"""Jobs follow the caller's transaction, in web and in a running worker; dead workers' jobs are run by others."""

import asyncio
import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.jobs import reaper, registry, schedule, worker
from gangway.jobs.actions import defer
from gangway.jobs.errors import JobArgumentRefused, TaskUnknown
from gangway.jobs.pace import Pace
from gangway.jobs.retry import RetryDecision
from gangway.jobs.testing import JobFailed, run_until_idle
from tests.ground.installation import eventually

SEEN: list[str] = []
PACE = Pace(concurrency=4, heartbeat=0.2, stalled=0.5, grace=1, poll=0.1)


@registry.task(name="ground:note", deadline_seconds=5)
def note(word: str) -> None:
    SEEN.append(word)


@registry.task(name="ground:roll_back", deadline_seconds=5)
def roll_back(word: str) -> None:
    """Defer inside a transaction that fails: whoever is after must not see the job."""
    with contextlib.suppress(LookupError):
        defer_and_fail(word)
    defer("ground:note", word="after")


@transaction.atomic
def defer_and_fail(word: str) -> None:
    defer("ground:note", word=word)
    raise LookupError


@registry.task(name="ground:note_async", deadline_seconds=5)
async def note_async(word: str) -> None:
    await asyncio.sleep(0)
    SEEN.append(word)


@registry.task(name="ground:fail", retry=RetryDecision(waits=(60, 60)), deadline_seconds=5)
def fail(word: str) -> None:
    SEEN.append(word)
    raise LookupError


@registry.task(name="ground:endless", deadline_seconds=1)
async def endless() -> None:
    await asyncio.Event().wait()


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    SEEN.clear()
    yield
    SEEN.clear()


def waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'")
        return int(cursor.fetchone()[0])


def work_once() -> None:
    asyncio.run(worker.run(PACE, wait=False, handle_signals=False))


@pytest.mark.django_db
def test_deferred_job_runs_with_its_ids() -> None:
    defer("ground:note", word="one")
    defer("ground:note_async", word="two")
    assert run_until_idle() == 2
    assert SEEN == ["one", "two"]


@pytest.mark.django_db(transaction=True)
def test_rolled_back_transaction_leaves_no_job() -> None:
    with pytest.raises(LookupError):
        defer_and_fail("gone")
    assert waiting() == 0


@pytest.mark.django_db(transaction=True)
def test_rolled_back_transaction_in_a_running_worker_leaves_no_job() -> None:
    defer("ground:roll_back", word="gone")
    while waiting():
        work_once()
    assert SEEN == ["after"]


@pytest.mark.django_db
def test_second_job_with_a_queueing_lock_is_fine_and_spoils_no_transaction() -> None:
    with transaction.atomic():
        defer("ground:note", queueing_lock="only", word="one")
        defer("ground:note", queueing_lock="only", word="two")
        assert waiting() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["x" * 65, SealedText("s"), 1.5, None, True, ["id"]])
def test_what_is_no_id_is_refused_and_never_shown(value: object) -> None:
    with pytest.raises(JobArgumentRefused) as refused:
        defer("ground:note", word=value)
    assert "x" * 65 not in str(refused.value) + repr(refused.value.details)
    assert waiting() == 0


@pytest.mark.django_db
def test_unknown_task_is_refused() -> None:
    with pytest.raises(TaskUnknown):
        defer("ground:nothing")


@pytest.mark.django_db
def test_job_for_later_waits_by_our_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANGWAY_CLOCK_OFFSET_SECONDS", "864000")
    defer("ground:note", run_at=clock.now(), word="now")
    defer("ground:note", run_at=clock.now() + timedelta(hours=1), word="later")
    run_until_idle()
    assert SEEN == ["now"]


@pytest.mark.django_db
def test_failure_is_retried_as_decided_and_then_given_up() -> None:
    defer("ground:fail", word="try")
    with pytest.raises(JobFailed):
        run_until_idle(waits_over=True)
    assert SEEN == ["try"] * 3


@pytest.mark.django_db
def test_deadline_ends_an_attempt() -> None:
    defer("ground:endless")
    with pytest.raises(JobFailed) as failed:
        run_until_idle()
    assert isinstance(failed.value.__cause__, TimeoutError)


@pytest.mark.django_db
def test_job_of_a_silent_worker_goes_back_and_of_a_living_one_stays() -> None:
    for word in ("silent", "living"):
        defer("ground:note", word=word)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id"
        )
        cursor.execute("SELECT id FROM procrastinate_fetch_job_v2(NULL, %s)", [cursor.fetchone()[0]])
        silent = cursor.fetchone()[0]
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")
        cursor.execute("SELECT id FROM procrastinate_fetch_job_v2(NULL, %s)", [cursor.fetchone()[0]])
    assert reaper.retry_stalled(silent_seconds=30) == [silent]
    run_until_idle()
    assert SEEN == ["silent"]


@pytest.mark.django_db(transaction=True)
def test_reaper_and_the_library_s_pruning_never_wait_for_each_other() -> None:
    """Both forget the same dead worker at once, as happens whenever another worker starts just then."""
    defer("ground:note", word="silent")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id"
        )
        dead = cursor.fetchone()[0]
        cursor.execute("SELECT id FROM procrastinate_fetch_job_v2(NULL, %s)", [dead])
        job = cursor.fetchone()[0]
    with ThreadPoolExecutor(1) as elsewhere:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT id FROM procrastinate_workers WHERE id = %s FOR UPDATE", [dead])
            reaped = elsewhere.submit(reap_in_a_thread)
            eventually(lambda: somebody_waits(cursor))
            cursor.execute("SELECT procrastinate_prune_stalled_workers_v1(30)")
        assert reaped.result() == [job]


def reap_in_a_thread() -> list[int]:
    try:
        return reaper.retry_stalled(silent_seconds=30)
    finally:
        connection.close()


def somebody_waits(cursor: CursorWrapper) -> bool:
    """Whether a transaction of this database waits for a lock that another holds."""
    cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
    return bool(cursor.fetchone()[0])


@pytest.mark.django_db
def test_periodic_work_is_deferred_once_when_due(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "PERIODS", {"ground:note": 60})
    now = clock.now()
    schedule.write_down(now=now)
    assert schedule.defer_what_is_due(now=now) == ["ground:note"]
    assert schedule.defer_what_is_due(now=now + timedelta(seconds=59)) == []
    assert schedule.defer_what_is_due(now=now + timedelta(seconds=600)) == ["ground:note"]
    assert waiting() == 1
