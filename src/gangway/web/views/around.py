"""Looking around: what happened lately."""

from typing import Final

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gangway.audit.queries import activity
from gangway.organizations.roles import Capability
from gangway.web.activity_words import entry_of
from gangway.web.desk import DeskRequest, may

AT_ONCE: Final = 50
LONGEST_ID: Final = 18


@require_safe
@may(Capability.SEE_ACTIVITY)
def activity_page(request: DeskRequest) -> HttpResponse:
    """List what happened, newest first; older entries by the last one's number in the address."""
    given = request.GET.get("before", "")
    before = int(given) if given.isascii() and given.isdigit() and len(given) <= LONGEST_ID else None
    rows = activity(organization_path=request.seat.path, limit=AT_ONCE + 1, before_id=before)
    shown = rows[:AT_ONCE]
    values = {
        "entries": [entry_of(row) for row in shown],
        "older": shown[-1].id if len(rows) > AT_ONCE else None,
        "is_later_page": before is not None,
    }
    return render(request, "around/activity.html", values)
