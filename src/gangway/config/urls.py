"""The root of all addresses: operators' accounts and the pages."""

from typing import NoReturn

from django.http import Http404, HttpRequest
from django.urls import include, path, re_path

CLOSED = r"^accounts/(?:signup|email|confirm-email|inactive|password/set|login/code)(?:/|$)"
"""Pages of allauth that we don't offer: nobody signs up alone, and another address is asked for on our own page."""


def not_offered(_request: HttpRequest) -> NoReturn:
    """Answer as if the page didn't exist, for anybody."""
    raise Http404


not_offered.for_anyone = True  # type: ignore[attr-defined]


urlpatterns = [
    re_path(CLOSED, not_offered),
    path("accounts/", include("allauth.urls")),
    path("", include("gangway.web.urls")),
]

handler403 = "gangway.web.views.refusals.forbidden"
handler404 = "gangway.web.views.refusals.not_found"
handler429 = "gangway.web.views.refusals.too_often"
handler500 = "gangway.web.views.refusals.broken"
