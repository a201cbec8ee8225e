"""Raising and ending alarms. Workers raise them, within everything: who is told stands above the alarm's own scope."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gangway.alarms import telling
from gangway.alarms.errors import AlarmOver, NoSuchAlarm
from gangway.alarms.models import Alarm, Move
from gangway.alarms.states import ABOUT_TELLING, NAMES_SOMEBODY, Happened, Kind, Severity
from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.jobs.actions import defer
from gangway.organizations.search import words as words_of

LONGEST = 500
LONGEST_ABOUT = 200


@transaction.atomic
def raise_alarm(
    *,
    organization_id: UUID,
    kind: Kind,
    subject: str,
    about: str,
    severity: Severity,
    words: str,
    cure: str,
    by: Actor,
    now: datetime,
    service_id: UUID | None = None,
    for_contacts: str = "",
    again: bool = False,
) -> UUID:
    """Raise an alarm, or go on with the open one of this kind and subject; gives its id.

    Somebody is told when it is new or worse, or when it is said `again`. `for_contacts`: what the customer's own people
    can do; empty, and they aren't told.
    """
    row = Alarm.objects.select_for_update(of=("self",)).filter(
        organization_id=organization_id, kind=kind.value, subject=subject, cleared_at__isnull=True
    )
    said = {
        "severity": severity.value,
        "words": words[:LONGEST],
        "cure": cure[:LONGEST],
        "about": about[:LONGEST_ABOUT],
    }
    said |= {"for_contacts": for_contacts[:LONGEST], "search_words": words_of(about, words)}
    alarm = row.first()
    if alarm is None:
        alarm = Alarm.objects.create(
            organization_id=organization_id,
            kind=kind.value,
            subject=subject,
            service_id=service_id,
            raised_at=now,
            changed_at=now,
            **said,
        )
        _moved(alarm, Happened.RAISED, Event.ALARM_RAISED, by=by, now=now)
        _tell(alarm, now=now)
        return alarm.pk
    worse = severity.rank > Severity(alarm.severity).rank
    for name, value in said.items():
        setattr(alarm, name, value)
    if worse or again:
        alarm.times += 1
        alarm.changed_at, alarm.acknowledged_at, alarm.acknowledged_by = now, None, ""
    alarm.save()
    if worse or again:
        _moved(alarm, Happened.WORSE if worse else Happened.REPEATED, Event.ALARM_RAISED, by=by, now=now)
        _tell(alarm, now=now)
    return alarm.pk


@transaction.atomic
def clear_alarm(
    *,
    organization_id: UUID,
    kind: Kind,
    subject: str,
    why: str,
    by: Actor,
    now: datetime,
    all_clear: bool = True,
) -> None:
    """End the open alarm of this kind and subject, since it was seen to be over; none is open: fine.

    Without `all_clear` it is over only for us, and the customer's own people don't read that nothing is left to do.
    """
    rows = Alarm.objects.select_for_update(of=("self",)).filter(
        organization_id=organization_id, kind=kind.value, subject=subject, cleared_at__isnull=True
    )
    for alarm in rows:
        _clear(alarm, why, all_clear=all_clear, by=by, now=now)


@transaction.atomic
def clear_all_of(*, organization_id: UUID, subject: str, why: str, by: Actor, now: datetime) -> None:
    """End all open alarms of a subject that rests or goes; nothing was seen to be over."""
    rows = Alarm.objects.select_for_update(of=("self",)).filter(
        organization_id=organization_id, subject=subject, cleared_at__isnull=True
    )
    for alarm in rows:
        _clear(alarm, why, all_clear=False, by=by, now=now)


@transaction.atomic
def acknowledge(alarm_id: UUID, *, by: Actor, now: datetime) -> None:
    """*Acknowledge*: somebody saw it and looks after it. Twice is fine. Raises `NoSuchAlarm`, `AlarmOver`."""
    alarm = _open(alarm_id)
    if alarm.acknowledged_at is not None:
        return
    alarm.acknowledged_at, alarm.acknowledged_by = now, by.name[:200]
    alarm.save(update_fields=["acknowledged_at", "acknowledged_by"])
    _moved(alarm, Happened.ACKNOWLEDGED, Event.ALARM_ACKNOWLEDGED, by=by, now=now, words="")


@transaction.atomic
def clear(alarm_id: UUID, *, why: str = "", by: Actor, now: datetime) -> None:
    """*Clear*: somebody says that it is over; what still is so is raised anew. Raises `NoSuchAlarm`, `AlarmOver`."""
    _clear(_open(alarm_id), why, all_clear=False, by=by, now=now)


def _tell(alarm: Alarm, *, now: datetime) -> None:
    """Tell of an alarm; that nobody is there to be told is an alarm of its own, which stands on the page."""
    if telling.tell(alarm, now=now) or Kind(alarm.kind) in ABOUT_TELLING:
        return
    raise_alarm(
        organization_id=alarm.organization_id,
        kind=Kind.NOBODY_TOLD,
        subject=f"organization:{alarm.organization_id}",
        about=alarm.organization.name,
        severity=Severity.CRITICAL,
        words="There is nobody to tell of its alarms: no operator who may act, no contact, no webhook.",
        cure="Invite an operator, or name a contact.",
        by=telling.TELLER,
        now=now,
    )


def _open(alarm_id: UUID) -> Alarm:
    alarm = Alarm.objects.select_for_update(of=("self",)).filter(pk=alarm_id).first()
    if alarm is None:
        raise NoSuchAlarm
    if alarm.cleared_at is not None:
        raise AlarmOver
    return alarm


def _clear(alarm: Alarm, why: str, *, all_clear: bool, by: Actor, now: datetime) -> None:
    alarm.cleared_at, alarm.cleared_by, alarm.changed_at = now, (by.name or by.kind)[:200], now
    alarm.save(update_fields=["cleared_at", "cleared_by", "changed_at"])
    _moved(alarm, Happened.CLEARED, Event.ALARM_CLEARED, by=by, now=now, words=why[:LONGEST])
    if all_clear:
        defer(telling.SEEN_OVER, alarm_id=str(alarm.pk))
    else:
        defer(telling.CLEARED, alarm_id=str(alarm.pk), by_id=by.id if by.kind == "person" else "")


def _moved(alarm: Alarm, what: Happened, event: Event, *, by: Actor, now: datetime, words: str | None = None) -> None:
    said = "" if Kind(alarm.kind) in NAMES_SOMEBODY else alarm.words
    Move.objects.create(
        organization_id=alarm.organization_id,
        alarm=alarm,
        at=now,
        what=what.value,
        severity=alarm.severity,
        words=said if words is None else words,
        by=(by.name or by.kind)[:200],
    )
    facts = {"kind": alarm.kind, "about": alarm.about, "severity": alarm.severity, "words": alarm.words}
    subject = f"service:{alarm.service_id}" if alarm.service_id else alarm.subject
    record(event, by=by, organization_id=alarm.organization_id, subject=subject, data=facts)
