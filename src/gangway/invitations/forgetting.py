"""Forgetting who was invited, once their service is gone for long. Sync."""

from uuid import UUID

from gangway.invitations.models import Handoff, Invitation


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
