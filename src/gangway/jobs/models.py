"""When periodic work is due: one row for each scheduled task, shared by all workers."""

from typing import ClassVar

from django.db import models


class Schedule(models.Model):
    """`task` is deferred whenever `next_run_at` has passed by our clock; whoever moves the row on defers it."""

    task = models.CharField(max_length=100, primary_key=True)
    every_seconds = models.PositiveIntegerField()
    next_run_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(every_seconds__gt=0), name="jobs_schedule_has_a_period")
        ]

    def __str__(self) -> str:
        """Name the task."""
        return self.task
