"""Features, wider rights, surplus and services that a tenant lacks: what the engine makes of them, from any state."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gangway.microsoft.cloud import GRAPH_APP_ID
from gangway.provisioning.engine import pinning, unit
from gangway.provisioning.engine.blueprint import Blueprint, draw
from gangway.provisioning.engine.course import PermissionNotOffered, ServiceMissing
from gangway.provisioning.engine.surplus import Surplus
from gangway.provisioning.engine.wider import not_satisfied, satisfying, table
from tests.unit.small_course import NAME, course
from tests.unit.small_journal import SmallJournal
from tests.unit.small_tenant import CLIENT, OFFERED, TEAMS, Hook, Killed, SmallTenant, refusal

CALLS = Path(__file__).parents[2] / "emulator/src/m365_emulator/graph/data/endpoint-permissions.json"
UNIT = "0a0a0a0a-1111-4111-8111-00000000000a"
UNIT_SCOPE = f"/administrativeUnits/{UNIT}"
TEAMS_ADMINISTRATOR = "69091246-20e8-4a56-aa4d-066075b2a7a8"
DIRECTORY_READERS = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"
IDS = {value: role_id for role_id, value in OFFERED.items()}
OPTIONAL = ["administrative-unit", "automatic-domain", "self-rotation", "teams-reading"]


def wanting(*features: str, unit: str = "", set_up: bool = False, profile: str = "teams-voice") -> Blueprint:
    roles = "teams" if "administrative-unit" in features else None
    version = 1 if profile == "qoe" else 2
    plan = pinning.pin(profile=profile, version=version, features=features, unit=unit, role_choice=roles)
    return draw(plan, registration="r1", display_name="voice1", notes="", sign_in_client=CLIENT, set_up=set_up)


def mine(tenant: SmallTenant) -> tuple[dict[str, Any], dict[str, Any]]:
    """Our application and its principal."""
    (application,) = [row for row in tenant.applications.values() if row["uniqueName"] == NAME]
    principal = tenant.principal_of(application["appId"])
    assert principal
    return application, principal


def values(tenant: SmallTenant) -> set[str]:
    return {OFFERED[row["appRoleId"]] for row in tenant.grants if row["principalId"] == mine(tenant)[1]["id"]}


def roles(tenant: SmallTenant) -> set[tuple[str, str]]:
    principal = mine(tenant)[1]["id"]
    rows = [row for row in tenant.roles if row["principalId"] == principal]
    return {(row["roleDefinitionId"], row["directoryScopeId"]) for row in rows}


def with_registration(tenant: SmallTenant, held: set[str], assigned: set[tuple[str, str]] = frozenset()) -> None:  # type: ignore[assignment]
    """A registration of ours that is there already, with rights that somebody gave it."""
    row = tenant.add_application(NAME)
    principal, graph = tenant.add_principal(row["appId"]), tenant.principal_of(GRAPH_APP_ID)
    assert graph
    for value in held:
        grant = {"principalId": principal["id"], "resourceId": graph["id"], "appRoleId": IDS[value]}
        tenant.grants.append({"id": f"g {value}", **grant})
    for role, scope in assigned:
        assignment = {"principalId": principal["id"], "roleDefinitionId": role, "directoryScopeId": scope}
        tenant.roles.append({"id": f"r {role} {scope}", **assignment})


def test_the_table_of_wider_permissions_is_what_microsoft_publishes() -> None:
    operations = json.loads(CALLS.read_text("utf-8"))["operations"]
    for row in table().rows:
        for call in row.calls:
            admitted = operations[call]["application"]
            assert {row.narrow, *row.wider} <= {*admitted["least"], *admitted["alsoAllowed"]}, (row.narrow, call)


def test_a_wider_permission_satisfies_a_narrower_one_and_never_the_other_way_round() -> None:
    assert satisfying("GroupMember.Read.All", {"Group.Read.All"}) == "Group.Read.All"
    assert satisfying("Group.Read.All", {"GroupMember.Read.All"}) == ""
    assert not_satisfied({"User.Read.All", "CallRecords.Read.All"}, {"Directory.Read.All"}) == {"CallRecords.Read.All"}


async def test_nothing_narrower_is_added_where_something_wider_is_held_and_it_is_shown() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    with_registration(tenant, {"Group.Read.All", "Directory.ReadWrite.All"})
    await course(tenant, journal, wanted=wanting()).run()
    assert values(tenant) == {"Group.Read.All", "Directory.ReadWrite.All"}
    assert journal.proofs
    beyond = journal.proofs.beyond
    assert beyond
    assert beyond.instead["GroupMember.Read.All"] == "Group.Read.All"
    assert Surplus("permission", "Group.Read.All", IDS["Group.Read.All"], covers=("GroupMember.Read.All",)) in (
        beyond.surplus
    )
    assert mine(tenant)[0]["requiredResourceAccess"] == []


async def test_what_is_too_much_is_shown_and_stays() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    with_registration(tenant, {"CallRecords.Read.All"}, {("some-role", "/")})
    await course(tenant, journal, wanted=wanting()).run()
    assert "CallRecords.Read.All" in values(tenant)
    assert ("some-role", "/") in roles(tenant)
    assert journal.proofs
    assert journal.proofs.beyond
    assert [(row.kind, row.name) for row in journal.proofs.beyond.surplus] == [
        ("permission", "CallRecords.Read.All"),
        ("role", "Another directory role"),
    ]


async def test_a_permission_of_an_optional_feature_that_microsoft_does_not_offer_is_left_out_and_shown() -> None:
    offered = {role_id: value for role_id, value in OFFERED.items() if value != "TeamsUserConfiguration.Read.All"}
    tenant, journal = SmallTenant(offered=offered), SmallJournal()
    await course(tenant, journal, wanted=wanting("teams-reading", "self-rotation")).run()
    assert "TeamsUserConfiguration.Read.All" not in values(tenant)
    assert "Application.ReadWrite.OwnedBy" in values(tenant)
    assert journal.proofs
    assert journal.proofs.beyond
    assert journal.proofs.beyond.skipped == ("TeamsUserConfiguration.Read.All",)
    listed = {entry["id"] for row in mine(tenant)[0]["requiredResourceAccess"] for entry in row["resourceAccess"]}
    assert listed.isdisjoint({IDS["TeamsUserConfiguration.Read.All"]})


async def test_one_that_nothing_works_without_is_told_before_anything_is_made() -> None:
    tenant = SmallTenant(offered={key: value for key, value in OFFERED.items() if value != "User.Read.All"})
    with pytest.raises(PermissionNotOffered) as told:
        await course(tenant, SmallJournal(), wanted=wanting()).run()
    assert told.value.details == {"permissions": "User.Read.All"}
    assert tenant.applications == {}


async def test_a_service_that_cannot_be_made_known_in_the_tenant_is_told_with_the_cure() -> None:
    tenant = SmallTenant()
    tenant.refusals[rf"PATCH /servicePrincipals\(appId='{TEAMS}'\)"] = [refusal(400, "NoBackingApplicationObject")] * 9
    with pytest.raises(ServiceMissing, match="calling needs") as told:
        await course(tenant, SmallJournal(), wanted=wanting()).run()
    assert "licence" in told.value.cure


async def test_a_service_that_only_optional_features_want_is_left_out_with_their_permissions() -> None:
    wanted, other = wanting("teams-reading"), "0a0a0a0a-2222-4222-8222-00000000000b"
    elsewhere = {"TeamsUserConfiguration.Read.All": {"resource": other}}
    permissions = tuple(row.model_copy(update=elsewhere.get(row.value, {})) for row in wanted.permissions)
    tenant, journal = SmallTenant(), SmallJournal()
    tenant.refusals[rf"PATCH /servicePrincipals\(appId='{other}'\)"] = [refusal(400, "NoBackingApplicationObject")] * 9
    await course(tenant, journal, wanted=replace(wanted, permissions=permissions)).run()
    assert journal.proofs
    assert journal.proofs.beyond
    assert journal.proofs.beyond.skipped == ("TeamsUserConfiguration.Read.All",)


@pytest.mark.parametrize(("held", "told"), [("User.Read.All", "left out"), ("TeamsUserConfiguration.Read.All", "told")])
async def test_a_permission_that_is_refused_is_left_out_if_optional_else_told(held: str, told: str) -> None:
    wanted, journal, tenant = wanting("teams-reading"), SmallJournal(), SmallTenant()
    rest = {"Organization.Read.All", "GroupMember.Read.All", "RoleManagement.Read.Directory"}
    with_registration(tenant, {held, *rest})
    refused = [refusal(400, "Request_BadRequest")] * 9
    tenant.refusals[r"POST /servicePrincipals/[^/]+/appRoleAssignments"] = refused
    if told == "told":
        with pytest.raises(PermissionNotOffered) as error:
            await course(tenant, journal, wanted=wanted).run()
        assert error.value.details == {"permissions": "User.Read.All"}
    else:
        await course(tenant, journal, wanted=wanted).run()
        assert journal.proofs
        assert journal.proofs.beyond
        assert journal.proofs.beyond.skipped == ("TeamsUserConfiguration.Read.All",)


async def test_the_registration_owns_itself_only_with_self_rotation() -> None:
    for features, owned in ((["self-rotation"], True), ([], False)):
        tenant = SmallTenant()
        await course(tenant, SmallJournal(), wanted=wanting(*features)).run()
        application, principal = mine(tenant)
        assert tenant.owners.get(application["id"], []) == ([principal["id"]] if owned else [])


@pytest.mark.parametrize("named", [UNIT, "Berlin"])
async def test_the_role_reaches_one_administrative_unit_and_the_reader_the_whole_tenant(named: str) -> None:
    tenant, journal = SmallTenant(units={UNIT: "Berlin"}), SmallJournal()
    await course(tenant, journal, wanted=wanting("administrative-unit", unit=named)).run()
    assert roles(tenant) == {(TEAMS_ADMINISTRATOR, UNIT_SCOPE), (DIRECTORY_READERS, "/")}
    assert journal.proofs
    assert journal.proofs.rights[f"role:{TEAMS_ADMINISTRATOR}:unit"] == "read_back"


async def test_a_role_for_the_whole_tenant_reaches_its_units_and_is_shown_as_too_much() -> None:
    tenant, journal = SmallTenant(units={UNIT: "Berlin"}), SmallJournal()
    with_registration(tenant, set(), {(TEAMS_ADMINISTRATOR, "/")})
    await course(tenant, journal, wanted=wanting("administrative-unit", unit=UNIT)).run()
    assert roles(tenant) == {(TEAMS_ADMINISTRATOR, "/"), (DIRECTORY_READERS, "/")}
    assert journal.proofs
    assert journal.proofs.beyond
    (row,) = journal.proofs.beyond.surplus
    assert (row.name, row.scope, row.covers) == ("Teams Administrator", "/", ("Teams Administrator",))


@pytest.mark.parametrize(
    ("units", "named", "error"),
    [
        ({}, "Berlin", unit.UnitUnknown),
        ({}, UNIT, unit.UnitUnknown),
        ({UNIT: "Berlin", "other": "Berlin"}, "Berlin", unit.UnitAmbiguous),
    ],
)
async def test_a_unit_that_is_not_there_stops_before_anything_is_made(
    units: dict[str, str], named: str, error: type[Exception]
) -> None:
    tenant = SmallTenant(units=units)
    with pytest.raises(error):
        await course(tenant, SmallJournal(), wanted=wanting("administrative-unit", unit=named)).run()
    assert {method for method, _ in tenant.calls} == {"GET"}


async def test_who_may_not_read_units_can_name_one_by_its_id_only() -> None:
    for named, error in ((UNIT, None), ("Berlin", unit.UnitUnreadable)):
        tenant = SmallTenant(units={UNIT: "Berlin"})
        tenant.refusals["GET /directory/administrativeUnits"] = [refusal(403, "Authorization_RequestDenied")] * 99
        running = course(tenant, SmallJournal(), wanted=wanting("administrative-unit", unit=named)).run()
        if error:
            with pytest.raises(error):
                await running
        else:
            await running
            assert (TEAMS_ADMINISTRATOR, UNIT_SCOPE) in roles(tenant)


async def test_call_quality_gets_its_own_registration_without_roles_and_without_teams() -> None:
    tenant = SmallTenant()
    await course(tenant, SmallJournal(), wanted=wanting(profile="qoe")).run()
    assert values(tenant) == {"CallRecords.Read.All", "User.Read.All"}
    assert roles(tenant) == set()
    assert tenant.principal_of(TEAMS) is None


async def test_what_was_for_the_set_up_stands_in_for_nothing_that_stays() -> None:
    tenant, asked = SmallTenant(), []
    tenant.after = lambda _number, method, path: asked.append((method, path.rpartition("/")[2]))
    await course(tenant, SmallJournal(), wanted=wanting("automatic-domain")).run()
    assert asked.count(("POST", "appRoleAssignments")) == 6
    assert values(tenant) == {"User.Read.All", "Organization.Read.All", "GroupMember.Read.All"} | {
        "RoleManagement.Read.Directory"
    }


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a slow machine is no finding
@given(
    features=st.sets(st.sampled_from(OPTIONAL)),
    set_up=st.booleans(),
    there=st.booleans(),
    held=st.sets(st.sampled_from(sorted(IDS))),
    assigned=st.sets(
        st.tuples(
            st.sampled_from([TEAMS_ADMINISTRATOR, DIRECTORY_READERS, "x"]), st.sampled_from(["/", UNIT_SCOPE, "/o"])
        )
    ),
    owned=st.sets(st.sampled_from(["person", "itself"])),
    not_offered=st.sets(st.sampled_from(["TeamsUserConfiguration.Read.All", "Application.ReadWrite.OwnedBy"])),
)
async def test_from_any_state_every_feature_is_reached_and_what_others_gave_stays(
    *,
    features: set[str],
    set_up: bool,
    there: bool,
    held: set[str],
    assigned: set[tuple[str, str]],
    owned: set[str],
    not_offered: set[str],
) -> None:
    held = held - not_offered
    tenant = SmallTenant(
        units={UNIT: "Berlin"}, offered={key: value for key, value in OFFERED.items() if value not in not_offered}
    )
    journal, wanted = SmallJournal(), wanting(*features, unit=UNIT, set_up=set_up)
    foreign = _somebody_elses(tenant)
    if there:
        with_registration(tenant, held, assigned)
        application, principal = mine(tenant)
        tenant.owners[application["id"]] = [principal["id"] if owner == "itself" else owner for owner in owned]
    before = _rights(tenant) if there else (set(), set(), [])
    await course(tenant, journal, wanted=wanted).run()

    application, principal = mine(tenant)
    passing = {entry.value for entry in wanted.setup_only}
    asked = {entry.value for entry in wanted.permissions} - not_offered - passing
    assert before[0] - passing <= values(tenant) <= (before[0] | asked) - passing
    assert not not_satisfied(asked, values(tenant))
    assert not any(satisfying(value, before[0] - passing) for value in values(tenant) - before[0])
    reach = {(role.template_id, UNIT_SCOPE if wanted.is_limited(role) else "/") for role in wanted.roles}
    assert before[1] <= roles(tenant) <= before[1] | reach
    assert all((role, scope) in roles(tenant) or (role, "/") in roles(tenant) for role, scope in reach)
    owners = tenant.owners.get(application["id"], [])
    assert owners[: len(before[2])] == before[2]
    assert set(owners) - set(before[2]) <= {principal["id"]}
    assert principal["id"] in owners or not wanted.owns_itself
    assert journal.proofs
    assert journal.proofs.beyond
    too_many = {row.name for row in journal.proofs.beyond.surplus if row.kind == "permission"}
    assert too_many - passing == values(tenant) - {entry.value for entry in wanted.permissions}

    tenant.calls.clear()
    journal.settle()
    await course(tenant, journal, wanted=wanting(*features, unit=UNIT, set_up=True)).run()
    assert {method for method, _ in tenant.calls} == {"GET"}
    assert foreign == _of(tenant, "theirs")


def _somebody_elses(tenant: SmallTenant) -> str:
    """An application with rights and an owner that is none of ours; gives all that is known of it."""
    row = tenant.add_application("theirs")
    principal = tenant.add_principal(row["appId"])
    tenant.owners[row["id"]] = ["person"]
    tenant.grants.append({"id": "t", "principalId": principal["id"], "resourceId": "x", "appRoleId": "y"})
    tenant.roles.append({"id": "t", "principalId": principal["id"], "roleDefinitionId": "z", "directoryScopeId": "/"})
    return _of(tenant, "theirs")


def _of(tenant: SmallTenant, unique_name: str) -> str:
    (row,) = [row for row in tenant.applications.values() if row["uniqueName"] == unique_name]
    principal = tenant.principal_of(row["appId"])
    assert principal
    rights = [right for right in (*tenant.grants, *tenant.roles) if right["principalId"] == principal["id"]]
    return repr((row, principal, tenant.owners[row["id"]], rights))


def _rights(tenant: SmallTenant) -> tuple[set[str], set[tuple[str, str]], list[str]]:
    return values(tenant), roles(tenant), list(tenant.owners.get(mine(tenant)[0]["id"], []))


async def test_killed_before_or_after_any_call_every_feature_is_reached_once() -> None:
    wanted = wanting(*OPTIONAL, unit="Berlin")
    clean = SmallTenant(units={UNIT: "Berlin"})
    await course(clean, SmallJournal(), wanted=wanted).run()
    for number in range(len(clean.calls)):
        for moment in ("before", "after"):
            tenant, journal = SmallTenant(units={UNIT: "Berlin"}), SmallJournal()
            setattr(tenant, moment, _kill_at(number))
            with pytest.raises(Killed):
                await course(tenant, journal, wanted=wanted).run()
            tenant.before = tenant.after = lambda _number, _method, _path: None
            journal.settle()
            await course(tenant, journal, wanted=wanted).run()
            application, principal = mine(tenant)
            kept = {entry.value for entry in wanted.permissions} - {entry.value for entry in wanted.setup_only}
            assert values(tenant) == kept, (number, moment)
            assert tenant.owners[application["id"]] == [principal["id"]]
            assert roles(tenant) == {(TEAMS_ADMINISTRATOR, UNIT_SCOPE), (DIRECTORY_READERS, "/")}
            assert len(application["passwordCredentials"]) == 1


def _kill_at(wanted: int) -> Hook:
    def kill(number: int, _method: str, _path: str) -> None:
        if number == wanted:
            raise Killed

    return kill
