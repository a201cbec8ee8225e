"""Rotating: every request of a clean rotation × everything that can happen to it; the emulator's own state judges.

Afterwards exactly two secrets of ours are there: the one in use, which works, and the one that rests; before the switch
only the old one. Nothing of anybody else's is touched.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from gangway.foundation.ids import AppId
from gangway.microsoft.patience import OutOfPatience, Patience
from gangway.microsoft.signin.own_credentials import OwnCredential
from gangway.microsoft.transport import Transport
from gangway.provisioning.clouds import RegistrationSignIn
from gangway.provisioning.engine.observation import Held
from gangway.provisioning.engine.rotation import MayNotRotate, Rotation
from tests.contract.interruptions import EFFECTS, Point, Tally, hurried, points_of, refused_for_good, table
from tests.contract.tenant import Killed, Mortal, Tenant, blueprint, fresh
from tests.unit.small_journal import CannotSeal, SmallJournal

pytestmark = pytest.mark.slow

REQUESTS = 5
"""A clean rotation's requests; it may grow, never lose a point."""


@dataclass
class RotatingJournal(SmallJournal):
    """What the rotation made; `switches` are the credentials that came into use."""

    switches: list[Held] = field(default_factory=list)

    async def switched(self, new: Held) -> None:
        self.switches.append(new)


@dataclass
class Rotating:
    """A registration that owns itself, its present secret, and the rotation's journal."""

    app_id: AppId
    current: OwnCredential
    key_id: str
    theirs: str
    journal: RotatingJournal


async def begun(tenant: Tenant) -> Rotating:
    """Made and proved, with the right to change itself, and a secret of somebody else's beside ours."""
    journal, token = SmallJournal(), await tenant.start_over()
    await (await tenant.course(journal, token, rotates=True)).run()
    theirs = await tenant.add_secret(token, "somebody-elses")
    (held,) = journal.credentials.values()
    app_id = next(row["body"]["appId"] for row in tenant.state()["objects"].values() if row["body"].get("uniqueName"))
    tenant.control("DELETE", "log")
    return Rotating(AppId(app_id), await journal.credential(held), str(held.key_id), theirs, RotatingJournal())


async def rotation(
    tenant: Tenant, given: Rotating, *, transport: Transport | None = None, seconds: float = 10
) -> Rotation:
    wire = transport or await tenant.transport()
    return Rotation(
        unique_name=blueprint().unique_name,
        app_id=given.app_id,
        cloud=tenant.cloud,
        own=RegistrationSignIn(wire, tenant.cloud, tenant.id),
        journal=given.journal,
        patience=Patience(seconds, first_wait=0.005, longest_wait=0.1),
        fresh=fresh,
        current=given.current,
    )


async def rotate(tenant: Tenant, given: Rotating, **options: Any) -> None:
    """Nothing when it was switched already: whoever comes next finds that in the journal."""
    if not given.journal.switches:
        await (await rotation(tenant, given, **options)).run()


def wrong(tenant: Tenant, given: Rotating) -> list[str]:
    """What is wrong after a finished rotation, by the emulator's own state."""
    there, ours = set(tenant.secrets()), {given.key_id, *(str(held.key_id) for held in given.journal.switches)}
    found = [] if len(given.journal.switches) == 1 else [f"{len(given.journal.switches)} switches"]
    found += [f"unknown secret {key}" for key in there - ours - {given.theirs}]
    return found + [f"lost secret {key}" for key in (ours | {given.theirs}) - there]


def untouched(there: Iterable[str], given: Rotating, point: Point | None = None) -> list[str]:
    """What is wrong after a rotation that was given up: only the old one and theirs must be there.

    Where tokens are refused nothing can be taken away again: what was made stays, and the journal knows it.
    """
    expected = {given.key_id, *filter(None, [given.theirs])}
    ours = given.journal.credentials.values() if point is not None and "token" in point.path else ()
    known = {str(held.key_id) for held in ours}
    switched = ["switched"] if given.journal.switches else []
    return switched + [f"credential {key}" for key in {*there} ^ expected if key not in known]


async def clean(tenant: Tenant) -> list[Point]:
    given = await begun(tenant)
    await rotate(tenant, given)
    assert wrong(tenant, given) == []
    return points_of(tenant.log())


async def test_a_clean_rotation_has_at_least_its_points(tenant: Tenant) -> None:
    assert len(await clean(tenant)) >= REQUESTS


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_killed_at_any_request_the_next_rotation_leaves_no_orphan(tenant: Tenant, moment: str) -> None:
    tally = Tally(f"rotation killed {moment} the call", {})
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
        f"rotation, {effect}",
        await clean(tenant),
        EFFECTS[effect],
        begin=lambda: begun(tenant),
        attempt=attempt,
        judge=lambda given: wrong(tenant, given),
    )
    assert tally.failures == {}


async def test_a_permanent_403_on_any_request_leaves_the_old_secret_in_use(tenant: Tenant) -> None:
    """Each ends in words; what could not be taken away again is known, and the next rotation begins with it."""

    async def attempt(given: Rotating) -> None:
        try:
            await replace(await rotation(tenant, given), patience=hurried()).run()
        finally:
            given.journal.settle()

    tally = await refused_for_good(
        tenant,
        "rotation",
        await clean(tenant),
        begin=lambda: begun(tenant),
        attempt=attempt,
        lies=lambda given, _said, point: untouched(tenant.secrets(), given, point),
        finish=lambda given: rotate(tenant, given),
        judge=lambda given: wrong(tenant, given),
    )
    assert tally.failures == {}
    assert tally.ended == len(tally.wrong)


async def test_a_secret_that_cannot_be_stored_is_taken_away(tenant: Tenant) -> None:
    given = await begun(tenant)
    given.journal.seals = False
    with pytest.raises(CannotSeal):
        await rotate(tenant, given)
    assert untouched(tenant.secrets(), given) == []


async def test_a_secret_that_is_not_accepted_is_tried_again_until_it_is_taken_back(tenant: Tenant) -> None:
    given = await begun(tenant)
    tenant.fault("lag", {"kind": "passwordCredential"}, {"usable_after_seconds": 999})
    for _look in range(2):
        with pytest.raises(OutOfPatience):
            await rotate(tenant, given, seconds=0.5)
        (held,) = given.journal.credentials.values()
        assert {*tenant.secrets()} == {given.key_id, given.theirs, held.key_id}
    tenant.control("DELETE", "faults")
    assert await (await rotation(tenant, given)).take_back() == ()
    assert untouched(tenant.secrets(), given) == []


async def test_without_the_right_nothing_is_tried(tenant: Tenant) -> None:
    journal, token = SmallJournal(), await tenant.start_over()
    await (await tenant.course(journal, token)).run()
    (held,) = journal.credentials.values()
    app_id = next(row["body"]["appId"] for row in tenant.state()["objects"].values() if row["body"].get("uniqueName"))
    given = Rotating(AppId(app_id), await journal.credential(held), str(held.key_id), "", RotatingJournal())
    with pytest.raises(MayNotRotate):
        await rotate(tenant, given)
    assert tenant.secrets() == [given.key_id]
