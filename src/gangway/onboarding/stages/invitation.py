"""The way in: a link is traded for its case; whoever comes back, in whatever browser, continues the same one."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.foundation.sealed import SealedText
from gangway.invitations import actions as invitations
from gangway.invitations import queries as invited
from gangway.invitations.errors import InvitationMoved, StillADraft
from gangway.invitations.queries import InvitationView, LinkDead, LinkHeld, Why
from gangway.invitations.states import CONSUMED, EXPIRABLE, State
from gangway.onboarding.errors import LinkClosed
from gangway.onboarding.models import Case
from gangway.onboarding.rows import lock_case, move_case
from gangway.onboarding.shapes import Begun
from gangway.onboarding.stages import existing
from gangway.onboarding.stages.colleague import begin_rest, first_case, goes_on_at
from gangway.onboarding.states import CaseState
from gangway.organizations.scope import within
from gangway.provisioning.leaving import is_known
from gangway.services.states import LIVES

CLOSED: Final = {
    Why.EXPIRED: "This invitation has expired.",
    Why.REVOKED: "This invitation was withdrawn by your provider.",
    Why.REPLACED: "Your provider has sent a newer link; this one is dead.",
    Why.ELSEWHERE: "Your provider has sent this invitation to somebody else; this link is dead.",
    Why.TAKEN: "Your own link was withdrawn by your provider; the invitation goes on without it.",
    Why.REPORTED: "Somebody reported this invitation as unexpected. It is frozen until your provider has looked at it.",
    Why.USED: "This link has done its work: the connection was made with it.",
}
TO_OPEN: Final = frozenset({State.QUEUED, State.SENT, State.BOUNCED})


def begin(*, token: SealedText, by: Actor, now: datetime) -> Begun:
    """Trade a link for its case, which is made at the first Continue. Raises `LinkClosed`.

    The link is looked at again once nobody can replace it before the end of this: else one that is replaced in that
    very moment would leave a session.
    """
    held = _living(token, now=now)
    with within(held.organization_path), transaction.atomic():
        case, made = begin_rest(held, now=now) if held.for_rest else case_of(held.invitation_id, now=now)
        case = lock_case(case.pk)
        sessions_from = invitations.hold(held.invitation_id)
        _living(token, now=now)
        event = Event.CASE_BEGUN if made else Event.CASE_REOPENED
        record(event, by=by, organization_id=held.organization_id, subject=f"case:{case.pk}")
        note_open(held.invitation_id, by=by)
        if held.handoff_id:
            invitations.note_opened(handoff_id=held.handoff_id, now=now)
        come_back(case, by=by, now=now)
        return Begun(case.pk, sessions_from)


def without_link(invitation_id: UUID, *, now: datetime) -> tuple[Case, InvitationView]:
    """Lock the case of an invitation that is opened by somebody whom we know otherwise. Inside their scope.

    Raises `NoSuchInvitation`, `StillADraft`, `LinkClosed`.
    """
    about = invited.invitation(invitation_id)
    if about.state is State.DRAFT:
        raise StillADraft
    closed = CLOSED[Why.USED] if about.state in CONSUMED else why_closed(about, now=now)
    if closed:
        raise LinkClosed(closed)
    return lock_case(case_of(invitation_id, now=now)[0].pk), about


def come_back(case: Case, *, by: Actor, now: datetime) -> None:
    """Go on with a locked case that was let go of, as it was chosen last; any other stays where it is."""
    if case.state != CaseState.ABANDONED:
        return
    to = goes_on_at(case)
    if to is CaseState.TYPING:
        existing.take_up(case, by=by, now=now)
    else:
        move_case(case, to, by=by, now=now)


def _living(token: SealedText, *, now: datetime) -> LinkHeld:
    held = invited.by_token(token, now=now)
    if not isinstance(held, LinkHeld):
        raise LinkClosed(CLOSED[held.reason] if isinstance(held, LinkDead) else None)
    return held


def case_of(invitation_id: UUID, *, now: datetime) -> tuple[Case, bool]:
    """Find the invitation's case or make it; of two browsers at the same moment one makes it and both get it."""
    found = first_case(invitation_id)
    if found is not None:
        return found, False
    about = invited.invitation(invitation_id)
    case = Case(
        organization_id=about.organization_id,
        invitation_id=invitation_id,
        service_id=about.service_id,
        provider_id=about.provider_id,
        registration_id=about.registration_id if is_known(about.registration_id) else None,
        created_at=now,
        touched_at=now,
    )
    try:
        with transaction.atomic():
            case.save(force_insert=True)
    except IntegrityError:
        return Case.objects.get(invitation_id=invitation_id, handoff__isnull=True), False
    return case, True


def note_open(invitation_id: UUID, *, by: Actor) -> None:
    """Move an invitation to *opened*, unless it is further on already."""
    try:
        with transaction.atomic():
            invitations.move(invitation_id=invitation_id, to=State.OPENED, by=by, expected=TO_OPEN)
    except InvitationMoved:
        return  # further on already: whoever comes back changes nothing


def why_closed(about: InvitationView, *, now: datetime) -> str:
    """Say why an invitation can't be continued; empty while it can, and after it has done its work."""
    if about.state is State.REVOKED:
        return CLOSED[Why.REVOKED]
    if about.state is State.REPORTED:
        return CLOSED[Why.REPORTED]
    over = about.state is State.EXPIRED or (about.state in EXPIRABLE and about.lasts_until <= now)
    return CLOSED[Why.EXPIRED] if over else ""


def why_closed_to(case: Case, about: InvitationView, *, now: datetime) -> str:
    """The same for one administrator's case: another one's own link may be withdrawn, or over, before the rest."""
    closed = why_closed(about, now=now)
    if closed or case.handoff_id is None or case.state in {CaseState.PROVISIONING, CaseState.DONE}:
        return closed
    handoff = invited.handoff(case.handoff_id)
    if handoff.is_open(now):
        return ""
    return CLOSED[Why.TAKEN if handoff.revoked_at else Why.EXPIRED]


def open_case(case_id: UUID, *, now: datetime) -> Case:
    """Lock a case that may be continued; raises `NoSuchCase`, `LinkClosed`. So withdrawing ends living sessions."""
    return open_with_invitation(case_id, now=now)[0]


def open_with_invitation(case_id: UUID, *, now: datetime) -> tuple[Case, InvitationView]:
    """Lock a case that may be continued, and say what its invitation is; raises as `open_case`."""
    case = lock_case(case_id)
    about = invited.invitation(case.invitation_id)
    closed = CLOSED[Why.USED] if about.state in CONSUMED else why_closed_to(case, about, now=now)
    if not closed and about.service_lifecycle not in LIVES:
        closed = CLOSED[Why.REVOKED]
    if closed:
        raise LinkClosed(closed)
    return case, about
