"""The Operation Center's frame: who sits at the desk, what they may open, and what the navigation shows them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, Protocol, cast
from urllib.parse import urlsplit

from allauth.account import app_settings as account_settings
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django_htmx.http import HttpResponseClientRedirect

from gangway.audit.record import Actor
from gangway.foundation import clock
from gangway.organizations.logos import nearest_logo
from gangway.organizations.queries import Seat
from gangway.organizations.roles import Capability, Kind, require
from gangway.web import zones


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


def need_settling(request: DeskRequest, kind: Kind) -> None:
    """Let pass who may set what holds for an organization of this level: a provider's own is one of its settings.

    Raises `NotAllowed`. What holds for a channel or a customer goes with editing it.
    """
    if kind in {Kind.SYSTEM, Kind.PROVIDER}:
        require(request.seat, Capability.CHANGE_SETTINGS)


def for_oneself(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Mark a view that every signed-in person may open: what it shows and changes is their own."""
    view.for_oneself = True  # type: ignore[attr-defined]
    return view


def before_second_factor(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Mark a view that somebody may open who must set up a second factor first; no other is reached by them."""
    view.before_second_factor = True  # type: ignore[attr-defined]
    return for_oneself(view)


def proved_lately(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Ask who it is once more before something dangerous, unless they proved it a few minutes ago.

    A form that was sent is not kept: after the proof, the page before it opens again. A part of a page takes it along.
    """

    @wraps(view)
    def guarded(request: DeskRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if _proved_at(request) > clock.now().timestamp() - account_settings.REAUTHENTICATION_TIMEOUT:
            return view(request, *args, **kwargs)
        messages.info(request, _("Prove once more who you are, then do it again."))
        ways = get_adapter(request).get_reauthentication_methods(request.user)
        page = ways[0]["url"] if ways else reverse("account_login")
        return with_its_page(request, redirect_to_login(page_to_open_again(request), login_url=page))

    guarded.proved_lately = True  # type: ignore[attr-defined]
    return guarded


def _proved_at(request: HttpRequest) -> float:
    """Return when this session's person last proved who they are, in any way: the library keeps it in the session."""
    person = request.user if isinstance(request.user, AbstractBaseUser) else None
    return max((float(each["at"]) for each in get_authentication_records(request, person)), default=0.0)


def with_its_page(request: HttpRequest, elsewhere: HttpResponse) -> HttpResponse:
    """Take a part's whole page along when it is led elsewhere, else the sign-in page would land in the middle of it."""
    return HttpResponseClientRedirect(elsewhere.headers["Location"]) if request.headers.get("HX-Request") else elsewhere


def page_to_open_again(request: HttpRequest) -> str:
    """Return where to come back to after a sign-in: the page that was asked for, or that a form or a part is on."""
    is_a_page = request.method in {"GET", "HEAD"} and not request.headers.get("HX-Request")
    return request.get_full_path() if is_a_page else own_page_before(request)


def own_page_before(request: HttpRequest) -> str:
    """Return the page that a form or a part was on, as it was sought, if it is one of ours; else the start page."""
    referrer = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(referrer, {request.get_host()}, require_https=request.is_secure())
    page = urlsplit(referrer) if ours else urlsplit("")
    if not page.path.startswith("/"):
        return reverse("web:home")
    return f"{page.path}?{page.query}" if page.query else page.path


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
    Door(_("Dashboard"), "sailboat", "web:home", Capability.SEE_SERVICES),
    Door(_("Services"), "phone-call", "web:services", Capability.SEE_SERVICES),
    Door(_("Pending Invitations"), "mail", "web:invitations", Capability.SEE_INVITATIONS),
    Door(_("Runs"), "list-check", "web:runs", Capability.SEE_RUNS),
    Door(_("Connections"), "plug-connected", "web:connections", Capability.SEE_CONNECTION),
    Door(_("Alarms"), "alert-octagon", "web:alarms", Capability.SEE_CONNECTION),
    Door(_("Leftovers"), "alert-triangle", "web:leftovers", Capability.SEE_RUNS),
    Door(_("Customers"), "building", "web:customers", Capability.SEE_CUSTOMERS),
    Door(_("Channels"), "users", "web:channels", Capability.SEE_CHANNELS),
    Door(_("Providers"), "world", "web:providers", Capability.SEE_PROVIDERS),
    Door(_("Operators"), "shield-check", "web:operators", Capability.SEE_OPERATORS),
    Door(_("Sign-in rules"), "key", "web:sign_in_rules", Capability.CHANGE_SIGN_IN),
    Door(_("Activity"), "activity", "web:activity", Capability.SEE_ACTIVITY),
    Door(_("Settings"), "server", "web:settings", Capability.CHANGE_SETTINGS),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the chosen time zone; in the Operation Center also the seat and the navigation."""
    seat: Seat | None = getattr(request, "seat", None)
    zone = {"chosen_zone": zones.chosen(request)}
    if seat is None:
        return zone
    return zone | {
        "seat": seat,
        "own_logo": nearest_logo(seat.path),
        "navigation": [_entry(door, request.path) for door in DOORS if door.capability in seat.capabilities],
    }


def _entry(door: Door, path: str) -> dict[str, Any]:
    url = reverse(door.route)
    inside = path.startswith(url) if url != reverse("web:home") else path == url
    return {"word": door.word, "icon": door.icon, "url": url, "here": inside, "exact": path == url}
