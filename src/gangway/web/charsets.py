"""Forms are read as UTF-8, whatever their Content-Type says; one that says otherwise is no browser's, and is refused.

Django decodes by any codec that Python has, `hex` and `zlib` too, and refuses some only while the form is read: the
check against forged requests reads it first, and so would the page that says no.
"""

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from gangway.web.views.refusals import unreadable

UTF_8: Final = "utf-8"
FORMS: Final = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


class Charsets(MiddlewareMixin):
    """Middleware, above the check against forged requests: no request chooses by which codec it is decoded."""

    def process_request(self, request: HttpRequest) -> None:
        """Read address and form as UTF-8: the refusal's page looks at both."""
        if _says_another(request):
            request.encoding = UTF_8

    def process_view(
        self, request: HttpRequest, _view: Callable[..., HttpResponse], _args: tuple[Any, ...], _kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Refuse the form before anything reads it."""
        refuses = request.method == "POST" and request.content_type in FORMS and _says_another(request)
        return unreadable(request) if refuses else None


def _says_another(request: HttpRequest) -> bool:
    return (request.content_params or {}).get("charset", UTF_8).lower() != UTF_8
