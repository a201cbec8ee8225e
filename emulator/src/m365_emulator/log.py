"""The request log: what was asked, how it was answered, and from when to when on the machine's steady clock.

Only paths are kept, never queries or bodies, so that no code or secret ends up in it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any

from m365_emulator.clock import monotonic

_kept = 20_000
_polls_kept = 500_000


@dataclass(slots=True)
class Entry:
    """One request. ``started`` and ``ended`` are seconds on the steady clock; ``ended`` is None while it runs.

    ``route`` is the pattern that answered (``/v1.0/applications/{id}``); ``subrequests`` are those of a ``$batch``, and
    ``fault`` may have struck one of them.
    """

    number: int
    plane: str
    method: str
    path: str
    request_id: str
    started: float
    ended: float | None = None
    status: int | None = None
    route: str = ""
    fault: str = ""
    subrequests: list[dict[str, Any]] = field(default_factory=list)

    def add_subrequest(
        self,
        *,
        id: str,  # noqa: A002 a batch calls it so
        method: str,
        path: str,
        status: int,
        route: str = "",
    ) -> None:
        """Note one request of a batch."""
        self.subrequests.append(
            {"id": id, "method": method, "path": path.partition("?")[0], "status": status, "route": route}
        )


@dataclass(slots=True)
class RequestLog:
    """The last requests, oldest first; of the last polls of device codes, how many seconds late each came."""

    entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=_kept))
    count: int = 0
    late_polls: deque[float] = field(default_factory=lambda: deque(maxlen=_polls_kept))

    def start(self, *, plane: str, method: str, path: str, request_id: str) -> Entry:
        self.count += 1
        entry = Entry(self.count, plane, method, path, request_id, monotonic())
        self.entries.append(entry)
        return entry

    def end(self, entry: Entry, status: int | None) -> None:
        """``status`` is None when the connection was cut."""
        entry.ended, entry.status = monotonic(), status

    def clear(self) -> None:
        self.entries.clear()
        self.late_polls.clear()

    def dump(self, *, after: int = 0, planes: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
        return [
            asdict(entry) for entry in self.entries if entry.number > after and (not planes or entry.plane in planes)
        ]

    def summary(self, *, after: int = 0, planes: frozenset[str] = frozenset()) -> dict[str, int | float]:
        """How many requests and sub-requests there were; how many had to wait for one another, and how long they took.

        The seconds are those of the chain's answers alone, from a request's arrival until its answer has left.
        """
        chosen = [
            entry
            for entry in self.entries
            if entry.number > after and (not planes or entry.plane in planes) and entry.ended is not None
        ]
        chain = longest_chain([(entry.started, entry.ended or 0.0) for entry in chosen])
        return {
            "requests": len(chosen),
            "subrequests": sum(len(entry.subrequests) for entry in chosen),
            "sequential_round_trips": len(chain),
            "sequential_seconds": round(sum(ended - started for started, ended in chain), 4),
        }

    def punctuality(self) -> dict[str, Any]:
        """How many seconds after the time that was told the polls came; ``early`` ones came before it."""
        late = sorted(self.late_polls)
        last = len(late) - 1
        at = {"median": 0.5, "p99": 0.99, "longest": 1.0} if late else {}
        seconds = {name: round(late[int(last * part)], 3) for name, part in at.items()}
        return {"polls": len(late), "early": sum(each < 0 for each in late), "late_seconds": seconds}


def longest_chain(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The longest chain of spans of which none overlaps the next; of two that overlap, the one that ends first."""
    chain: list[tuple[float, float]] = []
    for started, ended in sorted(spans, key=lambda span: span[1]):
        if not chain or started >= chain[-1][1]:
            chain.append((started, ended))
    return chain
