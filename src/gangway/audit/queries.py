"""Reading the audit log, newest first, always for one organization and what is below it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gangway.audit.models import Entry

MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """One entry as pages show it. `subject` is what it happened to, as "service:<id>"."""

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
    data: dict[str, str | int | bool | None]


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
        data=entry.data,
    )
