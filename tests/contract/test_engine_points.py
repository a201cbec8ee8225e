"""Every request of a full run × everything that can happen to it: counted, and judged by the emulator's own state.

The points come from a recorded clean run: whole requests, and the parts of batches. After each interruption the tenant
must hold exactly one registration with exactly its rights and one secret that we know, and nothing else of ours.
"""

from dataclasses import replace

import pytest

from gangway.foundation.sealed import SealedText
from gangway.provisioning.engine.course import Ending
from tests.contract.interruptions import EFFECTS, Point, Tally, hurried, points_of, refused_for_good, table
from tests.contract.tenant import Killed, Mortal, Tenant
from tests.unit.small_journal import CannotSeal, SmallJournal

pytestmark = pytest.mark.slow

REQUESTS = 9
PARTS = 21
"""A clean run's requests and the parts of its batches; the run may grow, never lose a point."""
ROLES = 2


async def clean_run(tenant: Tenant) -> list[Point]:
    journal, token = SmallJournal(), await tenant.start_over()
    await (await tenant.course(journal, token)).run()
    assert tenant.orphans(journal) == []
    return points_of(tenant.log())


async def finish(tenant: Tenant, journal: SmallJournal, token: SealedText) -> None:
    """Whoever comes next runs the same course."""
    await (await tenant.course(journal, token)).run()


async def test_a_clean_run_has_at_least_its_points(tenant: Tenant) -> None:
    points = await clean_run(tenant)
    assert len(points) >= REQUESTS + PARTS
    assert not tenant.has_sign_in_application()


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_killed_at_any_request_the_next_run_leaves_no_orphan(tenant: Tenant, moment: str) -> None:
    tally = Tally(f"set-up killed {moment} the call", {})
    await clean_run(tenant)
    for number in range(len(tenant.log())):
        journal, token = SmallJournal(), await tenant.start_over()
        mortal = Mortal(await tenant.transport(), **{moment: number})
        with pytest.raises(Killed):
            await (await tenant.course(journal, token, transport=mortal)).run()
        await finish(tenant, journal, token)
        tally.wrong[number] = tenant.orphans(journal)
    tally.tell()
    assert tally.failures == {}


@pytest.mark.parametrize("effect", EFFECTS)
async def test_whatever_happens_to_any_request_no_orphan_is_left(tenant: Tenant, effect: str) -> None:
    async def begin() -> tuple[SmallJournal, SealedText]:
        return SmallJournal(), await tenant.start_over()

    async def attempt(given: tuple[SmallJournal, SealedText]) -> None:
        try:
            await finish(tenant, *given)
        finally:
            given[0].settle()

    tally = await table(
        tenant,
        f"set-up, {effect}",
        await clean_run(tenant),
        EFFECTS[effect],
        begin=begin,
        attempt=attempt,
        judge=lambda given: tenant.orphans(given[0]),
    )
    assert tally.failures == {}


async def test_a_secret_that_cannot_be_stored_is_taken_away_and_a_later_run_makes_another(tenant: Tenant) -> None:
    journal, token = SmallJournal(seals=False), await tenant.start_over()
    with pytest.raises(CannotSeal):
        await finish(tenant, journal, token)
    assert tenant.secrets() == []
    journal.seals = True
    await finish(tenant, journal, token)
    assert tenant.orphans(journal) == []


async def test_a_permanent_403_on_any_request_ends_honestly(tenant: Tenant) -> None:
    """Nothing is called proved that isn't, what was made is known, and with the right person it is finished."""

    async def begin() -> tuple[SmallJournal, SealedText]:
        return SmallJournal(), await tenant.start_over()

    async def attempt(given: tuple[SmallJournal, SealedText]) -> Ending:
        return await replace(await tenant.course(*given), patience=hurried()).run()

    def lies(given: tuple[SmallJournal, SealedText], said: Ending | None, _point: Point) -> list[str]:
        journal = given[0]
        known = {held.key_id for held in journal.credentials.values()}
        found = [f"unknown secret {key}" for key in tenant.secrets() if key not in known]
        if said is None or said.withheld:
            return found + (["proved"] if journal.proofs is not None else [])
        stays = ["sign-in application"] if said.gone == "yes" and tenant.has_sign_in_application() else []
        return found + stays + tenant.orphans(journal)

    tally = await refused_for_good(
        tenant,
        "set-up",
        await clean_run(tenant),
        begin=begin,
        attempt=attempt,
        lies=lies,
        finish=lambda given: finish(tenant, *given),
        judge=lambda given: tenant.orphans(given[0]),
    )
    assert tally.failures == {}


DAYS = 90
"""For so long PIM gives the roles in what follows."""


def of_pim(points: list[Point]) -> list[Point]:
    """What a run does otherwise when PIM gives the roles."""
    return [point for point in points if "roleAssignmentSchedule" in point.path]


@pytest.mark.parametrize("effect", EFFECTS)
async def test_whatever_happens_to_roles_that_pim_gives_each_is_given_once_and_with_its_end(
    tenant: Tenant, effect: str
) -> None:
    async def begin() -> tuple[SmallJournal, SealedText]:
        return SmallJournal(), await tenant.start_over()

    async def attempt(given: tuple[SmallJournal, SealedText]) -> None:
        try:
            await (await tenant.course(*given, role_days=DAYS)).run()
        finally:
            given[0].settle()

    await attempt(await begin())
    points = of_pim(points_of(tenant.log()))
    assert sum(point.writes for point in points) == ROLES
    tally = await table(
        tenant,
        f"set-up with PIM, {effect}",
        points,
        EFFECTS[effect],
        begin=begin,
        attempt=attempt,
        judge=lambda given: tenant.orphans(given[0]),
    )
    assert tally.failures == {}
