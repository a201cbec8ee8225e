"""What a browser holds between *Continue* and the end of the wizard: the case's id, until when, and words on the way.

The words are what somebody typed on *who you are* while they still chose what to decline; the sign-in takes them over.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from gangway.audit.record import Actor
from gangway.foundation.clock import now
from gangway.invitations.queries import invitation
from gangway.onboarding.errors import NoSuchCase, SessionEnded
from gangway.onboarding.queries import case
from gangway.onboarding.shapes import Begun, CaseView, Step
from gangway.organizations.roles import Capability, require
from gangway.organizations.scope import within
from gangway.web import staying
from gangway.web.desk import for_anyone
from gangway.web.languages import speak
from gangway.web.second_step import chosen_seat

KEY: Final = "wizard"
TYPED: Final = "wizard_typed"
LASTS: Final = timedelta(hours=4)
"""After that the link in the mail must be opened again; it leads back to where the person stopped."""

BY_THE_SIGN_IN: Final = frozenset({Step.SIGNED_IN, Step.NAME, Step.PROVISIONING})
"""Where whoever is here acts by the sign-in that the case holds; elsewhere somebody may have been handed the link."""


class WizardRequest(HttpRequest):
    """A request of the administrator behind a link, as `in_wizard` made it."""

    id: str
    case: CaseView
    actor: Actor
    assisting: bool
    """Whether an operator is here, who opened the wizard together with the customer."""


def remember(request: HttpRequest, begun: Begun, *, assistant_id: UUID | None = None) -> None:
    """Trade the link for a session with a new key, so that nobody who planted the old one comes along.

    It keeps since when the invitation's sessions counted as it was granted: once that is another time, it is over.
    `assistant_id`: the operator whose session this is; it holds only as long as they may manage the invitation.
    """
    request.session.cycle_key()
    until = (now() + LASTS).isoformat()
    held = {"case": str(begun.case_id), "until": until, "since": since(begun.sessions_from)}
    request.session[KEY] = held | ({"assistant": str(assistant_id)} if assistant_id else {})


def keep_typed(request: WizardRequest, values: Mapping[str, str]) -> None:
    """Keep what somebody typed beside their choice, until they go on with it."""
    request.session[TYPED] = {"case": str(request.case.id), "values": dict(values)}


def typed(request: WizardRequest) -> dict[str, str]:
    """Return what was typed so of this case; nothing when they went on since."""
    kept = request.session.get(TYPED, {})
    return kept["values"] if kept.get("case") == str(request.case.id) else {}


def forget_typed(request: WizardRequest) -> None:
    """The case has it now."""
    request.session.pop(TYPED, None)


def in_wizard(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give the view its case; raises `NoSuchCase` when the browser holds none or held it for too long."""

    @wraps(view)
    def inside(request: WizardRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.case = case(held_case(request))
        speak(request, request.case.offer.language)
        _check_still_good(request)
        request.assisting = "assistant" in request.session[KEY]
        if request.assisting:
            request.actor = _assistant(request)
        else:
            signer = request.case.signer if request.case.step in BY_THE_SIGN_IN else None
            request.actor = administrator(request, signer.upn if signer else "")
        return view(request, *args, **kwargs)

    return for_anyone(inside)


def _assistant(request: WizardRequest) -> Actor:
    """Name the operator who assists, when they still may. Raises `NoSuchCase`, `NoSeat`, `NotAllowed`."""
    if str(request.user.pk) != request.session[KEY]["assistant"] or staying.is_over(request):
        raise NoSuchCase
    found = chosen_seat(request)
    require(found, Capability.MANAGE_INVITATIONS)
    with within(found.path):
        invitation(request.case.offer.invitation_id)
    return Actor(
        kind="person",
        id=str(found.operator_id),
        name=found.name,
        address=request.META.get("REMOTE_ADDR", ""),
        request_id=getattr(request, "id", ""),
    )


def administrator(request: HttpRequest, upn: str = "") -> Actor:
    """Name the person behind a link for the audit log: by the name that Microsoft told, never by one that was typed."""
    return Actor(
        kind="administrator",
        id=str(request.session.get(KEY, {}).get("case", "")),
        name=upn or "administrator behind the link",
        address=request.META.get("REMOTE_ADDR", ""),
        request_id=getattr(request, "id", ""),
    )


def _check_still_good(request: WizardRequest) -> None:
    """Sessions by links that were replaced are over; who is shown why it is closed sees that first."""
    if not request.case.closed and not is_still_good(request):
        raise SessionEnded


def is_still_good(request: WizardRequest) -> bool:
    """Whether the session is by a link that was not replaced since."""
    return bool(request.session[KEY].get("since", "") == since(request.case.sessions_from))


def since(sessions_from: datetime | None) -> str:
    """Write down since when an invitation's sessions count, to be compared with what counts later."""
    return sessions_from.isoformat() if sessions_from else ""


def held_case(request: HttpRequest) -> UUID:
    """Return the case that the browser holds. Raises `NoSuchCase` when it holds none, or held it for too long."""
    held = request.session.get(KEY)
    if not held or datetime.fromisoformat(held["until"]) < now():
        raise NoSuchCase
    return UUID(held["case"])
