"""The Django application of the room *organizations*."""

from typing import ClassVar

from django.apps import AppConfig


class OrganizationsConfig(AppConfig):
    """Provider, channel, customer; the people who work for them; whose data it is."""

    name = "gangway.organizations"
    label = "organizations"
    default_auto_field = "django.db.models.BigAutoField"
    append_only_tables: ClassVar[tuple[str, ...]] = ()
    open_tables: ClassVar[dict[str, str]] = {
        "organizations_operator": "signing in finds a person before there is a scope; lists go by memberships",
    }
    doors: ClassVar[dict[str, tuple[str, ...]]] = {
        "seat": ("organizations_membership", "organizations_organization"),
        "ancestors": ("organizations_organization", "organizations_hostname", "organizations_logo"),
        "host": ("organizations_hostname",),
        "link": ("organizations_organization",),
        "case": ("organizations_organization",),
    }
