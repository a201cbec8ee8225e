"""What a browser holds of somebody who looks at their own organization's connections: the visit's id, and since when.

It has nothing to do with an operator's session, nor with a wizard's: each has a name of its own, and ends by itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from gangway.audit.record import Actor
from gangway.foundation.clock import now
from gangway.onboarding.own_view.arriving import VisitorView, shown_below, visitor, visitor_actor
from gangway.onboarding.own_view.errors import NotSignedInHere
from gangway.onboarding.shapes import Departure
from gangway.onboarding.stages.redirect import LONGEST, mark_of
from gangway.onboarding.states import VisitState
from gangway.organizations.languages import language_of
from gangway.web.desk import for_anyone, with_its_page
from gangway.web.languages import speak

KEY: Final = "own_view"
AWAY: Final = "own_view_away"
TYPED: Final = "own_view_typed"
MOST: Final = 10
"""Sign-ins that a session remembers having begun."""
MOST_TYPED: Final = 20_000
"""Characters that a session keeps of what was typed; a page filled to its bounds has fewer."""
IDLE: Final = timedelta(hours=1)
AT_MOST: Final = timedelta(hours=4)


class OwnRequest(HttpRequest):
    """A request of somebody with a fitting role of a customer's tenant, as `in_own_view` made it."""

    id: str
    visitor: VisitorView
    actor: Actor
    below: str
    """The path below which they are shown their organizations under this host name."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """A sign-in that this browser began, and the page that it is for."""

    mark: str
    visit_id: UUID
    provider_id: UUID
    then: str


def begin(request: HttpRequest, visit_id: UUID, departure: Departure, *, provider_id: UUID, then: str) -> None:
    """Remember by what the answer of a sign-in is known."""
    one = {"mark": departure.mark, "visit": str(visit_id), "provider": str(provider_id), "then": then}
    one["host"] = request.get_host()
    request.session[AWAY] = [*request.session.get(AWAY, ()), one][-MOST:]


def awaited(request: HttpRequest) -> Awaited | None:
    """Return the sign-in that this answer of Microsoft's belongs to; None when this browser began no such one."""
    mark = mark_of(request.GET.get("state", "")[:LONGEST])
    return next((one for one in _begun(request) if one.mark == mark), None)


def latest(request: HttpRequest) -> Awaited | None:
    """Return the sign-in that this browser began last."""
    begun = _begun(request)
    return begun[-1] if begun else None


def admit(request: HttpRequest, one: Awaited) -> None:
    """Let somebody in, with a new session key, so that nobody who planted the old one comes along."""
    request.session.cycle_key()
    request.session.pop(AWAY, None)
    if not _is_typed_on(request, one.then):
        forget_typed(request)
    at = now().isoformat()
    held = {"visit": str(one.visit_id), "provider": str(one.provider_id), "host": request.get_host()}
    request.session[KEY] = {**held, "begun": at, "seen": at}


def leave(request: HttpRequest) -> None:
    """Forget who was here."""
    for name in (KEY, AWAY, TYPED):
        request.session.pop(name, None)


def keep_typed(request: HttpRequest, page: str, values: Mapping[str, str]) -> None:
    """Keep what somebody typed on a page while they sign in once more for it; far too much is not kept."""
    forget_typed(request)
    if sum(len(name) + len(value) for name, value in values.items()) <= MOST_TYPED:
        request.session[TYPED] = {"page": page, "values": dict(values)}


def typed(request: HttpRequest, page: str) -> dict[str, str] | None:
    """Return what was typed on this page before, once: whoever comes again sees what holds by then."""
    return request.session.pop(TYPED)["values"] if _is_typed_on(request, page) else None


def forget_typed(request: HttpRequest) -> None:
    """What was typed is saved, or not wanted."""
    request.session.pop(TYPED, None)


def present(request: HttpRequest) -> VisitorView | None:
    """Return who is signed in here; None when nobody is, or their time is over."""
    held = request.session.get(KEY)
    at = now()
    if not held or held.get("host") != request.get_host():  # each host name shows, and writes down, other things
        return None
    begun, seen = (datetime.fromisoformat(held[name]) for name in ("begun", "seen"))
    if at - begun > AT_MOST or at - seen > IDLE:
        leave(request)
        return None
    try:
        found = visitor(UUID(held["visit"]), provider_id=UUID(held["provider"]), now=at)
    except NotSignedInHere:
        leave(request)
        return None
    if not request.headers.get("HX-Request"):
        request.session[KEY] = {**held, "seen": at.isoformat()}
    return found if found.state is VisitState.SIGNED_IN else None


def in_own_view(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give the view who is here; whoever is not signed in is sent to where one signs in, a live part with its page."""

    @wraps(view)
    def inside(request: OwnRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        found = present(request)
        if found is None:
            if not request.session.is_empty():  # a stranger who only looks is given no session to keep words in
                messages.info(request, _("Sign in with Microsoft to see this."))
            return with_its_page(request, redirect("web:own_view"))
        speak(request, language_of(found.provider.id))
        request.visitor, request.below = found, shown_below(request.get_host())
        request.actor = actor_of(request, found)
        return view(request, *args, **kwargs)

    return for_anyone(inside)


def actor_of(request: HttpRequest, found: VisitorView | None = None) -> Actor:
    """Name who does something, for the activity log; before they are signed in nobody knows them."""
    address, request_id = request.META.get("REMOTE_ADDR", ""), getattr(request, "id", "")
    return visitor_actor(found.id if found else "", found.upn if found else "", address=address, request_id=request_id)


def _is_typed_on(request: HttpRequest, page: str) -> bool:
    return bool(request.session.get(TYPED, {}).get("page") == page)


def _begun(request: HttpRequest) -> tuple[Awaited, ...]:
    rows = [row for row in request.session.get(AWAY, ()) if row.get("host") == request.get_host()]
    return tuple(Awaited(row["mark"], UUID(row["visit"]), UUID(row["provider"]), row["then"]) for row in rows)
