"""How many mails may invite operators within a day: by one person, and to one organization.

Such a mail goes to an address that somebody typed, with names that they chose. Without an end to it, one account that
fell into wrong hands would write to the whole world in the provider's name.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from gangway.accounts.errors import EnoughInvitedToday
from gangway.accounts.models import OperatorInvitation
from gangway.notifications.queries import written_since
from gangway.organizations.queries import Seat

DAY: Final = timedelta(days=1)


def subject_of(invitation_id: UUID) -> str:
    """Return how mails and the log name an invitation."""
    return f"operator_invitation:{invitation_id}"


def need_one_more(organization_id: UUID, *, seat: Seat, now: datetime) -> None:
    """Let pass who may send one more such mail now; raises `EnoughInvitedToday` at "email"."""
    said, begun = settings.GANGWAY, now - DAY
    mailed = OperatorInvitation.objects.filter(expires_at__gt=begun + timedelta(days=said.invitation_days))
    own, here = mailed.filter(invited_by_id=seat.operator_id), mailed.filter(organization_id=organization_id)
    if _written(own, begun) >= said.operator_invitations_a_day:
        raise EnoughInvitedToday(field="email")
    if _written(here, begun) >= said.operator_invitations_a_day_to_one:
        raise EnoughInvitedToday("Enough operators were invited to this organization within a day.", field="email")


def _written(invitations: QuerySet[OperatorInvitation], since: datetime) -> int:
    return written_since([subject_of(key) for key in invitations.values_list("pk", flat=True)], since=since)
