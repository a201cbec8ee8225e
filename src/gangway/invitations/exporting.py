"""Whom services' invitations went to, for many at once: an export that can be imported elsewhere."""

from collections.abc import Collection
from uuid import UUID

from gangway.invitations.models import Invitation


def recipients_of(service_ids: Collection[UUID]) -> dict[UUID, tuple[str, str]]:
    """Return address and telephone of the newest invitation of each service of the scope that ever had one."""
    rows = Invitation.objects.filter(service_id__in=service_ids).order_by("created_at")
    return {key: (email, phone) for key, email, phone in rows.values_list("service_id", "recipient", "recipient_phone")}
