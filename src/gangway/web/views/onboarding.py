"""The operator's Onboarding wizard: *Pending Invitations* → *Add* → details → validation → settings → … → service."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.invitations.queries import pending
from gangway.onboarding import actions
from gangway.onboarding.errors import AlreadyAdded, TenantNotTheirs
from gangway.onboarding.queries import onboarding, validation
from gangway.onboarding.shapes import OperatorOnboardingView
from gangway.onboarding.states import OperatorStep
from gangway.organizations.queries import customer
from gangway.organizations.roles import Capability
from gangway.web.beside import besides_of
from gangway.web.desk import DeskRequest, may
from gangway.web.forms.base import told
from gangway.web.forms.settings import MicrosoftSettings, TheirTenant
from gangway.web.listing import asked
from gangway.web.live import first_look, look_again
from gangway.web.onboarding_pages import VALIDATION_PARTIAL, items_of, page, page_of, validation_values
from gangway.web.pending import begun_rows, rows_of


@require_safe
@may(Capability.ADD_SERVICE)
def pending_of_customer(request: DeskRequest, customer_id: UUID) -> HttpResponse:
    """List this customer's invitations, each with its status and, when it is ready, *Add*."""
    wanted = asked(request)
    found = pending(customer_id=customer_id, page=wanted.page)
    values = {
        "customer": customer(customer_id),
        "page": found,
        "rows": rows_of(found.rows, request.seat.capabilities),
        "begun": begun_rows(request.seat.capabilities, customer_id),
        "wanted": wanted,
    }
    return render(request, "add_service/pending.html", values)


@require_POST
@may(Capability.ADD_SERVICE)
def add(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """*Add*: of two operators one wins, the other is told who, and may go on with it, too."""
    try:
        onboarding_id = actions.add_pending(invitation_id=invitation_id, by=request.actor, now=now())
    except AlreadyAdded as error:
        messages.warning(request, told(error))
        return redirect("web:onboarding_taken", error.onboarding_id)
    except TenantNotTheirs as error:
        messages.error(request, told(error))
        return redirect("web:invitation", invitation_id)
    return redirect("web:onboarding_registration", onboarding_id)


@require_safe
@may(Capability.ADD_SERVICE)
def taken(request: DeskRequest, onboarding_id: UUID) -> HttpResponse:
    """Tell the operator who came second whose onboarding it is now."""
    return render(request, "onboarding/taken.html", {"onboarding": onboarding(onboarding_id)})


@require_safe
@may(Capability.ADD_SERVICE)
def resume(request: DeskRequest, onboarding_id: UUID) -> HttpResponse:
    """Go on where this onboarding stands."""
    del request
    return redirect(page_of(onboarding(onboarding_id)))


@require_http_methods(["GET", "HEAD", "POST"])
@may(Capability.ADD_SERVICE)
def registration(request: DeskRequest, onboarding_id: UUID) -> HttpResponse:
    """Show the new registration's details; *Next* has its credentials validated."""
    view = onboarding(onboarding_id)
    form = (
        TheirTenant(request.POST if request.method == "POST" else None, onboarding=view) if view.asks_tenant else None
    )
    if request.method == "POST" and form is not None and form.is_valid():
        actions.confirm_tenant(onboarding_id=view.id, by=request.actor, now=now())
        form = None
    if request.method == "POST" and form is None:
        return _next(request, view, partial(actions.validate, onboarding_id=view.id))
    values = {"beside": besides_of(view.beside, asked=view.registration.is_ours), "form": form}
    return page(request, "onboarding/registration.html", view, OperatorStep.REGISTRATION, values)


@require_http_methods(["GET", "HEAD", "POST"])
@may(Capability.ADD_SERVICE)
def validate(request: DeskRequest, onboarding_id: UUID) -> HttpResponse:
    """Follow the validation item by item; *Next* when nothing is broken."""
    view = onboarding(onboarding_id)
    if request.method == "POST":
        return _next(request, view, partial(actions.accept_validation, onboarding_id=view.id))
    url = reverse("web:onboarding_validate_state", args=[view.id])
    live = first_look(request, VALIDATION_PARTIAL, validation_values(view.validation), url=url)
    return page(request, "onboarding/validate.html", view, OperatorStep.VALIDATION, {"live": live})


@require_POST
@may(Capability.ADD_SERVICE)
def check_again(request: DeskRequest, onboarding_id: UUID) -> HttpResponse:
    """*Check again*: a new validation."""
    view = onboarding(onboarding_id)
    if view.asks_tenant:
        return redirect("web:onboarding_registration", view.id)
    return _next(request, view, partial(actions.validate, onboarding_id=view.id))


@require_safe
@may(Capability.ADD_SERVICE)
def validate_state(request: DeskRequest, onboarding_id: UUID) -> HttpResponse:
    """How the validation stands."""
    found = validation(onboarding_id)
    return look_again(request, VALIDATION_PARTIAL, validation_values(found), over=found.is_over)


@require_http_methods(["GET", "HEAD", "POST"])
@may(Capability.ADD_SERVICE)
def settings(request: DeskRequest, onboarding_id: UUID) -> HttpResponse:
    """*Microsoft 365 Settings*: M365 Domain (Override Admin Domain) and Tenant ID, both filled in."""
    view = onboarding(onboarding_id)
    form = MicrosoftSettings(request.POST or None, domains=view.domains, initial={"domain": view.m365_domain})
    if request.method == "POST" and form.is_valid():
        try:
            domain = form.cleaned_data["domain"]
            actions.save_microsoft_settings(onboarding_id=view.id, domain=domain, by=request.actor, now=now())
        except GangwayError as error:
            form.refuse(error)
        else:
            return redirect("web:onboarding_prerequisites", view.id)
    return page(request, "onboarding/settings.html", view, OperatorStep.SETTINGS, {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@may(Capability.ADD_SERVICE)
def prerequisites(request: DeskRequest, onboarding_id: UUID) -> HttpResponse:
    """Show what was read from the tenant, each thing with its cure."""
    view = onboarding(onboarding_id)
    if request.method == "POST":
        return _next(request, view, partial(actions.accept_prerequisites, onboarding_id=view.id))
    values = {"items": items_of(view.prerequisites)}
    return page(request, "onboarding/prerequisites.html", view, OperatorStep.PREREQUISITES, values)


@require_http_methods(["GET", "HEAD", "POST"])
@may(Capability.ADD_SERVICE)
def summary(request: DeskRequest, onboarding_id: UUID) -> HttpResponse:
    """Show everything once more; *Create service*."""
    view = onboarding(onboarding_id)
    if request.method == "POST":
        try:
            service_id = actions.finish(onboarding_id=view.id, by=request.actor, now=now())
        except GangwayError as error:
            return _told(request, view, error)
        messages.success(request, _("%(service)s is created.") % {"service": view.service_short_name})
        return redirect("web:service", service_id)
    return page(request, "onboarding/summary.html", view, OperatorStep.SUMMARY)


def _next(request: DeskRequest, view: OperatorOnboardingView, action: Callable[..., None]) -> HttpResponse:
    """Do one thing and go where the onboarding then stands; what can't be done is told there."""
    try:
        action(by=request.actor, now=now())
    except GangwayError as error:
        return _told(request, view, error)
    return redirect("web:onboarding", view.id)


def _told(request: DeskRequest, view: OperatorOnboardingView, error: GangwayError) -> HttpResponse:
    messages.error(request, told(error))
    return redirect("web:onboarding", view.id)
