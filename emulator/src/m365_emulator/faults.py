"""Trouble on request: named faults that are set through the control door, never by dice.

A fault has a match (which requests, or which kind of fresh object) and an effect. Requests are counted per fault, so
"the third POST to addPassword" is the same request in every run. Sub-requests of a batch are counted like any other.
"""

from __future__ import annotations

import fnmatch
from dataclasses import asdict, dataclass, field, fields
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Match:
    """Which requests: ``path`` may hold ``*``; the ``nth`` matching one is hit first, and then ``times`` in a row.

    ``kind`` chooses fresh objects for the lag effects instead (``*`` for every kind).
    ``times`` 0 means for ever.
    """

    method: str = "*"
    path: str = "*"
    kind: str = ""
    nth: int = 1
    times: int = 0


@dataclass(frozen=True, slots=True)
class Effect:
    """What happens. Several may be set at once; seconds are the emulator clock's, but ``delay_ms`` really waits."""

    status: int = 0
    code: str = ""
    message: str = ""
    body: dict[str, Any] | None = None
    retry_after: int | None = None
    delay_ms: int = 0
    cut: str = ""
    lag_reads: int = 0
    lag_seconds: float = 0.0
    usable_after_seconds: float = 0.0
    tokens_after_seconds: float = 0.0
    aadsts: int = 0
    claims: str = ""
    late: bool = False

    @property
    def lags(self) -> bool:
        return bool(self.lag_reads or self.lag_seconds or self.usable_after_seconds or self.tokens_after_seconds)

    @property
    def answers(self) -> bool:
        """Whether the fault answers in the emulator's place."""
        return self.status > 0 or self.aadsts > 0


@dataclass(slots=True)
class Fault:
    """A named fault and how many matching requests it has met and hit."""

    name: str
    match: Match
    effect: Effect
    met: int = 0
    hit: int = 0

    def meets(self, method: str, path: str) -> bool:
        """Count a request if it matches; True when the fault strikes it."""
        if self.match.kind or self.match.method not in ("*", method) or not fnmatch.fnmatchcase(path, self.match.path):
            return False
        self.met += 1
        last = self.match.nth + self.match.times - 1
        if self.met < self.match.nth or (self.match.times and self.met > last):
            return False
        self.hit += 1
        return True


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault that strikes this request."""

    name: str
    effect: Effect


@dataclass(slots=True)
class Faults:
    """All faults in force, in the order in which they were set; the first that strikes a request wins."""

    by_name: dict[str, Fault] = field(default_factory=dict)

    def set(self, name: str, match: dict[str, Any], effect: dict[str, Any]) -> Fault:
        """Set or replace a fault. Raises ValueError with a sentence when something in it is unknown."""
        fault = Fault(name, _read(Match, match), _read(Effect, effect))
        if fault.effect.cut not in ("", "before", "after"):
            message = f'cut must be "before" or "after" (the write), not {fault.effect.cut!r}'
            raise ValueError(message)
        if fault.effect.lags != bool(fault.match.kind):
            message = "lag effects need match.kind, and match.kind needs a lag effect"
            raise ValueError(message)
        self.by_name[name] = fault
        return fault

    def clear(self, name: str | None = None) -> None:
        if name is None:
            self.by_name.clear()
        else:
            self.by_name.pop(name, None)

    def strike(self, method: str, path: str) -> Strike | None:
        """What strikes this request, if anything. Call once per request and once per sub-request of a batch.

        ``path`` is the path without its query, with ``/v1.0`` in front also for sub-requests.
        """
        struck = [fault for fault in self.by_name.values() if fault.meets(method, path)]
        return Strike(struck[0].name, struck[0].effect) if struck else None

    def lag_of(self, kind: str) -> Effect | None:
        """How long fresh objects of a kind stay hidden now."""
        for fault in self.by_name.values():
            if fault.match.kind in (kind, "*"):
                fault.hit += 1
                return fault.effect
        return None

    def dump(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self.by_name.values()]


def load(rows: list[dict[str, Any]]) -> Faults:
    """Faults from a dump."""
    faults = Faults()
    for row in rows:
        fault = faults.set(row["name"], row["match"], row["effect"])
        fault.met, fault.hit = row["met"], row["hit"]
    return faults


def _read(kind: type[T], given: dict[str, Any]) -> T:
    known = {item.name for item in fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(set(given) - known):
        message = f"unknown in {kind.__name__.lower()}: {', '.join(unknown)}; known: {', '.join(sorted(known))}"
        raise ValueError(message)
    return kind(**given)
