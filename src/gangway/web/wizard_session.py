"""What a browser holds between *Continue* and the end of the wizard: the case's id and until when, nothing else."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from gangway.audit.record import Actor
from gangway.foundation.clock import now
from gangway.onboarding.errors import NoSuchCase
from gangway.onboarding.queries import case
from gangway.onboarding.shapes import CaseView
from gangway.web.desk import for_anyone

KEY: Final = "wizard"
LASTS: Final = timedelta(hours=4)
"""After that the link in the mail must be opened again; it leads back to where the person stopped."""


class WizardRequest(HttpRequest):
    """A request of the administrator behind a link, as `in_wizard` made it."""

    id: str
    case: CaseView
    actor: Actor


def remember(request: HttpRequest, case_id: UUID) -> None:
    """Trade the link for a session with a new key, so that nobody who planted the old one comes along."""
    request.session.cycle_key()
    request.session[KEY] = {"case": str(case_id), "until": (now() + LASTS).isoformat()}


def in_wizard(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give the view its case; raises `NoSuchCase` when the browser holds none or held it for too long."""

    @wraps(view)
    def inside(request: WizardRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.case = case(_held(request))
        request.actor = administrator(request, request.case.administrator_upn)
        return view(request, *args, **kwargs)

    return for_anyone(inside)


def administrator(request: HttpRequest, upn: str = "") -> Actor:
    """Name the person behind a link for the audit log: by the name they gave, if they gave one yet."""
    return Actor(
        kind="administrator",
        id=str(request.session.get(KEY, {}).get("case", "")),
        name=upn or "administrator behind the link",
        address=request.META.get("REMOTE_ADDR", ""),
        request_id=getattr(request, "id", ""),
    )


def _held(request: HttpRequest) -> UUID:
    held = request.session.get(KEY)
    if not held or datetime.fromisoformat(held["until"]) < now():
        raise NoSuchCase
    return UUID(held["case"])
