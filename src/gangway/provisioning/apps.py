"""The room as a Django application."""

from django.apps import AppConfig


class ProvisioningConfig(AppConfig):
    """Registers this room's models and tasks."""

    name = "gangway.provisioning"
    label = "provisioning"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Put this room's tasks on the list that workers read."""
        from gangway.provisioning import tasks  # noqa: F401
