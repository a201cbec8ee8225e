"""The Operation Center's frame: who sits at the desk, what they may open, and what the navigation shows them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, Protocol, cast

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gangway.audit.record import Actor
from gangway.organizations.queries import Seat
from gangway.organizations.roles import Capability, require


class DeskRequest(HttpRequest):
    """A request of a signed-in operator as the entrance made it: `seat` says what they may do, `actor` who did it."""

    id: str
    seat: Seat
    actor: Actor


class DeskView(Protocol):
    """A view of the Operation Center; `capabilities` are those of which it asks for one."""

    capabilities: tuple[Capability, ...]

    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer the request."""


def may(*capabilities: Capability) -> Callable[[Callable[..., HttpResponse]], DeskView]:
    """Let only people with one of these capabilities into the view; raises `NotAllowed`, shown as a 403."""

    def decorate(view: Callable[..., HttpResponse]) -> DeskView:
        @wraps(view)
        def guarded(request: DeskRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            held = [one for one in capabilities if one in request.seat.capabilities]
            require(request.seat, held[0] if held else capabilities[0])
            return view(request, *args, **kwargs)

        guarded.capabilities = capabilities  # type: ignore[attr-defined]
        return cast("DeskView", guarded)

    return decorate


def for_anyone(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Mark a view that needs no sign-in; every other view does."""
    view.for_anyone = True  # type: ignore[attr-defined]
    return view


@dataclass(frozen=True, slots=True)
class Door:
    """One entry of the navigation: its word, icon, route, and the path below which one is inside."""

    word: str | Promise
    icon: str
    route: str
    capability: Capability


DOORS: Final = (
    Door(_("Services"), "phone-call", "web:services", Capability.SEE_SERVICES),
    Door(_("Pending Invitations"), "mail", "web:invitations", Capability.SEE_INVITATIONS),
    Door(_("Runs"), "list-check", "web:runs", Capability.SEE_RUNS),
    Door(_("Customers"), "building", "web:customers", Capability.SEE_CUSTOMERS),
    Door(_("Activity"), "activity", "web:activity", Capability.SEE_ACTIVITY),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the seat and the navigation, on pages of the Operation Center only."""
    seat: Seat | None = getattr(request, "seat", None)
    if seat is None:
        return {}
    return {
        "seat": seat,
        "navigation": [_entry(door, request.path) for door in DOORS if door.capability in seat.capabilities],
    }


def _entry(door: Door, path: str) -> dict[str, Any]:
    url = reverse(door.route)
    return {"word": door.word, "icon": door.icon, "url": url, "here": path.startswith(url), "exact": path == url}
