"""Problems as they are kept in a row and shown on a page: words, next move, reference and Microsoft's own marks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gangway.foundation.errors import GangwayError, MicrosoftFault, WhoActs
from gangway.microsoft import errors
from gangway.microsoft.errors import MicrosoftError
from gangway.onboarding.refusals import Refusal
from gangway.onboarding.shapes import NextMove, Problem


def of_refusal(refusal: Refusal, *, at: datetime) -> dict[str, Any]:
    """Keep a refused sign-in."""
    row = kept(refusal, next_move=refusal.next_move, at=at, details=marks(refusal.fault))
    return row | ({"claims": refusal.fault.claims} if refusal.fault and refusal.fault.claims else {})


def of_silence(error: MicrosoftError, *, at: datetime, retry_at: datetime) -> dict[str, Any]:
    """Keep that Microsoft doesn't answer (properly) now, and when we ask again."""
    return kept(error, next_move=NextMove.WAIT, at=at, details=marks(error.fault), retry_at=retry_at)


def kept(
    error: GangwayError,
    *,
    next_move: NextMove,
    at: datetime,
    details: list[list[str]],
    retry_at: datetime | None = None,
) -> dict[str, Any]:
    """Put any error of ours into a row: plain words and marks, never a secret."""
    return {
        "code": error.code,
        "what": error.what,
        "cure": error.cure,
        "acts": error.acts.value,
        "next_move": next_move.value,
        "at": at.isoformat(),
        "retry_at": retry_at.isoformat() if retry_at else "",
        "details": details,
    }


def marks(fault: MicrosoftFault | None) -> list[list[str]]:
    """List what Microsoft's support needs to find a request; empty when Microsoft said nothing."""
    return [list(pair) for pair in errors.marks(fault)] if fault else []


def shown(problem: Mapping[str, Any], *, reference: str) -> Problem | None:
    """Read a kept problem for a page; None when there is none."""
    if not problem:
        return None
    return Problem(
        code=problem["code"],
        what=problem["what"],
        cure=problem["cure"],
        acts=WhoActs(problem["acts"]),
        next_move=NextMove(problem["next_move"]),
        reference=reference,
        at=datetime.fromisoformat(problem["at"]),
        retry_at=datetime.fromisoformat(problem["retry_at"]) if problem["retry_at"] else None,
        details=tuple((name, value) for name, value in problem["details"]),
    )
