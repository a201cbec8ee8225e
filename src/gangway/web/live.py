"""Pages that follow something live: a small partial is asked again and again and says *unchanged* or *stop*.

The partial carries a digest of itself back as `seen`; nothing is remembered here between two polls, neither state nor
database connection. Partials hold no forms of their own (a CSRF token would make each one differ).
"""

import hashlib
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django_htmx.http import HttpResponseClientRedirect, HttpResponseStopPolling

UNCHANGED: Final = 204
USUAL_SECONDS: Final = 2
"""Between two looks of a page, where nothing says otherwise."""


def first_look(
    request: HttpRequest, template: str, values: dict[str, Any], *, url: str, seconds: int = USUAL_SECONDS
) -> dict[str, str]:
    """Return what a page needs to start: the partial with its digest, where to ask for the next one, and how often."""
    html = render_to_string(template, values, request=request)
    return {"html": _with_digest(html, _marked(request, _digest(html))), "url": url, "seconds": str(seconds)}


def look_again(
    request: HttpRequest, template: str, values: dict[str, Any], *, over: bool, elsewhere: str = ""
) -> HttpResponse:
    """Answer one poll: 204 when nothing changed, 286 when nothing will change any more, else the new partial.

    `elsewhere`: html of other parts of the page that are otherwise once it is over, each marked with `hx-swap-oob`.
    """
    html = render_to_string(template, values, request=request)
    seen = _digest(html)
    if over:
        return HttpResponseStopPolling(_with_digest(html, seen) + mark_safe(elsewhere))  # noqa: S308 by a template
    if request.GET.get("seen", "").partition(".")[0] == seen:
        return HttpResponse(status=UNCHANGED)
    return HttpResponse(_with_digest(html, _marked(request, seen)))


def move_on(url: str) -> HttpResponse:
    """Answer a poll by taking the page elsewhere: the thing it waited for has happened."""
    return HttpResponseClientRedirect(url)


def _digest(html: str) -> str:
    return hashlib.sha256(html.encode()).hexdigest()[:16]


def _marked(request: HttpRequest, seen: str) -> str:
    """Put the mark of the rows beside the digest, where the view has one (`web.marked`)."""
    mark = getattr(request, "live_mark", "")
    return f"{seen}.{mark}" if mark else seen


def _with_digest(html: str, seen: str) -> str:
    return format_html('{}<input type="hidden" name="seen" value="{}">', mark_safe(html), seen)  # noqa: S308 rendered by a template
