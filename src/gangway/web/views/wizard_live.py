"""What the wizard's live pages ask for again and again: is the person signed in, how far has the run come."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gangway.foundation.clock import now
from gangway.onboarding.queries import name_faults, support_bundle
from gangway.onboarding.shapes import Step
from gangway.web.downloads import support_file
from gangway.web.live import look_again, move_on
from gangway.web.marked import unless_unchanged
from gangway.web.wizard_pages import RUN_PARTIAL, SIGN_IN_PARTIAL, page_of, run_values, sign_in_values
from gangway.web.wizard_session import WizardRequest, in_wizard


@require_safe
@unless_unchanged
@in_wizard
def sign_in_state(request: WizardRequest) -> HttpResponse:
    """How the sign-in at Microsoft stands; takes the page along when it has worked."""
    if request.case.step is not Step.CODE or request.case.sign_in is None:
        return move_on(page_of(request.case))
    return look_again(request, SIGN_IN_PARTIAL, sign_in_values(request), over=request.case.sign_in.is_over)


@require_safe
@in_wizard
def run_state(request: WizardRequest) -> HttpResponse:
    """How the run stands; takes the page along when all is proved. A waiting run may go on, so the asking does, too."""
    if request.case.step is not Step.PROVISIONING:
        return move_on(page_of(request.case))
    return look_again(request, RUN_PARTIAL, run_values(request.case), over=False)


@require_safe
@in_wizard
def name_state(request: WizardRequest) -> HttpResponse:
    """Say while a person types whether the name can be used. A hint; *Start Provisioning* decides."""
    if request.case.step is not Step.NAME:
        return move_on(page_of(request.case))
    typed = request.GET.get("name", "")
    faults = name_faults(request.case.id, typed) if typed else ()
    return render(request, "wizard/_name_word.html", {"typed": typed, "faults": faults})


@require_safe
@in_wizard
def run_support(request: WizardRequest) -> HttpResponse:
    """Hand out the support bundle of this case's own run, for the administrator's IT team."""
    if request.case.run is None:
        raise Http404
    return support_file(support_bundle(request.case.id, now=now()), run_id=request.case.run.id)
