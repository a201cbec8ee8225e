"""Finding this room's rows: locked, and only while what somebody wants to do with them makes sense."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from gangway.audit.events import Event
from gangway.audit.record import Actor, Plain, record
from gangway.invitations import letters
from gangway.invitations.errors import (
    InvitationFrozen,
    InvitationOver,
    NoSuchInvitation,
    NotWhereItStands,
    StillADraft,
)
from gangway.invitations.models import Invitation
from gangway.invitations.moves import latest_noted
from gangway.invitations.states import ALLOWED, ENDED, EXPIRABLE, Doing, State, allowed_for

DEAD_LINK: Final = "The holder of a dead link"
"""How the line of the history begins that says who asked for a new one."""


def locked(invitation_id: UUID) -> Invitation:
    """Lock an invitation until the end of the transaction; raises `NoSuchInvitation`."""
    invitation = Invitation.objects.select_for_update(of=("self",)).filter(pk=invitation_id).first()
    if invitation is None:
        raise NoSuchInvitation
    return invitation


def hold(invitation_id: UUID) -> datetime | None:
    """Keep an invitation and its links as they are until the end of the transaction. Raises `NoSuchInvitation`.

    Returns since when its wizard sessions count: it changes whenever those that are there end.
    """
    return locked(invitation_id).sessions_from


def open_for(doing: Doing, invitation_id: UUID, *, now: datetime) -> Invitation:
    """Return an invitation with which this may be done now, locked so that it can't end meanwhile.

    Raises `NoSuchInvitation`, `InvitationFrozen`, `InvitationOver`, `StillADraft`, `NotWhereItStands`.
    """
    invitation = locked(invitation_id)
    state = State(invitation.state)
    if state is State.REPORTED and doing not in ALLOWED[state]:
        raise InvitationFrozen
    if state in ENDED:
        raise InvitationOver(state=invitation.state)
    allowed = allowed_for(state, invitation.purpose)
    if doing not in allowed:
        raise StillADraft if Doing.SEND in allowed else NotWhereItStands(state=invitation.state)
    lasts = state is State.DRAFT or (doing is Doing.EDIT and state not in EXPIRABLE)
    if invitation.lasts_until <= now and not lasts:
        raise InvitationOver(state=invitation.state)
    return invitation


def answered(invitation: Invitation, *, to: str = "") -> None:
    """Whoever asked for a new link is sent one. `to`: whom it goes to; a link to somebody else is no answer."""
    if invitation.asked_again_at is not None and to.casefold() in {"", _asker(invitation).casefold()}:
        invitation.asked_again_at = None
        invitation.save(update_fields=["asked_again_at"])


def _asker(invitation: Invitation) -> str:
    """Who asked last: another administrator whom the history names, else whoever the invitation goes to."""
    found = re.match(rf"{DEAD_LINK}, sent to (\S+),", latest_noted(invitation, begins=DEAD_LINK))
    return found[1] if found else invitation.recipient


def record_about(invitation: Invitation, event: Event, *, by: Actor, **told: Mapping[str, Plain] | None) -> None:
    """Write an audit event about an invitation; `told` is what `record` takes: data, before, after."""
    subject = letters.subject_of(invitation.id)
    record(event, by=by, organization_id=invitation.organization_id, subject=subject, **told)
