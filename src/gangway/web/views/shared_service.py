"""*Add Service* → *Use an App registration that is there*: its further service gets a credential of its own."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.onboarding.defaults import defaults_for
from gangway.onboarding.queries import onboarding_of_invitation
from gangway.onboarding.sharing import Begun, onboarding_of_run, share
from gangway.organizations.queries import customer
from gangway.organizations.roles import Capability
from gangway.provisioning.queries import run
from gangway.provisioning.states import RunState
from gangway.provisioning.usage import shared_by
from gangway.services.actions import plan_service
from gangway.services.licences import LicenceType
from gangway.services.pool import pool_seen_by
from gangway.services.queries import service
from gangway.web.desk import DeskRequest, may
from gangway.web.forms.shared_service import SharedService
from gangway.web.live import first_look
from gangway.web.names import rules
from gangway.web.views.add_service import LICENCES, SHORT_NAME_RULES
from gangway.web.views.runs import PARTIAL, run_values


@require_http_methods(["GET", "HEAD", "POST"])
@may(Capability.ADD_SERVICE)
def shared_registration(request: DeskRequest, customer_id: UUID) -> HttpResponse:
    """Ask for the service's names, licence and users, and for the registration; *Next* makes the credential."""
    whose, offered = customer(customer_id), shared_by(customer_id)
    first = {
        "licence_type": defaults_for(whose.provider_id).licence_type,
        "registration": str(offered[0].id) if offered else "",
    }
    form = SharedService(
        request.POST or None, customer_id=customer_id, provider_id=whose.provider_id, offered=offered, initial=first
    )
    if request.method == "POST" and form.is_valid():
        try:
            begun = _start(request, customer_id, form.cleaned_data)
        except GangwayError as error:
            form.refuse(error)
        else:
            return _go_on(begun)
    values = {
        "customer": whose,
        "form": form,
        "offered": offered,
        "name_rules": rules(SHORT_NAME_RULES),
        "licences": [{"kind": kind, "words": LICENCES[kind.value]} for kind in LicenceType],
        "pool": pool_seen_by(request.seat, whose.provider_id),
    }
    return render(request, "add_service/shared.html", values)


def _start(request: DeskRequest, customer_id: UUID, given: dict[str, Any]) -> Begun:
    """Plan the service and begin its credential, both or neither."""
    with transaction.atomic():
        service_id = plan_service(
            customer_id=customer_id,
            full_name=given["full_name"],
            short_name=given["short_name"],
            licence_type=given["licence_type"],
            licensed_users=given["licensed_users"],
            by=request.actor,
        )
        return share(
            service_id=service_id,
            registration_id=UUID(given["registration"]),
            recipient=given["recipient"],
            knowingly=given["knowingly"],
            by=request.actor,
            now=now(),
        )


def _go_on(begun: Begun) -> HttpResponse:
    if begun.run_id is not None:
        return redirect("web:credential_making", begun.run_id)
    onboarding_id = onboarding_of_invitation(begun.invitation_id)
    if onboarding_id is not None:  # what its services share needs no making: it is looked at already
        return redirect("web:onboarding", onboarding_id)
    return redirect("web:invitation_sent" if begun.is_mailed else "web:invitation", begun.invitation_id)


@require_safe
@may(Capability.ADD_SERVICE)
def making(request: DeskRequest, run_id: UUID) -> HttpResponse:
    """Follow how a service's own credential is made and proved."""
    found = run(run_id)
    values = {
        "run": found,
        "service": service(found.service_id),
        "live": first_look(request, PARTIAL, run_values(found), url=reverse("web:run_state", args=[run_id])),
    }
    return render(request, "add_service/making.html", values)


@require_safe
@may(Capability.ADD_SERVICE)
def made(request: DeskRequest, run_id: UUID) -> HttpResponse:
    """*Next*: go on with the checks once the credential is proved; else say where it stands."""
    found, onboarding_id = run(run_id), onboarding_of_run(run_id)
    if onboarding_id is not None:
        return redirect("web:onboarding", onboarding_id)
    if found.state is RunState.FAILED:
        messages.warning(request, _("The registration could not do it by itself. Send the invitation to the customer."))
    elif found.state is RunState.PROVED:
        messages.info(request, _("It is proved, and your part is being prepared. Press Next again in a moment."))
    else:
        messages.info(request, _("It is not proved yet. This page follows it by itself."))
    return redirect("web:credential_making", run_id)
