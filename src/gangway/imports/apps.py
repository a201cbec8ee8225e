"""The room as a Django application."""

from django.apps import AppConfig


class ImportsConfig(AppConfig):
    """Services and connections that come many at once, by a file."""

    name = "gangway.imports"
    label = "imports"
    default_auto_field = "django.db.models.BigAutoField"
