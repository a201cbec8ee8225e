"""The Service portal: overview, activity, and *M365 Configuration* with *Validate Authentication*."""

from functools import partial
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from gangway.audit.queries import activity
from gangway.connections.actions import hold, save_settings, type_end, validate_connection
from gangway.connections.care_view import rotation_of
from gangway.connections.errors import NoSuchConnection
from gangway.connections.farewells import farewell
from gangway.connections.handing import tokens_forbidden
from gangway.connections.queries import ConnectionView, connection
from gangway.connections.states import SUSPENDED
from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.invitations.standing import open_for_connection
from gangway.onboarding.otherwise import addable, renewing
from gangway.onboarding.queries import unfinished
from gangway.onboarding.story import subjects_of_service
from gangway.organizations.queries import Seat
from gangway.organizations.roles import SEES_INVITATIONS, Capability, stands_over
from gangway.provisioning.leftover_list import open_for
from gangway.provisioning.usage import others_of, uses
from gangway.services.queries import ServiceView, service
from gangway.services.states import HOLDS_ITS_NAME, LIVES, Lifecycle
from gangway.web.activity_words import entry_of
from gangway.web.decided import DECIDED
from gangway.web.desk import DeskRequest, may
from gangway.web.downloads import text_file
from gangway.web.forms.opened import edited
from gangway.web.forms.settings import ConnectionSettings, settings_of
from gangway.web.live import first_look, look_again
from gangway.web.onboarding_pages import items_of, looks_of
from gangway.web.views.companions import quality_of
from gangway.web.words import (
    CONNECTION,
    DEPLOYMENT,
    DEPLOYMENT_MEANS,
    DONE_BY,
    GRANT,
    LIFE,
    USER_NAME,
    Pill,
    said,
)

VALIDATION_PARTIAL: Final = "service_portal/_validation.html"
LATEST: Final = 8
AT_ONCE: Final = 50
LONGEST_ID: Final = 18
"""Digits of an entry's number."""


@require_safe
@may(Capability.SEE_SERVICES)
def overview(request: DeskRequest, service_id: UUID) -> HttpResponse:
    """Show a service's names, customer, licence and two statuses, and what happened to it lately."""
    about = service(service_id)
    values = head(request, about, "overview")
    if values["planned"]:
        values["begun"] = next(iter(unfinished(service_id=about.id)), None)
        values["may_go_on"] = Capability.ADD_SERVICE in request.seat.capabilities
    if Capability.SEE_RUNS in request.seat.capabilities:
        values["leftovers"] = open_for(about.id)
    if Capability.SEE_ACTIVITY in request.seat.capabilities:
        latest = activity(organization_path=request.seat.path, subject=subjects_of_service(about.id), limit=LATEST)
        values["entries"] = [entry_of(row) for row in latest]
    return render(request, "service_portal/overview.html", values)


@require_safe
@may(Capability.SEE_CONNECTION)
def m365(request: DeskRequest, service_id: UUID) -> HttpResponse:
    """*M365 Configuration*: the facts, the rights as planned or not, *Validate Authentication*, and its history."""
    return _m365_page(request, service(service_id), connection(service_id))


@require_POST
@may(Capability.CHANGE_CONNECTION)
def save(request: DeskRequest, service_id: UUID) -> HttpResponse:
    """*Save* the Microsoft 365 settings: the domain, and when typed credentials end, which nobody can read."""
    about, found = service(service_id), connection(service_id)
    if found is None:
        raise NoSuchConnection
    form = _settings_form(found, request.POST)
    if form.is_valid():
        given = form.cleaned_data
        try:
            with form.saving():
                save_settings(service_id=service_id, m365_domain=given["domain"], by=request.actor)
                if found.credential is not None and "ends_on" in form.fields:
                    type_end(service_id=service_id, ends_on=given["ends_on"], by=request.actor, now=now())
        except GangwayError as error:
            form.refuse(error)
        else:
            messages.success(request, _("The Microsoft 365 settings of %(service)s are saved.") % _named(about))
            return redirect("web:service_m365", service_id)
    return _m365_page(request, about, found, form)


def _settings_form(found: ConnectionView, data: Any = None) -> ConnectionSettings:
    return edited(
        lambda typed: settings_of(connection(found.service_id) or found, typed),
        data,
        hold=partial(hold, found.service_id),
    )


def _named(about: ServiceView) -> dict[str, str]:
    return {"service": about.short_name}


def _m365_page(
    request: DeskRequest, about: ServiceView, found: ConnectionView | None, form: ConnectionSettings | None = None
) -> HttpResponse:
    values = head(request, about, "m365")
    if found is not None:
        url = reverse("web:service_validation_state", args=[about.id])
        held, created = request.seat.capabilities, about.lifecycle is Lifecycle.CREATED
        may_change = Capability.CHANGE_CONNECTION in held and created and not found.lost
        values |= {
            "quality": quality_of(request, about.id),
            "may_type_quality": may_change and Capability.ADD_SERVICE in held,
            "addable": addable(about.id) if created and not found.lost else (),
            "renewing": renewing(about.id) if may_change else (),
            "live": first_look(request, VALIDATION_PARTIAL, _validation_values(found), url=url),
            "following": found.running is not None,
            "grants": _grants(found),
            "may_validate": Capability.VALIDATE_CONNECTION in held and created and not found.suspended,
            "rotation": rotation_of(about.id),
            "may_rotate": may_change and not found.suspended,
            "may_reinitiate": Capability.CHANGE_CONNECTION in held and created,
            "standing": open_for_connection(about.id) if held & SEES_INVITATIONS else None,
            **_uses(about, found),
            "form": (form or _settings_form(found)) if may_change else None,
            "status": _status(found),
            "user_name": USER_NAME[found.authenticated_by],
            "done_by": [(DONE_BY[part.part], part) for part in found.provenance],
        }
    return render(request, "service_portal/m365.html", values | {"connection": found})


@require_safe
@may(Capability.SEE_CONNECTION)
def farewell_file(request: DeskRequest, service_id: UUID) -> HttpResponse:
    """Hand out the signed list of what was taken out of the tenant, and of what stays."""
    del request
    about, found = service(service_id), farewell(service_id)
    if found is None:
        raise NoSuchConnection
    return text_file(f"{about.short_name}-deleted", found.text)


def _uses(about: ServiceView, found: ConnectionView) -> dict[str, Any]:
    used = uses(found.registration_id)
    return {"uses": used, "others": others_of(used, about.id)}


@require_safe
@may(Capability.SEE_CONNECTION)
def health(request: DeskRequest, service_id: UUID) -> HttpResponse:
    """*Connection health*: how it stands, since when, when all was well last, what to do, and every look there was."""
    about, found = service(service_id), connection(service_id)
    values = head(request, about, "health") | {"connection": found}
    if found is not None:
        forbidden_at = tokens_forbidden(about.customer_id)
        values |= resuming(request.seat, found)
        latest = next((row for row in found.history if row.state == "done"), None)
        values |= {
            "status": _status(found),
            "tokens_forbidden": forbidden_at is not None,
            "may_allow": forbidden_at is None or stands_over(request.seat.organization_kind, forbidden_at),
            "forbidden_by": DECIDED[forbidden_at] if forbidden_at else "",
            "may_change": Capability.CHANGE_CONNECTION in request.seat.capabilities,
            "may_pause": Capability.CHANGE_CONNECTION in request.seat.capabilities
            and about.lifecycle is Lifecycle.CREATED,
            "latest": latest,
            "items": items_of(latest.items) if latest else [],
            "history": looks_of(found.history),
        }
    return render(request, "service_portal/health.html", values)


@require_POST
@may(Capability.VALIDATE_CONNECTION)
def validate(request: DeskRequest, service_id: UUID) -> HttpResponse:
    """*Validate Authentication*: a worker gets a fresh token and reads back what the registration may do."""
    validate_connection(service_id=service_id, by=request.actor, now=now())
    messages.info(request, _("Validation has started. Its result appears below by itself."))
    return redirect("web:service_m365", service_id)


@require_safe
@may(Capability.SEE_CONNECTION)
def validation_state(request: DeskRequest, service_id: UUID) -> HttpResponse:
    """How the running validation stands."""
    found = connection(service_id)
    if found is None:
        raise NoSuchConnection
    values, over, elsewhere = _validation_values(found), found.running is None, ""
    if over:
        about = head(request, service(service_id), "m365") | {"grants": _grants(found), "again": True}
        about["rotation"] = rotation_of(service_id)
        elsewhere = render_to_string("service_portal/_validated.html", values | about, request)
    return look_again(request, VALIDATION_PARTIAL, values, over=over, elsewhere=elsewhere)


@require_safe
@may(Capability.SEE_ACTIVITY)
def service_activity(request: DeskRequest, service_id: UUID) -> HttpResponse:
    """What happened to this service, newest first; older entries by the last one's number in the address."""
    about = service(service_id)
    given = request.GET.get("before", "")
    before = int(given) if given.isascii() and given.isdigit() and len(given) <= LONGEST_ID else None
    subject = subjects_of_service(about.id)
    rows = activity(organization_path=request.seat.path, subject=subject, limit=AT_ONCE + 1, before_id=before)
    shown = rows[:AT_ONCE]
    values = {
        "entries": [entry_of(row) for row in shown],
        "older": shown[-1].id if len(rows) > AT_ONCE else None,
        "is_later_page": before is not None,
    }
    return render(request, "service_portal/activity.html", head(request, about, "activity") | values)


def head(request: DeskRequest, about: ServiceView, tab: str) -> dict[str, Any]:
    """Return what every page of the portal needs: names, statuses, and the tabs that this person may open."""
    planned, held = about.lifecycle is Lifecycle.PLANNED, request.seat.capabilities
    return {
        "service": about,
        "planned": planned,
        "leaving": about.lifecycle is Lifecycle.LEAVING,
        "deleting": about.lifecycle is Lifecycle.DELETING,
        "connection_pill": LIFE.get(about.lifecycle) or said(CONNECTION, about.connection),
        "deployment_pill": said(DEPLOYMENT, about.deployment),
        "deployment_means": about.deployment_reason or DEPLOYMENT_MEANS.get(about.deployment, ""),
        "tab": tab,
        "sees_connection": Capability.SEE_CONNECTION in held and not planned,
        "may_edit": Capability.EDIT_SERVICE in held and about.lifecycle in LIVES,
        "may_repair": Capability.CHANGE_CONNECTION in held,
        "sees_activity": Capability.SEE_ACTIVITY in held,
        "may_delete": Capability.DELETE_SERVICE in held and about.lifecycle in HOLDS_ITS_NAME,
    }


def resuming(seat: Seat, found: ConnectionView | None) -> dict[str, Any]:
    """Say whether somebody here may resume a connection, and else who decides that."""
    level = found.suspended_level if found else None
    return {
        "may_resume": level is None or stands_over(seat.organization_kind, level),
        "suspended_by": DECIDED[level] if level else "",
    }


def _status(found: ConnectionView) -> Pill:
    """Say how a connection stands, as the list of them does: one that isn't used has no other status."""
    return said(CONNECTION, SUSPENDED if found.suspended else found.status)


def _grants(found: ConnectionView) -> list[dict[str, Any]]:
    return [{"grant": grant, "pill": said(GRANT, grant.state)} for grant in found.grants]


def _validation_values(found: ConnectionView) -> dict[str, Any]:
    running = found.running
    return {
        "connection": found,
        "status": _status(found),
        "items": items_of(running.items) if running else [],
        "history": looks_of(found.history),
    }
