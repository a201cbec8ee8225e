"""What is done with many services at once, ticked or all that match: *Validate Authentication*, and how far it is.

Each service has a job and a row of its own, so nothing is lost when this page, a worker or a process goes; the page of
the progress is made from its address and what those rows say.
"""

from collections.abc import Collection
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from gangway.connections.actions import validate_connection
from gangway.connections.errors import ConnectionSuspended, NoSuchConnection
from gangway.connections.queries import LatestLook, latest_looks
from gangway.foundation.clock import now
from gangway.organizations.roles import Capability
from gangway.services.queries import ServiceRow, Sought, matching_services, some_services
from gangway.web.desk import DeskRequest, may
from gangway.web.listing import Asked, asked_in
from gangway.web.lists import LISTS
from gangway.web.live import first_look, look_again
from gangway.web.views.several import list_as_sought, ticked
from gangway.web.words import CONNECTION, PLANNED, VALIDATION, Pill, said

PARTIAL: Final = "services/_validating.html"
EVERY: Final = "every"
"""The box that means all services that match, and not only the ticked ones of one page."""
MOST_AT_ONCE: Final = 200
LATEST: Final = "validating"
"""The session keeps the services of which no address could hold the ids."""


@require_POST
@may(Capability.VALIDATE_CONNECTION)
def validate_many(request: DeskRequest) -> HttpResponse:
    """*Validate Authentication* for the chosen services; those without a connection are told and left out."""
    chosen = _matching(request.POST) if request.POST.get(EVERY) else ticked(request.POST, "service", an_id=UUID)
    found = some_services(chosen)
    if not found:
        return tick_first(request)
    begun = [row.id for row in found if _begun(request, row.id)]
    if without := len(found) - len(begun):
        told = ngettext(
            "%(number)s service has no connection to validate.",
            "%(number)s services have no connection to validate.",
            without,
        )
        messages.warning(request, told % {"number": without})
    if len(chosen) == MOST_AT_ONCE:
        told = _("Begun with the first %(number)s that match; do it again for others once these are through.")
        messages.warning(request, told % {"number": MOST_AT_ONCE})
    if not begun:
        return redirect("web:services")
    if request.POST.get(EVERY):
        request.session[LATEST] = [str(one) for one in begun]
        return redirect(f"{reverse('web:services_validating')}?{EVERY}=on")
    return redirect(_address("web:services_validating", begun))


@require_safe
@may(Capability.SEE_CONNECTION)
def validating(request: DeskRequest) -> HttpResponse:
    """Show how far the validations of these services are; the page can be closed and opened again."""
    chosen, route = _chosen(request), "web:services_validating_state"
    url = f"{reverse(route)}?{EVERY}=on" if request.GET.get(EVERY) else _address(route, chosen)
    values = _progress(chosen)
    live = first_look(request, PARTIAL, values, url=url)
    return render(request, "services/validating.html", {"live": live, "following": not values["over"]})


@require_safe
@may(Capability.SEE_CONNECTION)
def validating_state(request: DeskRequest) -> HttpResponse:
    """How far they are now."""
    values = _progress(_chosen(request))
    return look_again(request, PARTIAL, values, over=values["over"])


def lacks_ticks(given: QueryDict) -> bool:
    """Whether somebody pressed a button *With the ticked ones*, and ticked none."""
    return given.get("of") == "ticked" and not given.get(EVERY) and not ticked(given, "service", an_id=UUID)


def tick_first(request: DeskRequest) -> HttpResponse:
    """Lead back to the list as it was searched, filtered and sorted, and say how rows are chosen."""
    messages.error(request, _("Tick the services first: the boxes stand at the beginning of the rows."))
    return redirect(list_as_sought("services", request.POST if request.method == "POST" else request.GET))


def sought(wanted: Asked) -> Sought:
    """Say which services a list was asked for."""
    return Sought(search=wanted.search, sort=wanted.sort, **wanted.choices)


def _matching(given: QueryDict) -> list[UUID]:
    """Return all that the list showed, over all its pages."""
    return matching_services(sought(asked_in(given, *LISTS["services"].filters)), most=MOST_AT_ONCE)


def _chosen(request: DeskRequest) -> list[UUID]:
    """Return the services that a page of the progress is about."""
    if request.GET.get(EVERY):
        return [UUID(one) for one in request.session.get(LATEST, ())]
    return ticked(request.GET, "service", an_id=UUID)


def _begun(request: DeskRequest, service_id: UUID) -> bool:
    try:
        validate_connection(service_id=service_id, by=request.actor, now=now())
    except (NoSuchConnection, ConnectionSuspended):
        return False
    return True


def _address(route: str, chosen: Collection[UUID]) -> str:
    return f"{reverse(route)}?{urlencode({'service': [str(one) for one in chosen]}, doseq=True)}"


def _progress(chosen: Collection[UUID]) -> dict[str, Any]:
    looks = latest_looks(chosen)
    rows = [_row(row, looks.get(row.id)) for row in some_services(chosen)]
    done = sum(row["over"] for row in rows)
    return {"rows": rows, "done": done, "all": len(rows), "over": done == len(rows)}


def _row(row: ServiceRow, look: LatestLook | None) -> dict[str, Any]:
    return {"service": row, "look": look, "pill": _pill(look), "over": look is None or look.is_over}


def _pill(look: LatestLook | None) -> Pill:
    if look is None:
        return PLANNED
    return said(CONNECTION, look.status) if look.state == "done" else said(VALIDATION, look.state)
