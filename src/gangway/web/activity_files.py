"""The activity log as files: CSV for spreadsheets, where no cell is a formula, and JSON for programs."""

import json
from collections.abc import Iterable, Iterator
from typing import Final

from gangway.audit.queries import ActivityRow
from gangway.web.downloads import csv_lines

HEAD: Final = (
    "At",
    "Event",
    "Organization",
    "Organization id",
    "Subject",
    "Who",
    "Who is",
    "From",
    "Request",
    "Data",
    "Before",
    "After",
)


def csv_parts(some: Iterable[list[ActivityRow]]) -> Iterator[str]:
    """Give the file in parts, the head first; UTF-8 with its mark."""
    yield "\ufeff" + csv_lines([HEAD])
    for rows in some:
        yield csv_lines(_values(row) for row in rows)


def json_parts(some: Iterable[list[ActivityRow]]) -> Iterator[str]:
    """Give one array in parts."""
    mark = "[\n"
    for rows in some:
        yield mark + ",\n".join(json.dumps(_facts(row), ensure_ascii=False) for row in rows)
        mark = ",\n"
    yield "[]\n" if mark == "[\n" else "\n]\n"


def _facts(row: ActivityRow) -> dict[str, object]:
    return {
        "at": row.at.isoformat(),
        "event": row.event,
        "organization": row.organization_name,
        "organization_id": str(row.organization_id),
        "subject": row.subject,
        "who": row.actor_name,
        "who_is": row.actor_kind,
        "from": row.actor_address,
        "request_id": row.request_id,
        "data": row.data,
        "before": {change.field: change.before for change in row.changes},
        "after": {change.field: change.after for change in row.changes},
    }


def _values(row: ActivityRow) -> list[object]:
    return [_plain(value) for value in _facts(row).values()]


def _plain(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""
