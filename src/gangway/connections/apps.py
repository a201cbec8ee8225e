"""The room as a Django application."""

from __future__ import annotations

from typing import ClassVar

from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    """What keeps a service's connection to Microsoft 365 alive."""

    name = "gangway.connections"
    label = "connections"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let connections follow when a credential takes another one's place, and say which are in use or stay."""
        from gangway.connections.actions import follow_switch
        from gangway.connections.looking_round import in_use
        from gangway.connections.resting import held
        from gangway.provisioning.actions import on_rest, on_switch, on_use

        on_switch(follow_switch)
        on_use(in_use)
        on_rest(held)

    append_only_tables: ClassVar[tuple[str, ...]] = ("connections_farewell",)
    read_only_for_web: ClassVar[tuple[str, ...]] = ("connections_farewell",)
    worker_only_tables: ClassVar[tuple[str, ...]] = ("connections_pause",)
    doors: ClassVar[dict[str, tuple[str, ...]]] = {"ancestors": ("connections_policy", "connections_freeze")}
    open_tables: ClassVar[dict[str, str]] = {
        "connections_pause": "until when a tenant is left alone; nothing of anybody, and for workers only"
    }
