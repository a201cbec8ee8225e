"""The room as a Django application."""

from typing import ClassVar

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Registers this room's models and tasks."""

    name = "gangway.notifications"
    label = "notifications"
    doors: ClassVar[dict[str, tuple[str, ...]]] = {"ancestors": ("notifications_mailserver",)}
    append_only_for_web: ClassVar[tuple[str, ...]] = ("notifications_returned",)
    open_tables: ClassVar[dict[str, str]] = {
        "notifications_returned": "the mail provider names a mail, not whose it is; gone once a worker has noted it"
    }
