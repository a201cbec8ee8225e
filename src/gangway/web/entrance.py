"""Where every request comes in: nobody gets to the desk without signing in, and nobody sees beyond their seat.

Closed unless marked open: a view without `for_anyone` needs a signed-in operator with a second factor. It then runs
inside the scope of the organization that the operator has chosen among their own, entered and left in the very
call that runs the view. Who still has to set up a second factor reaches the pages for that and no others, those of
the account library included. Errors of the rooms become pages here, and only here.
"""

from collections.abc import Callable
from typing import Any, Final

from django.contrib import messages
from django.contrib.auth import get_user_model, logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _

from gangway.accounts import microsoft
from gangway.audit.record import Actor
from gangway.foundation.errors import GangwayError
from gangway.organizations.errors import NoSeat
from gangway.organizations.queries import Seat
from gangway.organizations.scope import within
from gangway.web import second_step, staying, zones
from gangway.web.above import page_in_place_of
from gangway.web.desk import page_to_open_again, with_its_page
from gangway.web.views.refusals import refused

ACCOUNTS: Final = ("allauth.",)
"""Packages whose views decide for themselves who may come in."""
SIGNS_OUT: Final = frozenset({"account_logout", "web:own_sign_out"})


class Entrance(MiddlewareMixin):
    """Middleware, innermost: sign-in, seat, scope, and one place where the rooms' errors become pages.

    Not async, and hence none around it is: Django would change threads for each, a third of a small answer's cost.
    """

    async_capable = False

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Run the view inside the person's scope; None lets Django run a view that is open to anyone."""
        known = isinstance(request.user, get_user_model())
        if getattr(view, "for_anyone", False) or (_of_library(view) and not known):
            return None
        elsewhere = _before_all(request, known=known)
        if elsewhere is not None:
            return with_its_page(request, elsewhere)
        try:
            found = second_step.chosen_seat(request)
            factor = _factor_first(request, view, found)
            if factor is not None:
                return with_its_page(request, factor)
            if _of_library(view):
                return None
            return _at_the_desk(request, found, lambda: view(request, *args, **kwargs))
        except NoSeat as error:
            return None if _of_library(view) else refused(request, error)
        except GangwayError as error:
            return refused(request, error)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Turn a room's error into its page, for views open to anyone."""
        return refused(request, exception) if isinstance(exception, GangwayError) else None

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Let no page be kept by a cache or a shared computer's history: they belong to the person who is there now."""
        if request.method == "POST" and request.resolver_match and request.resolver_match.view_name in SIGNS_OUT:
            response.headers["Clear-Site-Data"] = '"cache", "storage"'
        if microsoft.is_offered():
            _let_forms_lead_to_microsoft(response)
        if "Cache-Control" not in response.headers and not response.streaming:
            response.headers["Cache-Control"] = "no-store"
        return page_in_place_of(request, response)


def _let_forms_lead_to_microsoft(response: HttpResponse) -> None:
    """Name Microsoft's sign-in pages in the policy: browsers ask it about where a form is redirected to, too."""
    said = getattr(response, "_csp_update", None) or {}
    there = [*said.get("form-action", ()), microsoft.pages_origin()]
    response._csp_update = {**said, "form-action": there}  # type: ignore[attr-defined]  # noqa: SLF001  as the library does


def _before_all(request: HttpRequest, *, known: bool) -> HttpResponse | None:
    """Send whoever isn't signed in, or no longer, to sign in; and who would change their second factor, to give it."""
    if known and staying.is_over(request):
        logout(request)
        messages.info(request, _("You were signed out, as the time for it had come. Sign in again to go on."))
        known = False
    if not known:
        return redirect_to_login(page_to_open_again(request))
    if second_step.changes_factors(request) and second_step.was_spared(request):
        return _to_second_factor(request)
    return None


def _factor_first(request: HttpRequest, view: Callable[..., HttpResponse], found: Seat) -> HttpResponse | None:
    """Send whoever must still set up a second factor, or give theirs, to the page for it."""
    if second_step.is_missing(request, found) and not second_step.leads_there(request, view):
        return redirect("web:second_factor")
    if second_step.is_owed(request, found) and not second_step.may_open(request, view):
        return _to_second_factor(request)
    return None


def _to_second_factor(request: HttpRequest) -> HttpResponse:
    """Ask for the second factor; afterwards the page opens again that was asked for, or that the form was on."""
    messages.info(request, _("This organization asks for your second factor."))
    return redirect_to_login(page_to_open_again(request), login_url=second_step.page_to_give(request))


def _of_library(view: Callable[..., HttpResponse]) -> bool:
    return view.__module__.startswith(ACCOUNTS)


def _at_the_desk(request: HttpRequest, found: Seat, run: Callable[[], HttpResponse]) -> HttpResponse:
    request.seat = found  # type: ignore[attr-defined]
    request.actor = Actor(  # type: ignore[attr-defined]
        kind="person",
        id=str(found.operator_id),
        name=found.name,
        address=request.META.get("REMOTE_ADDR", ""),
        request_id=getattr(request, "id", ""),
    )
    with within(found.path), timezone.override(zones.of(request)):
        return run()
