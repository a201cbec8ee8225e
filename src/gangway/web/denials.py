"""Whoever asks for what their role doesn't include stands in the activity log by name, once a day for each page."""

from datetime import timedelta
from typing import Final

from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest

from gangway.audit.events import Event
from gangway.audit.record import record
from gangway.organizations.errors import NotAllowed
from gangway.organizations.scope import within

ONCE_IN: Final = int(timedelta(days=1).total_seconds())


def write_down(request: HttpRequest, error: NotAllowed) -> None:
    """Record what was denied to the person at the desk; who loads the page again and again fills no log."""
    seat = getattr(request, "seat", None)
    page = request.resolver_match.view_name if request.resolver_match else ""
    if seat is None or not cache.add(f"denied:{seat.operator_id}:{seat.organization_id}:{page}", 1, timeout=ONCE_IN):
        return
    with within(seat.path), transaction.atomic():
        record(
            Event.ACCESS_DENIED,
            by=request.actor,  # type: ignore[attr-defined]
            organization_id=seat.organization_id,
            subject=f"operator:{seat.operator_id}",
            data={"page": page.removeprefix("web:"), "needs": error.details.get("capability", "")},
        )
