"""What workers do for imports."""

from typing import Final
from uuid import UUID

from gangway.foundation import clock
from gangway.imports import working
from gangway.imports.rows import FORGET, WORK
from gangway.jobs.registry import task
from gangway.jobs.retry import RetryDecision
from gangway.jobs.schedule import every

LOOK_AFTER: Final = "imports:look_after"
RETENTION: Final = "imports:forget_rows"


@task(name=WORK, retry=RetryDecision(waits=(5, 30)), deadline_seconds=300)
def work(import_id: str) -> None:
    """Do the next rows of an import."""
    working.go_on(UUID(import_id), now=clock.now())


@task(name=FORGET, retry=RetryDecision(waits=(5, 60)), deadline_seconds=300)
def forget(import_id: str) -> None:
    """Destroy the secrets of an import that has ended."""
    working.forget_secrets(UUID(import_id))


@task(name=LOOK_AFTER, deadline_seconds=300)
def look_after() -> None:
    """Wake what was lost, end what is too old."""
    working.look_after_all(now=clock.now())


@task(name=RETENTION, deadline_seconds=600)
def forget_rows() -> None:
    """Remove rows that nobody needs any more."""
    working.forget_rows(now=clock.now())


every(30, LOOK_AFTER)
every(24 * 3600, RETENTION)
