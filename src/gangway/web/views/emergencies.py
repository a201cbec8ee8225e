"""*Emergency*: rotate or suspend everything of a provider, a channel or a sealing key; how far it is, who is needed."""

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from gangway.connections import emergency as emergencies
from gangway.connections.states import Deed
from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.onboarding.installation import installation
from gangway.organizations.place_queries import every_place
from gangway.organizations.roles import Capability, Kind
from gangway.web.desk import DeskRequest, may, proved_lately
from gangway.web.forms.emergency import EmergencyForm
from gangway.web.listing import asked
from gangway.web.live import first_look, look_again
from gangway.web.words import DEED, ITEM, said

PAGE: Final = ["GET", "HEAD", "POST"]
PARTIAL: Final = "emergencies/_progress.html"
LEVELS: Final = (Kind.PROVIDER, Kind.CHANNEL)


@require_safe
@may(Capability.CHANGE_SETTINGS)
def emergency_list(request: DeskRequest) -> HttpResponse:
    """List what was done to everything, the newest first."""
    page = emergencies.emergencies(page=asked(request).page)
    rows = [{"row": row, "deed": DEED[row.deed]} for row in page.rows]
    return render(request, "emergencies/list.html", {"page": page, "rows": rows, "wanted": asked(request)})


@require_http_methods(PAGE)
@may(Capability.CHANGE_SETTINGS)
@proved_lately
def begin(request: DeskRequest) -> HttpResponse:
    """Ask what, whose and why; the name of what everything is done to must be typed."""
    keys = [int(key.name) for key in installation(now=now()).sealing_keys]
    form = EmergencyForm(request.POST or None, places=list(_places()), keys=keys)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            emergency_id = emergencies.begin(
                organization_id=UUID(given["organization"]),
                deed=Deed(given["deed"]),
                key_number=given["key_number"],
                why=given["why"],
                typed=given["typed"],
                level=request.seat.organization_kind,
                by=request.actor,
                now=now(),
            )
        except GangwayError as error:
            form.refuse(error)
        else:
            messages.success(request, _("It is begun. This page follows how far it is."))
            return redirect("web:emergency", emergency_id)
    values = {"form": form, "rest_hours": settings.GANGWAY.credential_rest_hours}
    return render(request, "emergencies/begin.html", values)


@require_safe
@may(Capability.CHANGE_SETTINGS)
def emergency_page(request: DeskRequest, emergency_id: UUID) -> HttpResponse:
    """Show how far it is, and who needs the customer."""
    values = _values(request, emergency_id)
    url = f"{reverse('web:emergency_state', args=[emergency_id])}?page={values['page'].number}"
    live = first_look(request, PARTIAL, values, url=url)
    return render(request, "emergencies/detail.html", values | {"live": live, "following": not values["over"]})


@require_safe
@may(Capability.CHANGE_SETTINGS)
def emergency_state(request: DeskRequest, emergency_id: UUID) -> HttpResponse:
    """How far it is now."""
    values = _values(request, emergency_id)
    return look_again(request, PARTIAL, values, over=values["over"])


def _values(request: DeskRequest, emergency_id: UUID) -> dict[str, Any]:
    found = emergencies.emergency(emergency_id, page=asked(request).page)
    return {
        "found": found,
        "page": found.open_items,
        "deed": DEED[found.row.deed],
        "counts": [(said(ITEM, state), number) for state, number in found.counts.items()],
        "items": [{"item": item, "pill": said(ITEM, item.state)} for item in found.open_items.rows],
        "over": found.row.ended_at is not None,
        "concerns_none": found.listed and not found.total,
    }


def _places() -> Iterator[tuple[UUID, str]]:
    """The provider itself, or those that the system has, then channels."""
    for level in LEVELS:
        for row in every_place(level):
            yield row.id, row.name
