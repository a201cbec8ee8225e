"""A certificate that makes way for another by a proof, without any right: each request × everything that can happen.

The registration can't read itself then, so nothing of a lost attempt is ever seen; the emulator's own state judges.
"""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from gangway.foundation.ids import AppId, ObjectId
from gangway.microsoft.patience import Patience
from gangway.microsoft.transport import Transport
from gangway.provisioning.engine.steps.credentials import Fresh
from tests.contract.interruptions import EFFECTS, Point, Tally, hurried, points_of, refused_for_good, table
from tests.contract.tenant import Killed, Mortal, Tenant, blueprint, fresh
from tests.contract.test_rotation_points import Rotating, RotatingJournal, rotation, untouched
from tests.unit.small_journal import SmallJournal

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("few_keys")]

REQUESTS = 4
"""Its own token, the new certificate, and two tokens that prove it."""


def certificate() -> Fresh:
    return replace(fresh(), credential_id=str(uuid4()), kind="certificate")


def application(tenant: Tenant) -> dict[str, Any]:
    rows = [row["body"] for row in tenant.state()["objects"].values()]
    (found,) = [row for row in rows if row.get("uniqueName") == blueprint().unique_name]
    return found


async def begun(tenant: Tenant) -> Rotating:
    """Made and proved with a certificate, and with no right to change itself."""
    journal, token = SmallJournal(), await tenant.start_over()
    await replace(await tenant.course(journal, token), fresh=certificate).run()
    (held,) = journal.credentials.values()
    tenant.control("DELETE", "log")
    there = AppId(application(tenant)["appId"])
    return Rotating(there, await journal.credential(held), str(held.key_id), "", RotatingJournal())


async def rotate(
    tenant: Tenant, given: Rotating, *, transport: Transport | None = None, patience: Patience | None = None
) -> None:
    if not given.journal.switches:
        made = await rotation(tenant, given, transport=transport)
        object_id, patience = ObjectId(application(tenant)["id"]), patience or made.patience
        await replace(made, fresh=certificate, object_id=object_id, patience=patience).run()


def certificates(tenant: Tenant) -> set[str]:
    return {row["keyId"] for row in application(tenant)["keyCredentials"]}


def wrong(tenant: Tenant, given: Rotating) -> list[str]:
    """What is wrong after a finished rotation."""
    there = certificates(tenant)
    ours = {given.key_id, *(str(held.key_id) for held in given.journal.switches)}
    found = [] if len(given.journal.switches) == 1 else [f"{len(given.journal.switches)} switches"]
    return found + [f"certificate {key}" for key in there ^ ours]


async def clean(tenant: Tenant) -> list[Point]:
    given = await begun(tenant)
    await rotate(tenant, given)
    assert wrong(tenant, given) == []
    return points_of(tenant.log())


async def test_a_clean_one_reads_nothing_and_has_its_points(tenant: Tenant) -> None:
    points = await clean(tenant)
    assert len(points) >= REQUESTS
    assert {point.method for point in points} == {"POST"}


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_killed_at_any_request_the_next_one_leaves_no_orphan(tenant: Tenant, moment: str) -> None:
    tally = Tally(f"rotation by proof killed {moment} the call", {})
    await clean(tenant)
    for number in range(len(tenant.log())):
        given = await begun(tenant)
        mortal = Mortal(await tenant.transport(), **{moment: number})
        with pytest.raises(Killed):
            await rotate(tenant, given, transport=mortal)
        given.journal.settle()
        await rotate(tenant, given)
        tally.wrong[number] = wrong(tenant, given)
    tally.tell()
    assert tally.failures == {}


@pytest.mark.parametrize("effect", EFFECTS)
async def test_whatever_happens_to_any_request_no_orphan_is_left(tenant: Tenant, effect: str) -> None:
    async def attempt(given: Rotating) -> None:
        try:
            await rotate(tenant, given)
        finally:
            given.journal.settle()

    tally = await table(
        tenant,
        f"rotation by proof, {effect}",
        await clean(tenant),
        EFFECTS[effect],
        begin=lambda: begun(tenant),
        attempt=attempt,
        judge=lambda given: wrong(tenant, given),
    )
    assert tally.failures == {}


async def test_a_permanent_403_on_any_request_leaves_the_old_one_in_use(tenant: Tenant) -> None:
    async def attempt(given: Rotating) -> None:
        try:
            await rotate(tenant, given, patience=hurried())
        finally:
            given.journal.settle()

    given = await begun(tenant)
    await rotate(tenant, given)
    tally = await refused_for_good(
        tenant,
        "rotation by proof",
        points_of(tenant.log()),
        begin=lambda: begun(tenant),
        attempt=attempt,
        lies=lambda given, _said, point: untouched(certificates(tenant), given, point),
        finish=lambda given: rotate(tenant, given),
        judge=lambda given: wrong(tenant, given),
    )
    assert tally.failures == {}
    assert tally.ended == len(tally.wrong)
