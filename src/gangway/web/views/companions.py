"""What a service uses beside its connection on *M365 Configuration*: call quality, validated and rotated by itself."""

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from gangway.connections import companions
from gangway.connections.care_view import rotation_beside
from gangway.connections.companions import CompanionView
from gangway.connections.errors import NoSuchConnection
from gangway.connections.rotation import rotate_now
from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.onboarding.renewal import type_in_beside
from gangway.organizations.roles import Capability
from gangway.services.queries import service
from gangway.web.desk import DeskRequest, may, proved_lately
from gangway.web.forms.base import told
from gangway.web.live import first_look, look_again
from gangway.web.onboarding_pages import items_of, looks_of
from gangway.web.words import CONNECTION, said

QUALITY: Final = "qoe"
PARTIAL: Final = "service_portal/_companion.html"


@require_POST
@may(Capability.VALIDATE_CONNECTION)
def validate(request: DeskRequest, service_id: UUID) -> HttpResponse:
    """*Validate* on the registration for call quality."""
    companions.validate(service_id=service_id, profile=QUALITY, by=request.actor, now=now())
    return redirect("web:service_m365", service_id)


@require_POST
@may(Capability.CHANGE_CONNECTION)
def rotate(request: DeskRequest, service_id: UUID) -> HttpResponse:
    """*Rotate now* on the registration for call quality: the run's page tells how it goes."""
    about = service(service_id)
    try:
        run_id = rotate_now(service_id=about.id, profile=QUALITY, by=request.actor, now=now())
    except GangwayError as error:
        messages.error(request, told(error))
        return redirect("web:service_m365", service_id)
    return redirect("web:run", run_id)


@require_POST
@may(Capability.ADD_SERVICE)
@proved_lately
def type_in(request: DeskRequest, service_id: UUID) -> HttpResponse:
    """*Add Microsoft Teams Device (Direct Routing)*: type the credentials of the customer's own QoE registration."""
    about = service(service_id)
    try:
        invitation_id = type_in_beside(
            service_id=about.id, profile=QUALITY, level=request.seat.organization_kind, by=request.actor, now=now()
        )
    except GangwayError as error:
        messages.error(request, told(error))
        return redirect("web:service_m365", about.id)
    return redirect("web:known_registration", invitation_id)


@require_safe
@may(Capability.SEE_CONNECTION)
def state(request: DeskRequest, service_id: UUID) -> HttpResponse:
    """How the look at it stands."""
    found = companions.companion(service_id, QUALITY)
    return look_again(request, PARTIAL, _values(found), over=found.is_over)


def quality_of(request: DeskRequest, service_id: UUID) -> dict[str, Any] | None:
    """What the page shows of it; None for a service without."""
    try:
        found = companions.companion(service_id, QUALITY)
    except NoSuchConnection:
        return None
    url = reverse("web:service_quality_state", args=[service_id])
    return {
        "found": found,
        "rotation": rotation_beside(service_id, QUALITY),
        "live": first_look(request, PARTIAL, _values(found), url=url),
        "following": not found.is_over,
    }


def _values(found: CompanionView) -> dict[str, Any]:
    status = said(CONNECTION, found.status)
    return {"found": found, "status": status, "items": items_of(found.items), "history": looks_of(found.history)}
