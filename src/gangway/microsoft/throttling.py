"""How long to wait when Microsoft asks for it: its own Retry-After, else growing waits with jitter."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime

from gangway.foundation import clock

LONGEST_SLEEP = 120.0
"""Seconds that a call waits for its tenant's gate; for longer ones the caller rests, and no worker sleeps."""
LONGEST_WAIT = 86_400.0
"""Seconds. A longer Retry-After is cut to this day: nothing of Microsoft's asks for more."""
DOUBLINGS = 30
"""A wait that grew so often has long been cut to the longest."""


def retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Seconds that the `retry-after` header asks for (a number or a date), 0 to LONGEST_WAIT; None without one."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text) if text.isdigit() else (parsedate_to_datetime(text) - now).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


@dataclass
class Waits:
    """Growing waits: `first` seconds doubled each time up to `longest`, each shortened by up to a fifth by chance.

    The chance only keeps many workers from knocking in step; `dice` makes it repeatable in tests.
    """

    first: float = 0.5
    longest: float = 30.0
    dice: random.Random = field(default_factory=random.SystemRandom)
    turn: int = 0

    def next(self, asked: float | None = None) -> float:
        """Seconds to wait now. What Microsoft `asked` for is kept exactly, but for "at once" said again and again."""
        grown: float = min(self.first * 2.0 ** min(self.turn, DOUBLINGS), self.longest)
        self.turn += 1
        if asked is None or (asked == 0 and self.turn > 1):
            return grown * (1 - self.dice.random() / 5)
        return asked


class Gates:
    """One gate per tenant: when Microsoft asks one call to wait, the tenant's other calls of this process wait too."""

    def __init__(self) -> None:
        self._opens: dict[str, float] = {}

    def close(self, tenant: str, seconds: float) -> None:
        """Keep the tenant's gate closed for so many seconds from now; a longer closing wins."""
        moment = clock.ticks()
        self._opens = {key: opens for key, opens in self._opens.items() if opens > moment}
        self._opens[tenant] = max(self._opens.get(tenant, 0.0), moment + seconds)

    def wait(self, tenant: str) -> float:
        """Seconds until the tenant's gate opens; 0.0 when it is open."""
        return max(self._opens.get(tenant, 0.0) - clock.ticks(), 0.0)
