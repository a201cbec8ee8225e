"""Tearing down: every request of a clean tear-down × everything that can happen to it; the emulator's state judges.

Afterwards nothing of ours is left, neither living nor among the deleted, and nobody else's has changed.
"""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from gangway.foundation.sealed import SealedText
from gangway.provisioning.engine.teardown import TornDown
from tests.contract.interruptions import EFFECTS, Point, Tally, hurried, points_of, refused_for_good, table
from tests.contract.tenant import Killed, Mortal, Tenant
from tests.contract.test_engine_points import clean_run
from tests.unit.small_journal import SmallJournal

pytestmark = pytest.mark.slow

REQUESTS, PARTS = 9, 21
"""A clean tear-down's requests and the parts of its batches; it may grow, never lose a point."""


@dataclass
class Made:
    """A registration that is there, with what is needed to tear it down."""

    journal: SmallJournal
    token: SealedText


async def made(tenant: Tenant) -> Made:
    """The registration made and proved; the sign-in application back in the tenant, as after another sign-in."""
    journal, token = SmallJournal(), await tenant.start_over()
    await (await tenant.course(journal, token)).run()
    await tenant.sign_in_application()
    tenant.control("DELETE", "log")
    return Made(journal, token)


async def tear_down(tenant: Tenant, given: Made, **options: Any) -> TornDown:
    return await (await tenant.teardown(given.journal, given.token, **options)).run()


async def clean(tenant: Tenant) -> list[Point]:
    given = await made(tenant)
    ended = await tear_down(tenant, given)
    assert (ended.left, ended.kept, ended.gone, tenant.remains()) == ((), (), "yes", [])
    return points_of(tenant.log())


async def test_a_clean_tear_down_has_at_least_its_points(tenant: Tenant) -> None:
    points = await clean(tenant)
    assert len(tenant.log()) >= REQUESTS
    assert len(points) >= REQUESTS + PARTS


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_killed_at_any_request_the_next_tear_down_leaves_nothing(tenant: Tenant, moment: str) -> None:
    tally = Tally(f"tear-down killed {moment} the call", {})
    await clean(tenant)
    for number in range(len(tenant.log())):
        given = await made(tenant)
        mortal = Mortal(await tenant.transport(), **{moment: number})
        with pytest.raises(Killed):
            await tear_down(tenant, given, transport=mortal)
        await tear_down(tenant, given)
        tally.wrong[number] = tenant.remains()
    tally.tell()
    assert tally.failures == {}


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_set_up_that_is_stopped_at_any_request_is_taken_back_whole(tenant: Tenant, moment: str) -> None:
    tally = Tally(f"take-back of a set-up stopped {moment} the call", {})
    await clean_run(tenant)
    for number in range(len(tenant.log())):
        given = Made(SmallJournal(), await tenant.start_over())
        mortal = Mortal(await tenant.transport(), **{moment: number})
        with pytest.raises(Killed):
            await (await tenant.course(given.journal, given.token, transport=mortal)).run()
        ended = await tear_down(tenant, given)
        away = [] if not tenant.has_sign_in_application() else ["sign-in application"]
        tally.wrong[number] = [*tenant.remains(), *(one.name for one in ended.left), *away]
    tally.tell()
    assert tally.failures == {}


@pytest.mark.parametrize("effect", EFFECTS)
async def test_whatever_happens_to_any_request_nothing_is_left(tenant: Tenant, effect: str) -> None:
    tally = await table(
        tenant,
        f"tear-down, {effect}",
        await clean(tenant),
        EFFECTS[effect],
        begin=lambda: made(tenant),
        attempt=lambda given: tear_down(tenant, given),
        judge=lambda _given: tenant.remains(),
    )
    assert tally.failures == {}


async def test_a_permanent_403_on_any_request_ends_honestly(tenant: Tenant) -> None:
    """Nothing is called gone that isn't, what stays is named; with the right person it is finished."""

    async def attempt(given: Made) -> TornDown:
        return await replace(await tenant.teardown(given.journal, given.token), patience=hurried()).run()

    def lies(_given: Made, said: TornDown | None, point: Point) -> list[str]:
        if said is None:
            return ["an error, and all is gone"] if point.writes and not tenant.remains() else []
        stays = ["sign-in application"] if said.gone == "yes" and tenant.has_sign_in_application() else []
        return stays if said.left or said.kept else stays + tenant.remains()

    tally = await refused_for_good(
        tenant,
        "tear-down",
        await clean(tenant),
        begin=lambda: made(tenant),
        attempt=attempt,
        lies=lies,
        finish=lambda given: tear_down(tenant, given),
        judge=lambda _given: tenant.remains(),
    )
    assert tally.failures == {}


async def test_only_our_credential_goes_when_others_use_the_registration(tenant: Tenant) -> None:
    given = await made(tenant)
    mine = {held.key_id for held in given.journal.credentials.values()}
    theirs = await tenant.add_secret(given.token, "somebody-elses")
    ended = await tear_down(tenant, given, whole=False)
    assert (ended.left, tenant.secrets()) == ((), [theirs])
    assert theirs not in mine
