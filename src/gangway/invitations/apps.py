"""The room as a Django application."""

from django.apps import AppConfig


class InvitationsConfig(AppConfig):
    """Registers this room's models and tasks."""

    name = "gangway.invitations"
    label = "invitations"
