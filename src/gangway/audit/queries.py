"""Reading the audit log, newest first, always for one organization and what is below it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

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


def activity(
    *, organization_path: str, limit: int = 50, before_id: int | None = None, subject: str = ""
) -> list[ActivityRow]:
    """Return up to `limit` (at most 200) entries at or below this organization, older than `before_id` if given.

    `subject` narrows to one thing. Raises ValueError without a path: that would show everybody's activity.
    """
    if not organization_path.endswith("/"):
        message = "activity is read for one organization's path"
        raise ValueError(message)
    rows = Entry.objects.filter(organization__path__startswith=organization_path)
    if subject:
        rows = rows.filter(subject=subject)
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    return [_row(entry) for entry in rows.select_related("organization").order_by("-id")[: min(limit, MOST_ROWS)]]


def _row(entry: Entry) -> ActivityRow:
    told = {**entry.data, **entry.personal}
    moments = {name: {**entry.data.get(name, {}), **entry.personal.get(name, {})} for name in MOMENTS}
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
    )


def _changes(before: dict[str, Plain], after: dict[str, Plain]) -> tuple[Change, ...]:
    fields = sorted({*before, *after})
    return tuple(Change(field, before.get(field), after.get(field)) for field in fields)
