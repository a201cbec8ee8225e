"""The Django application of the room *organizations*."""

from typing import ClassVar

from django.apps import AppConfig


class OrganizationsConfig(AppConfig):
    """Provider, channel, customer; the people who work for them; whose data it is."""

    name = "gangway.organizations"
    label = "organizations"
    default_auto_field = "django.db.models.BigAutoField"
    append_only_tables: ClassVar[tuple[str, ...]] = ()
