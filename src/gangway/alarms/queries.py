"""Reading alarms. Everything returned is a plain frozen value; call them inside a scope."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.expressions import OrderBy

from gangway.alarms.errors import NoSuchAlarm
from gangway.alarms.models import URGENCY, Alarm, Move, Notice
from gangway.alarms.states import OVER, AlarmState, Audience, Happened, Kind, NoticeState, Severity
from gangway.organizations.pages import Page, both_ways, every, page_of
from gangway.organizations.search import matching
from gangway.organizations.taken_over import named

BESIDE: Final = "^service:[0-9a-f-]{36}:"
"""Subjects of what a service uses beside its connection."""
SORTS: Final[Mapping[str, tuple[str | OrderBy, ...]]] = {
    "severity": (URGENCY.asc(), "changed_at", "id"),
    "-severity": (URGENCY.desc(), "-changed_at", "-id"),
    **both_ways(since="raised_at"),
}
MOST_COUNTED: Final = 200
"""Nobody is told a greater number than "more than" this."""


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """One alarm in a list."""

    id: UUID
    kind: Kind
    severity: Severity
    state: AlarmState
    about: str
    words: str
    cure: str
    times: int
    organization_name: str
    service_id: UUID | None
    invitation_id: UUID | None
    raised_at: datetime
    changed_at: datetime
    acknowledged_by: str
    cleared_at: datetime | None
    cleared_by: str

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do."""
        return self.state is AlarmState.CLEARED


@dataclass(frozen=True, slots=True)
class MoveRow:
    """One line of an alarm's history."""

    at: datetime
    what: Happened
    words: str
    by: str


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One address that was, or will be, told."""

    to: str
    audience: Audience
    state: NoticeState
    send_at: datetime
    ended_at: datetime | None
    error: str
    of_its_end: bool
    """Whether it tells that the alarm is over."""


@dataclass(frozen=True, slots=True)
class AlarmView:
    """One alarm with its history, the newest first, and who was told."""

    row: AlarmRow
    moves: tuple[MoveRow, ...]
    notices: tuple[NoticeRow, ...]


@dataclass(frozen=True, slots=True)
class OpenCount:
    """How many alarms of the scope nobody has seen to, and how many of them are critical; both up to a bound."""

    open: int
    critical: int

    @property
    def open_shown(self) -> str:
        """How many wait, as pages say it."""
        return str(self.open) if self.open <= MOST_COUNTED else f"{MOST_COUNTED}+"


def alarms(
    *, search: str = "", state: str = "", severity: str = "", kind: str = "", sort: str = "", page: int = 1
) -> Page[AlarmRow]:
    """Return the scope's alarms, those that aren't cleared unless `state` asks for others.

    `sort`: "severity" or "since", with a minus turned round; else what changed last first.
    """
    return page_of(_found(search, state, severity, kind, sort), page, _row)


def every_alarm(
    *,
    search: str = "",
    state: str = "",
    severity: str = "",
    kind: str = "",
    sort: str = "",
    among: Collection[UUID] | None = None,
) -> Iterator[AlarmRow]:
    """Give all that `alarms` would show on its pages, or those of them with these ids, for an export."""
    return every(_found(search, state, severity, kind, sort), _row, among=among)


def some_alarms(ids: Collection[UUID]) -> tuple[AlarmRow, ...]:
    """Return those of these alarms that are in the scope, over or not, by what they are about."""
    rows = Alarm.objects.filter(pk__in=ids).select_related("organization").order_by("about", "id")
    return tuple(map(_row, rows))


def _found(search: str, state: str, severity: str, kind: str, sort: str) -> QuerySet[Alarm]:
    rows = _in_state(Alarm.objects.filter(matching(search, begins=())), state)
    if severity in set(Severity):
        rows = rows.filter(severity=severity)
    if kind in set(Kind):
        rows = rows.filter(kind=kind)
    return rows.select_related("organization").order_by(*SORTS.get(sort, ("-changed_at", "-id")))


def alarm(alarm_id: UUID) -> AlarmView:
    """Return one alarm; raises `NoSuchAlarm`."""
    row = Alarm.objects.select_related("organization").filter(pk=alarm_id).first()
    if row is None:
        raise NoSuchAlarm
    moved_at = row.organization.moved_at
    moves = Move.objects.filter(alarm=row).order_by("-at", "-id")[:100]
    notices = Notice.objects.filter(alarm=row).order_by("-created_at", "to")[:100]
    return AlarmView(
        row=_row(row),
        moves=tuple(
            MoveRow(one.at, Happened(one.what), one.words, named(one.by, at=one.at, moved_at=moved_at)) for one in moves
        ),
        notices=tuple(_notice(one, moved_at) for one in notices),
    )


def open_count() -> OpenCount:
    """Count what nobody has seen to, no further than `MOST_COUNTED` and one more."""
    waiting = Alarm.objects.filter(cleared_at__isnull=True, acknowledged_at__isnull=True)
    critical = waiting.filter(severity=Severity.CRITICAL.value)
    return OpenCount(*(rows[: MOST_COUNTED + 1].count() for rows in (waiting, critical)))


def most_urgent(*, limit: int, but: Collection[str] = ()) -> tuple[AlarmRow, ...]:
    """Return open alarms that nobody acknowledged and that no service's own status tells, the worst first.

    They belong to no service, or to what one uses beside its connection. `but`: subjects that are told in another way.
    """
    rows = Alarm.objects.filter(cleared_at__isnull=True, acknowledged_at__isnull=True).exclude(subject__in=but)
    rows = rows.filter(Q(service__isnull=True) | Q(subject__regex=BESIDE))
    found = rows.select_related("organization").order_by(*SORTS["-severity"])[:limit]
    return tuple(map(_row, found))


def open_for(service_id: UUID) -> tuple[AlarmRow, ...]:
    """Return the open alarms of one service, the worst first."""
    rows = Alarm.objects.filter(service_id=service_id, cleared_at__isnull=True).select_related("organization")
    return tuple(sorted(map(_row, rows), key=lambda row: -row.severity.rank))


def _in_state(rows: QuerySet[Alarm], state: str) -> QuerySet[Alarm]:
    if state == AlarmState.CLEARED:
        return rows.filter(cleared_at__isnull=False)
    living = rows.filter(cleared_at__isnull=True)
    if state in {AlarmState.OPEN, AlarmState.ACKNOWLEDGED}:
        return living.filter(acknowledged_at__isnull=state == AlarmState.OPEN)
    return living


def _row(row: Alarm) -> AlarmRow:
    return AlarmRow(
        id=row.pk,
        kind=Kind(row.kind),
        severity=Severity(row.severity),
        state=_state(row),
        about=row.about,
        words=row.words,
        cure=row.cure,
        times=row.times,
        organization_name=row.organization.name,
        service_id=row.service_id,
        invitation_id=row.invitation_id,
        raised_at=row.raised_at,
        changed_at=row.changed_at,
        acknowledged_by=named(row.acknowledged_by, at=row.acknowledged_at, moved_at=row.organization.moved_at),
        cleared_at=row.cleared_at,
        cleared_by=named(row.cleared_by, at=row.cleared_at, moved_at=row.organization.moved_at),
    )


def _notice(row: Notice, moved_at: datetime | None) -> NoticeRow:
    audience, state = Audience(row.audience), NoticeState(row.state)
    to = row.to if audience is Audience.CONTACT else named(row.to, at=row.created_at, moved_at=moved_at)
    error = row.error if to == row.to else ""  # a server's answer may repeat the address
    return NoticeRow(to, audience, state, row.send_at, row.ended_at, error, row.turn == OVER)


def _state(row: Alarm) -> AlarmState:
    if row.cleared_at is not None:
        return AlarmState.CLEARED
    return AlarmState.OPEN if row.acknowledged_at is None else AlarmState.ACKNOWLEDGED


def raised_at(kind: Kind, *, subject: str) -> datetime | None:
    """Return since when the alarm of this kind and subject is open; None when none is."""
    rows = Alarm.objects.filter(kind=kind.value, subject=subject, cleared_at__isnull=True)
    return rows.values_list("raised_at", flat=True).first()


def open_at(kind: Kind) -> tuple[tuple[UUID, str], ...]:
    """Return organization and subject of each open alarm of a kind."""
    rows = Alarm.objects.filter(kind=kind.value, cleared_at__isnull=True).order_by("raised_at", "id")
    return tuple(rows.values_list("organization_id", "subject"))


def open_subjects(kind: Kind, *, begins: str) -> tuple[str, ...]:
    """Return the subjects of the open alarms of a kind that begin so."""
    rows = Alarm.objects.filter(kind=kind.value, subject__startswith=begins, cleared_at__isnull=True)
    return tuple(rows.order_by("raised_at").values_list("subject", flat=True))
