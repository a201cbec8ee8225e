"""The registration by one's own hand: a script to run and a guide to click by, in the wizard and for operators."""

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from gangway.onboarding.existing_view import by_hand_of
from gangway.onboarding.queries import by_hand_of_case
from gangway.onboarding.shapes import Step
from gangway.organizations.roles import Capability
from gangway.provisioning.by_hand import ByHand
from gangway.web.desk import DeskRequest, may
from gangway.web.downloads import script_file
from gangway.web.wizard_pages import page, page_of
from gangway.web.wizard_session import WizardRequest, in_wizard


def while_it_helps(view: Callable[[WizardRequest], HttpResponse]) -> Callable[[WizardRequest], HttpResponse]:
    """Lead to where the case stands, and say why, once something is made: by hand it would be made twice."""

    @wraps(view)
    def inside(request: WizardRequest) -> HttpResponse:
        case = request.case
        if case.step is not Step.CLOSED and case.step is not Step.DONE and case.run is None:
            return view(request)
        if case.step is Step.DONE:
            messages.info(request, _("Nothing has to be made by hand any more: the connection is made and proved."))
        elif case.step is not Step.CLOSED:
            messages.info(request, _("We have begun to make it already: what you made by hand would be there twice."))
        return redirect(page_of(case))

    return inside


@require_safe
@in_wizard
@while_it_helps
def wizard_script(request: WizardRequest) -> HttpResponse:
    """Show the script, what it needs, and what it prints."""
    values = {"made": by_hand_of_case(request.case.id), "download": reverse("web:wizard_script_file")}
    return page(request, "wizard/script.html", values)


@require_safe
@in_wizard
@while_it_helps
def wizard_script_file(request: WizardRequest) -> HttpResponse:
    """Hand out the script."""
    return _file(by_hand_of_case(request.case.id))


@require_safe
@in_wizard
@while_it_helps
def wizard_guide(request: WizardRequest) -> HttpResponse:
    """Show the guide, click by click."""
    return page(request, "wizard/guide.html", {"made": by_hand_of_case(request.case.id)})


@require_safe
@may(Capability.SEE_INVITATIONS, Capability.MANAGE_INVITATIONS)
def invitation_script(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """Show an operator the script of an invitation's plan."""
    download = reverse("web:invitation_script_file", args=[invitation_id])
    return _desk(request, "invitations/script.html", invitation_id, download=download)


@require_safe
@may(Capability.SEE_INVITATIONS, Capability.MANAGE_INVITATIONS)
def invitation_script_file(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """Hand an operator the script."""
    del request
    return _file(by_hand_of(invitation_id))


@require_safe
@may(Capability.SEE_INVITATIONS, Capability.MANAGE_INVITATIONS)
def invitation_guide(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """Show an operator the guide of an invitation's plan."""
    return _desk(request, "invitations/guide.html", invitation_id)


def _desk(request: HttpRequest, template: str, invitation_id: UUID, **more: str) -> HttpResponse:
    return render(request, template, {"made": by_hand_of(invitation_id), "invitation_id": invitation_id, **more})


def _file(made: ByHand) -> HttpResponse:
    return script_file(made.script, name=made.display_name)
