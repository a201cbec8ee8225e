"""*Use known App registration*: the operator types it, a worker validates it, *Next* goes on with the onboarding."""

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.onboarding import existing
from gangway.onboarding.errors import NotNow
from gangway.onboarding.existing_errors import NotAsTyped
from gangway.onboarding.existing_view import KnownView, known
from gangway.onboarding.states import CaseState
from gangway.organizations.roles import Capability
from gangway.web.desk import DeskRequest, may
from gangway.web.downloads import certificate_file
from gangway.web.existing_pages import CHECKING_PARTIAL, checking_values, existing_values
from gangway.web.forms.base import told
from gangway.web.forms.existing import Existing
from gangway.web.live import first_look, look_again, move_on

SHORT_WORK: Final = 1


@require_http_methods(["GET", "HEAD", "POST"])
@may(Capability.ADD_SERVICE)
def known_registration(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """Show what was typed, how its validation goes, and what is wrong in its field; *Next* validates again.

    What no operator types any more is shown on the invitation's own page.
    """
    try:
        view = known(invitation_id)
    except NotNow:
        return redirect("web:invitation", invitation_id)
    if view.renewed is not None:
        return redirect("web:service_m365", view.renewed)
    if view.onboarding_id is not None:
        return redirect("web:onboarding", view.onboarding_id)
    form = Existing.of(view.existing, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _take(request, invitation_id, form)
        except NotAsTyped as error:
            form.blame(error.faults)
        except GangwayError as error:
            messages.warning(request, told(error))
            return redirect("web:known_registration", invitation_id)
    live = first_look(
        request,
        CHECKING_PARTIAL,
        checking_values(view.existing),
        url=reverse("web:known_registration_state", args=[invitation_id]),
        seconds=SHORT_WORK,
    )
    values = {"known": view, "form": form, "busy": _is_busy(view), "live": live, **existing_values(view.existing)}
    return render(request, "add_service/known.html", values)


def _take(request: DeskRequest, invitation_id: UUID, form: Existing) -> HttpResponse:
    do: dict[str, Any] = {"invitation_id": invitation_id, "by": request.actor, "now": now()}
    if "kind" in request.POST:
        existing.choose_kind_known(kind=request.POST["kind"], draft=form.typed, **do)
    else:
        existing.start_known(typed=form.typed, **do)
    return redirect("web:known_registration", invitation_id)


@require_safe
@may(Capability.ADD_SERVICE)
def known_registration_state(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """How far the validation is; takes the page along when there is something new."""
    try:
        view = known(invitation_id)
    except NotNow:
        return move_on(reverse("web:invitation", args=[invitation_id]))
    if not _is_busy(view):
        return move_on(reverse("web:known_registration", args=[invitation_id]))
    return look_again(request, CHECKING_PARTIAL, checking_values(view.existing), over=False)


@require_safe
@may(Capability.ADD_SERVICE)
def known_certificate(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """Hand out the certificate, which is public; its key stays sealed."""
    del request
    view = known(invitation_id).existing
    if not view.certificate_der:
        raise Http404
    return certificate_file(view.certificate_der, view.about["name"])


def _is_busy(view: KnownView) -> bool:
    return view.existing.state is CaseState.PROVING or view.existing.waits_for_key
