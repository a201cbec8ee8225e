"""What can happen to a request, and a table of it: every point × every trouble, counted and judged by the emulator.

The points come from the log of a recorded clean run: whole requests and the parts of batches, each as the n-th of its
method and path. A trouble hits exactly that one; then whoever comes next begins at the top. A refusal for good hits
that one and all that follow of its kind, until the right person comes.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from gangway.foundation.errors import GangwayError
from gangway.microsoft.patience import Patience
from gangway.provisioning.engine.rotation import MayNotRotate
from tests.contract.tenant import Tenant

EFFECTS: dict[str, dict[str, Any]] = {
    "cut before the write": {"cut": "before"},
    "cut after the write": {"cut": "after"},
    "429": {"status": 429, "retry_after": 0},
    "503": {"status": 503, "retry_after": 0},
    "409": {"status": 409, "code": "Directory_ConcurrencyViolation"},
    "lagging 404": {"status": 404, "code": "Request_ResourceNotFound"},
    "404 although it was written": {"status": 404, "code": "Request_ResourceNotFound", "late": True},
    "misleading 403": {"status": 403, "code": "Authorization_RequestDenied"},
    "401 midway": {"status": 401, "code": "InvalidAuthenticationToken"},
}
REFUSED = {"status": 403, "code": "Authorization_RequestDenied"}


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

    def match(self, times: int) -> dict[str, Any]:
        """How the emulator finds it; `times` 0: it and all that follow."""
        return {"method": self.method, "path": self.path, "nth": self.nth, "times": times}


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
        tenant.fault("trouble", point.match(1), effect)
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


def hurried() -> Patience:
    """Patience whose time passes by waiting alone, and at once: a few turns end it, however long each of them takes."""
    passed = [0.0]

    async def sleep(seconds: float) -> None:
        passed[0] += seconds

    return Patience(1, first_wait=0.2, longest_wait=0.3, ticks=lambda: passed[0], sleep=sleep)


async def refused_for_good(
    tenant: Tenant,
    what: str,
    points: Iterable[Point],
    *,
    begin: Callable[[], Awaitable[Any]],
    attempt: Callable[[Any], Awaitable[Any]],
    lies: Callable[[Any, Any, Point], list[str]],
    finish: Callable[[Any], Awaitable[Any]],
    judge: Callable[[Any], list[str]],
) -> Tally:
    """Refuse each point for good: `lies` compares what the attempt says (None: an error) with what is there then.

    Then the right person finishes, and nothing of the first attempt may be in the way.
    """
    tally = Tally(f"{what}, permanent 403", {})
    for point in points:
        given = await begin()
        tenant.fault("never", point.match(0), REFUSED)
        said = None
        try:
            said = await attempt(given)
        except (GangwayError, MayNotRotate):
            tally.ended += 1
        found = lies(given, said, point)
        assert [fault["hit"] > 0 for fault in tenant.control("GET", "faults")["faults"]] == [True], point
        tenant.control("DELETE", "faults")
        await finish(given)
        tally.wrong[point] = found + judge(given)
    tally.tell()
    return tally
