"""Pages for what can't be: not allowed, not found, moved on meanwhile, broken. Each says what to do next.

The page for a broken server is made without database, session or template context, as any of these may be what broke.
"""

from typing import Final

import structlog
from django.http import HttpRequest, HttpResponse
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
        text=_("The address may be mistyped, or what was here has been removed."),
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
    """429: nothing was done; wait and do it again."""
    return _page(
        request,
        TOO_OFTEN,
        title=_("That was too often in a short time"),
        text=_("Nothing was done. Wait a minute, then go back and do it once more."),
    )


@for_anyone
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form whose protection token doesn't match: old page, other tab, or cookies switched off."""
    del reason
    return _page(
        request,
        FORBIDDEN,
        title=_("This page was open for too long"),
        text=_(
            "To protect you we didn't accept the form. Go back, load the page again and send it once more. "
            "If that doesn't help, check that your browser accepts cookies."
        ),
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
