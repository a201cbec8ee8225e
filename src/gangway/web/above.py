"""Where somebody is led who opens an address that only takes a form: to the page where the form stands.

It happens when a form was refused and shown again under its own address, and the address is then opened anew or kept.
"""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse

NOT_SO: Final = 405
BESIDE: Final = {
    "web:invitation_edit": "web:invitation_change",
    "web:invitation_readdress": "web:invitation_change",
    "web:invitation_extend": "web:invitation_change",
    "web:invitation_await": "web:invitation_change",
    "web:service_names": "web:service_users",
}
"""Forms that stand on a page beside their own address, not above it."""


def page_in_place_of(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Return the answer, or the way to the nearest page above for a browser that asked for one and gets a 405.

    Where the form stands on a page beside, it is that one. An address above that takes a form only leads on in turn.
    The start page is for people at the desk alone.
    """
    asks_for_page = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
    if response.status_code != NOT_SO or not asks_for_page or request.headers.get("HX-Request"):
        return response
    match = request.resolver_match
    if match is not None and match.view_name in BESIDE:
        return redirect(reverse(BESIDE[match.view_name], kwargs=match.kwargs))
    path = request.path.rstrip("/")
    while "/" in path:
        path = path.rpartition("/")[0]
        if (path or hasattr(request, "seat")) and _is_there(f"{path}/"):
            return redirect(f"{path}/")
    return response


def _is_there(path: str) -> bool:
    try:
        return resolve(path).func.__name__ != "not_offered"
    except Resolver404:
        return False
