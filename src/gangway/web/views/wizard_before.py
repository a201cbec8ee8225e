"""Before anything is made: wait for somebody's approval, ask a colleague, or say that one didn't expect this."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.invitations.states import State
from gangway.onboarding import freezing
from gangway.onboarding.actions import await_approval, hand_off, plan_for
from gangway.onboarding.queries import latest_approval
from gangway.onboarding.shapes import Step
from gangway.onboarding.sightings import sightings_by_case
from gangway.web.activity_words import seen_rows
from gangway.web.forms.invitation import Approval
from gangway.web.forms.waiting import AwaitedDay, Successor
from gangway.web.waiting import asked_of
from gangway.web.wizard_pages import may_change, page, page_of
from gangway.web.wizard_session import KEY, WizardRequest, in_wizard

PAGE = ["GET", "HEAD", "POST"]
BEFORE_SIGNING_IN = frozenset({Step.CHOOSE, Step.WHO, Step.CODE})


@require_http_methods(PAGE)
@in_wizard
def approval(request: WizardRequest) -> HttpResponse:
    """Wait until a day for somebody who must agree first; what is asked for stands here to be printed.

    For another administrator, who has only what remains, it is the day that both sides see as planned.
    """
    case = request.case
    rest = case.waiting if case.is_rest and case.step in BEFORE_SIGNING_IN else None
    if not may_change(case) and rest is None:
        return redirect(page_of(case))
    awaited = rest.planned_on if rest else case.offer.approval_until
    first, typed = {"planned_on": awaited, "approval_on": awaited}, request.POST or None
    latest = None if rest else latest_approval(case.id, now=now())
    form = AwaitedDay(typed, initial=first) if rest else Approval(typed, initial=first, latest=latest)
    if request.method == "POST" and form.is_valid():
        given: dict[str, Any] = {"case_id": case.id, "day": form.day, "by": request.actor, "now": now()}
        try:
            plan_for(**given) if rest else await_approval(**given)
        except GangwayError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Kept. Your link waits; go on with it whenever you like."))
            return redirect("web:wizard_approval")
    return page(request, "wizard/approval.html", {"form": form, "awaited": awaited})


@require_http_methods(PAGE)
@in_wizard
def colleague(request: WizardRequest) -> HttpResponse:
    """Hand the whole of it to somebody who may sign in: a link of their own, by mail."""
    case = request.case
    cannot_begin = case.step is Step.SIGNED_IN and case.signer is not None and not case.signer.can_begin
    if (case.step not in BEFORE_SIGNING_IN and not cannot_begin) or case.run is not None or case.is_rest:
        return redirect(page_of(case))
    form = Successor(request.POST or None)
    if request.method == "POST" and form.is_valid():
        address = form.cleaned_data["colleague"].strip()
        try:
            hand_off(case_id=request.case.id, colleague=address, by=request.actor, now=now())
        except GangwayError as error:
            form.refuse(error)
        else:
            messages.success(request, _("A link is on its way to %(address)s.") % {"address": address})
            return redirect("web:wizard_colleague")
    return page(request, "wizard/colleague.html", {"form": form, "colleagues": asked_of(request.case)})


@require_http_methods(PAGE)
@in_wizard
def unexpected(request: WizardRequest) -> HttpResponse:
    """*I didn't expect this*, from within the wizard: freezes the invitation; then shows what is known of it.

    That is for the browser that reported it: another one may have come by a link that was taken from its holder.
    """
    held, closed = request.session[KEY], bool(request.case.closed)
    if request.method == "POST" and not closed:
        freezing.report_by_case(case_id=request.case.id, by=request.actor, now=now())
        held["reported"], request.session.modified = True, True
        return redirect("web:wizard_unexpected")
    is_reported = request.case.offer.invitation_state == State.REPORTED
    if closed and not (is_reported and held.get("reported")):
        return redirect("web:wizard_closed")
    told = bool(held.get("reported")) and not is_reported
    rows = seen_rows(sightings_by_case(request.case.id)) if is_reported else []
    values = {"asked": request.case.offer, "reported": is_reported, "told": told, "sightings": rows, "inside": True}
    return page(request, "wizard/unexpected.html", values)
