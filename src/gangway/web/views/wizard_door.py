"""The link in the mail. Opening it changes nothing, however often and by whomever; *Continue* starts the wizard.

Mail scanners open every link, some in a real browser. So GET and HEAD only explain. A stranger's guess, and a link that
never was, get one and the same page.
"""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from gangway.foundation.clock import now
from gangway.foundation.sealed import SealedText
from gangway.invitations.plans import CHANGEABLE
from gangway.invitations.queries import LinkDead, Why
from gangway.onboarding.actions import begin_case
from gangway.onboarding.errors import LinkClosed
from gangway.onboarding.queries import offer, own_view_of
from gangway.onboarding.shapes import Step
from gangway.web.brand import brand_of
from gangway.web.desk import for_anyone
from gangway.web.languages import speak
from gangway.web.purposes import said_of
from gangway.web.so_far import of_offer
from gangway.web.wizard_pages import progress
from gangway.web.wizard_session import administrator, remember

REFERRER: Final = "strict-origin"
"""The token's path goes to nobody, not even to our own server's log. (Under "no-referrer" browsers send *Continue* with
"Origin: null", which the CSRF check refuses.)"""

ASIDE: Final = {"unexpected": "web:door_unexpected", "new-link": "web:door_new_link"}
"""Where `?unexpected` and `?new-link` lead: the page has links to its other pages, and doesn't repeat its token."""


@for_anyone
@require_http_methods(["GET", "HEAD", "POST"])
def door(request: HttpRequest, token: str) -> HttpResponse:
    """Show what the link offers, or (POST, *Continue*) trade it for a case and a clean address."""
    aside = next((route for word, route in ASIDE.items() if word in request.GET), "")
    if aside and request.method != "POST":
        return kept_private(redirect(aside, token))
    response = (
        _continue(request, SealedText(token)) if request.method == "POST" else _explain(request, SealedText(token))
    )
    return kept_private(response)


def kept_private(response: HttpResponse) -> HttpResponse:
    """Let nobody keep, index or pass on an address that has a token in it."""
    response.headers["Referrer-Policy"] = REFERRER
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Cache-Control"] = "no-store"
    return response


def stranger(request: HttpRequest) -> HttpResponse:
    """One page for whoever has no real link, whatever they asked for."""
    return kept_private(render(request, "wizard/stranger.html", status=404))


def _explain(request: HttpRequest, token: SealedText) -> HttpResponse:
    held = offer(token)
    if held is None:
        return stranger(request)
    speak(request, held.language)
    if isinstance(held, LinkDead):
        own_view = own_view_of(held) if held.reason is Why.USED else ""
        values = {"link": held, "brand": brand_of(held.organization_path), "own_view": own_view}
        return render(request, "wizard/dead.html", values, status=410)
    values = {
        "offer": held,
        "steps": progress(Step.CHOOSE),
        "brand": brand_of(held.asker.organization_path),
        "speaks": said_of(held),
        "entries": of_offer(held),
        "may_decline": held.invitation_state in CHANGEABLE and any(feature.optional for feature in held.plan.features),
    }
    return render(request, "wizard/welcome.html", values)


def _continue(request: HttpRequest, token: SealedText) -> HttpResponse:
    try:
        begun = begin_case(token=token, by=administrator(request), now=now())
    except LinkClosed:
        return _explain(request, token)
    remember(request, begun)
    return redirect("web:wizard")
