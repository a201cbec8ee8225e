"""*Alarms*: what needs a person, its history, who was told; and when people and machines want to be told."""

from dataclasses import asdict
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gangway.alarms import actions, preferences
from gangway.alarms.hours import Hours
from gangway.alarms.queries import AlarmRow, alarm, alarms, open_count
from gangway.alarms.states import AlarmState, Kind, Severity
from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.foundation.sealed import SealedText
from gangway.notifications import webhooks
from gangway.organizations.changing import hold_in_use
from gangway.organizations.errors import NoSuchOrganization
from gangway.organizations.place_queries import PlaceView, place
from gangway.organizations.roles import SEES_INVITATIONS, Capability
from gangway.organizations.roles import Kind as Level
from gangway.web.desk import DeskRequest, may, need_settling, proved_lately
from gangway.web.forms.alarms import HoursForm, WebhookForm
from gangway.web.forms.base import told
from gangway.web.forms.opened import edited
from gangway.web.lists import asked_of, bulk_of
from gangway.web.words import ALARM, AUDIENCE, DELIVERY, HAPPENED, KIND, NOTICE, SEVERITY, said

PAGE: Final = ["GET", "HEAD", "POST"]


@require_safe
@may(Capability.SEE_CONNECTION)
def alarm_list(request: DeskRequest) -> HttpResponse:
    """List what isn't over, what changed last first; what is over only when asked for."""
    wanted = asked_of("alarms", request)
    page = alarms(search=wanted.search, sort=wanted.sort, page=wanted.page, **wanted.choices)
    values = {
        "page": page,
        "rows": [_shown(row) for row in page.rows],
        "wanted": wanted,
        "count": open_count(),
        "states": [(state.value, said(ALARM, state).word) for state in AlarmState],
        "severities": [(severity.value, said(SEVERITY, severity).word) for severity in reversed(Severity)],
        "kinds": [(kind.value, KIND[kind]) for kind in Kind],
        "bulk": bulk_of("alarms", request.seat.capabilities),
        "may_act": _may_act(request),
    }
    return render(request, "alarms/list.html", values)


@require_safe
@may(Capability.SEE_CONNECTION)
def alarm_page(request: DeskRequest, alarm_id: UUID) -> HttpResponse:
    """Show one alarm: what it is, what to do, what happened, and who was told."""
    found = alarm(alarm_id)
    values = {
        **_shown(found.row),
        "moves": [{"move": move, "pill": said(HAPPENED, move.what)} for move in found.moves],
        "notices": [
            {"notice": one, "pill": said(NOTICE, one.state), "audience": AUDIENCE[one.audience]}
            for one in found.notices
        ],
        "may_act": _may_act(request),
        "sees_invitations": bool(request.seat.capabilities & SEES_INVITATIONS),
    }
    return render(request, "alarms/detail.html", values)


@require_POST
@may(Capability.CHANGE_CONNECTION)
def acknowledge(request: DeskRequest, alarm_id: UUID) -> HttpResponse:
    """*Acknowledge*: this person looks after it, and nobody is reminded by it being open."""
    row = alarm(alarm_id).row
    try:
        actions.acknowledge(alarm_id, by=request.actor, now=now())
    except GangwayError as error:
        messages.error(request, told(error))
    else:
        messages.success(request, _("You look after “%(about)s”.") % {"about": row.about})
    return redirect("web:alarm", alarm_id)


@require_POST
@may(Capability.CHANGE_CONNECTION)
def clear(request: DeskRequest, alarm_id: UUID) -> HttpResponse:
    """*Clear*: this person says that it is over."""
    row = alarm(alarm_id).row
    try:
        actions.clear(alarm_id, by=request.actor, now=now())
    except GangwayError as error:
        messages.error(request, told(error))
    else:
        messages.success(request, _("The alarm about “%(about)s” is cleared.") % {"about": row.about})
    return redirect("web:alarms")


@require_http_methods(PAGE)
@may(Capability.EDIT_CUSTOMERS)
def hours(request: DeskRequest, organization_id: UUID) -> HttpResponse:
    """When an organization's people are told: at once, once a day, and not at night."""
    about = place(organization_id)
    need_settling(request, about.kind)
    own = preferences.own_hours(organization_id)

    def made(data: Any) -> HoursForm:
        return HoursForm(data, initial=_as_typed(preferences.own_hours(about.id) or Hours()))

    form = edited(made, request.POST, hold=partial(hold_in_use, about.id))
    if request.method == "POST" and form.is_valid():
        try:
            with form.saving():
                preferences.set_hours(organization_id, form.hours(), by=request.actor)
        except GangwayError as error:
            form.refuse(error)
        else:
            messages.success(request, _("From now on people of %(name)s are told then.") % {"name": about.name})
            return redirect("web:alarm_hours", organization_id)
    values = {"form": form, "about": about, "has_own": own is not None, "is_customer": about.kind is Level.CUSTOMER}
    return render(request, "alarms/hours.html", values)


@require_http_methods(PAGE)
@may(Capability.CHANGE_SETTINGS)
@proved_lately
def webhook(request: DeskRequest, organization_id: UUID) -> HttpResponse:
    """Where a provider's own systems are told of alarms, with how the latest calls did."""
    about = _provider(organization_id)
    kept = webhooks.find(organization_id)

    def made(data: Any) -> WebhookForm:
        there = webhooks.find(about.id)
        first = {"url": there.url if there else "", "is_on": not there or there.is_on}
        return WebhookForm(data, initial=first, has_key=there is not None)

    form = edited(made, request.POST, hold=partial(hold_in_use, about.id))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data | {"secret": SealedText(form.cleaned_data["secret"])}
        try:
            with form.saving():
                webhooks.set_webhook(organization_id, **given, by=request.actor, now=now())
        except GangwayError as error:
            form.refuse(error)
        else:
            messages.success(request, _("The webhook is saved. Send a test to see what the receiver says."))
            return redirect("web:settings_webhook", organization_id)
    rows = [{"call": call, "pill": said(DELIVERY, call.state)} for call in webhooks.latest_calls(organization_id)]
    values = {"form": form, "provider": about, "webhook": kept, "rows": rows}
    return render(request, "settings/webhook.html", values | {"back_url": reverse("web:settings_of", args=[about.id])})


@require_POST
@may(Capability.CHANGE_SETTINGS)
def webhook_test(request: DeskRequest, organization_id: UUID) -> HttpResponse:
    """*Send a test*: a worker calls the webhook with nothing to tell."""
    about = _provider(organization_id)
    try:
        webhooks.try_webhook(about.id, by=request.actor, now=now())
    except GangwayError as error:
        messages.error(request, told(error))
    else:
        messages.info(request, _("A test is on its way; load the page again to see what the receiver says."))
    return redirect("web:settings_webhook", about.id)


@require_POST
@may(Capability.CHANGE_SETTINGS)
@proved_lately
def webhook_remove(request: DeskRequest, organization_id: UUID) -> HttpResponse:
    """Call nobody any more, and destroy the key."""
    about = _provider(organization_id)
    webhooks.remove_webhook(about.id, by=request.actor)
    messages.success(request, _("The webhook of %(name)s is removed and its key destroyed.") % {"name": about.name})
    return redirect("web:settings_of", about.id)


def _provider(organization_id: UUID) -> PlaceView:
    about = place(organization_id)
    if about.kind is not Level.PROVIDER:
        raise NoSuchOrganization
    return about


def _as_typed(wishes: Hours) -> dict[str, Any]:
    """Selects compare texts."""
    values = {name: "" if value is None else value for name, value in asdict(wishes).items()}
    return values | {"zone": "" if wishes.zone == "UTC" else wishes.zone}


def _shown(row: AlarmRow) -> dict[str, Any]:
    return {
        "alarm": row,
        "severity": said(SEVERITY, row.severity),
        "state": said(ALARM, row.state),
        "kind": KIND[row.kind],
    }


def _may_act(request: DeskRequest) -> bool:
    return Capability.CHANGE_CONNECTION in request.seat.capabilities
