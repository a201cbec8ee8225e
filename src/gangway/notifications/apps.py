"""The room as a Django application."""

from typing import ClassVar

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Registers this room's models and tasks."""

    name = "gangway.notifications"
    label = "notifications"
    doors: ClassVar[dict[str, tuple[str, ...]]] = {"ancestors": ("notifications_mailserver",)}
