"""Profiles, pinned plans and the pure plan: by example and by property."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gangway.microsoft import directory_roles
from gangway.microsoft.cloud import GRAPH_APP_ID
from gangway.microsoft.graph.shapes import Application, ServicePrincipal
from gangway.provisioning.engine import rights
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.plan import make_plan, waves
from gangway.provisioning.engine.steps.credentials import Fresh
from tests.unit.small_course import NAME, assert_exact, blueprint, course
from tests.unit.small_journal import SmallJournal
from tests.unit.small_tenant import TEAMS, SmallTenant

FRESH = Fresh("c1", "voice1-abc", datetime(2027, 1, 1, tzinfo=UTC))


def test_an_empty_tenant_is_planned_in_three_waves() -> None:
    plan = make_plan(blueprint(), Observation(signer_roles=None), fresh=FRESH)
    kinds = [sorted({step.kind for step in wave}) for wave in plan.waves]
    assert kinds == [
        ["create_application", "create_resource"],
        ["add_password", "create_principal"],
        ["assign_role", "grant_permission"],
    ]


def test_steps_that_need_each_other_in_a_circle_are_a_mistake_of_ours() -> None:
    first, second = make_plan(blueprint(), Observation(), fresh=FRESH).steps[:2]
    object.__setattr__(first, "needs", frozenset({second.key}))
    object.__setattr__(second, "needs", frozenset({first.key}))
    with pytest.raises(ValueError, match="circle"):
        waves((first, second))


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ([directory_roles.GLOBAL], ""),
        ([directory_roles.PRIVILEGED_ROLE, directory_roles.APPLICATION], ""),
        (
            [directory_roles.APPLICATION],
            "can't consent to the permissions or give the registration its directory roles",
        ),
        ([directory_roles.PRIVILEGED_ROLE], "can't create the app registration"),
        ([], "a Global Administrator has to do that"),
    ],
)
def test_what_a_person_cannot_do_is_said_in_one_sentence(roles: list[str], words: str) -> None:
    assert words in rights.summary(roles)
    assert bool(words) == bool(rights.summary(roles))


def test_nobody_is_called_too_weak_when_their_roles_cannot_be_read() -> None:
    assert rights.summary(None) == ""
    assert {rights.verdict(part, None) for part in rights.Part} == {"unknown"}


some_rights = st.sets(st.sampled_from([(entry.resource, entry.id) for entry in blueprint().permissions] + [("x", "y")]))
some_roles = st.sets(st.sampled_from([(role.template_id, "/") for role in blueprint().roles] + [("z", "/")]))
applications = st.none() | st.builds(
    Application,
    object_id=st.just("o"),
    app_id=st.just("a"),
    display_name=st.sampled_from(["voice1", "old"]),
    unique_name=st.just(NAME),
    required=st.frozensets(st.sampled_from([*sorted(blueprint().required), ("r", "s", "Scope")])),
    passwords=st.just(()),
)
principals = st.none() | st.just(ServicePrincipal("s", "a", "x"))  # type: ignore[arg-type]
observations = st.builds(
    Observation,
    application=applications,
    principal=principals,
    resources=st.fixed_dictionaries({GRAPH_APP_ID: principals, TEAMS: principals}),
    grants=some_rights.map(frozenset),
    roles=st.none() | some_roles.map(frozenset),
    signer_roles=st.none() | st.frozensets(st.sampled_from([directory_roles.GLOBAL, directory_roles.APPLICATION, "x"])),
)


@given(observations)
def test_every_step_comes_after_what_it_needs_and_none_twice(seen: Observation) -> None:
    plan = make_plan(blueprint(), seen, fresh=FRESH)
    before: set[str] = set()
    for wave in plan.waves:
        assert all(step.needs <= before for step in wave)
        before |= {step.key for step in wave}
    keys = [step.key for step in (*plan.steps, *plan.withheld)]
    assert len(set(keys)) == len(keys)


@given(observations)
def test_nothing_that_is_there_is_planned_again(seen: Observation) -> None:
    plan = make_plan(blueprint(), seen, fresh=FRESH)
    keys = {step.key for step in plan.steps + plan.withheld}
    for permission in blueprint().permissions:
        assert (f"grant:{permission.value}" in keys) != ((permission.resource, permission.id) in seen.grants)
    assert ("principal" in keys) == (seen.principal is None)


@settings(deadline=None)  # a slow machine is no finding
@given(
    application=st.booleans(),
    principal=st.booleans(),
    teams=st.booleans(),
    granted=st.sets(st.integers(0, 3)),
    given_roles=st.sets(st.integers(0, 1)),
    theirs=st.integers(0, 3),
    listed=st.sets(st.integers(0, 3)),
)
async def test_from_any_state_of_the_tenant_the_blueprint_is_reached_and_nothing_else_touched(
    *,
    application: bool,
    principal: bool,
    teams: bool,
    granted: set[int],
    given_roles: set[int],
    theirs: int,
    listed: set[int],
) -> None:
    tenant, journal, wanted = SmallTenant(), SmallJournal(), blueprint()
    foreign = tenant.add_application("somebody-elses", passwordCredentials=[{"keyId": "k", "displayName": "voice1"}])
    foreign_principal = tenant.add_principal(foreign["appId"])
    tenant.grants.append({"id": "g", "principalId": foreign_principal["id"], "resourceId": "x", "appRoleId": "y"})
    if teams:
        tenant.add_principal(TEAMS)
    if application:
        access = [{"id": wanted.permissions[place].id, "type": "Role"} for place in listed]
        passwords = [{"keyId": f"t{number}", "displayName": "voice1", "secretText": "x"} for number in range(theirs)]
        mine = tenant.add_application(
            NAME,
            requiredResourceAccess=[{"resourceAppId": GRAPH_APP_ID, "resourceAccess": access}] if access else [],
            passwordCredentials=list(passwords),
        )
        if principal:
            _give(tenant, mine, granted, given_roles)
    before = {"application": repr(foreign), "grants": list(tenant.grants[:1])}
    await course(tenant, journal).run()

    tenant.calls.clear()
    journal.settle()
    await course(tenant, journal).run()
    assert {method for method, _ in tenant.calls} == {"GET"}
    assert before == {"application": repr(foreign), "grants": tenant.grants[:1]}
    tenant.applications.pop(foreign["id"])
    tenant.grants.pop(0)
    _forget_theirs(tenant, theirs)
    assert_exact(tenant, journal)


def _give(tenant: SmallTenant, mine: dict[str, Any], granted: set[int], given_roles: set[int]) -> None:
    row, graph = tenant.add_principal(mine["appId"]), tenant.principal_of(GRAPH_APP_ID)
    assert graph
    for place in granted:
        role_id = blueprint().permissions[place].id
        assignment = {"principalId": row["id"], "resourceId": graph["id"], "appRoleId": role_id}
        tenant.grants.append({"id": f"g{place}", **assignment})
    for place in given_roles:
        role = blueprint().roles[place].template_id
        assignment = {"principalId": row["id"], "roleDefinitionId": role, "directoryScopeId": "/"}
        tenant.roles.append({"id": f"r{place}", **assignment})


def _forget_theirs(tenant: SmallTenant, theirs: int) -> None:
    """Their secrets must still be there; take them out so that only ours is left to be judged."""
    (application,) = tenant.applications.values()
    mine = [row for row in application["passwordCredentials"] if not row["keyId"].startswith("t")]
    assert len(application["passwordCredentials"]) - len(mine) in {theirs, 0}
    application["passwordCredentials"] = mine
