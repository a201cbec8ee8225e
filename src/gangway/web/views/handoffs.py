"""The operator's side of what waits for another administrator: send a link, look now, plan, silence, withdraw."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.invitations.queries import handoff, invitation
from gangway.onboarding import actions
from gangway.organizations.roles import Capability
from gangway.web.desk import DeskRequest, may
from gangway.web.forms.base import told
from gangway.web.forms.waiting import Colleague, PlannedDay
from gangway.web.views.invitations import show


@require_POST
@may(Capability.MANAGE_INVITATIONS)
def hand_off(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """Send another administrator of the customer a link for what remains."""
    form = Colleague(request.POST)
    if form.is_valid():
        try:
            address = form.cleaned_data["colleague"]
            actions.hand_off_for_operator(invitation_id=invitation_id, colleague=address, by=request.actor, now=now())
        except GangwayError as error:
            if error.field != "colleague":
                return _back(request, invitation_id, error)
            form.refuse(error)
        else:
            messages.success(request, _("A link is on its way to %(address)s.") % {"address": address.strip()})
            return redirect("web:invitation", invitation_id)
    return show(request, invitation_id, colleague_form=form)


@require_POST
@may(Capability.MANAGE_INVITATIONS)
def plan_for(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """Keep the day that the customer told."""
    form = PlannedDay(request.POST)
    if form.is_valid():
        try:
            day = form.day
            actions.plan_for_operator(invitation_id=invitation_id, day=day, by=request.actor, now=now())
        except GangwayError as error:
            if error.field != "planned_on":
                return _back(request, invitation_id, error)
            form.refuse(error)
        else:
            messages.success(request, _("Kept: we remind nobody before that day is over.") if day else _("Kept."))
            return redirect("web:invitation", invitation_id)
    return show(request, invitation_id, day_form=form)


@require_POST
@may(Capability.MANAGE_INVITATIONS)
def check_now(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """*Check now*."""
    done = _("We are looking now. Load the page again in a moment.")
    return _act(request, invitation_id, actions.check_now_for_operator, done)


@require_POST
@may(Capability.MANAGE_INVITATIONS)
def stop_reminders(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """*No more reminders*."""
    return _act(request, invitation_id, actions.stop_reminders_for_operator, _("No more reminders go out about this."))


@require_POST
@may(Capability.MANAGE_INVITATIONS)
def withdraw(request: DeskRequest, handoff_id: UUID) -> HttpResponse:
    """Withdraw another administrator's link."""
    about = handoff(handoff_id)
    actions.withdraw_handoff(handoff_id=handoff_id, by=request.actor, now=now())
    messages.success(request, _("The link of %(address)s is withdrawn.") % {"address": about.recipient})
    return redirect("web:invitation", about.invitation_id)


def _act(request: DeskRequest, invitation_id: UUID, action: Callable[..., None], done: str) -> HttpResponse:
    try:
        action(invitation_id=invitation_id, by=request.actor, now=now())
    except GangwayError as error:
        return _back(request, invitation_id, error)
    messages.success(request, done)
    return redirect("web:invitation", invitation_id)


def _back(request: DeskRequest, invitation_id: UUID, error: GangwayError) -> HttpResponse:
    """Say on the invitation's page why nothing was done. Raises `NoSuchInvitation`: then there is no such page."""
    about = invitation(invitation_id)
    messages.warning(request, told(error))
    return redirect("web:invitation", about.id)
