"""The time zone of the person: the one they chose, else the one their browser says it is in, else UTC.

Both are kept in cookies, not in the account: somebody on a journey has another zone, and their office's browser not.
"""

from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest, HttpResponse

CHOSEN: Final = "__Host-zone"
SAID: Final = "__Host-browser-zone"
"""Written by our script on pages of the Operation Center."""

KEPT_SECONDS: Final = 365 * 24 * 3600


@cache
def names() -> tuple[str, ...]:
    """Return the names of all zones that people live in, in order."""
    return tuple(sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/")))


def chosen(request: HttpRequest) -> str:
    """Return the zone that the person has chosen; empty when their browser decides."""
    return _known(request.COOKIES.get(CHOSEN, ""))


def of(request: HttpRequest) -> ZoneInfo:
    """Return the zone in which this person's times are written and understood."""
    return ZoneInfo(chosen(request) or _known(request.COOKIES.get(SAID, "").replace("%2F", "/")) or "UTC")


def keep(response: HttpResponse, name: str) -> None:
    """Remember the choice in this browser, or forget it when the name is empty."""
    if name:
        response.set_cookie(CHOSEN, name, max_age=KEPT_SECONDS, secure=True, httponly=True, samesite="Lax")
    else:
        response.delete_cookie(CHOSEN, samesite="Lax")
        response.cookies[CHOSEN]["secure"] = True


def _known(name: str) -> str:
    return name if name in names() else ""
