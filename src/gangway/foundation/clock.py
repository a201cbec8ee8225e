"""The only reader of time in the product.

Everything that needs the present asks here, or is given `now` as a parameter, so a test or the demo can
move time for all processes together through `GANGWAY_CLOCK_OFFSET_SECONDS`.
"""

import os
import time
from datetime import UTC, date, datetime, timedelta

OFFSET_VARIABLE = "GANGWAY_CLOCK_OFFSET_SECONDS"
BEGINS_LAST = timedelta(hours=12)
"""So much later than in UTC a day begins in the last zone on earth."""


def now() -> datetime:
    """The present as an aware UTC time, moved by the offset (seconds, default 0) of the environment.

    Raises ValueError when the offset isn't a number: a clock that guesses is worse than none.
    """
    return datetime.now(UTC) + timedelta(seconds=float(os.environ.get(OFFSET_VARIABLE) or 0))


def days_until(at: datetime, *, now: datetime) -> int:
    """How many days are left, as a person counts them on a calendar (UTC): 0 on the last one, below zero when over.

    Of 90 days, 90 are left all day long on which they were chosen; whole days of 24 hours would be 89 a moment later.
    """
    left = (at.astimezone(UTC).date() - now.astimezone(UTC).date()).days
    return left if at > now else min(left, -1)


def earliest_today(now: datetime) -> date:
    """Return the day that it still is where days begin last (UTC-12).

    Whoever chooses a day does so by the calendar on their wall, and we don't know where that hangs: what may be today
    or tomorrow for them is not refused for being over here.
    """
    return (now.astimezone(UTC) - BEGINS_LAST).date()


def ticks() -> float:
    """Seconds of a clock that never jumps, for measuring durations and deadlines inside one process."""
    return time.monotonic()
