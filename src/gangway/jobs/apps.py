"""The room as a Django application."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Registers this room's models and tasks."""

    name = "gangway.jobs"
    label = "jobs"
