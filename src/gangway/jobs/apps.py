"""The room as a Django application."""

from typing import ClassVar

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Registers when periodic work is due; only workers look at that."""

    name = "gangway.jobs"
    label = "jobs"
    default_auto_field = "django.db.models.BigAutoField"
    worker_only_tables: ClassVar[tuple[str, ...]] = ("jobs_schedule",)
    open_tables: ClassVar[dict[str, str]] = {"jobs_schedule": "when periodic work is due; workers only"}
