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
from gangway.invitations.queries import LinkDead
from gangway.onboarding.actions import begin_case
from gangway.onboarding.errors import LinkClosed
from gangway.onboarding.queries import offer
from gangway.onboarding.shapes import Step
from gangway.web.desk import for_anyone
from gangway.web.wizard_pages import progress
from gangway.web.wizard_session import administrator, remember

REFERRER: Final = "strict-origin"
"""The token's path goes to nobody, not even to our own server's log. (Under "no-referrer" browsers send *Continue* with
"Origin: null", which the CSRF check refuses.)"""


@for_anyone
@require_http_methods(["GET", "HEAD", "POST"])
def door(request: HttpRequest, token: str) -> HttpResponse:
    """Show what the link offers, or (POST, *Continue*) trade it for a case and a clean address."""
    response = (
        _continue(request, SealedText(token)) if request.method == "POST" else _explain(request, SealedText(token))
    )
    response.headers["Referrer-Policy"] = REFERRER
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Cache-Control"] = "no-store"
    return response


def _explain(request: HttpRequest, token: SealedText) -> HttpResponse:
    held = offer(token)
    if held is None:
        return render(request, "wizard/stranger.html", status=404)
    if isinstance(held, LinkDead):
        return render(request, "wizard/dead.html", {"link": held}, status=410)
    return render(request, "wizard/welcome.html", {"offer": held, "steps": progress(Step.CHOOSE)})


def _continue(request: HttpRequest, token: SealedText) -> HttpResponse:
    try:
        case_id = begin_case(token=token, by=administrator(request), now=now())
    except LinkClosed:
        return _explain(request, token)
    remember(request, case_id)
    return redirect("web:wizard")
