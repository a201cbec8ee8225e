"""The room as a Django application."""

from typing import ClassVar

from django.apps import AppConfig


class InvitationsConfig(AppConfig):
    """Registers this room's models and tasks."""

    name = "gangway.invitations"
    label = "invitations"
    append_only_tables: ClassVar[tuple[str, ...]] = ("invitations_move",)
    worker_only_functions: ClassVar[tuple[str, ...]] = ("invitations_forget",)
    doors: ClassVar[dict[str, tuple[str, ...]]] = {
        "link": ("invitations_link", "invitations_invitation", "invitations_handoff"),
        "ancestors": ("invitations_terms",),
    }

    def ready(self) -> None:
        """Say how long links need the host name that they went out under; hear what a customer is known by now."""
        from gangway.invitations import standing, tenants
        from gangway.organizations import former_hosts
        from gangway.organizations.changing import on_other_tenants

        former_hosts.on_former(standing.last_link)
        on_other_tenants(tenants.doubt_no_more)
