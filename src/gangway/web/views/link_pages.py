"""What a link's holder can tell us beside *Continue*: not expected, no more reminders, a new link please.

Looking changes nothing here either; each page has one button. A link that never was leads to the strangers' page.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from gangway.foundation.clock import now
from gangway.foundation.sealed import SealedText
from gangway.invitations.errors import AskedJustNow
from gangway.invitations.queries import LinkDead, LinkHeld, Why, by_token
from gangway.onboarding import freezing
from gangway.onboarding.errors import NoSuchCase
from gangway.onboarding.queries import asked_by
from gangway.onboarding.sightings import sightings_by_link
from gangway.web.activity_words import seen_rows
from gangway.web.brand import brand_of
from gangway.web.desk import for_anyone
from gangway.web.languages import speak
from gangway.web.views.wizard_door import kept_private, stranger
from gangway.web.wizard_session import administrator

PAGE = ["GET", "HEAD", "POST"]
TOLD = "told"
"""The page that a form comes back to says thanks by it."""


@for_anyone
@require_http_methods(PAGE)
def unexpected(request: HttpRequest, token: str) -> HttpResponse:
    """*I didn't expect this*: freezes the invitation and alarms the operator; then shows what is known of it."""
    return _page(request, token, "web:door_unexpected", freezing.report_by_link, _unexpected)


@for_anyone
@require_http_methods(PAGE)
def reminders(request: HttpRequest, token: str) -> HttpResponse:
    """*No more reminders*."""
    return _page(request, token, "web:door_reminders", freezing.stop_reminders, _reminders)


@for_anyone
@require_http_methods(PAGE)
def new_link(request: HttpRequest, token: str) -> HttpResponse:
    """*Ask for a new link*: the operator is told; nothing is sent by itself."""
    return _page(request, token, "web:door_new_link", freezing.ask_for_link, _new_link)


def _page(
    request: HttpRequest,
    token: str,
    route: str,
    action: Callable[..., None],
    show: Callable[[HttpRequest, SealedText], HttpResponse],
) -> HttpResponse:
    held = SealedText(token)
    link = by_token(held)
    if link is None:
        return stranger(request)
    speak(request, link.language)
    if request.method == "POST":
        try:
            action(token=held, by=administrator(request), now=now())
        except (NoSuchCase, AskedJustNow):
            return kept_private(show(request, held))
        return kept_private(redirect(f"{reverse(route, args=[token])}?{TOLD}"))
    return kept_private(show(request, held))


def _unexpected(request: HttpRequest, token: SealedText) -> HttpResponse:
    held = by_token(token)
    reported = isinstance(held, LinkDead) and held.reason is Why.REPORTED
    rows = seen_rows(sightings_by_link(token)) if reported else []
    told = isinstance(held, LinkDead) and not reported and TOLD in request.GET
    values = {**_asked(token), "reported": reported, "told": told, "sightings": rows}
    return render(request, "wizard/unexpected.html", values)


def _reminders(request: HttpRequest, token: SealedText) -> HttpResponse:
    held, values = by_token(token), _asked(token)
    if _why_dead(held) in {Why.ELSEWHERE, Why.REPLACED, Why.TAKEN, Why.REPORTED}:
        return redirect("web:door", token.reveal())  # which says why: another link counts, or none for now
    asked, over = values["asked"], _why_dead(held) in {Why.REVOKED, Why.USED}
    stopped = over or (asked is not None and asked.reminders_stopped)
    return render(
        request, "wizard/reminders.html", {**values, "is_good": isinstance(held, LinkHeld), "stopped": stopped}
    )


def _new_link(request: HttpRequest, token: SealedText) -> HttpResponse:
    if _why_dead(by_token(token)) in {Why.ELSEWHERE, Why.REPORTED}:
        return redirect("web:door", token.reveal())  # which says why none will come
    return render(request, "wizard/new_link.html", {**_asked(token), "link": by_token(token)})


def _why_dead(held: LinkHeld | LinkDead | None) -> Why | None:
    return held.reason if isinstance(held, LinkDead) else None


def _asked(token: SealedText) -> dict[str, Any]:
    """Who asks, and what their pages wear."""
    asked = asked_by(token)
    return {"asked": asked, "brand": brand_of(asked.asker.organization_path if asked else "")}
