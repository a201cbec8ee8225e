"""Reading the audit log, newest first, always for one organization and what is below it.

A customer that was moved keeps its log; but whoever reads it from below the provider reads no further back than the
last move, and isn't told from where it came: until then another reseller's people worked there.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, Exists, Func, OuterRef, Q, QuerySet, TextField, Value

from gangway.audit.events import Event
from gangway.audit.models import WHO_INDEX, Entry
from gangway.audit.record import Plain
from gangway.foundation.words import words_begun

MOST_ROWS = 200
MOMENTS = ("before", "after")
_PROVIDERS_LEVEL = 2
"""Organizations in a provider's path: the system and itself."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field that a change touched."""

    field: str
    before: Plain
    after: Plain


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """One entry as pages show it. `subject` is what it happened to, as "service:<id>". Erased names are empty."""

    id: int
    at: datetime
    event: str
    organization_id: UUID
    organization_name: str
    subject: str
    actor_kind: str
    actor_name: str
    actor_address: str
    request_id: str
    data: dict[str, Plain]
    changes: tuple[Change, ...]
    actor_id: str = ""


@dataclass(frozen=True, slots=True)
class Sought:
    """What somebody looks for in the log; empty means all. `event` may be a whole event or its beginning ("vault:").

    `who` is found by the beginnings of words of a name.
    """

    who: str = ""
    event: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None
    organization_id: UUID | None = None


def activity(
    *,
    organization_path: str,
    limit: int = 50,
    before_id: int | None = None,
    subject: str | Collection[str] = "",
    sought: Sought | None = None,
) -> list[ActivityRow]:
    """Return up to `limit` (at most 200) entries at or below this organization, older than `before_id` if given.

    `subject` narrows to one thing or to some, `sought` to more. Raises ValueError without a path: that is everybody's.
    """
    if not organization_path.endswith("/"):
        message = "activity is read for one organization's path"
        raise ValueError(message)
    rows = Entry.objects.filter(organization__path__startswith=organization_path).filter(_meant(sought or Sought()))
    below_a_provider = organization_path.count("/") > _PROVIDERS_LEVEL
    if below_a_provider:
        rows = _since_the_last_move(rows)
    if subject:
        rows = rows.filter(subject__in=[subject] if isinstance(subject, str) else subject)
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    found = rows.select_related("organization").order_by("-id")[: min(limit, MOST_ROWS)]
    return [_row(entry, untold=("from",) if below_a_provider and _is_move(entry) else ()) for entry in found]


def _since_the_last_move(rows: QuerySet[Entry]) -> QuerySet[Entry]:
    moved = Entry.objects.filter(organization_id=OuterRef("organization_id"), event=Event.ORGANIZATION_MOVED.value)
    return rows.exclude(Exists(moved.filter(id__gt=OuterRef("id"))))


def _is_move(entry: Entry) -> bool:
    return entry.event == Event.ORGANIZATION_MOVED.value


def _meant(sought: Sought) -> Q:
    condition = Q()
    if sought.who:
        condition &= _by(sought.who)
    if sought.event:
        condition &= Q(event=sought.event) if sought.event in set(Event) else Q(event__startswith=sought.event)
    if sought.subject:
        condition &= Q(subject=sought.subject)
    if sought.since:
        condition &= Q(at__gte=sought.since)
    if sought.until:
        condition &= Q(at__lt=sought.until)
    if sought.organization_id:
        condition &= Q(organization_id=sought.organization_id)
    return condition


def _by(who: str) -> Q:
    """Each word of `who` begins one of the actor's name; what holds no word is nobody's name."""
    wanted = words_begun(who)
    if not wanted:
        return Q(pk__in=())
    as_query = Func(Value(wanted, output_field=TextField()), template="%(expressions)s::tsquery")
    return Q(Func(WHO_INDEX, as_query, template="(%(expressions)s)", arg_joiner=" @@ ", output_field=BooleanField()))


def every_activity(*, organization_path: str, sought: Sought) -> Iterator[list[ActivityRow]]:
    """Return all that is meant, from the newest, some at a time; however much it is, little is held in memory."""
    before: int | None = None
    while rows := activity(organization_path=organization_path, limit=MOST_ROWS, before_id=before, sought=sought):
        yield rows
        before = rows[-1].id


def _row(entry: Entry, *, untold: Collection[str] = ()) -> ActivityRow:
    told = {**entry.data, **entry.personal}
    moments = {name: {**_fields(entry.data, name), **_fields(entry.personal, name)} for name in MOMENTS}
    return ActivityRow(
        id=entry.id,
        at=entry.at,
        event=entry.event,
        organization_id=entry.organization_id,
        organization_name=entry.organization.name,
        subject=entry.subject,
        actor_kind=entry.actor_kind,
        actor_name=entry.actor_name,
        actor_address=entry.actor_address,
        request_id=entry.request_id,
        data={name: value for name, value in told.items() if name not in {*MOMENTS, *untold}},
        changes=_changes(moments["before"], moments["after"]),
        actor_id=entry.actor_id,
    )


def _fields(kept: dict[str, Any], moment: str) -> dict[str, Plain]:
    """Return the fields as they were before or after; what has no fields is one thing that changed as a whole."""
    value = kept.get(moment, {})
    return value if isinstance(value, dict) else {"value": value}


def _changes(before: dict[str, Plain], after: dict[str, Plain]) -> tuple[Change, ...]:
    fields = sorted({*before, *after})
    return tuple(Change(field, before.get(field), after.get(field)) for field in fields)
