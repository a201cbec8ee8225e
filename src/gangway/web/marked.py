"""Live pages that are asked by thousands: "unchanged" is answered by a mark of the rows, without making the page.

The mark travels beside the digest in what the page sends back as `seen`; nothing is remembered here. It is taken before
anything else is read, so what is written in between is seen at the next look. What changes elsewhere or by time alone
(a provider's name, the end of an invitation) is in no mark, so one look in 31 is whole: about once a minute
while the page asks every two seconds, and after five minutes on one where nothing has happened for long.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.http import HttpRequest, HttpResponse

from gangway.foundation import clock
from gangway.onboarding.marks import mark_of
from gangway.web.live import UNCHANGED, USUAL_SECONDS
from gangway.web.wizard_session import KEY, held_case

WHOLE_EVERY: Final = 31
"""Of so many looks of a page one is a whole one; a prime, so that a page that asks less often meets it, too."""


def marked(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give a wizard's page its mark, for its live part to send back. Raises `NoSuchCase`."""

    @wraps(view)
    def inside(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.live_mark = mark_of(held_case(request), now=clock.now())  # type: ignore[attr-defined]
        return view(request, *args, **kwargs)

    return inside


def unless_unchanged(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer "unchanged" while the page has the mark of now, else let the view answer. Raises `NoSuchCase`.

    An operator who assists gets a whole answer each time, since their rights count anew.
    """

    @wraps(view)
    def inside(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        case_id = held_case(request)
        mark = mark_of(case_id, now=clock.now())
        may_be_short = "assistant" not in request.session[KEY] and not _turn_of_a_whole_one(case_id.int)
        if may_be_short and request.GET.get("seen", "").partition(".")[2] == mark:
            return HttpResponse(status=UNCHANGED)
        request.live_mark = mark  # type: ignore[attr-defined]
        return view(request, *args, **kwargs)

    return inside


def _turn_of_a_whole_one(number: int) -> bool:
    return (int(clock.ticks() / USUAL_SECONDS) + number) % WHOLE_EVERY == 0
