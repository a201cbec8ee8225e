"""The runs of the engine: the list, and one page for each with its plan, steps, timings, request-ids and troubles."""

from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_safe

from gangway.foundation.clock import now
from gangway.organizations.roles import Capability
from gangway.provisioning.queries import registration, run, waiting_of
from gangway.provisioning.run_list import run_facts, runs
from gangway.provisioning.shapes import RunView
from gangway.provisioning.sign_in_application import stays
from gangway.provisioning.states import RunState
from gangway.provisioning.support import bundle
from gangway.web.desk import DeskRequest, may
from gangway.web.downloads import support_file
from gangway.web.lists import asked_of, bulk_of
from gangway.web.live import first_look, look_again
from gangway.web.waiting import facts_of
from gangway.web.words import RUN, RUN_KIND, STEP, said

PARTIAL: Final = "runs/_run.html"


@require_safe
@may(Capability.SEE_RUNS)
def run_list(request: DeskRequest) -> HttpResponse:
    """List the runs, newest first."""
    wanted = asked_of("runs", request)
    page = runs(search=wanted.search, sort=wanted.sort, page=wanted.page, **wanted.choices)
    values = {
        "page": page,
        "rows": [{"run": row, "pill": said(RUN, row.state), "kind": RUN_KIND[row.kind]} for row in page.rows],
        "wanted": wanted,
        "bulk": bulk_of("runs", request.seat.capabilities),
        "sees_invitations": Capability.SEE_INVITATIONS in request.seat.capabilities,
        "states": [(state.value, said(RUN, state).word) for state in RunState],
        "kinds": list(RUN_KIND.items()),
    }
    return render(request, "runs/list.html", values)


@require_safe
@may(Capability.SEE_RUNS)
def run_page(request: DeskRequest, run_id: UUID) -> HttpResponse:
    """Show a run, and follow it while it moves."""
    found = run(run_id)
    state = f"{reverse('web:run_state', args=[run_id])}?facts=on"
    values = _facts(found) | {"live": first_look(request, PARTIAL, run_values(found), url=state)}
    return render(request, "runs/detail.html", values)


@require_safe
@may(Capability.SEE_RUNS)
def run_state(request: DeskRequest, run_id: UUID) -> HttpResponse:
    """How the run stands; where the page has its facts beside it (`facts`), those too, once it is over."""
    found = run(run_id)
    shows_facts = found.is_over and "facts" in request.GET
    elsewhere = render_to_string("runs/_facts.html", _facts(found) | {"again": True}) if shows_facts else ""
    return look_again(request, PARTIAL, run_values(found), over=found.is_over, elsewhere=elsewhere)


@require_safe
@may(Capability.SEE_RUNS)
def run_support(request: DeskRequest, run_id: UUID) -> HttpResponse:
    """Hand out the support bundle."""
    del request
    return support_file(bundle(run_id, now=now()), run_id=run_id)


def _facts(found: RunView) -> dict[str, Any]:
    facts = run_facts(found.id)
    return {
        "run": found,
        "registration": registration(found.registration_id),
        "facts": facts,
        "kind": RUN_KIND[facts.kind] if facts else "",
        "stays": stays(found.id),
    }


def run_values(found: RunView) -> dict[str, Any]:
    """Return what a run's live part shows."""
    return {
        "run": found,
        "pill": said(RUN, found.state),
        "steps": [{"step": step, "pill": said(STEP, step.state)} for step in found.steps],
        "references": [step for step in found.steps if step.request_id],
        **facts_of(waiting_of(found.id)),
    }
