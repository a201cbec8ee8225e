"""What can happen to a request, and a table of it: every point × every trouble, counted and judged by the emulator.

The points come from the log of a recorded clean run: whole requests and the parts of batches, each as the n-th of its
method and path. A trouble hits exactly that one; then whoever comes next begins at the top.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from gangway.foundation.errors import GangwayError
from tests.contract.tenant import Tenant

EFFECTS: dict[str, dict[str, Any]] = {
    "cut before the write": {"cut": "before"},
    "cut after the write": {"cut": "after"},
    "429": {"status": 429, "retry_after": 0},
    "503": {"status": 503, "retry_after": 0},
    "409": {"status": 409, "code": "Directory_ConcurrencyViolation"},
    "lagging 404": {"status": 404, "code": "Request_ResourceNotFound"},
    "misleading 403": {"status": 403, "code": "Authorization_RequestDenied"},
    "401 midway": {"status": 401, "code": "InvalidAuthenticationToken"},
}


@dataclass(frozen=True)
class Point:
    """One request or part: the n-th of its method and path."""

    method: str
    path: str
    nth: int

    @property
    def writes(self) -> bool:
        """Whether it changes something in the tenant."""
        return self.method != "GET" and "batch" not in self.path and "token" not in self.path


@dataclass
class Tally:
    """How many points were tried, how many attempts ended in words before the next one, and what was wrong after."""

    what: str
    wrong: dict[Any, list[str]]
    ended: int = 0

    def tell(self) -> None:
        """The count is part of the proof: it stands in the test's output."""
        orphans = sum(map(len, self.wrong.values()))
        print(f"\n{self.what}: {len(self.wrong)} points, {self.ended} ended in words, {orphans} orphans")  # noqa: T201

    @property
    def failures(self) -> dict[Any, list[str]]:
        return {point: found for point, found in self.wrong.items() if found}


def points_of(log: Iterable[dict[str, Any]]) -> list[Point]:
    """Every request and every part of a batch, in the order in which they were made."""
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for row in log:
        for part in [row, *row["subrequests"]]:
            key = (part["method"], part["path"])
            seen[key] += 1
            found.append(Point(*key, seen[key]))
    return found


async def table(
    tenant: Tenant,
    what: str,
    points: Iterable[Point],
    effect: dict[str, Any],
    *,
    begin: Callable[[], Awaitable[Any]],
    attempt: Callable[[Any], Awaitable[Any]],
    judge: Callable[[Any], list[str]],
) -> Tally:
    """Let one trouble happen at each point: `begin` gives what the attempts need, the second attempt must finish."""
    tally = Tally(what, {})
    for point in points:
        given = await begin()
        match = {"method": point.method, "path": point.path, "nth": point.nth, "times": 1}
        tenant.fault("trouble", match, effect)
        try:
            await attempt(given)
        except GangwayError:
            tally.ended += 1
        assert [fault["hit"] for fault in tenant.control("GET", "faults")["faults"]] == [1], point
        tenant.control("DELETE", "faults")
        await attempt(given)
        tally.wrong[point] = judge(given)
    tally.tell()
    return tally
