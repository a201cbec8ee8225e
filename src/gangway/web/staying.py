"""How long somebody stays signed in: half a day at most, and an hour without doing anything.

A page that follows something live asks again and again by itself; that is nobody's doing, and doesn't count.
"""

from datetime import timedelta
from typing import Final

from django.http import HttpRequest

from gangway.foundation import clock

AT_MOST: Final = timedelta(hours=12)
IDLE: Final = timedelta(hours=1)
NOTED_EVERY: Final = timedelta(minutes=1)
"""So often at most the session is written again."""
BEGAN: Final = "began"
SEEN: Final = "seen"


def is_over(request: HttpRequest) -> bool:
    """Return whether this session of a signed-in person has lasted long enough; else note that they did something."""
    now, session = clock.now().timestamp(), request.session
    began, seen = session.get(BEGAN), session.get(SEEN)
    if began is None or seen is None:
        session[BEGAN] = session[SEEN] = now
        return False
    if now - began > AT_MOST.total_seconds() or now - seen > IDLE.total_seconds():
        return True
    if not request.headers.get("HX-Request") and now - seen > NOTED_EVERY.total_seconds():
        session[SEEN] = now
    return False
