"""Forgetting who authenticated a connection, once its service is gone for long. Sync; call it inside a scope."""

from uuid import UUID

from gangway.connections.models import Connection


def forget_user(service_id: UUID) -> None:
    """Empty the name of who authenticated a service's connection."""
    Connection.objects.filter(service_id=service_id).update(user_name="")
