"""The room as a Django application."""

from typing import ClassVar

from django.apps import AppConfig


class VaultConfig(AppConfig):
    """Registers this room's models and tasks."""

    name = "gangway.vault"
    label = "vault"
    never_removed_tables: ClassVar[tuple[str, ...]] = ("vault_sealed",)
