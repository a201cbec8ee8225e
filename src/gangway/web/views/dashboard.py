"""*Dashboard*: what needs a person, most urgent first; then how the connections stand."""

from typing import Any, Final

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from gangway.alarms.queries import open_count
from gangway.foundation.clock import now
from gangway.organizations.roles import SEES_INVITATIONS, Capability
from gangway.services.overview import DAYS, MOST_COUNTED, Tallies, tallies
from gangway.web.dashboard import needs
from gangway.web.desk import DeskRequest, may
from gangway.web.words import CONNECTION, PLANNED

WHOLE: Final = 100


@require_safe
@may(Capability.SEE_SERVICES)
def dashboard(request: DeskRequest) -> HttpResponse:
    """Show what is stuck, expiring or failing, and the tallies."""
    counted, held = tallies(now=now()), request.seat.capabilities
    values = {
        "needs": needs(held),
        "connections": _connections(counted),
        "days": _days(counted),
        "any": any(counted.connections.values()) or counted.planned,
        "alarms": _alarms() if Capability.SEE_CONNECTION in held else [],
        "may_add": Capability.ADD_SERVICE in held,
        "sees_connections": Capability.SEE_CONNECTION in held,
        "sees_invitations": bool(held & SEES_INVITATIONS),
    }
    return render(request, "dashboard/page.html", values)


def _alarms() -> list[dict[str, Any]]:
    counted, alarms = open_count(), f"{reverse('web:alarms')}?state=open"
    return [
        {"word": _("Nobody looks after yet"), **_told(counted.open), "url": alarms},
        {"word": _("Of them critical"), **_told(counted.critical), "url": f"{alarms}&severity=critical"},
    ]


def _connections(counted: Tallies) -> list[dict[str, Any]]:
    services = reverse("web:services")
    rows = [
        {"pill": CONNECTION[state.value], **_told(number), "url": f"{services}?status={state.value}"}
        for state, number in counted.connections.items()
    ]
    return [*rows, {"pill": PLANNED, **_told(counted.planned), "url": f"{services}?status=planned"}]


def _days(counted: Tallies) -> list[dict[str, Any]]:
    """Name each count of days left and give it a bar, as a part of the longest."""
    words = [_("Expired"), *(_("Up to %(days)d days") % {"days": days} for days in DAYS[1:])]
    words.append(_("More than %(days)d days") % {"days": DAYS[-1]})
    named = [*zip(words, counted.days, strict=True), (_("Unknown, or never"), counted.days_unknown)]
    longest = max(*(number for _word, number in named), 1)
    return [{"word": word, **_told(number), "percent": WHOLE * number // longest} for word, number in named]


def _told(number: int) -> dict[str, Any]:
    return {"count": min(number, MOST_COUNTED), "more": number > MOST_COUNTED}
