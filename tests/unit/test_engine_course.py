"""The course of the engine against a tenant in memory: clean, interrupted anywhere, lagging, refused, too weak."""

from collections.abc import Callable
from typing import Any

import pytest

from gangway.microsoft import errors
from gangway.microsoft.directory_roles import APPLICATION, PRIVILEGED_ROLE
from gangway.microsoft.patience import OutOfPatience
from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.blueprint import draw
from gangway.provisioning.engine.course import Ending, PermissionNotOffered
from tests.unit.small_course import NAME, assert_exact, blueprint, course
from tests.unit.small_journal import CannotSeal, SmallJournal
from tests.unit.small_tenant import CLIENT, TEAMS, Killed, SmallTenant, refusal


async def test_a_first_run_makes_and_proves_in_seven_round_trips() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    ending = await course(tenant, journal).run()
    assert_exact(tenant, journal)
    assert (ending.withheld, ending.gone) == ((), "yes")
    assert tenant.principal_of(CLIENT) is None
    assert tenant.principal_of(TEAMS)
    concurrent = 2
    assert tenant.trips - concurrent == 7


async def test_intents_come_before_every_write() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    await course(tenant, journal).run()
    assert journal.intents == journal.done
    assert journal.intents[0] == "application"
    assert journal.intents[-1] == "farewell"


async def test_every_right_says_how_it_was_proved() -> None:
    ending = await course(SmallTenant(), SmallJournal()).run()
    assert set(ending.proofs.rights.values()) == {"read_back"}
    assert len(ending.proofs.rights) == 6


async def test_a_second_run_changes_nothing() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    await course(tenant, journal).run()
    journal.settle()
    tenant.calls.clear()
    await course(tenant, journal).run()
    assert_exact(tenant, journal)
    assert {method for method, _ in tenant.calls} == {"GET"}


POINTS = 24
"""How many calls a clean run makes, parts of batches counted one by one."""


async def test_every_call_of_a_clean_run_is_a_point_to_be_killed_at() -> None:
    tenant = SmallTenant()
    await course(tenant, SmallJournal()).run()
    assert len(tenant.calls) == POINTS


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", range(POINTS))
async def test_killed_at_any_call_the_next_run_leaves_no_orphan(moment: str, number: int) -> None:
    tenant, journal = SmallTenant(), SmallJournal()

    def kill(at: int, _method: str, _path: str) -> None:
        if at == number:
            raise Killed

    setattr(tenant, moment, kill)
    with pytest.raises(Killed):
        await course(tenant, journal).run()
    setattr(tenant, moment, lambda *_: None)
    if tenant.principal_of(CLIENT) is None:
        tenant.add_principal(CLIENT)
    journal.settle()
    await course(tenant, journal).run()
    assert_exact(tenant, journal)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", range(POINTS))
async def test_a_cut_connection_is_looked_into_and_gone_on_from(moment: str, number: int) -> None:
    tenant, journal = SmallTenant(), SmallJournal()

    def cut(at: int, _method: str, _path: str) -> None:
        if at == number:
            raise errors.NotHeard

    setattr(tenant, moment, cut)
    ending = await course(tenant, journal).run()
    assert_exact(tenant, journal)
    assert ending.withheld == ()


BUSY: list[Callable[[], Any]] = [
    lambda: refusal(429),
    lambda: refusal(503),
    lambda: refusal(409, "Directory_ConcurrencyViolation"),
    lambda: refusal(404, "Request_ResourceNotFound"),
    lambda: refusal(400, "NoBackingApplicationObject"),
]


@pytest.mark.parametrize("path", ["addPassword", "POST .*appRoleAssignments", "POST .*roleAssignments", "PATCH"])
@pytest.mark.parametrize("answer", BUSY)
async def test_a_passing_refusal_is_waited_out(path: str, answer: Callable[[], Any]) -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    tenant.refusals[path] = [answer(), answer()]
    await course(tenant, journal).run()
    assert_exact(tenant, journal)
    assert journal.told


@pytest.mark.parametrize("path", ["addPassword", "POST .*appRoleAssignments", "POST .*roleAssignments"])
async def test_a_misleading_403_shortly_after_our_own_create_is_waited_out(path: str) -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    tenant.refusals[path] = [refusal(403, "Authorization_RequestDenied") for _ in range(3)]
    ending = await course(tenant, journal).run()
    assert_exact(tenant, journal)
    assert ending.withheld == ()


async def test_a_misleading_403_in_an_upgrade_does_not_call_for_somebody_with_the_rights_that_its_signer_has() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    await course(tenant, journal, wanted=blueprint(1)).run()
    tenant.refusals["POST .*appRoleAssignments"] = [refusal(403, "Authorization_RequestDenied") for _ in range(4)]
    ending = await course(tenant, journal).run()
    assert_exact(tenant, journal)
    assert ending.withheld == ()


async def test_a_lasting_403_on_consent_waits_for_somebody_else() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    tenant.refusals["POST .*appRoleAssignments"] = [refusal(403) for _ in range(999)]
    ending = await course(tenant, journal).run()
    assert {step.key for step in ending.withheld} >= {"grant:Organization.Read.All"}
    assert tenant.principal_of(CLIENT)
    assert journal.proofs is None


async def test_a_403_on_the_first_write_ends_the_run_at_once() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    tenant.refusals["PATCH /applications"] = [refusal(403)]
    with pytest.raises(errors.Forbidden):
        await course(tenant, journal).run()
    assert tenant.applications == {}


async def test_a_403_of_a_whole_batch_is_told_as_what_it_is() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    running = course(tenant, journal)
    whole = running.graph.batch

    async def batch(calls: Any, *, in_order: bool = False) -> Any:
        if len(calls) > 1 and any(call.method == "POST" for call in calls):
            raise errors.Forbidden
        return await whole(calls, in_order=in_order)

    running.graph.batch = batch  # type: ignore[method-assign]
    with pytest.raises(errors.Forbidden):
        await running.run()


async def test_an_application_administrator_does_what_they_may_and_somebody_else_finishes() -> None:
    tenant, journal = SmallTenant(signer_roles=[APPLICATION]), SmallJournal()
    first = await course(tenant, journal).run()
    assert len(first.withheld) == 6
    assert (tenant.grants, tenant.roles) == ([], [])
    assert len(next(iter(tenant.applications.values()))["passwordCredentials"]) == 1
    assert tenant.principal_of(CLIENT)
    assert "Registration and principal are there." in [look.words for look in journal.looks]
    journal.settle()
    tenant.signer_roles = [PRIVILEGED_ROLE, APPLICATION]
    second = await course(tenant, journal).run()
    assert second.withheld == ()
    assert "Registration, principal, permissions and roles are there." in [look.words for look in journal.looks]
    assert_exact(tenant, journal)


async def test_somebody_without_any_role_makes_nothing() -> None:
    tenant, journal = SmallTenant(signer_roles=[]), SmallJournal()
    ending = await course(tenant, journal).run()
    assert len(ending.withheld) == 10
    assert (tenant.applications, journal.intents) == ({}, [])


async def test_a_secret_that_cannot_be_stored_is_taken_away_again() -> None:
    tenant, journal = SmallTenant(), SmallJournal(seals=False)
    with pytest.raises(CannotSeal):
        await course(tenant, journal).run()
    (application,) = tenant.applications.values()
    assert application["passwordCredentials"] == []


async def test_a_secret_that_somebody_took_away_is_made_again() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    await course(tenant, journal).run()
    journal.settle()
    next(iter(tenant.applications.values()))["passwordCredentials"].clear()
    await course(tenant, journal).run()
    assert_exact(tenant, journal)


async def test_a_secret_of_somebody_else_is_never_touched() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    theirs = {"keyId": "theirs", "displayName": "voice1", "secretText": "x", "endDateTime": None}
    tenant.add_application(NAME, passwordCredentials=[theirs])
    await course(tenant, journal).run()
    (application,) = tenant.applications.values()
    assert theirs in application["passwordCredentials"]
    assert len(application["passwordCredentials"]) == 2


async def test_what_others_listed_stays_and_version_1_is_upgraded() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    await course(tenant, journal, wanted=blueprint(1)).run()
    (application,) = tenant.applications.values()
    application["requiredResourceAccess"].append(
        {"resourceAppId": "other", "resourceAccess": [{"id": "x", "type": "Scope"}]}
    )
    journal.settle()
    await course(tenant, journal).run()
    assert_exact(tenant, journal, version=2)
    assert "other" in [row["resourceAppId"] for row in application["requiredResourceAccess"]]


async def test_a_fresh_secret_that_is_refused_for_a_while_is_no_verdict() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    own = tenant.own()
    own.lag = 4
    await course(tenant, journal, own=own).run()
    assert_exact(tenant, journal)


async def test_a_token_that_lacks_its_claims_for_good_ends_without_proof() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    running = course(tenant, journal)
    tenant.after = lambda _number, method, path: tenant.roles.clear() if path.endswith("roleAssignments") else None
    with pytest.raises(OutOfPatience):
        await running.run()
    assert journal.proofs is None


async def test_a_name_that_microsoft_refuses_ends_the_run_and_another_name_goes_on() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    tenant.refusals["PATCH /applications"] = [
        refusal(400, "Request_BadRequest", "Invalid value for property 'displayName'")
    ]
    with pytest.raises(errors.NameRefused):
        await course(tenant, journal).run()
    await course(tenant, journal, wanted=blueprint(name="better")).run()
    assert_exact(tenant, journal)
    assert next(iter(tenant.applications.values()))["displayName"] == "better"


async def test_authority_that_ends_midway_ends_the_run_with_its_progress_kept() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    tenant.refusals["POST .*appRoleAssignments"] = [refusal(401, "InvalidAuthenticationToken")]
    with pytest.raises(errors.AuthorityEnded):
        await course(tenant, journal).run()
    journal.settle()
    await course(tenant, journal).run()
    assert_exact(tenant, journal)


async def test_a_cloud_without_one_of_the_permissions_is_said_before_any_write() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    graph = next(iter(tenant.principals.values()))
    graph["appRoles"] = graph["appRoles"][1:]
    with pytest.raises(PermissionNotOffered):
        await course(tenant, journal).run()
    assert journal.intents == []


async def test_a_proof_that_is_only_throttled_is_never_called_copying() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    own = tenant.own()

    async def throttled(**_asked: object) -> Any:
        raise errors.Throttled(wait=100)

    own.token = throttled  # type: ignore[method-assign]
    with pytest.raises(errors.Throttled):
        await course(tenant, journal, own=own).run()
    assert journal.proofs is None


async def test_a_run_interrupted_after_its_proof_only_says_goodbye() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    await course(tenant, journal).run()
    tenant.add_principal(CLIENT)
    assert (await course(tenant, journal).finish()).gone == "yes"
    assert (await course(tenant, journal).finish()).gone == "yes"


async def test_the_sign_in_application_stays_when_the_plan_keeps_it() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    plan = pinning.pin(profile="teams-voice", version=2, keep_sign_in_application=True)
    wanted = draw(plan, registration="r1", display_name="voice1", notes="n", sign_in_client=CLIENT)
    ending: Ending = await course(tenant, journal, wanted=wanted).run()
    assert ending.gone == "no"
    assert tenant.principal_of(CLIENT)
