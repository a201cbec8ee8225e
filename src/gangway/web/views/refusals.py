"""Pages for what can't be: not allowed, not found, moved on meanwhile, broken. Each says what to do next.

The page for a broken server is made without database, session or template context, as any of these may be what broke.
"""

from typing import Final

import structlog
from django.http import HttpRequest, HttpResponse
from django.middleware import csrf
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRefresh

from gangway.foundation.errors import GangwayError, WhoActs
from gangway.languages.said import said
from gangway.organizations.errors import NoSeat, NotAllowed
from gangway.web import denials
from gangway.web.desk import for_anyone

log = structlog.get_logger("gangway.web")

FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
CONFLICT: Final = 409
UNREADABLE: Final = 415
TOO_OFTEN: Final = 429
BROKEN: Final = 500

WITHOUT_ACCOUNT: Final = ("/i/", "/wizard/", "/customer/", "/consented/")
"""Where people have no account: our start page is not theirs, so they are not sent there."""


def refused(request: HttpRequest, error: GangwayError) -> HttpResponse:
    """Show a room's error as a page with the status that fits it; a live partial makes its page load again."""
    status = _status(error)
    if status == BROKEN:
        log.error("refused", code=error.code, exc_info=error)
    if isinstance(error, NotAllowed):
        denials.write_down(request, error)
    if request.headers.get("HX-Request"):
        return HttpResponseClientRefresh()
    may_leave = isinstance(error, NoSeat)
    return _page(request, status, title=said(error.what), text=said(error.cure), code=error.code, may_leave=may_leave)


def _status(error: GangwayError) -> int:
    if isinstance(error, NotAllowed | NoSeat):
        return FORBIDDEN
    if error.code.endswith(":unknown"):
        return NOT_FOUND
    return BROKEN if error.acts is WhoActs.US else CONFLICT


@for_anyone
def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: say so, and whom to ask."""
    del exception
    return _page(
        request,
        FORBIDDEN,
        title=_("You can't open this page"),
        text=_("Your role doesn't include it. Ask an administrator of your organization if you need it."),
    )


@for_anyone
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: the same page whether something never was or belongs to somebody else."""
    del exception
    return _page(
        request,
        NOT_FOUND,
        title=_("There is nothing here"),
        text=_(
            "The address may be mistyped, or what was here has been removed. Check it, or ask whoever gave it to you."
        ),
    )


@for_anyone
def broken(request: HttpRequest) -> HttpResponse:
    """500: apologize, say that nothing was half done, give the reference to quote."""
    return _page(
        request,
        BROKEN,
        title=_("Something broke on our side"),
        text=_("What you did last may not have been saved. Go back and try again; if it happens again, tell us."),
    )


def too_often(request: HttpRequest) -> HttpResponse:
    """429: nothing was done; wait and do it again. For our own limits and for those of the account library."""
    return _page(
        request,
        TOO_OFTEN,
        title=_("That was too often in a short time"),
        text=_("Nothing was done. Wait a few minutes, then go back and do it once more."),
    )


@for_anyone
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form whose protection token doesn't match, with what is known of why."""
    return _page(request, FORBIDDEN, title=_("We didn't accept this form"), text=_why(reason))


def unreadable(request: HttpRequest) -> HttpResponse:
    """415 for a form that names another charset than UTF-8, which a program made: nothing of it was read."""
    return _page(
        request,
        UNREADABLE,
        title=_("We didn't accept this form"),
        text=_("Nothing was done with it. Our forms are sent as UTF-8, as every browser does."),
    )


def _why(reason: str) -> str:
    """Say what a form lacked, and what helps; nothing was done with it."""
    if reason == csrf.REASON_NO_CSRF_COOKIE:
        return _(
            "Your browser sent no cookie with it, and by that we know our own pages. Let it accept our cookies, then "
            "load the page again and send it once more."
        )
    if reason == csrf.REASON_CSRF_TOKEN_MISSING:
        return _(
            "It came without the mark that our own pages send along, so we can't tell where it comes from. Go back, "
            "load the page again and send it once more."
        )
    if "checking failed" in reason:  # of where it comes from, by its Origin or Referer
        return _(
            "Your browser says that it comes from another address than ours. Open the page at its own address, and "
            "send it from there."
        )
    return _(
        "The page is older than your session here: it was open for long, or you signed in or out in another tab. Go "
        "back, load the page again and send it once more."
    )


def _page(
    request: HttpRequest, status: int, *, title: str, text: str, code: str = "", may_leave: bool = False
) -> HttpResponse:
    values = {
        "may_leave": may_leave,
        "status": status,
        "title": title,
        "text": text,
        "code": code,
        "reference": getattr(request, "id", ""),
        "has_home": not request.path.startswith(WITHOUT_ACCOUNT),
    }
    return HttpResponse(render_to_string("refusal.html", values), status=status)
