"""Reading the audit log, newest first, always for one organization and what is below it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from gangway.audit.models import Entry
from gangway.audit.record import Plain

MOST_ROWS = 200
MOMENTS = ("before", "after")


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
    """What somebody looks for in the log; empty means all. `event` may be a whole event or its beginning ("vault:")."""

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
    subject: str = "",
    sought: Sought | None = None,
) -> list[ActivityRow]:
    """Return up to `limit` (at most 200) entries at or below this organization, older than `before_id` if given.

    `subject` narrows to one thing, `sought` to more. Raises ValueError without a path: that would show everybody's.
    """
    if not organization_path.endswith("/"):
        message = "activity is read for one organization's path"
        raise ValueError(message)
    rows = Entry.objects.filter(organization__path__startswith=organization_path).filter(_meant(sought or Sought()))
    if subject:
        rows = rows.filter(subject=subject)
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    return [_row(entry) for entry in rows.select_related("organization").order_by("-id")[: min(limit, MOST_ROWS)]]


def _meant(sought: Sought) -> Q:
    condition = Q()
    if sought.who:
        condition &= Q(actor_name__istartswith=sought.who)
    if sought.event:
        condition &= Q(event__startswith=sought.event)
    if sought.subject:
        condition &= Q(subject=sought.subject)
    if sought.since:
        condition &= Q(at__gte=sought.since)
    if sought.until:
        condition &= Q(at__lt=sought.until)
    if sought.organization_id:
        condition &= Q(organization_id=sought.organization_id)
    return condition


def every_activity(*, organization_path: str, sought: Sought) -> Iterator[list[ActivityRow]]:
    """Return all that is meant, from the newest, some at a time; however much it is, little is held in memory."""
    before: int | None = None
    while rows := activity(organization_path=organization_path, limit=MOST_ROWS, before_id=before, sought=sought):
        yield rows
        before = rows[-1].id


def _row(entry: Entry) -> ActivityRow:
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
        data={name: value for name, value in told.items() if name not in MOMENTS},
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
