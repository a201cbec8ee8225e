"""Where the mail provider calls when a mail came back. Its signature is the ticket; there is no page here."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from gangway.foundation.clock import now
from gangway.notifications import bounces
from gangway.web.desk import for_anyone

FORBIDDEN, TAKEN = 403, 202


@for_anyone
@csrf_exempt
@require_POST
def mail_events(request: HttpRequest) -> HttpResponse:
    """Take a signed call, and hand a bounce to a worker; everything else in it is nothing to us."""
    if not bounces.is_genuine(request.body, request.headers, now=now()):
        return HttpResponse(status=FORBIDDEN, content_type="text/plain; charset=utf-8")
    told = bounces.read(request.body)
    if told is not None:
        bounces.hand_on(told)
    return HttpResponse(status=TAKEN, content_type="text/plain; charset=utf-8")
