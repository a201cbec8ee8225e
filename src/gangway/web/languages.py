"""The language of a customer's people, on the pages that they see; everybody else's pages are English.

An invitation has its language. Whoever reads a page may choose another, by a form that needs no script: it is sent to
the page's own address with `?language`, so that no address with a link's token stands in a page. What was chosen is
kept in a cookie of that browser, until it is closed.
"""

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin
from django.utils.http import url_has_allowed_host_and_scheme

from gangway.languages.choice import ENGLISH, NAMES, known

PAGES: Final = ("/i/", "/wizard/", "/consented/", "/customer/")
"""Where customers' people are."""
ASKED: Final = "language"
WIZARD: Final = "/wizard/"
"""Leads to where somebody stands."""


class Languages(MiddlewareMixin):
    """Middleware: speaks English, and to customers' people what they chose."""

    def process_request(self, request: HttpRequest) -> None:
        """Begin with what was chosen; a page that knows its invitation says more by `speak`."""
        translation.activate((chosen(request) if is_customers(request) else "") or ENGLISH)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Keep a choice, and show the same page again; the form's protection was checked before."""
        del view, args, kwargs
        if request.method != "POST" or ASKED not in request.GET or not is_customers(request):
            return None
        return _kept(request, known(request.POST.get(ASKED, "")))

    def process_response(self, _request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Say which language it is, and leave none behind for what this thread does next."""
        response.headers.setdefault("Content-Language", translation.get_language() or ENGLISH)
        translation.activate(ENGLISH)
        return response


def is_customers(request: HttpRequest) -> bool:
    """Whether this address is one for customers' people."""
    return request.path.startswith(PAGES)


def chosen(request: HttpRequest) -> str:
    """Return the language that was chosen in this browser; empty when none was."""
    language = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return language if language in NAMES else ""


def language_at_first(request: HttpRequest) -> str:
    """Return the language for an answer before anything is known: what was chosen, else what the browser wants."""
    if not is_customers(request):
        return ENGLISH
    return chosen(request) or known(translation.get_language_from_request(request))


def speak(request: HttpRequest, language: str) -> None:
    """Speak an invitation's language, unless the person chose another."""
    translation.activate(chosen(request) or known(language))


def offered(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the languages that this page can be read in, and where a choice goes; none for operators.

    It goes to the page's own address, also where a form came back: what was typed is found again there only. From an
    address that takes a form and nothing else one is led to the page above it.
    """
    if not is_customers(request):
        return {}
    others = request.GET.copy()
    others[ASKED] = ""
    return {"languages": NAMES, "languages_at": f"?{others.urlencode()}"}


def _kept(request: HttpRequest, language: str) -> HttpResponse:
    others = request.GET.copy()
    del others[ASKED]
    back = f"{request.path}?{others.urlencode()}" if others else request.path
    response = HttpResponseRedirect(back if url_has_allowed_host_and_scheme(back, None) else WIZARD)
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, secure=True, httponly=True, samesite="Lax")
    response.headers["Referrer-Policy"] = "strict-origin"  # the address may have a token in it
    return response
