"""What became of the mails and calls that told of alarms. One that could not be delivered is an alarm itself."""

from datetime import datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

from django.db import transaction

from gangway.alarms.actions import clear_alarm, raise_alarm
from gangway.alarms.models import Notice
from gangway.alarms.states import ABOUT_TELLING, Audience, Kind, NoticeState, Severity
from gangway.alarms.telling import TELLER
from gangway.notifications import webhooks
from gangway.notifications.queries import delivery
from gangway.notifications.states import DeliveryState
from gangway.organizations.scope import within_everything

HEARD: Final = "The address takes mail again."


def ended(subject_ref: str, *, now: datetime) -> None:
    """Note how a bundle of notices ended, and raise or clear the alarm about its address."""
    bundle = UUID(subject_ref.rpartition(":")[2])
    with within_everything("alarms of all organizations are told"), transaction.atomic():
        notices = list(Notice.objects.select_for_update(of=("self",)).filter(bundle=bundle))
        if not notices:
            return
        state, error = _outcome(notices[0], subject_ref)
        if notices[0].state == state:
            return  # told twice; a mail that was sent and came back later is told anew
        for one in notices:
            one.state, one.error, one.ended_at = state.value, error[:300], now
            one.save(update_fields=["state", "error", "ended_at"])
        _follow(notices[0], state, error, now=now)


def _outcome(notice: Notice, subject_ref: str) -> tuple[NoticeState, str]:
    """Ask the room that delivered it."""
    machine = notice.audience == Audience.MACHINE
    done = webhooks.outcome(subject_ref) if machine else delivery(subject_ref)
    if done is not None and done.state is DeliveryState.SENT:
        return NoticeState.SENT, ""
    return NoticeState.FAILED, done.last_error if done else "It was never sent."


def _follow(notice: Notice, state: NoticeState, error: str, *, now: datetime) -> None:
    """An alarm about telling that can't be told raises no other: it stands on the page."""
    alarm = notice.alarm
    where = alarm.organization_id if notice.audience == Audience.CONTACT else notice.sender_id
    if state is NoticeState.SENT:
        reached(where, notice.to, now=now)
    elif Kind(alarm.kind) not in ABOUT_TELLING:
        not_reached(where, notice.to, of=alarm.about, why=error, then="see to the alarm it was about", now=now)


def reached(organization_id: UUID, address: str, *, now: datetime) -> None:
    """A mail to this address went out: an alarm about it is over. For workers, within everything."""
    subject = _subject(address)
    clear_alarm(organization_id=organization_id, kind=Kind.UNDELIVERED, subject=subject, why=HEARD, by=TELLER, now=now)


def not_reached(
    organization_id: UUID,
    address: str,
    *,
    of: str,
    why: str,
    then: str,
    service_id: UUID | None = None,
    now: datetime,
) -> None:
    """Somebody of this organization could not be told of something: raise the alarm about their address.

    `then`: what else is to be done, once the address is right. `service_id`: the only one that they were to be told of.
    For workers, within everything.
    """
    raise_alarm(
        organization_id=organization_id,
        kind=Kind.UNDELIVERED,
        subject=_subject(address),
        about=address,
        severity=Severity.WARNING,
        words=f"{address} could not be told of “{of}”: {why}",
        cure=f"Correct the address or name another one, and {then}.",
        service_id=service_id,
        by=TELLER,
        now=now,
    )


def _subject(address: str) -> str:
    return f"address:{sha256(address.encode()).hexdigest()[:16]}"
