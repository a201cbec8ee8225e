"""The room as a Django application."""

from typing import ClassVar

from django.apps import AppConfig


class AlarmsConfig(AppConfig):
    """What needs a person, who is told of it, when and how."""

    name = "gangway.alarms"
    label = "alarms"
    default_auto_field = "django.db.models.BigAutoField"
    append_only_tables: ClassVar[tuple[str, ...]] = ("alarms_move",)
    read_only_for_web: ClassVar[tuple[str, ...]] = ("alarms_notice",)
