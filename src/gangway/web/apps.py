"""The room as a Django application."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Registers this room's models and tasks."""

    name = "gangway.web"
    label = "web"
