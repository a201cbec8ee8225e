"""All features of a profile against the emulator: ownership, one administrative unit, more permissions."""

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from gangway.foundation.ids import AppId
from gangway.foundation.sealed import SealedText
from gangway.microsoft.errors import Refused
from gangway.microsoft.graph.calls import Call
from gangway.microsoft.graph.session import GraphSession
from gangway.microsoft.wire import Answer
from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.blueprint import Blueprint, draw
from gangway.provisioning.engine.course import ServiceMissing
from gangway.provisioning.queries import scopes_for
from tests.contract.tenant import MAKES_UNITS, REGISTRATION, TEAMS, Tenant, blueprint
from tests.contract.test_openapi import Recorder, routes
from tests.emulator.conftest import grace, sign_in_app
from tests.emulator.graph_contract import Exchange, check
from tests.unit.small_journal import SmallJournal

FEATURES = ["administrative-unit", "self-rotation", "teams-reading"]
TEAMS_ADMINISTRATOR = "69091246-20e8-4a56-aa4d-066075b2a7a8"
DIRECTORY_READERS = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"


def plan(unit: str) -> dict[str, Any]:
    return pinning.pin(profile="teams-voice", version=2, features=FEATURES, role_choice="teams", unit=unit)


def wanted(unit: str) -> Blueprint:
    return draw(
        plan(unit), registration=REGISTRATION, display_name="voice1", notes="", sign_in_client=AppId(sign_in_app)
    )


@pytest.fixture
def token(tenant: Tenant) -> SealedText:
    """What a Global Administrator's sign-in for such a plan gives; and the right to make the unit beforehand."""
    return tenant.token(grace, *scopes_for(plan("Berlin")), MAKES_UNITS)


async def unit(tenant: Tenant, token: SealedText) -> str:
    def read(answer: Answer) -> str:
        return str(answer.body["id"])

    graph = GraphSession(await tenant.transport(), tenant.cloud, token, tenant.id)
    return await graph.call(Call("POST", "/directory/administrativeUnits", read, body={"displayName": "Berlin"}))


async def test_every_feature_is_made_as_microsoft_describes_it_and_a_second_run_changes_nothing(
    tenant: Tenant, token: SealedText
) -> None:
    unit_id, journal = await unit(tenant, token), SmallJournal()
    tenant.control("DELETE", "log")
    recorder = Recorder(await tenant.transport(), tenant.cloud.graph)
    course = await tenant.course(journal, token, transport=recorder)
    course.blueprint = replace(wanted("Berlin"), farewell=None)
    await course.run()

    state = tenant.state()
    objects = {row["id"]: row for row in state["objects"].values()}
    (application,) = [row for row in objects.values() if row["body"].get("uniqueName") == f"gangway-{REGISTRATION}"]
    (principal,) = [
        row
        for row in objects.values()
        if row["kind"] == "servicePrincipal" and row["body"]["appId"] == application["body"]["appId"]
    ]
    granted = {
        row["appRoleId"] for row in state["app_role_assignments"].values() if row["principalId"] == principal["id"]
    }
    assert granted == {entry.id for entry in course.blueprint.permissions}
    assert len(granted) == 6
    assert application["owners"] == [principal["id"]]
    assigned = {
        (row["roleDefinitionId"], row["directoryScopeId"])
        for row in state["role_assignments"].values()
        if row["principalId"] == principal["id"]
    }
    assert assigned == {(TEAMS_ADMINISTRATOR, f"/administrativeUnits/{unit_id}"), (DIRECTORY_READERS, "/")}
    described = routes(tenant)
    for method, url, sent, status, body in recorder.kept:
        parts = urlsplit(url)
        check(Exchange(f"{method} {described[method, parts.path]}", dict(parse_qsl(parts.query)), sent, status, body))

    journal.settle()
    tenant.control("DELETE", "log")
    again = await tenant.course(journal, token)
    again.blueprint = course.blueprint
    await again.run()
    graph = [row for row in tenant.log() if row["plane"] == "graph"]
    calls = [part["method"] for row in graph for part in (row["subrequests"] or [row])]
    assert set(calls) == {"GET"}


async def test_without_entra_id_p1_the_run_stops_and_says_what_microsoft_asks_for(
    tenant: Tenant, token: SealedText
) -> None:
    unit_id = await unit(tenant, token)
    tenant.fault(
        "no_premium",
        {"method": "POST", "path": "/v1.0/roleManagement/directory/roleAssignments"},
        {"status": 400, "code": "AadPremiumLicenseRequired", "message": "The tenant needs Microsoft Entra ID P1."},
    )
    course = await tenant.course(SmallJournal(), token)
    course.blueprint = wanted(unit_id)
    with pytest.raises(Refused, match="no licence") as told:
        await course.run()
    assert "P1" in told.value.cure


async def without_teams(tenant: Tenant, token: SealedText) -> GraphSession:
    """The tenant as one that never used Teams: the service that its voice settings belong to has no entry."""
    graph = GraphSession(await tenant.transport(), tenant.cloud, token, tenant.id)
    rows = tenant.state()["objects"].values()
    (teams,) = [
        row["body"]["id"] for row in rows if row["kind"] == "servicePrincipal" and row["body"]["appId"] == TEAMS
    ]
    await graph.call(Call("DELETE", f"/servicePrincipals/{teams}", lambda _answer: None))
    return graph


async def test_a_tenant_that_never_used_teams_gets_the_services_entry_and_is_proved_as_any_other(
    tenant: Tenant,
) -> None:
    token, journal = tenant.token(), SmallJournal()
    await without_teams(tenant, token)
    await (await tenant.course(journal, token)).run()
    assert journal.proofs
    assert f"resource:{TEAMS}" in journal.done
    present = [row["body"].get("appId") for row in tenant.state()["objects"].values()]
    assert TEAMS in present


async def test_where_that_service_cannot_be_made_known_the_run_says_why_and_leaves_nothing_unknown(
    tenant: Tenant,
) -> None:
    token, journal = tenant.token(), SmallJournal()
    await without_teams(tenant, token)
    match = {"method": "PATCH", "path": f"/v1.0/servicePrincipals(appId='{TEAMS}')", "times": 9}
    tenant.fault("no licence", match, {"status": 400, "code": "Request_BadRequest"})
    with pytest.raises(ServiceMissing, match="calling needs"):
        await (await tenant.course(journal, token)).run()
    tenant.control("DELETE", "faults")
    await (await tenant.course(journal, token)).run()
    assert tenant.judge(blueprint().unique_name, [str(held.key_id) for held in journal.credentials.values()]) == []
