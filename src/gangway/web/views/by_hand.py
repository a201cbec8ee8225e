"""The registration by one's own hand: a script to run and a guide to click by, in the wizard and for operators."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from gangway.onboarding.existing_view import by_hand_of
from gangway.onboarding.queries import by_hand_of_case
from gangway.organizations.roles import Capability
from gangway.provisioning.by_hand import ByHand
from gangway.web.desk import DeskRequest, may
from gangway.web.downloads import script_file
from gangway.web.wizard_pages import page
from gangway.web.wizard_session import WizardRequest, in_wizard


@require_safe
@in_wizard
def wizard_script(request: WizardRequest) -> HttpResponse:
    """Show the script, what it needs, and what it prints."""
    values = {"made": by_hand_of_case(request.case.id), "download": reverse("web:wizard_script_file")}
    return page(request, "wizard/script.html", values)


@require_safe
@in_wizard
def wizard_script_file(request: WizardRequest) -> HttpResponse:
    """Hand out the script."""
    return _file(by_hand_of_case(request.case.id))


@require_safe
@in_wizard
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
