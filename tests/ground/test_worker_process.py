"""Real workers: killed, stopped, started; the job always comes to its end, within a stated time."""

import json
import signal
import subprocess
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg
import pytest

from tests.ground.installation import ROOT, Installation, eventually, running

pytestmark = pytest.mark.slow

ARGUMENTS = ["-m", "tests.ground.slow_tasks"]
RESUME_SECONDS = 2.0 + 0.5 + 1.0 + 1.0
"""Silence until a worker counts as dead, the reaper's period, the queue's, and a second for a busy machine."""

DEFER = (
    "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('default', 'ground:second_time_lucky', 0, NULL, NULL, "
    "%s::jsonb, NULL)]::procrastinate_job_to_defer_v1[])"
)

LEFT = "SELECT count(*) FROM procrastinate_jobs WHERE task_name LIKE 'ground:%'"


def ask(installation: Installation, query: str, *values: object) -> object:
    with psycopg.connect(**installation.database.owner.psycopg()) as connection:
        row = connection.execute(query, values or None).fetchone()
    return row[0] if row else None


@pytest.fixture
def notes(installation: Installation, tmp_path: Path) -> Path:
    ask(installation, DEFER, json.dumps({"number": 7}))
    return tmp_path / "notes"


def begin(installation: Installation, notes: Path, name: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
    return running(
        ARGUMENTS, installation.worker(GROUND_NOTES=str(notes), PYTHONPATH=str(ROOT)), notes.with_name(f"{name}.log")
    )


def said(notes: Path) -> str:
    return notes.read_text() if notes.exists() else ""


def test_job_of_a_killed_worker_is_finished_by_another_in_time(installation: Installation, notes: Path) -> None:
    with begin(installation, notes, "one") as one:
        eventually(lambda: "begun" in said(notes))
        with begin(installation, notes, "other"):
            eventually(lambda: ask(installation, "SELECT count(*) FROM procrastinate_workers") == 2)
            one.kill()
            assert eventually(lambda: "done 7" in said(notes)) < RESUME_SECONDS
            eventually(lambda: ask(installation, LEFT) == 0)


def test_stopped_worker_gives_its_job_back_at_once(installation: Installation, notes: Path) -> None:
    with begin(installation, notes, "one") as one:
        eventually(lambda: "begun" in said(notes))
        one.send_signal(signal.SIGTERM)
        assert one.wait(15) == 0
    assert ask(installation, "SELECT status::text FROM procrastinate_jobs WHERE task_name LIKE 'ground:%'") == "todo"
    with begin(installation, notes, "two"):
        eventually(lambda: "done 7" in said(notes))
