"""The room as a Django application."""

from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    """Registers this room's models and tasks."""

    name = "gangway.connections"
    label = "connections"
