"""The sign-in at Microsoft, by code or by redirect: there, the switch between the two, and back.

A browser's session keeps the marks of the redirects that it began, and takes an answer for no other.
"""

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.onboarding import actions
from gangway.onboarding.shapes import Departure, Step
from gangway.web.desk import for_anyone
from gangway.web.forms.base import told
from gangway.web.forms.wizard import ErrorNumber
from gangway.web.live import first_look
from gangway.web.marked import marked
from gangway.web.own_session import awaited
from gangway.web.views import own_view
from gangway.web.wizard_pages import SIGN_IN_PARTIAL, page, page_of, sign_in_values
from gangway.web.wizard_session import WizardRequest, in_wizard

AWAY: Final = "wizard_away"
MOST: Final = 10
"""Marks that a session keeps: more starts than a case may have within ten minutes."""


@require_safe
@marked
@in_wizard
def code(request: WizardRequest) -> HttpResponse:
    """Show the code to type at Microsoft, or that the browser is awaited back, and follow what happens there."""
    if request.case.step is not Step.CODE:
        return redirect(page_of(request.case))
    url = reverse("web:wizard_code_state")
    live = first_look(request, SIGN_IN_PARTIAL, sign_in_values(request), url=url)
    asked = ErrorNumber(request.GET if "number" in request.GET else None)
    values = {"live": live, "sign_in": request.case.sign_in, "asked": asked, "meaning": asked.meaning()}
    return page(request, "wizard/code.html", values)


@require_POST
@in_wizard
def with_code(request: WizardRequest) -> HttpResponse:
    """Switch to the code; case and account stay, the other attempt ends."""
    try:
        actions.take_a_code(case_id=request.case.id, by=request.actor, now=now())
    except GangwayError as error:
        messages.warning(request, told(error))
    return redirect("web:wizard")


@require_POST
@in_wizard
def with_microsoft(request: WizardRequest) -> HttpResponse:
    """Switch to the redirect, or go there once more; case and account stay, the other attempt ends."""
    host = request.get_host()
    try:
        departure = actions.take_the_redirect(case_id=request.case.id, host=host, by=request.actor, now=now())
    except GangwayError as error:
        messages.warning(request, told(error))
        return redirect("web:wizard")
    return off(request, departure)


@require_POST
@in_wizard
def blocked(request: WizardRequest) -> HttpResponse:
    """*Microsoft blocks me*: nobody else can tell us."""
    try:
        actions.tell_blocked(case_id=request.case.id, by=request.actor, now=now())
    except GangwayError as error:
        messages.warning(request, told(error))
    return redirect("web:wizard")


@require_POST
@in_wizard
def our_tenant(request: WizardRequest) -> HttpResponse:
    """*Tell my provider that this is our Microsoft 365*, by whoever was refused since another one is expected."""
    try:
        actions.say_tenant_is_theirs(case_id=request.case.id, by=request.actor, now=now())
    except GangwayError as error:
        messages.warning(request, told(error))
    else:
        messages.success(request, _("Your provider has been told. Sign in again when they have put it right."))
    return redirect("web:wizard")


@for_anyone
@require_safe
def returned(request: HttpRequest) -> HttpResponse:
    """Take the browser back from Microsoft, which knows one address for the wizard and for the customer's own view."""
    own = awaited(request)
    return own_view.returned(request, own) if own else _to_the_wizard(request)


@in_wizard
def _to_the_wizard(request: WizardRequest) -> HttpResponse:
    """Give the answer to its case. It is good once; the address is left at once."""
    if request.method == "GET":
        begun = frozenset(request.session.get(AWAY, ()))
        try:
            actions.come_back(
                case_id=request.case.id, returned=request.GET.dict(), begun=begun, by=request.actor, now=now()
            )
        except GangwayError as error:
            messages.warning(request, told(error))
    return redirect("web:wizard")


def off(request: WizardRequest, departure: Departure) -> HttpResponse:
    """Send the browser to Microsoft, and remember by what its answer is known."""
    request.session[AWAY] = [*request.session.get(AWAY, ()), departure.mark][-MOST:]
    return HttpResponseRedirect(departure.address)
