"""Forgetting who was invited, once their service is gone for long. Sync."""

from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import F

from gangway.invitations.models import Handoff, Invitation

NOBODY: Final = {"recipient": "", "recipient_key": "", "recipient_phone": "", "administrator_upn": ""}
"""An invitation that names nobody."""


def forget_recipients(service_id: UUID) -> list[UUID]:
    """Empty the addresses of a service's invitations; gives the ids of these and of colleagues' links.

    The service is noted as forgotten before: only then the database empties names in a history that nobody may change.
    """
    invitations = Invitation.objects.filter(service_id=service_id)
    handoffs = Handoff.objects.filter(invitation__in=invitations)
    ids = [*invitations.values_list("pk", flat=True), *handoffs.values_list("pk", flat=True)]
    for handoff in handoffs.exclude(recipient=""):
        handoff.recipient, handoff.recipient_key = "", str(handoff.pk)
        handoff.save(update_fields=["recipient", "recipient_key"])
    invitations.filter(created_by_name=F("recipient")).update(created_by_name="")  # who renewed it themselves
    invitations.exclude(**NOBODY).update(**NOBODY)
    with connection.cursor() as cursor:
        cursor.execute("SELECT invitations_forget(%s)", [service_id])
    return ids
