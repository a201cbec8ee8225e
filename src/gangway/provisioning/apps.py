"""The room as a Django application."""

from typing import ClassVar

from django.apps import AppConfig


class ProvisioningConfig(AppConfig):
    """Registers this room's models and tasks."""

    name = "gangway.provisioning"
    label = "provisioning"
    default_auto_field = "django.db.models.BigAutoField"
    worker_only_tables: ClassVar[tuple[str, ...]] = ("provisioning_tenantlease",)
    open_tables: ClassVar[dict[str, str]] = {
        "provisioning_tenantlease": "one run per Microsoft tenant, whoever's service it is for; workers only",
    }

    def ready(self) -> None:
        """Put this room's tasks on the list that workers read."""
        from gangway.provisioning import tasks  # noqa: F401
