"""What is only for the set-up goes at its end, what stays is told; roles of PIM end and are extended."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gangway.microsoft import errors
from gangway.provisioning.engine import goodbye, pinning, settling
from gangway.provisioning.engine.blueprint import Blueprint, draw
from gangway.provisioning.engine.pinning import PlanUnknown
from gangway.provisioning.engine.ports import Noted
from gangway.provisioning.engine.settling import NOT_SEEN, STILL_HELD, STILL_LISTED
from gangway.provisioning.engine.steps.step import Step
from gangway.provisioning.states import LeftoverKind
from tests.unit.small_course import assert_exact, course
from tests.unit.small_journal import SmallJournal
from tests.unit.small_tenant import CLIENT, SmallTenant, refusal

SETUP_ONLY = {"Domain.ReadWrite.All", "User.ReadWrite.All"}


def with_domain(**more: Any) -> Blueprint:
    plan = pinning.pin(profile="teams-voice", version=2, features=["automatic-domain"], **more)
    return draw(plan, registration="r1", display_name="voice1", notes="Made by Gangway.", sign_in_client=CLIENT)


def with_pim(days: int = 180) -> Blueprint:
    plan = pinning.pin(profile="teams-voice", version=2, role_days=days)
    return draw(plan, registration="r1", display_name="voice1", notes="Made by Gangway.", sign_in_client=CLIENT)


def listed(tenant: SmallTenant) -> set[str]:
    (application,) = tenant.applications.values()
    return {row["id"] for api in application["requiredResourceAccess"] for row in api["resourceAccess"]}


async def test_rights_of_the_set_up_are_used_taken_away_and_read_back() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    wanted = with_domain()
    ending = await course(tenant, journal, wanted=wanted).run()
    assert {f"grant:{value}" for value in SETUP_ONLY} <= set(ending.proofs.rights)
    assert (set(ending.settled), ending.left, ending.gone) == (SETUP_ONLY, (), "yes")
    assert_exact(tenant, journal)
    assert listed(tenant) == {entry.id for entry in wanted.permissions if entry.stage == "always"}
    assert journal.intents.index("setup_list") > journal.intents.index("grant:Domain.ReadWrite.All")
    assert journal.intents[-1] == "farewell"


async def test_what_microsoft_refuses_to_take_away_is_left_and_named_and_the_rest_goes_on() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    tenant.refusals["DELETE .*appRoleAssignments"] = [refusal(403, "Authorization_RequestDenied")] * 9
    ending = await course(tenant, journal, wanted=with_domain()).run()
    assert {(left.kind, left.name, left.why) for left in ending.left} == {
        (LeftoverKind.PERMISSION, value, STILL_HELD) for value in SETUP_ONLY
    }
    assert (ending.settled, ending.gone) == ((), "yes")


@pytest.mark.parametrize("path", ["DELETE .*appRoleAssignments", "PATCH /applications/"])
async def test_what_microsoft_did_not_do_at_first_is_asked_again_and_read_back(path: str) -> None:
    for status in (503, 409, 429, 403):
        tenant, journal = SmallTenant(), SmallJournal()
        tenant.refusals[path] = [refusal(status, "serviceNotAvailable")]
        wanted = with_domain()
        ending = await course(tenant, journal, wanted=wanted).run()
        assert (set(ending.settled), ending.left) == (SETUP_ONLY, ())
        assert_exact(tenant, journal)
        assert listed(tenant) == {entry.id for entry in wanted.permissions if entry.stage == "always"}


async def test_a_list_that_nobody_may_shorten_is_left_and_named() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    tenant.refusals["PATCH /applications/"] = [refusal(403, "Authorization_RequestDenied")] * 9
    ending = await course(tenant, journal, wanted=with_domain()).run()
    assert {(left.name, left.why) for left in ending.left} == {(value, STILL_LISTED) for value in SETUP_ONLY}
    assert_exact(tenant, journal)


async def test_what_cannot_be_seen_to_be_gone_is_never_said_to_be() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    running = course(tenant, journal, wanted=with_domain())
    proved = journal.proved

    async def then_refuse(*args: Any, **following: Any) -> None:
        await proved(*args, **following)
        tenant.refusals["GET .*appRoleAssignments"] = [refusal(401, "InvalidAuthenticationToken")]

    journal.proved = then_refuse  # type: ignore[method-assign]
    ending = await running.run()
    assert {(left.name, left.why) for left in ending.left} == {(value, NOT_SEEN) for value in SETUP_ONLY}
    assert ending.settled == ()


async def silence(*_args: Any, **_kwargs: Any) -> Any:
    await asyncio.Event().wait()


async def test_silence_after_the_proof_ends_in_time_and_what_nobody_saw_is_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settling, "LONGEST", 0.05)
    monkeypatch.setattr(goodbye, "LONGEST", 0.05)
    tenant, journal = SmallTenant(), SmallJournal()
    running = course(tenant, journal, wanted=with_domain())

    def be_silent() -> None:
        running.graph.batch = silence  # type: ignore[method-assign]

    running.on_proof = be_silent
    ending = await asyncio.wait_for(running.run(), 10)
    assert (ending.withheld, ending.settled, ending.gone) == ((), (), "unknown")
    assert {left.name for left in ending.left if left.kind is LeftoverKind.PERMISSION} == SETUP_ONLY
    assert {left.kind for left in ending.left} == {LeftoverKind.PERMISSION, LeftoverKind.SIGN_IN_APPLICATION}
    again = course(tenant, journal, wanted=with_domain())
    again.graph.batch = silence  # type: ignore[method-assign]
    ending = await asyncio.wait_for(again.finish(), 10)
    assert (ending.settled, ending.gone) == ((), "unknown")


async def test_a_goodbye_that_nobody_looked_at_does_not_stay_as_if_it_were_still_being_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settling, "LONGEST", 0.05)
    tenant, journal = SmallTenant(), SmallJournal()
    noted: list[tuple[str, bool, str]] = []

    async def note_last(results: Sequence[Noted]) -> None:
        noted.extend((result.step.key, result.good, result.words) for result in results)

    journal.note_last = note_last  # type: ignore[method-assign]
    running = course(tenant, journal)
    running.graph.batch = silence  # type: ignore[method-assign]
    ending = await asyncio.wait_for(running.finish(), 10)
    assert (ending.gone, noted) == ("unknown", [("farewell", False, goodbye.WORDS["unknown"])])


async def test_who_goes_on_after_the_proof_puts_the_goodbye_on_the_list_before_saying_it() -> None:
    tenant, journal, order = SmallTenant(), SmallJournal(), list[str]()
    await course(tenant, journal).run()
    tenant.add_principal(CLIENT)
    intend = journal.intend

    async def show(_steps: Sequence[Step], *, looked: bool = True) -> None:
        assert not looked
        order.append("show")

    async def then_intend(steps: Sequence[Step], *, planned: Sequence[Step] = ()) -> None:
        order.extend(step.key for step in steps)
        await intend(steps, planned=planned)

    journal.show, journal.intend = show, then_intend  # type: ignore[method-assign]
    assert (await course(tenant, journal).finish()).gone == "yes"
    assert order == ["show", "farewell"]


async def test_what_never_agrees_after_the_proof_is_given_up_after_a_minute() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    running = course(tenant, journal, wanted=with_domain())
    proved_at: list[float] = []

    def lag() -> None:
        proved_at.append(running.patience.ticks())
        tenant.refusals["GET .*appRoleAssignments"] = [refusal(404, "Request_ResourceNotFound")] * 999

    running.on_proof = lag
    ending = await running.run()
    assert {left.why for left in ending.left} == {NOT_SEEN}
    assert running.patience.ticks() - proved_at[0] <= settling.LONGEST


async def test_what_was_taken_away_though_nobody_answered_is_noted_as_done() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    running = course(tenant, journal, wanted=with_domain())
    cut = iter([True])

    def lose(_number: int, method: str, path: str) -> None:
        if method == "PATCH" and path.startswith("/applications/") and next(cut, False):
            raise errors.NotHeard

    running.on_proof = lambda: setattr(tenant, "after", lose)
    ending = await running.run()
    assert (set(ending.settled), ending.left) == (SETUP_ONLY, ())
    assert sorted(journal.done) == sorted(set(journal.intents))


async def test_a_run_that_was_interrupted_after_its_proof_still_takes_them_away() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    first = course(tenant, journal, wanted=with_domain())
    first.blueprint = draw_without_end(first.blueprint)
    await first.run()
    journal.settle()
    tenant.add_principal(CLIENT)
    ending = await course(tenant, journal, wanted=with_domain()).finish()
    assert set(ending.settled) == SETUP_ONLY
    assert_exact(tenant, journal)


def draw_without_end(blueprint: Blueprint) -> Blueprint:
    """The same, by an engine that forgets what was only for the set-up: as if it had died before."""
    from dataclasses import replace  # noqa: PLC0415

    return replace(blueprint, setup_only=())


async def test_without_any_of_them_nothing_more_is_asked() -> None:
    tenant = SmallTenant()
    ending = await course(tenant, SmallJournal()).run()
    assert (ending.settled, ending.left) == ((), ())
    assert [path for method, path in tenant.calls if method == "DELETE" and "appRoleAssignments" in path] == []


async def test_a_sign_in_application_that_stays_is_listed() -> None:
    tenant = SmallTenant()
    tenant.refusals["DELETE /servicePrincipals"] = [refusal(403, "Authorization_RequestDenied")] * 9
    ending = await course(tenant, SmallJournal()).run()
    (left,) = ending.left
    assert (ending.gone, left.kind) == ("no", LeftoverKind.SIGN_IN_APPLICATION)


@pytest.mark.parametrize("status", [403, 409, 429, 503])
async def test_a_sign_in_application_that_microsoft_did_not_remove_at_first_is_asked_away_again(status: int) -> None:
    tenant = SmallTenant()
    tenant.refusals["DELETE /servicePrincipals"] = [refusal(status, "serviceNotAvailable")]
    ending = await course(tenant, SmallJournal()).run()
    assert (ending.gone, ending.left, tenant.principal_of(CLIENT)) == ("yes", (), None)


async def test_one_that_a_copy_did_not_show_at_first_leaves_nevertheless() -> None:
    tenant = SmallTenant()
    tenant.refusals[f"GET .*{CLIENT}"] = [refusal(404, "Request_ResourceNotFound")]
    ending = await course(tenant, SmallJournal()).run()
    assert (ending.gone, ending.left, tenant.principal_of(CLIENT)) == ("yes", (), None)


async def test_pim_gives_the_roles_with_an_end_and_a_reason() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    ending = await course(tenant, journal, wanted=with_pim()).run()
    assert_exact(tenant, journal)
    ends = set(ending.seen.role_ends.values())
    assert len(ending.seen.role_ends) == 2
    assert all(at - datetime.now(UTC) > timedelta(days=179) for at in ends if at)
    assert ("POST", "/roleManagement/directory/roleAssignments") not in tenant.calls


async def test_a_role_that_ends_soon_is_extended_and_not_given_twice() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    await course(tenant, journal, wanted=with_pim()).run()
    soon = (datetime.now(UTC) + timedelta(days=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    tenant.roles[0]["endDateTime"] = soon
    journal.settle()
    tenant.calls.clear()
    ending = await course(tenant, journal, wanted=with_pim()).run()
    writes = [path for method, path in tenant.calls if method == "POST"]
    assert writes == ["/roleManagement/directory/roleAssignmentScheduleRequests"]
    assert min(at for at in ending.seen.role_ends.values() if at) - datetime.now(UTC) > timedelta(days=100)
    assert_exact(tenant, journal)


async def test_an_hour_after_it_was_given_nothing_is_extended() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    await course(tenant, journal, wanted=with_pim(days=1)).run()
    journal.settle()
    tenant.calls.clear()
    await course(tenant, journal, wanted=with_pim(days=1)).run()
    assert {method for method, _ in tenant.calls} == {"GET"}


def test_a_plan_without_pim_keeps_its_fingerprint_and_one_with_it_has_another() -> None:
    plain = pinning.pin(profile="teams-voice", version=2)
    assert "role_days" not in plain
    timed = pinning.pin(profile="teams-voice", version=2, role_days=90)
    assert pinning.read(timed).role_days == 90
    assert pinning.fingerprint(timed) != pinning.fingerprint(plain)


@pytest.mark.parametrize("days", [-1, 366])
def test_an_end_that_pim_does_not_know_is_refused(days: int) -> None:
    with pytest.raises(PlanUnknown):
        pinning.pin(profile="teams-voice", version=2, role_days=days)
