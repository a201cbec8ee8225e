"""Periodic work: rooms say what and how often; workers ask each second what is due."""

from datetime import datetime, timedelta

from django.db import transaction

from gangway.jobs.actions import defer
from gangway.jobs.models import Schedule

PERIODS: dict[str, int] = {}


def every(seconds: int, task: str) -> None:
    """Have `task` deferred every so many seconds; call it in a room's `tasks.py`. What was missed is not caught up."""
    if seconds < 1:
        raise ValueError("a period is at least one second")
    PERIODS[task] = seconds


def write_down(*, now: datetime) -> None:
    """Bring the rows in line with what the rooms registered; new work is due at once. Starting workers do so."""
    for task, seconds in PERIODS.items():
        Schedule.objects.get_or_create(task=task, defaults={"every_seconds": seconds, "next_run_at": now})
        Schedule.objects.filter(task=task).exclude(every_seconds=seconds).update(every_seconds=seconds, next_run_at=now)
    Schedule.objects.exclude(task__in=PERIODS).delete()


def defer_what_is_due(*, now: datetime) -> list[str]:
    """Defer every task whose time has come and move its row on, in one transaction; names what was deferred."""
    with transaction.atomic():
        due = list(Schedule.objects.select_for_update(skip_locked=True).filter(next_run_at__lte=now))
        for row in due:
            row.next_run_at = now + timedelta(seconds=row.every_seconds)
            row.save(update_fields=["next_run_at"])
            defer(row.task, queueing_lock=row.task)
    return [row.task for row in due]
