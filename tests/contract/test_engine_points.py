"""Every request of a full run × everything that can happen to it: counted, and judged by the emulator's own state.

The points come from a recorded clean run: whole requests, and the parts of batches. After each interruption the tenant
must hold exactly one registration with exactly its rights and one secret that we know, and nothing else of ours.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from gangway.foundation.ids import AppId
from gangway.foundation.sealed import SealedText
from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.blueprint import Blueprint, draw
from gangway.provisioning.engine.course import Ending
from gangway.provisioning.states import LeftoverKind
from tests.contract.interruptions import EFFECTS, Point, Tally, hurried, points_of, refused_for_good, table
from tests.contract.tenant import REGISTRATION, Killed, Mortal, Tenant, blueprint
from tests.emulator.conftest import sign_in_app
from tests.unit.small_journal import CannotSeal, SmallJournal

pytestmark = pytest.mark.slow

REQUESTS = 9
PARTS = 21
"""A clean run's requests and the parts of its batches; the run may grow, never lose a point."""
AUTHORITY_ENDS = "401 midway"
ROLES = 2
SETTLING = 4
"""Two permissions, the registration's list, and the sign-in application."""


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


@dataclass
class SetUp:
    """A set-up, whoever works on it; nothing runs after its first good end."""

    journal: SmallJournal
    token: SealedText
    blueprint: Blueprint
    ending: Ending | None = None

    async def attempt(self, tenant: Tenant) -> None:
        if self.ending is not None:
            return
        made = replace(await tenant.course(self.journal, self.token), blueprint=self.blueprint)
        try:
            self.ending = await (made.run() if self.journal.proofs is None else made.finish())
        finally:
            self.journal.settle()

    def wrongs(self, tenant: Tenant, *, may_leave: bool) -> list[str]:
        """What is wrong at its end. `may_leave`: what nobody could take away any more, if it is told."""
        assert self.ending
        left = [] if may_leave else [f"left {one.name}" for one in self.ending.left]
        told = any(one.kind is LeftoverKind.PERMISSION for one in self.ending.left)
        orphans = [one for one in tenant.orphans(self.journal) if not (told and one.startswith("grants"))]
        return left + orphans + tenant.unlisted(self.ending, [entry.id for entry in self.blueprint.setup_only])


async def tally_of(
    tenant: Tenant, what: str, effect: str, wanted: Blueprint, points: Iterable[Point] | None = None
) -> Tally:
    """What happens when this goes wrong once, at each of the points; all of a clean run's where none are named."""

    async def begin() -> SetUp:
        return SetUp(SmallJournal(), await tenant.start_over(), wanted)

    clean = await begin()
    await clean.attempt(tenant)
    return await table(
        tenant,
        f"{what}, {effect}",
        points_of(tenant.log()) if points is None else points,
        EFFECTS[effect],
        begin=begin,
        attempt=lambda given: given.attempt(tenant),
        judge=lambda given: given.wrongs(tenant, may_leave=effect == AUTHORITY_ENDS),
    )


@pytest.mark.parametrize("effect", EFFECTS)
async def test_whatever_happens_to_any_request_no_orphan_is_left(tenant: Tenant, effect: str) -> None:
    tally = await tally_of(tenant, "set-up", effect, blueprint())
    assert len(tally.wrong) >= REQUESTS + PARTS
    assert tally.failures == {}


def after_the_proof(log: list[dict[str, Any]]) -> list[Point]:
    """What takes rights of the set-up away again, and looks at it; and the goodbye."""
    points = points_of(log)
    first = next(place for place, point in enumerate(points) if point.method == "DELETE")
    return points[first - 2 :]


@pytest.mark.parametrize("effect", EFFECTS)
async def test_whatever_happens_at_its_end_no_right_of_the_set_up_stays_untold(tenant: Tenant, effect: str) -> None:
    plan = pinning.pin(profile="teams-voice", version=2, features={"voice", "automatic-domain"})
    client = AppId(sign_in_app)
    wanted = draw(plan, registration=REGISTRATION, display_name="voice1", notes="", sign_in_client=client)
    clean = SetUp(SmallJournal(), await tenant.start_over(), wanted)
    await clean.attempt(tenant)
    points = after_the_proof(tenant.log())
    assert sum(point.writes for point in points) == SETTLING
    assert (await tally_of(tenant, "end of a set-up", effect, wanted, points)).failures == {}


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
    wanted = blueprint(role_days=DAYS)
    clean = SetUp(SmallJournal(), await tenant.start_over(), wanted)
    await clean.attempt(tenant)
    points = of_pim(points_of(tenant.log()))
    assert sum(point.writes for point in points) == ROLES
    assert (await tally_of(tenant, "set-up with PIM", effect, wanted, points)).failures == {}
