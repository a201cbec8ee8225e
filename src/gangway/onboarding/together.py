"""An operator opens the wizard together with the customer: one case, two browsers, and both sides see that it is so.

The operator's session shows every step but no code, so that there is nothing to read out to anybody: a code that is
told by telephone is how swindlers work. The customer goes on in their own browser, by a link of their own.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.invitations.moves import note_on
from gangway.onboarding.shapes import Begun
from gangway.onboarding.stages.invitation import come_back, note_open, without_link


@transaction.atomic
def begin_together(*, invitation_id: UUID, by: Actor, now: datetime) -> Begun:
    """Mark the invitation's case as assisted by this operator, and return it. Once more: somebody else may take over.

    Call it inside the operator's scope. Raises `NoSuchInvitation`, `StillADraft`, `LinkClosed`.
    """
    case, about = without_link(invitation_id, now=now)
    case.assisted_by_id, case.assisted_by_name, case.assisted_at = by.id, by.name[:200], now
    case.save(update_fields=["assisted_by_id", "assisted_by_name", "assisted_at"])
    facts = {"invitation": str(invitation_id)}
    record(Event.CASE_ASSISTED, by=by, organization_id=case.organization_id, subject=f"case:{case.pk}", data=facts)
    note_on(invitation_id, what="Opened together with the customer", by=by, at=now)
    note_open(invitation_id, by=by)
    come_back(case, by=by, now=now)
    return Begun(case.pk, about.sessions_from)
