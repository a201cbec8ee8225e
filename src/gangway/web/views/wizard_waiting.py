"""The wizard where something waits for another administrator: what remains, who may do it, and every way on."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.onboarding import actions
from gangway.onboarding.errors import NoSuchCase
from gangway.onboarding.queries import asked_by_run
from gangway.onboarding.shapes import Step
from gangway.provisioning.queries import consent_not_given, consented_run
from gangway.web.brand import brand_of
from gangway.web.desk import for_anyone
from gangway.web.forms.base import told
from gangway.web.forms.waiting import Colleague, MaybeColleague, PlannedDay
from gangway.web.languages import speak
from gangway.web.live import first_look, look_again, move_on
from gangway.web.so_far import of_offer
from gangway.web.waiting import forms_of
from gangway.web.wizard_pages import WAITING_PARTIAL, page, page_of, signed_in_page, waiting_values
from gangway.web.wizard_session import WizardRequest, in_wizard


@require_safe
@in_wizard
def waiting(request: WizardRequest) -> HttpResponse:
    """Say that this person's part is done, what remains, who can do it and until when."""
    if request.case.step is not Step.WAITING:
        return redirect(page_of(request.case))
    return _page(request)


@require_safe
@in_wizard
def waiting_state(request: WizardRequest) -> HttpResponse:
    """How far it has come; takes the page along when it is done."""
    if request.case.step is not Step.WAITING:
        return move_on(page_of(request.case))
    return look_again(request, WAITING_PARTIAL, waiting_values(request.case), over=False)


@require_POST
@in_wizard
def hand_off(request: WizardRequest) -> HttpResponse:
    """Send another administrator a link of their own."""
    form = Colleague(request.POST)
    if form.is_valid():
        try:
            address = form.cleaned_data["colleague"]
            actions.hand_off(case_id=request.case.id, colleague=address, by=request.actor, now=now())
        except GangwayError as error:
            if error.field != "colleague":
                return _elsewhere(request, error)
            form.refuse(error)
        else:
            messages.success(request, _("A link is on its way to %(address)s.") % {"address": address.strip()})
            return redirect("web:wizard_waiting")
    return _page(request, colleague_form=form)


@require_POST
@in_wizard
def do_my_part(request: WizardRequest) -> HttpResponse:
    """*Do my part and ask a colleague for the rest*: *Next Step*, with or without naming the colleague already."""
    if request.case.step is not Step.SIGNED_IN:
        return redirect(page_of(request.case))
    form = MaybeColleague(request.POST)
    if form.is_valid():
        try:
            address = form.cleaned_data["colleague"]
            actions.do_my_part(case_id=request.case.id, colleague=address, by=request.actor, now=now())
        except GangwayError as error:
            if error.field != "colleague":
                return _elsewhere(request, error)
            form.refuse(error)
        else:
            return redirect("web:wizard")
    return signed_in_page(request, form)


@require_POST
@in_wizard
def finish_rest(request: WizardRequest) -> HttpResponse:
    """*Finish the connection*: another administrator's sign-in goes on with the first one's run."""
    return _act(request, actions.finish_rest)


@require_POST
@in_wizard
def back(request: WizardRequest) -> HttpResponse:
    """Back from *who you are* to what is waited for."""
    return _act(request, actions.back_to_waiting)


@require_POST
@in_wizard
def check_now(request: WizardRequest) -> HttpResponse:
    """*Check now*."""
    return _act(request, actions.check_now, _("We are looking now; this page follows by itself."))


@require_POST
@in_wizard
def stop_reminders(request: WizardRequest) -> HttpResponse:
    """*No more reminders*."""
    return _act(request, actions.stop_reminders, _("No more reminders go out about this."))


@require_POST
@in_wizard
def plan_for(request: WizardRequest) -> HttpResponse:
    """Keep the day that it is planned for."""
    form = PlannedDay(request.POST)
    if form.is_valid():
        try:
            day = form.day
            actions.plan_for(case_id=request.case.id, day=day, by=request.actor, now=now())
        except GangwayError as error:
            if error.field != "planned_on":
                return _elsewhere(request, error)
            form.refuse(error)
        else:
            messages.success(request, _("Kept: we remind nobody before that day is over.") if day else _("Kept."))
            return redirect("web:wizard_waiting")
    return _page(request, day_form=form)


@for_anyone
@require_safe
def consented(request: HttpRequest) -> HttpResponse:
    """Where Microsoft's consent page sends people back to. What it says proves nothing; we look sooner, that is all."""
    run_id = consented_run(request.GET.get("state", ""))
    if run_id is None:
        return render(request, "wizard/stranger.html", status=404)
    asker = None
    with suppress(NoSuchCase):
        asker, language = asked_by_run(run_id)
        speak(request, language)
    given = request.GET.get("admin_consent", "").lower() == "true" and "error" not in request.GET
    if given and request.method == "GET":
        try:
            actions.come_back_from_consent(run_id=run_id, now=now())
        except NoSuchCase:
            return render(request, "wizard/stranger.html", status=404)
    why = None if given else consent_not_given(request.GET.get("error_description", ""))
    brand = brand_of(asker.organization_path if asker else "")
    values = {"given": given, "why": why, "in_wizard": "wizard" in request.session, "asker": asker, "brand": brand}
    return render(request, "wizard/consented.html", values)


def _page(request: WizardRequest, **bound: Any) -> HttpResponse:
    if request.case.step is not Step.WAITING:
        return redirect(page_of(request.case))
    live = first_look(request, WAITING_PARTIAL, waiting_values(request.case), url=reverse("web:wizard_waiting_state"))
    values = {"live": live, "entries": of_offer(request.case.offer), **forms_of(request.case, **bound)}
    return page(request, "wizard/waiting.html", values)


def _act(request: WizardRequest, action: Callable[..., object], done: str = "") -> HttpResponse:
    try:
        action(case_id=request.case.id, by=request.actor, now=now())
    except GangwayError as error:
        return _elsewhere(request, error)
    if done:
        messages.success(request, done)
    return redirect("web:wizard")


def _elsewhere(request: WizardRequest, error: GangwayError) -> HttpResponse:
    messages.warning(request, told(error))
    return redirect("web:wizard")
