"""What a link's holder tells us: they didn't expect it, or they want a new link; and the operator's answer."""

from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor
from gangway.invitations import letters, notices
from gangway.invitations.errors import AskedJustNow
from gangway.invitations.minting import mint
from gangway.invitations.models import Invitation, Link
from gangway.invitations.moves import move, was_noted, write_history
from gangway.invitations.rows import DEAD_LINK, locked, open_for, record_about
from gangway.invitations.states import MOVES, Doing, State
from gangway.invitations.waiting_for import remind_of_no_passed_end
from gangway.languages.times import time_in_words
from gangway.notifications import outbox
from gangway.organizations.roles import Capability
from gangway.organizations.told import ACTS

ASKS_COUNT_FOR: Final = timedelta(hours=1)
"""A dead link is good for one request within this time; what others ask by links of their own doesn't count."""


Reported = Literal["frozen", "told late", ""]
"""What a report did: the invitation is frozen; it was over, and that somebody didn't expect it was told; nothing."""


@transaction.atomic
def report(*, invitation_id: UUID, by: Actor, now: datetime, dead: bool = False) -> Reported:
    """Freeze an invitation that somebody didn't expect, and alarm its operator; once more changes nothing.

    One that is over can't be frozen, but is told of, once. `dead`: by a link that opens nothing any more; after an
    operator has looked and unfrozen it, that is counted and freezes nothing, or whoever holds such a link could stop
    it for good. Says what was done now. Raises `NoSuchInvitation`.
    """
    invitation = locked(invitation_id)
    state = State(invitation.state)
    if dead and state is not State.REPORTED and was_noted(invitation, note=_UNFROZEN):
        _count(invitation, by=by, now=now)
        return ""
    frozen = State.REPORTED in MOVES[state]
    if state is State.REPORTED or (not frozen and was_noted(invitation, note=_LATE)):
        return ""
    record_about(invitation, Event.INVITATION_REPORTED, by=by, data={"frozen": frozen, "was": state.value})
    if frozen:
        outbox.withdraw(subject_ref=letters.subject_of(invitation.id), by=by)
        invitation.sessions_from = now
        invitation.save(update_fields=["sessions_from"])
        move(invitation_id=invitation_id, to=State.REPORTED, by=by, note="I didn't expect this")
    else:
        write_history(invitation, by=by, at=now, note=_LATE)
    notices.tell(invitation, _REPORTED if frozen else _REPORTED_LATE, what=_from(by, now), by=by)
    return "frozen" if frozen else "told late"


@transaction.atomic
def unfreeze(*, invitation_id: UUID, to: State, by: Actor, now: datetime) -> None:
    """Let a reported invitation go on in the state `to`; its time is not less than a day from now.

    A mail that the report had stopped goes out after all.

    Raises `NoSuchInvitation`, `InvitationOver`, and `InvitationMoved` when the table has no such move.
    """
    invitation = locked(invitation_id)
    invitation.expires_at = max(invitation.expires_at, now + timedelta(days=1))
    invitation.save(update_fields=["expires_at"])
    remind_of_no_passed_end(invitation, now=now)
    open_for(Doing.UNFREEZE, invitation_id, now=now)
    move(invitation_id=invitation_id, to=to, by=by, expected={State.REPORTED}, note=_UNFROZEN)
    if to is State.QUEUED:
        letters.mail_link(invitation, mint(invitation, Link.Kind.MAILED, by=by, now=now), by=by)
    record_about(invitation, Event.INVITATION_UNFROZEN, by=by, data={"to": to.value})


@transaction.atomic
def ask_for_link(*, invitation_id: UUID, link_id: UUID, by: Actor, now: datetime) -> None:
    """The holder of this dead link asks for a new one: the operator is told, and nothing is sent by itself.

    Raises `AskedJustNow`, `NoSuchInvitation`.
    """
    invitation = locked(invitation_id)
    link = Link.objects.select_related("handoff").get(pk=link_id, invitation=invitation)
    if link.asked_again_at is not None and link.asked_again_at > now - ASKS_COUNT_FOR:
        raise AskedJustNow
    link.asked_again_at = invitation.asked_again_at = now
    link.save(update_fields=["asked_again_at"])
    invitation.save(update_fields=["asked_again_at"])
    colleague = link.handoff.recipient if link.handoff else ""
    whose = f"{DEAD_LINK}, sent to {colleague}," if colleague else DEAD_LINK
    write_history(invitation, by=by, at=now, note=f"{whose} asked for a new one")
    record_about(invitation, Event.LINK_ASKED_FOR, by=by, data={"state": invitation.state})
    asked = _asked(colleague or invitation.recipient)
    notices.tell(invitation, _ASKED_BY_COLLEAGUE if colleague else _ASKED, what=asked, by=by)


@transaction.atomic
def tell_operator(*, invitation_id: UUID, news: notices.News, what: str, by: Actor, may: Capability = ACTS) -> None:
    """Tell whoever issued an invitation what has come of it, or who stands in for them. Raises `NoSuchInvitation`.

    `may`: what one must be allowed to do about it.
    """
    notices.tell(locked(invitation_id), news, what=what, by=by, may=may)


@transaction.atomic
def tell_declined(*, invitation_id: UUID, by: Actor) -> None:
    """Tell that somebody said no at Microsoft, the first time that they do so. Raises `NoSuchInvitation`.

    Whoever declines has signed in nowhere that we know of: nobody is named but whom the invitation is for.
    """
    invitation = locked(invitation_id)
    if not notices.told_since(invitation, invitation.created_at, kind="declined"):
        what = f"Whoever came by the invitation for {invitation.recipient} declined what Microsoft's page asked for."
        notices.tell(invitation, _DECLINED, what=what, by=by, kind="declined")


def _count(invitation: Invitation, *, by: Actor, now: datetime) -> None:
    """Count what is known already; the timeline and the activity log tell of the first one."""
    invitation.late_reports += 1
    invitation.save(update_fields=["late_reports"])
    if invitation.late_reports == 1:
        write_history(invitation, by=by, at=now, note="Reported again, by a link that is dead: not frozen")
        record_about(
            invitation, Event.INVITATION_REPORTED, by=by, data={"frozen": False, "was": State(invitation.state).value}
        )


def _from(by: Actor, now: datetime) -> str:
    lines = ["Somebody who holds a link of it says that they didn't expect it.", f"When: {time_in_words(now)}"]
    lines += [f"From address: {by.address}"] if by.address else []
    return "\n".join([*lines, f"Reference: {by.request_id}"] if by.request_id else lines)


def _asked(recipient: str) -> str:
    return f"Somebody opened a link that was sent to {recipient} and is dead, and asks for a new one."


_DECLINED: Final = notices.News(
    "Declined at Microsoft",
    "Call the customer: perhaps something was unclear. The link still works; resend it, or withdraw the invitation.",
)
_UNFROZEN: Final = "Unfrozen"
_LATE: Final = "Reported as unexpected after its end"
_REPORTED: Final = notices.News(
    "Reported as unexpected",
    "Nobody can go on with it. Call the customer by the number on the contract; then unfreeze or revoke it.",
)
_REPORTED_LATE: Final = notices.News(
    "Reported as unexpected, after its end",
    "It was over, so nothing could be frozen. Call the customer by the number on the contract.",
)
_ASKED_BY_COLLEAGUE: Final = notices.News(
    "A new link is asked for by another administrator",
    "Call them if you are not sure who asks. What waits for them is sent to that very person from the invitation's "
    "page: Resend mails whom you invited, who may also ask them once more.",
)
_ASKED: Final = notices.News(
    "A new link is asked for",
    "Call them if you are not sure who asks. Then resend the invitation, or start the service again if it is over.",
)
