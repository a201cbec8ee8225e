"""What an operator does with an invitation that is out: replace its links, give it more time, send it elsewhere."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, Plain, differing
from gangway.invitations import letters
from gangway.invitations.errors import NotLonger, TooFarAhead
from gangway.invitations.handoffs import keep_handoffs
from gangway.invitations.minting import check_count, mint
from gangway.invitations.models import Handoff, Invitation, Link
from gangway.invitations.moves import move, write_history
from gangway.invitations.rows import answered, locked, open_for, record_about
from gangway.invitations.states import Doing, State
from gangway.invitations.terms import LONGEST_LIFE
from gangway.invitations.waiting_for import passed_before, remind_of_no_passed_end
from gangway.languages.choice import known
from gangway.languages.times import time_in_words
from gangway.notifications import outbox
from gangway.organizations.details import LONGEST_PHONE, text

TO_QUEUE_AGAIN: Final = frozenset({State.BOUNCED})
"""Sending again brings these back to the queue; all others stay where they are."""
STAYS: Final = frozenset({State.DRAFT, State.QUEUED, State.WAITING_FOR_ADMINISTRATOR})
"""Another link to the same person, or none yet, changes nothing of where these are."""


@transaction.atomic
def send_draft(*, invitation_id: UUID, by: Actor, now: datetime) -> None:
    """Send what was written down before; its time, as long as then chosen, begins now.

    Raises `NoSuchInvitation`, `InvitationOver`, `NotWhereItStands`, `TooManyLinks`.
    """
    invitation = open_for(Doing.SEND, invitation_id, now=now)
    check_count(invitation, by=by, now=now)
    invitation.expires_at = now + (invitation.expires_at - invitation.created_at)
    invitation.reminders_sent = passed_before(invitation.expires_at, now)
    invitation.save(update_fields=["expires_at", "reminders_sent"])
    move(invitation_id=invitation_id, to=State.QUEUED, by=by)
    letters.mail_link(invitation, mint(invitation, Link.Kind.MAILED, by=by, now=now), by=by)


@transaction.atomic
def resend(*, invitation_id: UUID, by: Actor, now: datetime) -> None:
    """Send another mail with another link; earlier ones keep working and the expiry stays.

    Raises as `rows.open_for`; `TooManyLinks`.
    """
    invitation = open_for(Doing.RESEND, invitation_id, now=now)
    remind_of_no_passed_end(invitation, now=now)
    check_count(invitation, by=by, now=now)
    if State(invitation.state) in TO_QUEUE_AGAIN:
        move(invitation_id=invitation_id, to=State.QUEUED, by=by)
    letters.mail_link(invitation, mint(invitation, Link.Kind.MAILED, by=by, now=now), by=by)
    write_history(invitation, by=by, at=now, note="Sent again")
    record_about(invitation, Event.INVITATION_RESENT, by=by, data={"recipient": invitation.recipient})
    answered(invitation, to=invitation.recipient)


@transaction.atomic
def replace_links(*, invitation_id: UUID, by: Actor, now: datetime) -> None:
    """End all links that are out, and whoever uses one now; mail one new link.

    Only the links of those for whom something waits live on: they open what remains, and nothing else.

    Raises as `resend`.
    """
    invitation = open_for(Doing.REPLACE, invitation_id, now=now)
    remind_of_no_passed_end(invitation, now=now)
    check_count(invitation, by=by, now=now)
    _end_links(invitation, by=by, now=now)
    if State(invitation.state) in TO_QUEUE_AGAIN:
        move(invitation_id=invitation_id, to=State.QUEUED, by=by)
    letters.mail_link(invitation, mint(invitation, Link.Kind.MAILED, by=by, now=now), by=by)
    write_history(invitation, by=by, at=now, note="Links replaced: all earlier ones are dead")
    record_about(invitation, Event.LINKS_REPLACED, by=by, data={"recipient": invitation.recipient})
    answered(invitation, to=invitation.recipient)


@transaction.atomic
def readdress(*, invitation_id: UUID, recipient: str, by: Actor, now: datetime) -> None:
    """Send it to another address: the earlier one's links and sessions end. A draft is only changed.

    Raises `InvalidRecipient` at "recipient"; else as `resend`.
    """
    address = outbox.check_address(recipient, field="recipient")
    invitation = open_for(Doing.READDRESS, invitation_id, now=now)
    before = invitation.recipient
    invitation.send_to(address)
    invitation.reminders_sent = passed_before(invitation.lasts_until, now)
    invitation.reminders_stopped_at = None
    invitation.save(update_fields=["recipient", "recipient_key", "reminders_sent", "reminders_stopped_at"])
    if State(invitation.state) is not State.DRAFT:
        check_count(invitation, by=by, now=now)
        _end_links(invitation, by=by, now=now, elsewhere=True)
        if State(invitation.state) not in STAYS:
            move(invitation_id=invitation_id, to=State.QUEUED, by=by)
        letters.mail_link(invitation, mint(invitation, Link.Kind.MAILED, by=by, now=now), by=by)
    write_history(invitation, by=by, at=now, note=f"Recipient changed from {before} to {address}"[:200])
    was, now_is = {"recipient": before}, {"recipient": address}
    record_about(invitation, Event.INVITATION_READDRESSED, by=by, before=was, after=now_is)
    answered(invitation)


@transaction.atomic
def extend(*, invitation_id: UUID, days: int, by: Actor, now: datetime) -> None:
    """Let an invitation last so many days from now, which is longer than before. All its links live as long.

    Raises `TooFarAhead` and `NotLonger` at "days", `NoSuchInvitation`, `InvitationFrozen`, `InvitationOver`.
    """
    if not 1 <= days <= LONGEST_LIFE:
        raise TooFarAhead(field="days")
    invitation = open_for(Doing.EXTEND, invitation_id, now=now)
    until = now + timedelta(days=days)
    if until <= invitation.lasts_until:
        raise NotLonger(f"It lasts until {time_in_words(invitation.lasts_until)} already.", field="days")
    before, invitation.expires_at = invitation.expires_at, until
    invitation.reminders_sent = passed_before(invitation.lasts_until, now)
    invitation.save(update_fields=["expires_at", "reminders_sent"])
    keep_handoffs(invitation, until=invitation.expires_at, now=now)
    write_history(invitation, by=by, at=now, note=f"Extended until {time_in_words(until)}")
    was, now_is = {"until": before.isoformat()}, {"until": until.isoformat()}
    record_about(invitation, Event.INVITATION_EXTENDED, by=by, before=was, after=now_is)


@transaction.atomic
def edit(
    *, invitation_id: UUID, phone: str, finish_by_itself: bool, by: Actor, now: datetime, language: str = ""
) -> None:
    """Change what is known about the recipient, and whether the service is created without the operator.

    An empty `language` stays as it is. Raises `InvalidField` at "phone", `NoSuchInvitation`, `InvitationFrozen`,
    `InvitationOver`.
    """
    number = text(phone, field="phone", longest=LONGEST_PHONE)
    invitation = open_for(Doing.EDIT, invitation_id, now=now)
    before: dict[str, Plain] = {
        "phone": invitation.recipient_phone,
        "language": invitation.language,
        "finish_by_itself": invitation.finish_by_itself,
    }
    spoken = known(language) if language else invitation.language
    after: dict[str, Plain] = {"phone": number, "language": spoken, "finish_by_itself": finish_by_itself}
    if after == before:
        return
    invitation.recipient_phone, invitation.language, invitation.finish_by_itself = number, spoken, finish_by_itself
    invitation.save(update_fields=["recipient_phone", "language", "finish_by_itself"])
    write_history(invitation, by=by, at=now, note="Edited")
    was, told = differing(before, after)
    record_about(invitation, Event.INVITATION_EDITED, by=by, before=was, after=told)


@transaction.atomic
def stop_finishing(*, invitation_id: UUID, by: Actor, now: datetime) -> None:
    """It doesn't finish by itself any more: something stands in the way that a person must see."""
    invitation = locked(invitation_id)
    was, invitation.finish_by_itself = {"finish_by_itself": invitation.finish_by_itself}, False
    invitation.save(update_fields=["finish_by_itself"])
    write_history(invitation, by=by, at=now, note="Not finished by itself")
    record_about(invitation, Event.INVITATION_EDITED, by=by, before=was, after={"finish_by_itself": False})


def _end_links(invitation: Invitation, *, by: Actor, now: datetime, elsewhere: bool = False) -> None:
    outbox.withdraw(subject_ref=letters.subject_of(invitation.id), by=by)
    living = Link.objects.filter(invitation=invitation, revoked_at__isnull=True)
    if invitation.waits_until is not None:
        living = living.filter(handoff__isnull=True)  # the others open what remains, and nothing else
    else:
        handed_on = Handoff.objects.filter(invitation=invitation, revoked_at__isnull=True)
        for handoff_id in handed_on.values_list("pk", flat=True):
            outbox.withdraw(subject_ref=letters.subject_of_handoff(handoff_id), by=by)
        handed_on.update(revoked_at=now)
    living.update(revoked_at=now, went_elsewhere=elsewhere)
    invitation.sessions_from = now
    invitation.save(update_fields=["sessions_from"])
