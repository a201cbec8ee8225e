"""What is done with all ticked services at once: *Validate Authentication*, and how far that has come.

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
from gangway.organizations.pages import PAGE_SIZE
from gangway.organizations.roles import Capability
from gangway.services.queries import ServiceRow, some_services
from gangway.web.desk import DeskRequest, may
from gangway.web.live import first_look, look_again
from gangway.web.words import CONNECTION, PLANNED, VALIDATION, Pill, said

PARTIAL: Final = "services/_validating.html"


@require_POST
@may(Capability.VALIDATE_CONNECTION)
def validate_many(request: DeskRequest) -> HttpResponse:
    """*Validate Authentication* for the ticked services; those without a connection are told and left out."""
    found = some_services(ticked(request.POST))
    if not found:
        messages.error(request, _("Tick the services first: the boxes stand at the beginning of the rows."))
        return redirect("web:services")
    begun = [row.id for row in found if _begun(request, row.id)]
    if without := len(found) - len(begun):
        told = ngettext(
            "%(number)s service has no connection to validate.",
            "%(number)s services have no connection to validate.",
            without,
        )
        messages.warning(request, told % {"number": without})
    return redirect(_address("web:services_validating", begun) if begun else "web:services")


@require_safe
@may(Capability.SEE_CONNECTION)
def validating(request: DeskRequest) -> HttpResponse:
    """Show how far the validations of these services are; the page can be closed and opened again."""
    chosen = ticked(request.GET)
    url = _address("web:services_validating_state", chosen)
    values = _progress(chosen)
    live = first_look(request, PARTIAL, values, url=url)
    return render(request, "services/validating.html", {"live": live, "following": not values["over"]})


@require_safe
@may(Capability.SEE_CONNECTION)
def validating_state(request: DeskRequest) -> HttpResponse:
    """How far they are now."""
    values = _progress(ticked(request.GET))
    return look_again(request, PARTIAL, values, over=values["over"])


def ticked(given: QueryDict) -> list[UUID]:
    """Return the ids of the ticked rows, at most as many as a page has; what isn't an id isn't one."""
    found = []
    for text in given.getlist("service")[:PAGE_SIZE]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


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
