"""Before an invitation's end: waiting for somebody's approval until a day, and reminders that can be stopped."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce, Greatest

from gangway.audit.events import Event
from gangway.audit.record import Actor
from gangway.foundation.clock import earliest_today
from gangway.invitations import letters, notices
from gangway.invitations.errors import DayNotPossible
from gangway.invitations.handoffs import keep_handoffs
from gangway.invitations.minting import mint
from gangway.invitations.models import Invitation, Link
from gangway.invitations.moves import latest_noted, move, write_history
from gangway.invitations.rows import locked, record_about
from gangway.invitations.states import AWAITABLE, State
from gangway.invitations.terms import as_long_after
from gangway.languages.times import day_in_words

LONGEST_APPROVAL: Final = timedelta(days=90)
"""From when the first link went out. Only operators may begin it anew: whoever holds a link would never come to an end.
"""
BEFORE_THE_END: Final = (timedelta(days=3), timedelta(days=1))
"""Reminders go out so long before an invitation's end, each once."""
TO_REMIND: Final = frozenset(
    {State.SENT, State.OPENED, State.SIGNED_IN, State.DECLINED, State.FAILED, State.WAITING_FOR_APPROVAL}
)
"""In these the administrator has something to do. What waits for another one has reminders of its own."""
MOST: Final = 500
_PLANNED: Final = "Planned for "
_AGREED_UNTIL: Final = "Until "
"""How the lines of the history begin that name a day."""
_AWAITED: Final = notices.News(
    "Waits for an approval",
    "Nothing has to be done: its links last beyond that day, and nobody is reminded before. Days that are named within "
    "the next hour stand on the invitation's page only.",
)
_TOLD_EVERY: Final = timedelta(hours=1)
"""Whoever holds a link may name as many days as they like: that fills no mailbox."""
_DAY_NAMED: Final = "day-named"


@transaction.atomic
def wait_for_day(*, invitation_id: UUID, day: date | None, by: Actor, now: datetime) -> None:
    """What remains with another administrator is planned for this day: their links live as long after it as new ones.

    None: for no certain day any more. Raises `NoSuchInvitation`.
    """
    invitation = locked(invitation_id)
    note = f"{_PLANNED}{day.isoformat()}" if day else "No longer planned"
    if day is not None:
        until = as_long_after(invitation.organization_id, day)
        if invitation.waits_until is not None and invitation.waits_until < until:
            invitation.waits_until = until
            invitation.save(update_fields=["waits_until"])
        keep_handoffs(invitation, until=until, now=now)
        is_new = latest_noted(invitation, begins=_PLANNED) != note
        _tell(invitation, what=f"What remains is planned for {day:%d %B %Y}.", is_new=is_new, by=by, now=now)
    write_history(invitation, by=by, at=now, note=note)


@transaction.atomic
def await_approval(*, invitation_id: UUID, day: date, by: Actor, now: datetime) -> None:
    """Somebody must agree first, until the end of this day: the links last as long after it as new ones would.

    Raises `DayNotPossible` at "approval_on", `NoSuchInvitation`, `InvitationMoved`.
    """
    invitation = locked(invitation_id)
    latest = latest_day(invitation_id, by_operator=by.kind != "administrator", now=now)
    if not earliest_today(now) < day <= latest:
        own = _days_left(latest, now=now) if by.kind == "administrator" else None
        raise DayNotPossible(cure=own, field="approval_on")
    invitation.approval_until = day
    invitation.expires_at = max(as_long_after(invitation.organization_id, day), invitation.expires_at)
    invitation.reminders_sent = passed_before(invitation.lasts_until, now)
    invitation.save(update_fields=["approval_until", "expires_at", "reminders_sent"])
    keep_handoffs(invitation, until=invitation.expires_at, now=now)
    note = f"{_AGREED_UNTIL}{day.isoformat()}"
    is_new = latest_noted(invitation, begins=_AGREED_UNTIL) != note
    _tell(invitation, what=f"Somebody there must agree until {day:%d %B %Y}.", is_new=is_new, by=by, now=now)
    if State(invitation.state) is State.WAITING_FOR_APPROVAL:
        write_history(invitation, by=by, at=now, note=note)
    else:
        move(invitation_id=invitation_id, to=State.WAITING_FOR_APPROVAL, by=by, expected=AWAITABLE, note=note)
    record_about(invitation, Event.INVITATION_APPROVAL_AWAITED, by=by, data={"until": day.isoformat()})


def latest_day(invitation_id: UUID, *, by_operator: bool, now: datetime) -> date:
    """Return the last day that may be named: for operators as far from now as for all others from the first link on.

    Each day that is named lets the links live longer, so days must not follow each other without end. Inside a scope.
    """
    if by_operator:
        return (now + LONGEST_APPROVAL).date()
    first = Link.objects.filter(invitation_id=invitation_id).order_by("created_at")
    begun = first.values_list("created_at", flat=True).first() or now
    return (begun + LONGEST_APPROVAL).date()


def _days_left(latest: date, *, now: datetime) -> str:
    """What an administrator can do, who may name ever fewer days."""
    if latest <= earliest_today(now):
        return "No later day can be named here any more. Your provider can name one for you."
    day = day_in_words(datetime.combine(latest, time.min, tzinfo=UTC))
    return f"Choose a day from tomorrow on, at the latest {day}. Your provider can name a later one for you."


def _tell(invitation: Invitation, *, what: str, is_new: bool, by: Actor, now: datetime) -> None:
    """Tell the operator of another day that the customer names; what operators say themselves they know."""
    if by.kind != "administrator" or not is_new:
        return
    if not notices.told_since(invitation, now - _TOLD_EVERY, kind=_DAY_NAMED):
        notices.tell(invitation, _AWAITED, what=what, by=by, kind=_DAY_NAMED)


def remind_of_no_passed_end(invitation: Invitation, *, now: datetime) -> None:
    """A mail goes out now: the reminders that would have been due already don't follow it."""
    invitation.reminders_sent = max(invitation.reminders_sent, passed_before(invitation.lasts_until, now))
    invitation.save(update_fields=["reminders_sent"])


def passed_before(until: datetime, now: datetime) -> int:
    """How many reminders would have gone out by now before this end: what was mailed just now needs none of them."""
    return sum(until - now <= before for before in BEFORE_THE_END)


def due_to_remind(*, now: datetime) -> list[UUID]:
    """Return invitations of which a reminder is due, the most urgent first."""
    ends = Greatest("expires_at", Coalesce("waits_until", "expires_at"))
    rows = Invitation.objects.annotate(ends=ends).filter(
        state__in=[state.value for state in TO_REMIND], reminders_stopped_at__isnull=True, ends__gt=now
    )
    due = Q()
    for number, before in enumerate(BEFORE_THE_END):
        due |= Q(reminders_sent=number, ends__lte=now + before)
    quiet = Q(state=State.WAITING_FOR_APPROVAL.value, approval_until__gte=earliest_today(now))
    return list(rows.filter(due).exclude(quiet).order_by("ends").values_list("pk", flat=True)[:MOST])


@transaction.atomic
def remind(*, invitation_id: UUID, by: Actor, now: datetime) -> bool:
    """Send a reminder that is due, with a fresh link; False when it isn't due any more. Raises `NoSuchInvitation`."""
    invitation = locked(invitation_id)
    left = invitation.lasts_until - now
    number = passed_before(invitation.lasts_until, now)
    if (
        State(invitation.state) not in TO_REMIND
        or invitation.reminders_stopped_at is not None
        or number <= invitation.reminders_sent
        or left <= timedelta(0)
    ):
        return False
    invitation.reminders_sent = number
    invitation.save(update_fields=["reminders_sent"])
    letters.mail_reminder(invitation, mint(invitation, Link.Kind.MAILED, by=by, now=now), by=by)
    write_history(invitation, by=by, at=now, note="Reminder sent")
    record_about(invitation, Event.INVITATION_REMINDED, by=by, data={"recipient": invitation.recipient})
    return True


@transaction.atomic
def stop_reminders(*, invitation_id: UUID, by: Actor, now: datetime) -> None:
    """No more reminders about this invitation; once more changes nothing. Raises `NoSuchInvitation`."""
    invitation = locked(invitation_id)
    if invitation.reminders_stopped_at is not None:
        return
    invitation.reminders_stopped_at = now
    invitation.save(update_fields=["reminders_stopped_at"])
    write_history(invitation, by=by, at=now, note="No more reminders")
    record_about(invitation, Event.INVITATION_REMINDERS_STOPPED, by=by)
