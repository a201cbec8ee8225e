"""The only reader of time in the product.

Everything that needs the present asks here, or is given `now` as a parameter, so a test or the demo can
move time for all processes together through `GANGWAY_CLOCK_OFFSET_SECONDS`.
"""

import os
import time
from datetime import UTC, datetime, timedelta

OFFSET_VARIABLE = "GANGWAY_CLOCK_OFFSET_SECONDS"


def now() -> datetime:
    """The present as an aware UTC time, moved by the offset (seconds, default 0) of the environment.

    Raises ValueError when the offset isn't a number: a clock that guesses is worse than none.
    """
    return datetime.now(UTC) + timedelta(seconds=float(os.environ.get(OFFSET_VARIABLE) or 0))


def ticks() -> float:
    """Seconds of a clock that never jumps, for measuring durations and deadlines inside one process."""
    return time.monotonic()
