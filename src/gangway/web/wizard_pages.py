"""Where each step of the wizard has its page, what its progress line shows, and the values of its live partials."""

from collections.abc import Mapping
from typing import Any, Final, cast

from csp.decorators import csp_update
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gangway.invitations.plans import CHANGEABLE
from gangway.invitations.states import Doing, State, allowed_for
from gangway.invitations.terms import terms_of
from gangway.onboarding.queries import user_code
from gangway.onboarding.shapes import CaseView, Step
from gangway.onboarding.states import SignInState
from gangway.web.beside import besides_of
from gangway.web.brand import brand_of
from gangway.web.forms.waiting import MaybeColleague
from gangway.web.preflight import pills_of
from gangway.web.purposes import said_of
from gangway.web.sign_in_ways import may_redirect, ways_of
from gangway.web.waiting import facts_of
from gangway.web.wizard_session import WizardRequest
from gangway.web.words import RUN, STEP, said

ROUTES: Final[Mapping[Step, str]] = {
    Step.CHOOSE: "web:wizard",
    Step.WHO: "web:wizard_new",
    Step.USE: "web:wizard_use",
    Step.PROVING: "web:wizard_use_checking",
    Step.CODE: "web:wizard_code",
    Step.SIGNED_IN: "web:wizard_signed_in",
    Step.NAME: "web:wizard_name",
    Step.PROVISIONING: "web:wizard_provisioning",
    Step.WAITING: "web:wizard_waiting",
    Step.DONE: "web:wizard_done",
    Step.CLOSED: "web:wizard_closed",
}

PROGRESS: Final[tuple[tuple[str | Promise, frozenset[Step]], ...]] = (
    (_("Welcome"), frozenset({Step.CHOOSE})),
    (_("Who you are"), frozenset({Step.WHO})),
    (_("Sign in"), frozenset({Step.CODE, Step.SIGNED_IN})),
    (_("Name"), frozenset({Step.NAME})),
    (_("Provisioning"), frozenset({Step.PROVISIONING, Step.WAITING})),
    (_("Done"), frozenset({Step.DONE})),
)

EXISTING_PROGRESS: Final[tuple[tuple[str | Promise, frozenset[Step]], ...]] = (
    (_("Welcome"), frozenset({Step.CHOOSE})),
    (_("App registration"), frozenset({Step.USE})),
    (_("Authentication"), frozenset({Step.PROVING})),
    (_("Done"), frozenset({Step.DONE})),
)
"""The same for a registration that is there already."""

SIGN_IN_PARTIAL: Final = "wizard/_sign_in.html"
RUN_PARTIAL: Final = "wizard/_run.html"
WAITING_PARTIAL: Final = "wizard/_waiting.html"


def may_change(case: CaseView) -> bool:
    """Whether the person may still decline something: nothing is being made, and nobody waits for the rest of it."""
    return case.offer.invitation_state in CHANGEABLE and not case.is_rest


def page_of(case: CaseView) -> str:
    """Return the address where this case stands now."""
    return reverse(ROUTES[case.step])


def page(
    request: WizardRequest, template: str, values: Mapping[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """Show one page of the wizard with its progress line."""
    shown = {
        "case": request.case,
        "offer": request.case.offer,
        "steps": progress(request.case.step, uses=request.case.existing is not None),
        "assisting": request.assisting,
        "copying": _copying(request) if request.assisting else "",
        "redirect_offered": may_redirect(request),
        "speaks": said_of(request.case.offer),
        "brand": brand_of(request.case.offer.asker.organization_path),
    }
    filled = shown | dict(values or {})
    if not shown["redirect_offered"]:
        return render(request, template, filled, status=status)
    # Browsers follow a form's answer to another origin only where the page's policy names it.
    lead_there = csp_update({"form-action": [request.case.offer.login_origin]})
    return cast("HttpResponse", lead_there(lambda here: render(here, template, filled, status=status))(request))


def _copying(request: WizardRequest) -> str:
    """Whether an operator who assists may make a link for the customer's browser, or why not; empty: none is needed."""
    offer = request.case.offer
    if Doing.COPY not in allowed_for(State(offer.invitation_state), offer.purpose):
        return ""
    return "allowed" if terms_of(offer.asker.provider_id).may_copy else "forbidden"


def progress(step: Step, *, uses: bool = False) -> list[dict[str, Any]]:
    """Return the slim line above each page: what is behind, where one is, what comes.

    `uses`: somebody types a registration that is there already, so that its line is shown where it leads.
    """
    line = EXISTING_PROGRESS if uses and step in {Step.USE, Step.PROVING, Step.DONE} else PROGRESS
    here = next((number for number, (_word, steps) in enumerate(line) if step in steps), 0)
    return [{"word": word, "now": number == here, "done": number < here} for number, (word, _steps) in enumerate(line)]


def sign_in_values(request: WizardRequest) -> dict[str, Any]:
    """Return what the code page shows of the sign-in: its state, the ways on, and the code in groups.

    An operator who assists is never shown the code: it must not be read out to anybody.
    """
    case = request.case
    has_code = case.sign_in is not None and case.sign_in.has_code
    code = user_code(case.id) if has_code and not request.assisting else ""
    return {
        "case": case,
        "sign_in": case.sign_in,
        "code": code,
        "groups": groups(code),
        "letters": ", ".join(code),
        "assisting": request.assisting,
        "ways": ways_of(request),
        "redirect_offered": may_redirect(request),
        "is_blocked": case.sign_in is not None and case.sign_in.state is SignInState.BLOCKED,
    }


def signed_in_page(request: WizardRequest, form: MaybeColleague | None = None) -> HttpResponse:
    """Say who signed in, where, and what they can do; who can't do everything may name a colleague for the rest.

    Whom they named before they signed in stands in the field: what is sent from here counts.
    """
    signer = request.case.signer
    form = form or MaybeColleague(initial={"colleague": request.case.colleague})
    values = {"signer": signer, "parts": pills_of(signer), "colleague_form": form}
    return page(request, "wizard/signed_in.html", values)


def waiting_values(case: CaseView) -> dict[str, Any]:
    """Return what the waiting page shows of the wait, or of the run when a colleague is at it."""
    return {**run_values(case), **facts_of(case.waiting)}


def groups(code: str) -> list[str]:
    """Cut a code into groups that an eye can hold: threes if that works out, else fours."""
    size = 3 if len(code) % 3 == 0 else 4
    return [code[start : start + size] for start in range(0, len(code), size)]


def run_values(case: CaseView) -> dict[str, Any]:
    """Return what the provisioning page shows of the run: each step with its word, and why it waits if it does."""
    run = case.run
    steps = [{"step": step, "pill": said(STEP, step.state)} for step in run.steps] if run else []
    references = [step for step in run.steps if step.request_id] if run else []
    pill = said(RUN, run.state if run else "queued")
    beside = besides_of(case.beside)
    return {"case": case, "run": run, "steps": steps, "references": references, "pill": pill, "beside": beside}
