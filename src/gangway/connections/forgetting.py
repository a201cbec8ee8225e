"""Forgetting who authenticated a connection, once its service is gone for long. Sync; call it inside a scope."""

from uuid import UUID

from gangway.connections.models import Connection


def forget_user(service_id: UUID) -> int:
    """Empty the name of who authenticated a service's connection; gives how many it was."""
    return Connection.objects.filter(service_id=service_id).exclude(user_name="").update(user_name="")
