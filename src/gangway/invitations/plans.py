"""The plan of an invitation after it was issued: changed by its operator or its administrator, and agreed to.

What an earlier plan said is kept, so that whoever saw it can be told what is different now.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.invitations.errors import NoSuchInvitation, PlanIsFixed, PlanMoved
from gangway.invitations.letters import subject_of
from gangway.invitations.models import Invitation
from gangway.invitations.moves import write_history
from gangway.invitations.states import State

CHANGEABLE: Final = frozenset(
    {
        State.DRAFT,
        State.QUEUED,
        State.SENT,
        State.BOUNCED,
        State.OPENED,
        State.SIGNED_IN,
        State.WAITING_FOR_APPROVAL,
        State.DECLINED,
        State.FAILED,
    }
)
"""In these nothing is being made by the plan, and nobody waits for the rest of it."""


@transaction.atomic
def change_plan(
    *,
    invitation_id: UUID,
    seen: str,
    plan: dict[str, Any],
    plan_fingerprint: str,
    event: Event,
    facts: dict[str, str],
    note: str,
    by: Actor,
    now: datetime,
    still_agreed: bool = False,
) -> None:
    """Put another plan in the place of the one with the fingerprint `seen`; the same plan again changes nothing.

    `event` and `facts` say in the audit what was done, `note` in the timeline. `still_agreed`: whoever agreed to the
    earlier plan changes it themselves. Raises `NoSuchInvitation`, `PlanMoved`
    when somebody else changed it first, `PlanIsFixed` when it is being made or was.
    """
    invitation = _locked(invitation_id)
    if State(invitation.state) not in CHANGEABLE:
        raise PlanIsFixed
    if invitation.plan_fingerprint != seen:
        raise PlanMoved
    if invitation.plan_fingerprint == plan_fingerprint:
        return
    earlier = {"plan": invitation.plan, "fingerprint": invitation.plan_fingerprint, "until": now.isoformat()}
    invitation.earlier_plans = [*invitation.earlier_plans, earlier]
    invitation.plan, invitation.plan_fingerprint = plan, plan_fingerprint
    if still_agreed and invitation.agreed_fingerprint == seen:
        invitation.agreed_fingerprint = plan_fingerprint
    invitation.save(update_fields=["earlier_plans", "plan", "plan_fingerprint", "agreed_fingerprint"])
    write_history(invitation, by=by, at=now, note=note)
    _record(invitation, event, facts | {"before": seen, "plan": plan_fingerprint}, by)


@transaction.atomic
def agree(*, invitation_id: UUID, seen: str) -> None:
    """Keep that the administrator goes on with the plan they saw. Raises `PlanMoved` when it is another one by now."""
    invitation = _locked(invitation_id)
    if invitation.plan_fingerprint != seen:
        raise PlanMoved
    invitation.agreed_fingerprint = seen
    invitation.save(update_fields=["agreed_fingerprint"])


def earlier_plan(invitation_id: UUID, fingerprint: str) -> dict[str, Any] | None:
    """What the plan with this fingerprint said; None when this invitation never had it."""
    row = Invitation.objects.filter(pk=invitation_id).first()
    if row is None:
        return None
    known = [*row.earlier_plans, {"plan": row.plan, "fingerprint": row.plan_fingerprint}]
    return next((entry["plan"] for entry in known if entry["fingerprint"] == fingerprint), None)


def _locked(invitation_id: UUID) -> Invitation:
    row = Invitation.objects.select_for_update(of=("self",)).filter(pk=invitation_id).first()
    if row is None:
        raise NoSuchInvitation
    return row


def _record(invitation: Invitation, event: Event, facts: dict[str, str], by: Actor) -> None:
    record(event, by=by, organization_id=invitation.organization_id, subject=subject_of(invitation.id), data=facts)
