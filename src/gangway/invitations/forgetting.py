"""Forgetting who was invited, once their service is gone for long. Sync."""

from datetime import datetime
from uuid import UUID

from gangway.invitations.models import Handoff, Invitation
from gangway.services.states import Lifecycle


def still_named(*, before: datetime, most: int = 500) -> list[UUID]:
    """Return services that are gone since before this moment and whose invitations still name somebody."""
    gone = [Lifecycle.DELETED.value, Lifecycle.ABANDONED.value]
    rows = Invitation.objects.filter(service__lifecycle__in=gone, service__changed_at__lt=before)
    return list(rows.exclude(recipient="").values_list("service_id", flat=True).distinct()[:most])


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
