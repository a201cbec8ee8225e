"""The one function that moves an invitation: compare and set, history and audit event in the same transaction."""

from collections.abc import Set as AbstractSet
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Coalesce

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.foundation import clock
from gangway.invitations.errors import InvitationMoved, NoSuchInvitation
from gangway.invitations.models import Invitation, Move
from gangway.invitations.states import ENDED, State, sources_of

KNOWN_TENANT = frozenset({State.QUEUED, State.SIGNED_IN, State.AUTHENTICATED})
"""A draft was sent after all, or somebody signed in where it was expected: nothing of the tenant is in doubt."""


@transaction.atomic
def move(
    *, invitation_id: UUID, to: State, by: Actor, expected: AbstractSet[State] | None = None, note: str = ""
) -> None:
    """Bring an invitation to another state if the table allows it, and it is where the caller expects.

    Of two at the same time one wins; the other gets `InvitationMoved` with the winner's name in its details. `note` is
    a short plain sentence for the history. Raises `NoSuchInvitation` outside the scope.
    """
    now = clock.now()
    sources = sources_of(to) if expected is None else sources_of(to) & expected
    rows = Invitation.objects.filter(pk=invitation_id, state__in=[state.value for state in sources])
    if not rows.update(state=to.value, **_times(to, now)):
        raise _refused(invitation_id)
    invitation = Invitation.objects.get(pk=invitation_id)
    write_history(invitation, by=by, at=now, note=note)
    record(
        Event.INVITATION_MOVED,
        by=by,
        organization_id=invitation.organization_id,
        subject=f"invitation:{invitation_id}",
        data={"to": to.value, "note": note},
    )


def write_history(invitation: Invitation, *, by: Actor, at: datetime, note: str = "") -> None:
    """Add one line to an invitation's history."""
    Move(
        organization_id=invitation.organization_id,
        invitation=invitation,
        state=invitation.state,
        at=at,
        actor_kind=by.kind,
        actor_name=by.name[:200],
        note=note[:200],
    ).save()


def was_noted(invitation: Invitation, *, note: str) -> bool:
    """Whether its history has this line."""
    return Move.objects.filter(invitation=invitation, note=note).exists()


def count_noted(invitation: Invitation, *, begins: str) -> int:
    """Return how many lines of its history begin like this."""
    return Move.objects.filter(invitation=invitation, note__startswith=begins).count()


def latest_noted(invitation: Invitation, *, begins: str) -> str:
    """Return the latest line of its history that begins like this, or ""."""
    rows = Move.objects.filter(invitation=invitation, note__startswith=begins).order_by("-id")
    return rows.values_list("note", flat=True).first() or ""


def note_on(invitation_id: UUID, *, what: str, by: Actor, at: datetime) -> None:
    """Tell on the timeline of an invitation of the scope what isn't a move. Raises `NoSuchInvitation`."""
    invitation = Invitation.objects.filter(pk=invitation_id).first()
    if invitation is None:
        raise NoSuchInvitation
    write_history(invitation, by=by, at=at, note=what)


def _times(to: State, now: datetime) -> dict[str, object]:
    times: dict[str, object] = {}
    if to is State.OPENED:
        times["opened_at"] = Coalesce("opened_at", Value(now))
    if to in KNOWN_TENANT:
        times["doubted_at"] = None
    if to in ENDED:
        times["ended_at"] = now
    return times


def _refused(invitation_id: UUID) -> InvitationMoved | NoSuchInvitation:
    invitation = Invitation.objects.filter(pk=invitation_id).first()
    if invitation is None:
        return NoSuchInvitation()
    latest = Move.objects.filter(invitation=invitation).order_by("-id").first()
    return InvitationMoved(state=invitation.state, by=latest.actor_name if latest else "")
