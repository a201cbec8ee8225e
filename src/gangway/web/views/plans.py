"""What an invitation asks for, changed by an operator while nothing is made by it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.invitations.queries import invitation
from gangway.onboarding.plans import ask_otherwise
from gangway.organizations.roles import Capability
from gangway.provisioning.queries import choices, explain
from gangway.web.desk import DeskRequest, may
from gangway.web.forms.plan import AskedFor


@require_http_methods(["GET", "HEAD", "POST"])
@may(Capability.MANAGE_INVITATIONS)
def change_plan(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """Ask for other features, roles or another life; whoever saw the plan is told what is different."""
    about = invitation(invitation_id)
    plan = explain(about.plan)
    form = AskedFor(request.POST or None, profile=choices(plan.profile), plan=plan)
    if request.method == "POST" and form.is_valid():
        seen = request.POST.get("seen", "")
        try:
            ask_otherwise(invitation_id=invitation_id, seen=seen, plan=form.plan, by=request.actor, now=now())
        except GangwayError as error:
            form.refuse(error)
        else:
            messages.success(request, _("The administrator sees what is different before going on."))
            return redirect("web:invitation", invitation_id)
    return render(request, "invitations/plan.html", {"invitation": about, "form": form})
