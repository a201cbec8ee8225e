"""Runs that wait for somebody with more rights: what remains, until when, reminders, and when we look again. Sync.

A wait is a row beside its run. Workers look at what is due; whatever stops them, the row says when to look again.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.foundation.clock import earliest_today
from gangway.jobs.actions import defer
from gangway.organizations.scope import within_everything
from gangway.provisioning import consent, moves
from gangway.provisioning.engine.course import Ending
from gangway.provisioning.engine.pinning import read
from gangway.provisioning.engine.remaining import Remains, can_be_seen, consent_link_is_safe, remains, waits_for
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.errors import CheckedJustNow, NoSuchRun, NotADayToPlan, NothingToSee, NotWaiting
from gangway.provisioning.models import Run, Waiting
from gangway.provisioning.states import RunState

LOOK: Final = "provisioning:look_at_waiting"
FIRST_LOOK: Final = timedelta(minutes=1)
PAUSES: Final = (
    (timedelta(minutes=10), timedelta(minutes=1)),
    (timedelta(hours=1), timedelta(minutes=5)),
    (timedelta(days=1), timedelta(minutes=30)),
    (timedelta(days=7), timedelta(hours=2)),
)
LONGEST_PAUSE: Final = timedelta(hours=6)
AGAIN_AFTER: Final = timedelta(seconds=15)
"""How soon after a look a person may ask for the next one."""
CLAIMED_FOR: Final = timedelta(minutes=2)
"""A worker that began to look and said nothing for so long is gone: another one looks."""

REMIND_AFTER: Final = tuple(timedelta(days=days) for days in (3, 7, 14, 14, 14))
"""The waits before each reminder; after the last one we are silent."""
MOST: Final = 200
"""Waits taken up at one go; the rest a moment later."""


def begin(run: Run, ending: Ending, *, now: datetime) -> None:
    """Write down what a locked run waits for. One that waited before keeps its time and its reminders."""
    registration, rows = run.registration, remains(ending.withheld)
    wanted = {(entry.resource, entry.id, "Role") for entry in read(registration.plan).permissions}
    row = Waiting.objects.filter(run_id=run.pk).first() or Waiting(
        organization_id=run.organization_id,
        run=run,
        since=now,
        deadline_at=now + timedelta(days=settings.GANGWAY.waiting_days),
        next_reminder_at=now + REMIND_AFTER[0],
    )
    if row.deadline_at <= now:  # it ended by its time before, and somebody went on with it
        row.since, row.deadline_at = now, now + timedelta(days=settings.GANGWAY.waiting_days)
    row.kind, row.remaining = waits_for(rows).value, [kept(one) for one in rows]
    row.consent_link = any(one.part is Part.CONSENT for one in rows) and consent_link_is_safe(
        ending.seen.application, wanted=wanted, granted=ending.seen.grants, back=consent.return_address()
    )
    visible = can_be_seen(rows) and ending.seen.principal is not None and ending.seen.credential is not None
    row.next_check_at = now + FIRST_LOOK if visible else None
    row.found, row.trouble = "", None
    row.save()


def kept(row: Remains) -> dict[str, Any]:
    """How a row keeps one thing that remains."""
    return {"key": row.key, "part": row.part.value, "name": row.name, "shows": row.shows}


def remaining(row: Waiting) -> tuple[Remains, ...]:
    """What a wait's row says that remains."""
    return tuple(Remains(one["key"], Part(one["part"]), one["name"], one["shows"]) for one in row.remaining)


def next_look(row: Waiting, *, now: datetime) -> datetime:
    """Often at first, then less: after ten minutes every five, in the end four times a day."""
    age = now - row.since
    return now + next((pause for until, pause in PAUSES if age < until), LONGEST_PAUSE)


def locked(run_id: UUID) -> Waiting:
    """The wait of a run that waits now, locked after the run, as everybody does. Raises NotWaiting."""
    try:
        run = moves.locked(run_id)
    except NoSuchRun as error:
        raise NotWaiting from error
    row = Waiting.objects.select_for_update(of=("self",)).filter(run_id=run_id).first()
    if run.state != RunState.WAITING or row is None:
        raise NotWaiting
    row.run = run
    return row


@transaction.atomic
def check_now(*, run_id: UUID, by: Actor, now: datetime) -> None:
    """*Check now*: have a worker look at once. Raises NotWaiting, NothingToSee, CheckedJustNow."""
    row = locked(run_id)
    if row.next_check_at is None:
        raise NothingToSee
    if row.next_check_at <= now or (row.checked_at is not None and now - row.checked_at < AGAIN_AFTER):
        raise CheckedJustNow
    row.next_check_at = now
    row.save(update_fields=["next_check_at"])
    _record(Event.WAITING_CHECK_ASKED, row, by)
    ask_look(run_id)


def ask_look(run_id: UUID) -> None:
    """Put a look on the workers' list; one that is on it already is enough."""
    defer(LOOK, queueing_lock=f"{LOOK}:{run_id}", run_id=str(run_id))


@transaction.atomic
def plan_for(*, run_id: UUID, day: date | None, by: Actor, now: datetime) -> None:
    """Say on which day what remains is planned for (a change board meets): no reminder goes out before it is over.

    The wait goes on through that day, even if it is its last. None takes it back. Raises NotADayToPlan at "planned_on",
    NotWaiting.
    """
    row = locked(run_id)
    if day is not None and not earliest_today(now) <= day <= row.deadline_at.date():
        raise NotADayToPlan(f"Choose a day from today to {row.deadline_at:%d %B %Y}.", field="planned_on")
    row.planned_on = day
    if day is not None:
        row.deadline_at = max(row.deadline_at, datetime.combine(day, time.max, tzinfo=UTC))
    if row.reminders_stopped_at is None and row.reminders < len(REMIND_AFTER):
        row.next_reminder_at = _next_reminder(row, now=now)
    row.save(update_fields=["planned_on", "deadline_at", "next_reminder_at"])
    _record(Event.WAITING_PLANNED, row, by, {"day": day.isoformat() if day else ""})


@transaction.atomic
def stop_reminders(*, run_id: UUID, by: Actor, now: datetime) -> None:
    """No more reminders about this wait; once more changes nothing. Raises NotWaiting."""
    row = locked(run_id)
    if row.reminders_stopped_at is not None:
        return
    row.reminders_stopped_at, row.next_reminder_at = now, None
    row.save(update_fields=["reminders_stopped_at", "next_reminder_at"])
    _record(Event.WAITING_REMINDERS_STOPPED, row, by)


def due_reminders(*, now: datetime) -> list[UUID]:
    """Runs whose waiting somebody should be reminded of now, the longest due first."""
    rows = Waiting.objects.filter(next_reminder_at__lte=now, run__state=RunState.WAITING.value)
    return list(rows.order_by("next_reminder_at").values_list("run_id", flat=True)[:MOST])


def reminded(*, run_id: UUID, by: Actor, now: datetime) -> bool:
    """Count a reminder that goes out in the caller's transaction; False when it isn't due any more."""
    try:
        row = locked(run_id)
    except NotWaiting:
        return False
    if row.next_reminder_at is None or row.next_reminder_at > now:
        return False
    row.reminders += 1
    row.next_reminder_at = _next_reminder(row, now=now) if row.reminders < len(REMIND_AFTER) else None
    row.save(update_fields=["reminders", "next_reminder_at"])
    _record(Event.WAITING_REMINDED, row, by, {"count": row.reminders})
    return True


def _next_reminder(row: Waiting, *, now: datetime) -> datetime:
    usual = now + REMIND_AFTER[row.reminders]
    if row.planned_on is None:
        return usual
    return max(usual, datetime.combine(row.planned_on + timedelta(days=1), time(8), tzinfo=UTC))


def take_up(*, now: datetime) -> None:
    """Have workers look at every wait that is due, or over."""
    with within_everything("waiting runs, whoever they belong to"), transaction.atomic():
        due = Waiting.objects.filter(Q(next_check_at__lte=now) | Q(deadline_at__lte=now))
        rows = due.filter(run__state=RunState.WAITING.value).order_by("next_check_at")
        for run_id in rows.values_list("run_id", flat=True)[:MOST]:
            ask_look(run_id)


def _record(event: Event, row: Waiting, by: Actor, data: Mapping[str, str | int] | None = None) -> None:
    facts = {"kind": row.kind, **(data or {})}
    record(event, by=by, organization_id=row.organization_id, subject=f"run:{row.run_id}", data=facts)
