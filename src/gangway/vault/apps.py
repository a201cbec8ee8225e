"""The room as a Django application."""

from typing import ClassVar

from django.apps import AppConfig


class VaultConfig(AppConfig):
    """Registers this room's models and tasks."""

    name = "gangway.vault"
    label = "vault"
    never_removed_tables: ClassVar[tuple[str, ...]] = ("vault_sealed",)
    open_to_workers: ClassVar[tuple[str, ...]] = ("vault_sealed",)
    """The vault stands below organizations; what it opens is bound to its organization by the seal itself."""
