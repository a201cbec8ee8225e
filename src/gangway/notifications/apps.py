"""The room as a Django application."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Registers this room's models and tasks."""

    name = "gangway.notifications"
    label = "notifications"
