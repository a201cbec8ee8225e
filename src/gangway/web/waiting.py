"""What a run waits for, with its word, for the pages of both sides."""

from typing import Any

from gangway.invitations.queries import HandoffView
from gangway.onboarding.shapes import CaseView
from gangway.provisioning.queries import WaitingView
from gangway.web.forms.waiting import Colleague, PlannedDay
from gangway.web.words import CASE, WAITS_FOR, said


def facts_of(waiting: WaitingView | None) -> dict[str, Any]:
    """The wait and its pill; nothing for a run that doesn't wait."""
    return {"waiting": waiting, "waiting_pill": said(WAITS_FOR, waiting.kind) if waiting else None}


def forms_of(case: CaseView | None, **bound: Any) -> dict[str, Any]:
    """The forms beside a wait: `bound` are those that come back with what was typed and why it can't be so."""
    waiting = case.waiting if case else None
    if waiting is None:
        return {"colleagues": asked_of(case)}
    day = {"planned_on": waiting.planned_on}
    named = {"colleague": case.colleague if case and case.colleague_refused else ""}
    return {
        **facts_of(waiting),
        "colleague_form": bound.get("colleague_form") or Colleague(initial=named),
        "day_form": bound.get("day_form") or PlannedDay(initial=day),
        "colleagues": asked_of(case),
    }


def asked_of(case: CaseView | None) -> list[dict[str, Any]]:
    """Return who was sent a link of their own, and what has become of it."""
    return [{"colleague": one, "pill": said(CASE, _state_of(one))} for one in (case.colleagues if case else ())]


def _state_of(one: HandoffView) -> str:
    if one.revoked_at is not None:
        return "revoked"
    if one.opened_at is not None:
        return "opened"
    return "bounced" if one.refused else "sent"
