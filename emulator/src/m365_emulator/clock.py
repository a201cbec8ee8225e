"""The emulator's clock: the only reader of time. Tests move it; nothing in the emulator ever waits for it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(slots=True)
class Clock:
    """Wall time plus an offset in seconds, or a frozen moment (seconds since 1970)."""

    offset: float = 0.0
    frozen_at: float | None = None

    def seconds(self) -> float:
        """Now, in seconds since 1970."""
        return self.frozen_at if self.frozen_at is not None else time.time() + self.offset

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds(), UTC)

    def advance(self, seconds: float) -> None:
        """Go forward (or, with a negative number, back); a frozen clock moves too and stays frozen."""
        if self.frozen_at is not None:
            self.frozen_at += seconds
        else:
            self.offset += seconds

    def freeze(self, at: datetime | None = None) -> None:
        """Stand still, at the given moment or now."""
        self.frozen_at = at.timestamp() if at is not None else self.seconds()

    def thaw(self) -> None:
        """Go on from where the clock stood."""
        if self.frozen_at is not None:
            self.offset = self.frozen_at - time.time()
            self.frozen_at = None

    def reset(self) -> None:
        self.offset, self.frozen_at = 0.0, None

    def dump(self) -> dict[str, Any]:
        return {"offset": self.offset, "frozen_at": self.frozen_at}


def graph_time(moment: datetime) -> str:
    """A moment as Graph writes it: ISO 8601 in UTC, whole seconds, ``Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def monotonic() -> float:
    """Seconds on the machine's own steady clock: for durations in the request log, never for behaviour."""
    return time.monotonic()


def real_now() -> datetime:
    """The machine's time, which TLS certificates need because clients check them against their own clock."""
    return datetime.now(UTC)
