"""Forgetting who was invited, once their service is gone for long. Sync."""

from collections.abc import Collection
from uuid import UUID

from gangway.invitations.models import Handoff, Invitation


def with_recipients(service_ids: Collection[UUID], *, most: int = 500) -> list[UUID]:
    """Return those of the services whose invitations still name somebody."""
    rows = Invitation.objects.filter(service_id__in=service_ids).exclude(recipient="")
    return list(rows.values_list("service_id", flat=True).distinct()[:most])


def forget_recipients(service_id: UUID) -> list[UUID]:
    """Empty the addresses of a service's invitations; gives the ids that their mails were about."""
    invitations = Invitation.objects.filter(service_id=service_id)
    handoffs = Handoff.objects.filter(invitation__in=invitations)
    ids = [*invitations.values_list("pk", flat=True), *handoffs.values_list("pk", flat=True)]
    for handoff in handoffs:
        handoff.recipient, handoff.recipient_key = "", str(handoff.pk)
        handoff.save(update_fields=["recipient", "recipient_key"])
    invitations.update(recipient="", recipient_phone="", administrator_upn="")
    return ids
