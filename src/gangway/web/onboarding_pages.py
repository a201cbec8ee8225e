"""Where each step of the operator's Onboarding wizard has its page, and the values its pages share."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from gangway.connections.queries import ValidationRow
from gangway.onboarding.shapes import OperatorOnboardingView, ValidationView
from gangway.onboarding.states import OperatorStep
from gangway.web.desk import DeskRequest
from gangway.web.words import CHECK, CONNECTION, VALIDATION, said

VALIDATION_PARTIAL: Final = "onboarding/_validation.html"

STEPS: Final = (
    (OperatorStep.REGISTRATION, _("Registration"), "web:onboarding_registration"),
    (OperatorStep.VALIDATION, _("Validation"), "web:onboarding_validate"),
    (OperatorStep.SETTINGS, _("Microsoft 365 Settings"), "web:onboarding_settings"),
    (OperatorStep.PREREQUISITES, _("Prerequisites"), "web:onboarding_prerequisites"),
    (OperatorStep.SUMMARY, _("Summary"), "web:onboarding_summary"),
)
ORDER: Final = [step for step, _word, _route in STEPS]


def page_of(view: OperatorOnboardingView) -> str:
    """Return the address where this onboarding stands now; a finished one is its service."""
    if view.step is OperatorStep.CREATED:
        return reverse("web:service", args=[view.service_id])
    return reverse(STEPS[ORDER.index(view.step)][2], args=[view.id])


def page(
    request: DeskRequest,
    template: str,
    view: OperatorOnboardingView,
    step: OperatorStep,
    values: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """Show one step. Earlier ones may be looked at again; who is ahead of the onboarding is sent to where it stands."""
    if view.step is OperatorStep.CREATED or ORDER.index(step) > ORDER.index(view.step):
        return redirect(page_of(view))
    here = ORDER.index(step)
    steps = [
        {"word": word, "now": number == here, "done": number < here}
        for number, (_step, word, _route) in enumerate(STEPS)
    ]
    shown = {"onboarding": view, "steps": steps, "is_here": step is view.step, "resume": page_of(view)}
    return render(request, template, shown | dict(values or {}))


def validation_values(validation: ValidationView) -> dict[str, Any]:
    """Return what the validation's live part shows: each item with its word, and what came of it all."""
    return {
        "validation": validation,
        "items": items_of(validation.items),
        "may_go_on": validation.state == "done" and validation.status != "error",
    }


def items_of(items: Iterable[Any]) -> list[dict[str, Any]]:
    """Give each item its pill."""
    return [
        {"label": i.label, "words": i.words, "cure": i.cure, "details": i.details, "pill": said(CHECK, _kind_of(i))}
        for i in items
    ]


RIGHTS: Final = frozenset({"permission", "permissions", "role", "roles"})
ENDS: Final = frozenset({"secret", "roles_end"})


def _kind_of(item: Any) -> str:
    """Tell apart what is missing, what is over and what Microsoft refused, of which alone there are its own marks."""
    if item.state != "error":
        return str(item.state)
    if item.details or item.key in {"sign_in", "teams"}:
        return "refused"
    thing = item.key.partition(":")[0]
    return "missing" if thing in RIGHTS else "over" if thing in ENDS else "error"


def looks_of(history: Iterable[ValidationRow]) -> list[dict[str, Any]]:
    """Give each look that there was its pill: what was seen, or that it isn't over or failed."""
    return [
        {"row": row, "pill": said(CONNECTION, row.status) if row.state == "done" else said(VALIDATION, row.state)}
        for row in history
    ]
