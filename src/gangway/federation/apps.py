"""The room as a Django application."""

from typing import ClassVar

from django.apps import AppConfig


class FederationConfig(AppConfig):
    """Registers this room's model and tasks. Web may only read its table: who can add a key can be everybody."""

    name = "gangway.federation"
    label = "federation"
    default_auto_field = "django.db.models.BigAutoField"
    read_only_for_web: ClassVar[tuple[str, ...]] = ("federation_issuerkey",)
    open_tables: ClassVar[dict[str, str]] = {
        "federation_issuerkey": "public halves of the platform's own keys, which are published anyway",
    }

    def ready(self) -> None:
        """Put this room's tasks on the list that workers read."""
        from gangway.federation import tasks  # noqa: F401
