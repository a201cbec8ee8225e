"""The Invitation wizard after *Continue*: one page asks one thing, and each sends people to where their case stands."""

from collections.abc import Callable
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.onboarding import actions
from gangway.onboarding.errors import NotNow
from gangway.onboarding.queries import name_faults, plan_changes, secret_end_is_unknown
from gangway.onboarding.shapes import Step
from gangway.onboarding.states import Way
from gangway.provisioning.queries import PlanChanged
from gangway.web.beside import besides_of
from gangway.web.forms.base import told
from gangway.web.forms.existing import SecretEnd
from gangway.web.forms.plan import Grant
from gangway.web.forms.wizard import RegistrationName
from gangway.web.live import first_look
from gangway.web.names import rules
from gangway.web.so_far import of_closed, of_offer
from gangway.web.views.wizard_sign_in import off
from gangway.web.wizard_pages import (
    RUN_PARTIAL,
    may_change,
    page,
    page_of,
    run_values,
    signed_in_page,
)
from gangway.web.wizard_session import WizardRequest, forget_typed, in_wizard, keep_typed, typed

SHORT_WORK: Final = 1
"""Seconds between two looks at a run, which usually takes no longer."""
NAME_RULES = _("Not used by another App registration that we made in your tenant")


@require_http_methods(["GET", "HEAD", "POST"])
@in_wizard
def choose(request: WizardRequest) -> HttpResponse:
    """Choose a way: *Create New App Registration*."""
    if request.case.step is not Step.CHOOSE:
        return redirect(page_of(request.case))
    if request.method == "POST":
        actions.choose_new(case_id=request.case.id, by=request.actor, now=now())
        return redirect("web:wizard_new")
    return page(request, "wizard/choose.html")


@require_http_methods(["GET", "HEAD", "POST"])
@in_wizard
def who_you_are(request: WizardRequest) -> HttpResponse:
    """Say what will be granted, which part of it may be declined, and ask who signs in, and by which way."""
    case = request.case
    if case.step is not Step.WHO:
        return redirect(page_of(case))
    form = _grant_form(request)
    changes = plan_changes(case.id, seen=request.POST.get("seen", "")) if may_change(case) else ()
    if request.method == "POST" and form.is_valid():
        try:
            return _go_on(request, form)
        except NotNow:
            return _where_it_stands(request)
        except PlanChanged:
            form = form.again(case.offer.plan)
        except GangwayError as error:
            form.refuse(error)
    return page(request, "wizard/who.html", {"form": form, "changes": changes})


def _grant_form(request: WizardRequest) -> Grant:
    case = request.case
    return Grant(
        request.POST or None,
        plan=case.offer.plan,
        changeable=may_change(case),
        may_leave=not case.is_rest and case.waiting is None,
        only_choosing="choose" in request.POST,
        expected=case.expected,
        initial={"upn": case.administrator_upn, "colleague": case.colleague} | typed(request),
    )


def _go_on(request: WizardRequest, form: Grant) -> HttpResponse:
    """Keep what was chosen; unless only that was wanted, the sign-in begins in the same breath."""
    given = form.cleaned_data
    choice: dict[str, Any] = {"declined": form.declined, "unit": given.get("unit", ""), "seen": given["seen"]}
    choice |= {"case_id": request.case.id, "by": request.actor, "now": now()}
    if "choose" in request.POST:
        if form.declined is not None:
            actions.choose_features(**choice)
        keep_typed(request, {name: given[name] for name in ("upn", "colleague") if name in given})
        return redirect("web:wizard_new")
    choice |= {"upn": given["upn"], "colleague": given.get("colleague")}
    if request.POST.get("way") == Way.REDIRECT:
        answer = off(request, actions.sign_in_with_microsoft(host=request.get_host(), **choice))
    else:
        actions.start_authentication(**choice)
        answer = redirect("web:wizard_code")
    forget_typed(request)
    return answer


@require_POST
@in_wizard
def choose_again(request: WizardRequest) -> HttpResponse:
    """*Back* to where the ways are chosen, as long as nothing was made."""
    return _act(request, actions.choose_again)


@require_POST
@in_wizard
def sign_in_again(request: WizardRequest) -> HttpResponse:
    """Go back to *who you are*; everything entered is kept."""
    return _act(request, actions.sign_in_again)


@require_POST
@in_wizard
def confirm_person(request: WizardRequest) -> HttpResponse:
    """Accept knowingly that somebody else than the named person signed in."""
    return _act(request, actions.confirm_other_person)


@require_http_methods(["GET", "HEAD", "POST"])
@in_wizard
def signed_in(request: WizardRequest) -> HttpResponse:
    """Say who signed in, where, and what they can do; *Next Step*."""
    if request.case.step is not Step.SIGNED_IN:
        return redirect(page_of(request.case))
    if request.method == "POST":
        return _act(request, actions.confirm_signed_in)
    return signed_in_page(request)


@require_http_methods(["GET", "HEAD", "POST"])
@in_wizard
def name(request: WizardRequest) -> HttpResponse:
    """Ask for the name of the App registration; *Start Provisioning*."""
    if request.case.step is not Step.NAME:
        return redirect(page_of(request.case))
    form = _name_form(request)
    if request.method == "POST" and not form.is_valid():
        if form.has_name:
            form.blame(name_faults(request.case.id, form.cleaned_data["name"]))
    elif request.method == "POST":
        given = form.cleaned_data
        chosen = {"name": given["name"], "credential_days": given["days"]}
        try:
            actions.start_provisioning(case_id=request.case.id, **chosen, by=request.actor, now=now())
        except GangwayError as error:
            if error.field not in form.fields:
                return _where_it_stands(request, error)
            form.refuse(error)
        else:
            return redirect("web:wizard_provisioning")
    to_keep = [] if request.case.keeps_name else rules(NAME_RULES)
    return page(request, "wizard/name.html", {"form": form, "rules": to_keep})


def _name_form(request: WizardRequest) -> RegistrationName:
    """Return the form as typed; else as chosen, with why Microsoft refused the name; else with a first suggestion."""
    known, longest = request.case.registration_name, request.case.offer.plan.credential_days
    kept, run = request.case.keeps_name, request.case.run
    days = min(run.credential_days or longest, longest) if run else longest
    if request.method == "POST":
        return RegistrationName(request.POST, longest=longest, kept=kept)
    if kept or not request.case.name_error:
        first = {"name": kept or known or request.case.suggests, "days": days}
        return RegistrationName(initial=first, longest=longest, kept=kept)
    form = RegistrationName({"name": known, "days": days}, longest=longest)
    form.add_error("name", request.case.name_error)
    return form


@require_safe
@in_wizard
def provisioning(request: WizardRequest) -> HttpResponse:
    """Show the steps as they happen; the tab may be closed meanwhile."""
    if request.case.step is not Step.PROVISIONING:
        return redirect(page_of(request.case))
    url = reverse("web:wizard_provisioning_state")
    live = first_look(request, RUN_PARTIAL, run_values(request.case), url=url, seconds=SHORT_WORK)
    return page(request, "wizard/provisioning.html", {"live": live})


@require_safe
@in_wizard
def done(request: WizardRequest) -> HttpResponse:
    """Say what was granted, by whom, until when, what comes next and how to undo it."""
    if request.case.step is not Step.DONE:
        return redirect(page_of(request.case))
    values = {
        "done": request.case.done,
        "beside": besides_of(request.case.beside),
        "entries": of_offer(request.case.offer),
    }
    if request.case.existing is None:
        return page(request, "wizard/done.html", values)
    end_form = SecretEnd() if secret_end_is_unknown(request.case.id) else None
    return page(request, "wizard/done_existing.html", {**values, "end_form": end_form})


@require_safe
@in_wizard
def closed(request: WizardRequest) -> HttpResponse:
    """Say why the invitation can't be continued, to somebody who was inside it."""
    if request.case.step is not Step.CLOSED:
        return redirect(page_of(request.case))
    return page(request, "wizard/closed.html", {"entries": of_closed(request)}, status=410)


def _act(request: WizardRequest, action: Callable[..., None]) -> HttpResponse:
    """Do one thing and go where the case then stands; what can't be done any more is told there."""
    try:
        action(case_id=request.case.id, by=request.actor, now=now())
    except GangwayError as error:
        return _where_it_stands(request, error)
    return redirect("web:wizard")


def _where_it_stands(request: WizardRequest, error: GangwayError | None = None) -> HttpResponse:
    error = error or NotNow()
    messages.warning(request, told(error))
    return redirect("web:wizard")
