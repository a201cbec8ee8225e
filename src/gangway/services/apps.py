"""The room as a Django application."""

from django.apps import AppConfig


class ServicesConfig(AppConfig):
    """Registers this room's models and tasks."""

    name = "gangway.services"
    label = "services"
