"""The product's client against the emulator: device code, identity, signer, speed, lag, weak signers, names."""

import asyncio
from pathlib import Path
from uuid import UUID

import pytest

from gangway.foundation.ids import AppId
from gangway.foundation.sealed import SealedText
from gangway.microsoft import errors
from gangway.microsoft.cloud import Cloud
from gangway.microsoft.graph import applications
from gangway.microsoft.graph.session import GraphSession
from gangway.microsoft.signin import client_credentials, device_code, tokens
from gangway.microsoft.signin.grant import Granted
from gangway.microsoft.signin.own_credentials import Secret
from gangway.provisioning.engine import pinning
from gangway.provisioning.queries import SCOPES
from gangway.provisioning.signers import observe_signer
from tests.contract.tenant import REGISTRATION, Tenant
from tests.emulator.conftest import Emulator, avery, contoso, grace, morgan, riley, running, sign_in_app
from tests.unit.small_journal import SmallJournal

CLIENT = AppId(sign_in_app)


async def start(tenant: Tenant) -> device_code.Offer:
    return await device_code.start(await tenant.transport(), tenant.cloud, client_id=CLIENT, scopes=SCOPES)


async def poll(tenant: Tenant, offer: device_code.Offer) -> device_code.Poll:
    wire = await tenant.transport()
    return await device_code.poll_once(wire, tenant.cloud, client_id=CLIENT, device_code=offer.device_code, interval=5)


async def test_a_device_code_is_pending_then_granted_and_says_who(tenant: Tenant) -> None:
    offer = await start(tenant)
    assert isinstance(await poll(tenant, offer), device_code.Pending)
    flow = {"verification_uri": offer.verification_uri, "user_code": offer.user_code.reveal()}
    await asyncio.to_thread(tenant.emulator.grant, flow, grace)
    assert await poll(tenant, offer) == device_code.Pending(5 + device_code.SLOWER_BY)
    tenant.emulator.advance(20)
    granted = await poll(tenant, offer)
    assert isinstance(granted, Granted)
    wire = await tenant.transport()
    identity = await tokens.check_id_token(wire, tenant.cloud, granted.id_token, client_id=CLIENT)
    assert (identity.tenant_id, identity.username, identity.is_guest) == (contoso, grace[0], False)


async def test_a_code_past_its_time_is_expired(tenant: Tenant) -> None:
    offer = await start(tenant)
    tenant.emulator.advance(901)
    assert isinstance(await poll(tenant, offer), device_code.Expired)


async def test_an_unknown_client_is_told(tenant: Tenant) -> None:
    wire = await tenant.transport()
    with pytest.raises(errors.ApplicationUnknown):
        await device_code.start(wire, tenant.cloud, client_id=AppId(contoso), scopes=["openid"])


async def test_an_unknown_authority_is_not_trusted(tenant: Tenant) -> None:
    from gangway.microsoft.transport import shared  # noqa: PLC0415 - a wire of its own, without the emulator's CA

    bare = Cloud(tenant.cloud.login, tenant.cloud.graph)
    with pytest.raises(errors.NotHeard):
        await device_code.start(await shared(None), bare, client_id=CLIENT, scopes=["openid"])


@pytest.mark.parametrize(
    ("who", "can"),
    [
        (grace, {"registration": "can", "consent": "can", "roles": "can"}),
        (avery, {"registration": "can", "consent": "needs_other", "roles": "needs_other"}),
        (riley, {"registration": "needs_other", "consent": "can", "roles": "can"}),
    ],
)
async def test_the_pre_flight_says_what_a_person_may_do(
    tenant: Tenant, who: tuple[str, str], can: dict[str, str]
) -> None:
    await asyncio.to_thread(tenant.token, grace)
    token = await asyncio.to_thread(tenant.token, who)
    facts = await observe_signer(
        token=token,
        tenant_id=tenant.id,
        cloud=tenant.cloud,
        plan=pinning.pin(profile="teams-voice", version=2),
        registration_id=UUID(REGISTRATION),
        client_id=CLIENT,
    )
    assert (facts.upn, facts.tenant_name, facts.can) == (who[0], "Contoso", can)
    assert facts.publisher == ""
    assert "contoso.com" in facts.domains
    assert bool(facts.cannot_summary) == (who != grace)


async def test_a_run_takes_at_most_seven_round_trips_and_little_more_than_their_time(tmp_path: Path) -> None:
    with running(tmp_path, "--latency-ms", "60") as emulator:
        slow = Tenant(emulator)
        token = await asyncio.to_thread(slow.token)
        slow.control("DELETE", "log")
        await (await slow.course(SmallJournal(), token)).run()
        summary = slow.control("GET", "log/summary?plane=graph&plane=login")
        slow.close()
    assert summary["sequential_round_trips"] <= 7
    assert summary["requests"] == 9


LAGS = {
    "application": {"lag_reads": 2},
    "servicePrincipal": {"lag_reads": 2},
    "appRoleAssignment": {"lag_reads": 2},
    "roleAssignment": {"lag_reads": 2},
    "passwordCredential": {"lag_reads": 2},
}


@pytest.mark.parametrize("kind", LAGS)
async def test_copies_that_lag_are_waited_for(tenant: Tenant, kind: str) -> None:
    journal, token = SmallJournal(), await tenant.start_over()
    tenant.fault("lag", {"kind": kind}, LAGS[kind])
    await (await tenant.course(journal, token)).run()
    assert tenant.orphans(journal) == []


@pytest.mark.parametrize(
    ("kind", "effect"),
    [
        ("passwordCredential", {"usable_after_seconds": 5}),
        ("appRoleAssignment", {"tokens_after_seconds": 5}),
        ("roleAssignment", {"tokens_after_seconds": 5}),
    ],
)
async def test_a_secret_or_right_that_tokens_do_not_know_yet_is_waited_for(
    tenant: Tenant, kind: str, effect: dict[str, int]
) -> None:
    journal, token = SmallJournal(), await tenant.start_over()
    tenant.fault("lag", {"kind": kind}, effect)
    course = asyncio.create_task((await tenant.course(journal, token)).run())
    await asyncio.sleep(0.3)
    assert not course.done()
    tenant.control("POST", "clock", json={"advance": 6})
    await course
    assert tenant.orphans(journal) == []


async def test_an_application_administrator_leaves_the_rest_to_a_privileged_one(tenant: Tenant) -> None:
    await asyncio.to_thread(tenant.token, grace)
    journal, weak = SmallJournal(), await asyncio.to_thread(tenant.token, avery)
    first = await (await tenant.course(journal, weak)).run()
    assert [step.kind for step in first.withheld] == ["grant_permission"] * 4 + ["assign_role"] * 2
    assert tenant.has_sign_in_application()
    journal.settle()
    strong = await asyncio.to_thread(tenant.token, grace)
    second = await (await tenant.course(journal, strong)).run()
    assert (second.withheld, second.gone) == ((), "yes")
    assert tenant.orphans(journal) == []


async def test_every_ascii_special_goes_through_create_and_find(tenant: Tenant) -> None:
    wire, token = await tenant.transport(), await tenant.start_over()
    graph = GraphSession(wire, tenant.cloud, token, tenant.id)
    for sign in "!#$%&'()+,-;=@[]^_`{}~":
        name = f"a{sign}b{sign}"
        unique = f"gangway-test-{ord(sign)}"
        made = await graph.call(
            applications.create_if_missing(
                unique_name=unique, display_name=name, required=[], notes=name, tags=["gangway"]
            )
        )
        found = await graph.call(applications.by_unique_name(unique))
        assert made
        assert (found.object_id, found.display_name) == (made.object_id, name)


async def test_a_made_secret_works_once_sealed_and_a_wrong_one_is_told(tenant: Tenant) -> None:
    journal, token = SmallJournal(), await tenant.start_over()
    ending = await (await tenant.course(journal, token)).run()
    assert ending.seen.application
    with pytest.raises(errors.CredentialNotAccepted):
        await client_credentials.fetch(
            await tenant.transport(),
            tenant.cloud,
            tenant=tenant.id,
            app_id=ending.seen.application.app_id,
            credential=Secret(SealedText("wrong")),
            scope=tenant.cloud.graph_scope,
        )


def test_a_member_cannot_consent_so_no_run_begins(emulator_process: Emulator) -> None:
    """The seeded member meets Microsoft's own refusal long before us."""
    flow = emulator_process.device_code(" ".join(SCOPES))
    page = emulator_process.sign_in(flow, morgan)
    assert page is not None
    assert emulator_process.poll(flow).json()["error"] == "authorization_pending"
