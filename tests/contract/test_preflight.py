"""The pre-flight against the emulator: roles, eligible roles, policy, namesakes; one request, before any write."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from gangway.foundation import clock
from gangway.foundation.ids import TenantId
from gangway.foundation.sealed import SealedText
from gangway.microsoft.graph import applications
from gangway.microsoft.graph.calls import Call, nothing
from gangway.microsoft.graph.session import GraphSession
from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.preflight import Preflight
from gangway.provisioning.engine.sight import Standing, keys_of
from gangway.provisioning.queries import SCOPES
from gangway.provisioning.shapes import PARTNER, SignerFacts
from gangway.provisioning.signers import observe_signer
from tests.contract.tenant import REGISTRATION, Tenant, blueprint
from tests.emulator.conftest import avery, grace
from tests.unit.small_journal import SmallJournal

POLICY_READ = "Policy.Read.All"
POLICY_WRITE = "Policy.ReadWrite.ApplicationConfiguration"
northwind = TenantId("90271171-0000-4000-8000-000000000001")
adatum = TenantId("ade0ade0-0000-4000-8000-000000000001")
ada = ("ada.global@adatum.example", "Adatum-Ada-1")
pat = ("pat.provider@sandbox1.example", "Provider-Pat-1")
ellis = ("ellis.eligible@northwind.example", "Northwind-Ellis-1")


async def observe(tenant: Tenant, token: SealedText) -> SignerFacts:
    return await observe_signer(
        token=token,
        tenant_id=tenant.id,
        cloud=tenant.cloud,
        plan=pinning.pin(profile="teams-voice", version=2),
        registration_id=UUID(REGISTRATION),
    )


def results(found: Preflight) -> list[str]:
    return [step.result for step in found.steps]


async def graph(tenant: Tenant, token: SealedText) -> GraphSession:
    return GraphSession(await tenant.transport(), tenant.cloud, token, tenant.id)


@pytest.mark.parametrize(
    ("who", "wanted"),
    [(grace, ["can", "unknown", "can", "can"]), (avery, ["can", "unknown", "needs_other", "needs_other"])],
)
async def test_without_the_right_to_read_policies_the_secret_is_unknown(
    tenant: Tenant, who: tuple[str, str], wanted: list[str]
) -> None:
    await asyncio.to_thread(tenant.token, grace)
    token = await asyncio.to_thread(tenant.token, who)
    assert results((await observe(tenant, token)).preflight) == wanted


async def test_it_is_one_request_and_changes_nothing(tenant: Tenant) -> None:
    token = await tenant.start_over()
    before = tenant.state()
    facts = await observe(tenant, token)
    assert len(tenant.log()) == 1
    assert tenant.state() == before
    assert any("Teams Phone licences left" in note for note in facts.preflight.notes)


async def test_on_the_way_it_sees_what_of_ours_is_there_with_its_credentials(tenant: Tenant) -> None:
    token = await tenant.start_over()
    await (await tenant.course(SmallJournal(), token)).run()
    await tenant.sign_in_application()
    around = (await observe(tenant, token)).around
    assert around
    found = around.application(unique_name=blueprint().unique_name, app_id="")
    assert found
    assert [key.key_id for key in keys_of(found)] == tenant.secrets()
    principal = around.principal(found.app_id)
    assert principal
    assert principal.display_name == "voice1"
    assert around.standing(unique_name=f"gangway-{uuid4()}", app_id="") is Standing.GONE


async def test_an_eligible_role_is_named_with_the_way_to_activate_it(tenant: Tenant) -> None:
    other = replace(tenant, id=northwind)
    tenant.control("PATCH", f"tenants/{northwind}/policies", json={"conditionalAccess": []})
    token = await asyncio.to_thread(other.token, ellis)
    found = (await observe(other, token)).preflight
    assert results(found)[2:] == ["activate", "activate"]
    assert "Privileged Role Administrator" in found.steps[2].words
    assert "PIM" in found.steps[2].cure


async def restrict(tenant: Tenant, token: SealedText, **restriction: str) -> None:
    row = {"state": "enabled", **restriction}
    body: dict[str, Any] = {"isEnabled": True, "applicationRestrictions": {"passwordCredentials": [row]}}
    change: Call[None] = Call("PATCH", "/policies/defaultAppManagementPolicy", nothing, body=body)
    await (await graph(tenant, token)).call(change)


@pytest.mark.parametrize(
    ("restriction", "result", "words"),
    [
        ({"restrictionType": "passwordAddition"}, "can", "a certificate is made instead"),
        ({"restrictionType": "passwordLifetime", "maxLifetime": "P90D"}, "can", "made for 90 days"),
        ({"restrictionType": "passwordLifetime", "maxLifetime": "P730D"}, "can", ""),
    ],
)
async def test_a_policy_that_can_be_read_decides(
    tenant: Tenant, restriction: dict[str, str], result: str, words: str
) -> None:
    token = await asyncio.to_thread(tenant.token, grace, POLICY_READ, POLICY_WRITE)
    await restrict(tenant, token, **restriction)
    step = (await observe(tenant, token)).preflight.steps[1]
    assert (step.key, step.result) == ("credential", result)
    assert words in step.words


async def make(tenant: Tenant, token: SealedText, *, unique_name: str, display_name: str) -> GraphSession:
    session = await graph(tenant, token)
    await session.call(
        applications.create_if_missing(
            unique_name=unique_name, display_name=display_name, required=[], notes="", tags=["gangway"]
        )
    )
    return session


async def test_registrations_made_before_are_named_ours_and_the_deleted_ones(tenant: Tenant) -> None:
    token = await tenant.start_over()
    await make(tenant, token, unique_name="gangway-another", display_name="voice2")
    session = await make(tenant, token, unique_name="gangway-third", display_name="voice3")
    third = await session.call(applications.by_unique_name("gangway-third"))
    await session.call(applications.delete(third.object_id))
    found = (await observe(tenant, token)).preflight
    told = " ".join(found.tenant)
    assert "stay untouched: “voice2”" in told
    assert "kept by Microsoft for 30 days: “voice3”" in told
    assert "voice" not in " ".join(found.notes), "operators read these, and the others may be another provider's"


async def test_a_deleted_registration_under_our_very_name_makes_room_and_that_is_said(tenant: Tenant) -> None:
    token = await tenant.start_over()
    mine = blueprint().unique_name
    session = await make(tenant, token, unique_name=mine, display_name="voice1")
    notes = (await observe(tenant, token)).preflight.notes
    assert "go on with it" in notes[0]
    made = await session.call(applications.by_unique_name(mine))
    await session.call(applications.delete(made.object_id))
    step = (await observe(tenant, token)).preflight.steps[0]
    assert step.result == "can"
    assert "“voice1”" in step.words
    assert "for good" in step.words


async def test_a_partners_person_is_told_apart_who_has_no_account_in_the_tenant(tenant: Tenant) -> None:
    customer, scopes = replace(tenant, id=adatum), " ".join(SCOPES)
    flow = tenant.emulator.device_code(scopes, tenant=adatum)
    await asyncio.to_thread(tenant.emulator.grant, flow, ada)
    flow = tenant.emulator.device_code(scopes, tenant=adatum)
    await asyncio.to_thread(tenant.emulator.grant, flow, pat)
    token = SealedText(tenant.emulator.poll(flow, tenant=adatum).json()["access_token"])
    facts = await observe(customer, token)
    assert (facts.user_type, facts.upn, facts.tenant_id) == (PARTNER, "", adatum)


async def test_a_policy_for_later_applications_spares_the_registration_that_is_there(tenant: Tenant) -> None:
    token = await tenant.start_over()
    tenant.control("POST", "clock", json={"advance": -3600})
    await (await tenant.course(SmallJournal(), token)).run()
    tenant.control("POST", "clock", json={"advance": 3600})
    wide = await asyncio.to_thread(tenant.token, grace, POLICY_READ, POLICY_WRITE)
    since = (clock.now() - timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    kind = {"restrictionType": "passwordAddition", "restrictForAppsCreatedAfterDateTime": since}
    await restrict(tenant, wide, **kind)
    assert (await observe(tenant, wide)).preflight.steps[1].words == ""
    other = await observe_signer(
        token=wide,
        tenant_id=tenant.id,
        cloud=tenant.cloud,
        plan=pinning.pin(profile="teams-voice", version=2),
        registration_id=uuid4(),
    )
    assert "a certificate is made instead" in other.preflight.steps[1].words
