"""The room as a Django application."""

from django.apps import AppConfig


class VaultConfig(AppConfig):
    """Registers this room's models and tasks."""

    name = "gangway.vault"
    label = "vault"
