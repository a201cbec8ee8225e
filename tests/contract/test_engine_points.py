"""Every request of a full run × everything that can happen to it: counted, and judged by the emulator's own state.

The points come from a recorded clean run: whole requests, and the parts of batches. After each interruption the tenant
must hold exactly one registration with exactly its rights and one secret that we know, and nothing else of ours.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from gangway.foundation.errors import GangwayError
from gangway.foundation.sealed import SealedText
from tests.contract.tenant import Killed, Mortal, Tenant
from tests.unit.small_journal import SmallJournal

pytestmark = pytest.mark.slow

REQUESTS = 9
PARTS = 20
"""A clean run's requests and the parts of its batches; the run may grow, never lose a point."""


@dataclass(frozen=True)
class Point:
    """One request or part: the n-th of its method and path."""

    method: str
    path: str
    nth: int


def points_of(log: list[dict[str, Any]]) -> list[Point]:
    """Every request and every part of a batch, in the order in which they were made."""
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for row in log:
        for part in [row, *row["subrequests"]]:
            key = (part["method"], part["path"])
            seen[key] += 1
            found.append(Point(*key, seen[key]))
    return found


async def clean_run(tenant: Tenant) -> list[Point]:
    journal, token = SmallJournal(), await tenant.start_over()
    await (await tenant.course(journal, token)).run()
    assert tenant.orphans(journal) == []
    return points_of(tenant.log())


def tell(what: str, orphans: dict[Any, list[str]]) -> None:
    """The count is part of the proof: it stands in the test's output."""
    print(f"\n{what}: {len(orphans)} points, {sum(map(len, orphans.values()))} orphans")  # noqa: T201


async def finish(tenant: Tenant, journal: SmallJournal, token: SealedText) -> None:
    """Whoever comes next runs the same course."""
    await (await tenant.course(journal, token)).run()


async def test_a_clean_run_has_at_least_its_points(tenant: Tenant) -> None:
    points = await clean_run(tenant)
    assert len(points) >= REQUESTS + PARTS
    assert not tenant.has_sign_in_application()


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_killed_at_any_request_the_next_run_leaves_no_orphan(tenant: Tenant, moment: str) -> None:
    orphans = {}
    for number in range(REQUESTS):
        journal, token = SmallJournal(), await tenant.start_over()
        mortal = Mortal(await tenant.transport(), **{moment: number})
        with pytest.raises(Killed):
            await (await tenant.course(journal, token, transport=mortal)).run()
        await finish(tenant, journal, token)
        orphans[number] = tenant.orphans(journal)
    tell(f"killed {moment} the call", orphans)
    assert not any(orphans.values())


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


@pytest.mark.parametrize("effect", EFFECTS)
async def test_whatever_happens_to_any_request_no_orphan_is_left(tenant: Tenant, effect: str) -> None:
    points = await clean_run(tenant)
    orphans, ended = {}, 0
    for point in points:
        journal, token = SmallJournal(), await tenant.start_over()
        match = {"method": point.method, "path": point.path, "nth": point.nth, "times": 1}
        tenant.fault("trouble", match, EFFECTS[effect])
        try:
            await (await tenant.course(journal, token)).run()
        except GangwayError:
            ended += 1
        assert [fault["hit"] for fault in tenant.control("GET", "faults")["faults"]] == [1], point
        tenant.control("DELETE", "faults")
        journal.settle()
        await finish(tenant, journal, token)
        orphans[point] = tenant.orphans(journal)
    tell(f"{effect} ({ended} ended in words and went on later)", orphans)
    assert {point: found for point, found in orphans.items() if found} == {}


async def test_a_permanent_403_on_any_write_ends_honestly(tenant: Tenant) -> None:
    """Nothing is called proved, what was made is known, and with the right person it is finished."""
    for point in [point for point in await clean_run(tenant) if point.method != "GET" and "batch" not in point.path]:
        if "token" in point.path:
            continue
        journal, token = SmallJournal(), await tenant.start_over()
        tenant.fault("never", {"method": point.method, "path": point.path}, {"status": 403})
        try:
            ending = await (await tenant.course(journal, token, seconds=0.6)).run()
            assert ending.withheld or ending.gone == "no", point
        except GangwayError:
            assert journal.proofs is None
        tenant.control("DELETE", "faults")
        await finish(tenant, journal, token)
        assert tenant.orphans(journal) == [], point
