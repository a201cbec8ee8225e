"""What is changed about a service: *Users & licences*, and in the *Danger zone* its deletion."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gangway.connections.actions import resume, suspend
from gangway.connections.farewells import farewell
from gangway.connections.handing import forbid_tokens
from gangway.connections.queries import connection
from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.onboarding.deletion import delete_service, deletion, keep_service
from gangway.onboarding.disconnections import standing
from gangway.onboarding.own_view import asking
from gangway.organizations.roles import Capability
from gangway.services.actions import change_users
from gangway.services.queries import ServiceView, service
from gangway.services.states import Lifecycle
from gangway.web.desk import DeskRequest, may, proved_lately
from gangway.web.forms.base import told
from gangway.web.forms.service import DeleteService
from gangway.web.views.leftovers import asked_words
from gangway.web.views.service_portal import head, resuming
from gangway.web.views.service_renewal import users_form, users_page


@require_http_methods(["GET", "HEAD", "POST"])
@may(Capability.EDIT_SERVICE)
def users(request: DeskRequest, service_id: UUID) -> HttpResponse:
    """*Users & licences*: show the licence, change the number of licensed users within the pool."""
    about = service(service_id)
    form = users_form(service_id, request.POST)
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data["licensed_users"]
        try:
            with form.saving():
                change_users(service_id=service_id, licensed_users=wanted, by=request.actor)
        except GangwayError as error:
            form.refuse(error)
        else:
            told = _("%(service)s has %(users)s licensed users now.")
            messages.success(request, told % {"service": about.short_name, "users": wanted})
            return redirect("web:service_users", service_id)
    return users_page(request, about, form=form)


@require_safe
@may(Capability.DELETE_SERVICE)
def danger(request: DeskRequest, service_id: UUID) -> HttpResponse:
    """*Danger zone*: say what deleting this service means, or how far it has come."""
    return render(request, "service_portal/danger.html", _about(request, service(service_id)))


@require_http_methods(["GET", "HEAD", "POST"])
@may(Capability.DELETE_SERVICE)
@proved_lately
def delete(request: DeskRequest, service_id: UUID) -> HttpResponse:
    """Ask for the short name, and delete the service."""
    about = service(service_id)
    form = DeleteService(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            delete_service(service_id=service_id, typed=form.cleaned_data["typed"], by=request.actor, now=now())
        except GangwayError as error:
            form.refuse(error)
        else:
            return _after(request, service(service_id))
    return render(request, "service_portal/delete.html", _about(request, about) | {"form": form})


@require_POST
@may(Capability.DELETE_SERVICE)
def keep(request: DeskRequest, service_id: UUID) -> HttpResponse:
    """*Keep it*: take a deletion back while nothing was taken away."""
    about = service(service_id)
    try:
        keep_service(service_id=service_id, by=request.actor, now=now())
    except GangwayError as error:
        messages.error(request, told(error))
    else:
        messages.success(request, _("%(service)s is kept.") % {"service": about.short_name})
        return redirect("web:service", service_id)
    return redirect("web:service_danger", service_id)


@require_POST
@may(Capability.CHANGE_CONNECTION)
def pause(request: DeskRequest, service_id: UUID) -> HttpResponse:
    """*Suspend*: the connection isn't used, rotated or validated any more; its credential is kept."""
    about = service(service_id)
    suspend(service_id=about.id, level=request.seat.organization_kind, by=request.actor, now=now())
    messages.success(request, _("The connection of %(service)s is suspended.") % {"service": about.short_name})
    return redirect("web:service_health", service_id)


@require_POST
@may(Capability.CHANGE_CONNECTION)
def go_on(request: DeskRequest, service_id: UUID) -> HttpResponse:
    """*Resume*: the connection is used again, and a worker looks at once whether it still works."""
    about = service(service_id)
    try:
        resume(service_id=about.id, level=request.seat.organization_kind, by=request.actor, now=now())
    except GangwayError as error:
        messages.error(request, told(error))
    else:
        messages.success(request, _("The connection of %(service)s is in use again.") % {"service": about.short_name})
    return redirect("web:service_health", service_id)


@require_POST
@may(Capability.CHANGE_CONNECTION)
def tokens(request: DeskRequest, service_id: UUID) -> HttpResponse:
    """Forbid that this customer's connections hand out tokens on a worker's host, or allow it again.

    Forbidding is an emergency brake, so only allowing asks once more who it is.
    """
    if request.POST.get("forbid") == "yes":
        return _tokens(request, service_id, forbidden=True)
    return proved_lately(_tokens)(request, service_id, forbidden=False)


def _tokens(request: DeskRequest, service_id: UUID, *, forbidden: bool) -> HttpResponse:
    about, level = service(service_id), request.seat.organization_kind
    try:
        forbid_tokens(customer_id=about.customer_id, forbidden=forbidden, level=level, by=request.actor, now=now())
    except GangwayError as error:
        messages.error(request, told(error))
        return redirect("web:service_health", service_id)
    words = (
        _("No tokens of %(customer)s are handed out any more.") if forbidden else _("Tokens may be handed out again.")
    )
    messages.success(request, words % {"customer": about.customer_name} if forbidden else words)
    return redirect("web:service_health", service_id)


def _after(request: DeskRequest, about: ServiceView) -> HttpResponse:
    names = {"service": about.short_name}
    if about.lifecycle is Lifecycle.ABANDONED:
        messages.success(request, _("%(service)s is given up; its name is free again.") % names)
        return redirect("web:services")
    messages.info(request, _("%(service)s is suspended and will be deleted. This page tells how far it is.") % names)
    return redirect("web:service_danger", about.id)


def _about(request: DeskRequest, about: ServiceView) -> dict[str, Any]:
    found = deletion(about.id)
    values: dict[str, Any] = {"deletion": found, "going": found.going, "gone": about.lifecycle is Lifecycle.DELETED}
    values["farewell"] = farewell(about.id) if about.lifecycle is Lifecycle.DELETED else None
    values["grace_days"] = settings.GANGWAY.deletion_grace_days
    values["connection"] = connection(about.id)
    created = about.lifecycle is Lifecycle.CREATED
    values["may_pause"] = Capability.CHANGE_CONNECTION in request.seat.capabilities and created
    values |= resuming(request.seat, values["connection"])
    values["asked"] = asked_words(asking.asked_before(about.id))
    values["may_ask"] = Capability.CHANGE_CONNECTION in request.seat.capabilities
    values["disconnected"] = standing(about.id)
    values["sees_runs"] = Capability.SEE_RUNS in request.seat.capabilities
    return head(request, about, "danger") | values
