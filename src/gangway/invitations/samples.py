"""Invitations by the hundred thousand, most of them over, to try their list at size. For a database of their own."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from gangway.audit.events import Event
from gangway.audit.loading import load
from gangway.audit.samples import add_entries
from gangway.foundation import clock
from gangway.invitations.models import Invitation, key_of_address
from gangway.invitations.states import State
from gangway.organizations.pages import batched
from gangway.services.samples import Sample

LIFE: Final = timedelta(days=14)
WAITING: Final = (State.SENT,) * 6 + (State.OPENED, State.AUTHENTICATED, State.BOUNCED, State.WAITING_FOR_ADMINISTRATOR)
"""Where those are that aren't over."""


def add_invitations(samples: Sequence[Sample], *, plan: dict[str, Any], fingerprint: str) -> None:
    """Add an invitation of each service: added where it is created, in one of `WAITING` where it is planned.

    No mail goes out for them, and no link opens them.
    """
    now = clock.now()
    for some in batched(iter(samples)):
        rows = [_row(one, plan, fingerprint, now) for one in some]
        load(rows)
        issued = ((row.organization_id, f"invitation:{row.pk}", {"state": row.state}) for row in rows)
        add_entries(Event.INVITATION_ISSUED, issued)


def _row(sample: Sample, plan: dict[str, Any], fingerprint: str, now: datetime) -> Invitation:
    state = WAITING[sample.place // 20 % len(WAITING)] if sample.is_planned else State.ADDED
    created_at = now - timedelta(minutes=sample.place * 13 % (10 * 24 * 60)) if sample.is_planned else sample.created_at
    waits, recipient = state is State.WAITING_FOR_ADMINISTRATOR, f"ada@{sample.short_name}.example"
    return Invitation(
        organization_id=sample.customer_id,
        service_id=sample.id,
        recipient=recipient,
        recipient_key=key_of_address(recipient),
        state=state.value,
        plan=plan,
        plan_fingerprint=fingerprint,
        matching_phrase="a sample",
        registration_id=uuid4(),
        created_by_name="a sample",
        created_at=created_at,
        expires_at=created_at + LIFE,
        waits_until=created_at + 2 * LIFE if waits else None,
        ended_at=None if sample.is_planned else created_at,
    )
