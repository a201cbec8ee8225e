"""The room as a Django application."""

from typing import ClassVar

from django.apps import AppConfig


class ServicesConfig(AppConfig):
    """Registers this room's models and tasks."""

    name = "gangway.services"
    label = "services"
    doors: ClassVar[dict[str, tuple[str, ...]]] = {"short_names": ("services_service",)}
