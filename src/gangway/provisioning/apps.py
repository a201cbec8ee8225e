"""The room as a Django application."""

from django.apps import AppConfig


class ProvisioningConfig(AppConfig):
    """Registers this room's models and tasks."""

    name = "gangway.provisioning"
    label = "provisioning"
