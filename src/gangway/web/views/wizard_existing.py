"""*Use App Registration* in the wizard: type the facts of one that is there already, and follow how it is proved."""

from collections.abc import Callable
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.onboarding import existing
from gangway.onboarding.existing_errors import NotAsTyped
from gangway.onboarding.shapes import ExistingView, Step
from gangway.web.downloads import certificate_file
from gangway.web.existing_pages import CHECKING_PARTIAL, KEY_PARTIAL, checking_values, existing_values
from gangway.web.forms.base import told
from gangway.web.forms.existing import Existing, SecretEnd
from gangway.web.live import first_look, look_again, move_on
from gangway.web.wizard_pages import page, page_of
from gangway.web.wizard_session import WizardRequest, in_wizard

SHORT_WORK: Final = 1


@require_POST
@in_wizard
def choose_existing(request: WizardRequest) -> HttpResponse:
    """*Use App Registration*."""
    return _act(request, existing.choose_existing)


@require_http_methods(["GET", "HEAD", "POST"])
@in_wizard
def use(request: WizardRequest) -> HttpResponse:
    """Ask for tenant, application and secret; *Start authentication*. Buttons choose another kind of credential."""
    if request.case.step is not Step.USE:
        return redirect(page_of(request.case))
    view = _existing(request)
    form = Existing.of(view, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _take(request, form)
        except NotAsTyped as error:
            form.blame(error.faults)
        except GangwayError as error:
            messages.warning(request, told(error))
            return redirect("web:wizard")
    live = first_look(request, KEY_PARTIAL, {"existing": view}, url=reverse("web:wizard_key_state"), seconds=SHORT_WORK)
    return page(request, "wizard/use.html", {"form": form, "live": live, **existing_values(view)})


def _take(request: WizardRequest, form: Existing) -> HttpResponse:
    do: dict[str, Any] = {"case_id": request.case.id, "by": request.actor, "now": now()}
    if "kind" in request.POST:
        existing.choose_kind(kind=request.POST["kind"], draft=form.typed, **do)
        return redirect("web:wizard_use")
    existing.start_existing(typed=form.typed, **do)
    return redirect("web:wizard_use_checking")


@require_safe
@in_wizard
def key_state(request: WizardRequest) -> HttpResponse:
    """Whether the certificate is made; takes the page along when it is."""
    if request.case.step is not Step.USE or not _existing(request).waits_for_key:
        return move_on(page_of(request.case))
    return look_again(request, KEY_PARTIAL, {"existing": _existing(request)}, over=False)


@require_safe
@in_wizard
def certificate(request: WizardRequest) -> HttpResponse:
    """Hand out the certificate, which is public; its key stays sealed."""
    view = request.case.existing
    if view is None or not view.certificate_der:
        raise Http404
    return certificate_file(view.certificate_der, view.about["name"])


@require_safe
@in_wizard
def checking(request: WizardRequest) -> HttpResponse:
    """Follow how a worker signs in as the registration and looks what it may do."""
    if request.case.step is not Step.PROVING:
        return redirect(page_of(request.case))
    values = checking_values(_existing(request))
    live = first_look(request, CHECKING_PARTIAL, values, url=reverse("web:wizard_use_state"), seconds=SHORT_WORK)
    return page(request, "wizard/checking.html", {"live": live})


@require_safe
@in_wizard
def checking_state(request: WizardRequest) -> HttpResponse:
    """How far it is; takes the page along when it is over."""
    if request.case.step is not Step.PROVING:
        return move_on(page_of(request.case))
    return look_again(request, CHECKING_PARTIAL, checking_values(_existing(request)), over=False)


@require_POST
@in_wizard
def tell_end(request: WizardRequest) -> HttpResponse:
    """Keep when the secret ends, which nobody could read."""
    form = SecretEnd(request.POST)
    if request.case.step is not Step.DONE:
        return redirect(page_of(request.case))
    if form.is_valid():
        try:
            ends_on = form.cleaned_data["ends_on"]
            existing.tell_end(case_id=request.case.id, ends_on=ends_on, by=request.actor, now=now())
        except GangwayError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Kept: your provider is warned before that day."))
            return redirect("web:wizard_done")
    return page(request, "wizard/done_existing.html", {"done": request.case.done, "end_form": form})


def _existing(request: WizardRequest) -> ExistingView:
    view = request.case.existing
    if view is None:
        raise Http404
    return view


def _act(request: WizardRequest, action: Callable[..., Any]) -> HttpResponse:
    try:
        action(case_id=request.case.id, by=request.actor, now=now())
    except GangwayError as error:
        messages.warning(request, told(error))
    return redirect("web:wizard")
