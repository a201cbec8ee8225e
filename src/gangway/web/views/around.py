"""The activity log: what happened, by whom and when; sought by what stands in the address, taken away as a file."""

from datetime import date, datetime, time, timedelta
from typing import Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.timezone import make_aware
from django.views.decorators.http import require_POST, require_safe

from gangway.audit.events import Event
from gangway.audit.queries import Sought, activity, every_activity
from gangway.audit.record import record
from gangway.organizations.roles import Capability
from gangway.web.activity_files import csv_parts, json_parts
from gangway.web.activity_words import entry_of, words_of
from gangway.web.desk import DeskRequest, may
from gangway.web.listing import Asked, only_below
from gangway.web.streams import streamed

AT_ONCE: Final = 50
LONGEST_ID: Final = 18
LONGEST: Final = 200
FILTERS: Final = ("who", "event", "subject", "since", "until", "organization")
EVENTS: Final = tuple(sorted((event.value for event in Event), key=words_of))


@require_safe
@may(Capability.SEE_ACTIVITY)
def activity_page(request: DeskRequest) -> HttpResponse:
    """List what happened, newest first; older entries by the last one's number in the address."""
    given = request.GET.get("before", "")
    before = int(given) if given.isascii() and given.isdigit() and len(given) <= LONGEST_ID else None
    asked = _asked(request.GET)
    rows = activity(organization_path=request.seat.path, limit=AT_ONCE + 1, before_id=before, sought=_sought(asked))
    shown = rows[:AT_ONCE]
    values = {
        "entries": [entry_of(row) for row in shown],
        "asked": asked,
        "wanted": Asked(choices=asked),
        "organizations": only_below(asked["organization"]),
        "subjects": [(asked["subject"], asked["subject"])] if asked["subject"] else [],
        "narrows": any(asked.values()),
        "events": [(event, words_of(event)) for event in EVENTS],
        "older": urlencode({**_given(asked), "before": shown[-1].id}) if len(rows) > AT_ONCE else "",
        "newest": urlencode(_given(asked)),
        "is_later_page": before is not None,
    }
    return render(request, "around/activity.html", values)


@require_POST
@may(Capability.SEE_ACTIVITY)
def activity_csv(request: DeskRequest) -> HttpResponse:
    """Hand the sought entries out for a spreadsheet."""
    return _file(request, "csv")


@require_POST
@may(Capability.SEE_ACTIVITY)
def activity_json(request: DeskRequest) -> HttpResponse:
    """Hand the sought entries out for another program."""
    return _file(request, "json")


@transaction.atomic
def _file(request: DeskRequest, kind: Literal["csv", "json"]) -> HttpResponse:
    """Record that somebody takes entries away, and send them while they are read."""
    asked = _asked(request.POST)
    path = request.seat.path
    record(
        Event.AUDIT_EXPORTED,
        by=request.actor,
        organization_id=request.seat.organization_id,
        subject=f"organization:{request.seat.organization_id}",
        data={"format": kind, **_given(asked)},
    )
    some = every_activity(organization_path=path, sought=_sought(asked))
    parts = csv_parts(some) if kind == "csv" else json_parts(some)
    mime = "text/csv" if kind == "csv" else "application/json"
    answer = streamed(request, parts, path=path, content_type=f"{mime}; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="gangway-activity.{kind}"'
    answer["Cache-Control"] = "no-store"
    return answer


def _asked(given: QueryDict) -> dict[str, str]:
    return {name: given.get(name, "").replace("\x00", "").strip()[:LONGEST] for name in FILTERS}


def _given(asked: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in asked.items() if value}


def _sought(asked: dict[str, str]) -> Sought:
    """Read the filters; what makes no sense is taken as not asked. Both days belong to what is sought."""
    return Sought(
        who=asked["who"],
        event=asked["event"],
        subject=asked["subject"],
        since=_day(asked["since"]),
        until=_day(asked["until"], days_on=1),
        organization_id=_key(asked["organization"]),
    )


def _day(text: str, *, days_on: int = 0) -> datetime | None:
    """Return when a day begins, or one so many days later; None for what is no day, or none that calendars go to."""
    try:
        return make_aware(datetime.combine(date.fromisoformat(text) + timedelta(days=days_on), time.min))
    except (ValueError, OverflowError):
        return None


def _key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
