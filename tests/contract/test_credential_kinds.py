"""Each kind of credential set up against the emulator: made, proved, interrupted anywhere, refused, gone round.

The emulator fetches our issuer's configuration and keys over TLS, as Microsoft does. What is left is judged by the
emulator's own state: one registration, exactly its rights, one credential that we know.
"""

import asyncio
import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gangway.foundation import clock
from gangway.foundation.ids import KeyId
from gangway.foundation.sealed import SealedText
from gangway.microsoft import errors
from gangway.microsoft.graph import applications, certificates, credentials, federation
from gangway.microsoft.graph.calls import Call, nothing
from gangway.microsoft.graph.session import GraphSession
from gangway.microsoft.graph.shapes import Application
from gangway.microsoft.signin import certificates as made_here
from gangway.microsoft.signin.client_credentials import fetch
from gangway.microsoft.signin.own_credentials import Certificate, Federated, OwnCredential, proof_of_possession
from gangway.provisioning.engine.course import Course, Ending
from gangway.provisioning.engine.credential_kinds import KINDS, Kind, Terms, after, stand_ins
from gangway.provisioning.engine.steps.credentials import AddCertificate, Fresh, Trust
from tests.contract.tenant import Killed, Mortal, Tenant
from tests.contract.test_preflight import POLICY_READ, POLICY_WRITE
from tests.emulator.assertions import Issuer, issuing
from tests.emulator.conftest import grace, running
from tests.unit.small_journal import CannotSeal, SmallJournal

pytestmark = pytest.mark.slow

UNIQUE = "gangway-0f7d1f2e-1111-4111-8111-000000000001"
AUDIENCE = "api://AzureADTokenExchange"
OTHER_KINDS = ("certificate", "federated")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tenant, Issuer]]:
    """An emulator that trusts the authority of a running issuer."""
    with contextlib.ExitStack() as stack:
        issuer, authority = stack.enter_context(issuing(tmp_path_factory.mktemp("issuer")))
        emulator = stack.enter_context(running(tmp_path_factory.mktemp("trusting"), "--trust-ca", str(authority)))
        tenant = Tenant(emulator)
        yield tenant, issuer
        tenant.close()


@pytest.fixture
def tenant(place: tuple[Tenant, Issuer]) -> Tenant:
    place[0].reset()
    return place[0]


@pytest.fixture
def issuer(place: tuple[Tenant, Issuer]) -> Issuer:
    place[1].asked.clear()
    return place[1]


class Maker:
    """Gives fresh credentials of a kind, and another one when Microsoft refuses it."""

    def __init__(self, kind: Kind, issuer: Issuer, *, days: int = 365) -> None:
        self.terms, self.issuer = Terms(kind, days), issuer
        self.others = stand_ins(kind, platform_is_issuer=True)

    def __call__(self) -> Fresh:
        mark = uuid.uuid4().hex[:8]
        trust = Trust(self.issuer.address, f"{UNIQUE}:{mark}", AUDIENCE)
        return Fresh(
            credential_id=str(uuid.uuid4()),
            display_name=f"voice1-{mark}",
            ends_at=clock.now() + timedelta(days=self.terms.days),
            kind=self.terms.kind,
            trust=trust if self.terms.kind == "federated" else None,
            why=self.terms.why,
        )

    def adapt(self, refusal: errors.MicrosoftError) -> bool:
        terms = after(self.terms, refusal, self.others)
        self.terms = terms or self.terms
        self.others = tuple(kind for kind in self.others if kind != self.terms.kind)
        return terms is not None


def journal_for(issuer: Issuer, *, seals: bool = True) -> SmallJournal:
    journal = SmallJournal(seals=seals)
    journal.issuer_key, journal.issuer_kid = SealedText(issuer.keys.pem), "one"
    return journal


async def course(tenant: Tenant, journal: SmallJournal, maker: Maker, token: SealedText, **options: Any) -> Course:
    made = await tenant.course(journal, token, **options)
    return replace(made, fresh=maker, adapt=maker.adapt)


async def run(tenant: Tenant, journal: SmallJournal, maker: Maker) -> Ending:
    return await (await course(tenant, journal, maker, await tenant.start_over())).run()


async def graph(tenant: Tenant) -> GraphSession:
    """Graph as the administrator of the course that just ran."""
    assert tenant._first
    return GraphSession(await tenant.transport(), tenant.cloud, tenant._first, tenant.id)


async def application(tenant: Tenant) -> Application:
    session = await graph(tenant)
    found = await session.call(applications.by_unique_name(UNIQUE))
    return replace(found, federated=await session.call(federation.federated_of(found.object_id)))


async def wrongs(tenant: Tenant, journal: SmallJournal) -> list[str]:
    """What is wrong with what a finished course left; empty when all is exact."""
    found = await application(tenant)
    keys = [key.key_id for key in (*found.passwords, *found.certificates, *found.federated)]
    known = [held.key_id for held in journal.credentials.values() if held.key_id]
    more = [f"credentials {keys} of which we know {known}"] if len(keys) != 1 or keys != known else []
    rights = [text for text in tenant.judge(UNIQUE, [], version=2) if not text.startswith("secrets")]
    return rights + more


@pytest.mark.parametrize("kind", KINDS.values())
async def test_each_kind_is_made_and_proved_by_its_own_token(tenant: Tenant, issuer: Issuer, kind: Kind) -> None:
    journal = journal_for(issuer)
    ending = await run(tenant, journal, Maker(kind, issuer))
    assert (ending.withheld, journal.proofs is not None) == ((), True)
    assert [held.kind for held in journal.credentials.values()] == [kind]
    assert await wrongs(tenant, journal) == []


@pytest.mark.parametrize("kind", OTHER_KINDS)
async def test_a_second_run_changes_nothing(tenant: Tenant, issuer: Issuer, kind: Kind) -> None:
    journal, maker, token = journal_for(issuer), Maker(kind, issuer), await tenant.start_over()
    await (await course(tenant, journal, maker, token)).run()
    journal.settle()
    tenant.control("DELETE", "log")
    await (await course(tenant, journal, maker, token)).run()
    parts = [part for row in tenant.log() for part in row["subrequests"]]
    assert {part["method"] for part in parts} == {"GET"}
    assert await wrongs(tenant, journal) == []


async def count(tenant: Tenant, issuer: Issuer, kind: Kind) -> int:
    """How many requests a clean run makes, tokens included."""
    counted = Mortal(await tenant.transport())
    token = await tenant.start_over()
    await (await course(tenant, journal_for(issuer), Maker(kind, issuer), token, transport=counted)).run()
    return counted.sent


@pytest.mark.parametrize("kind", OTHER_KINDS)
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_killed_at_any_request_nothing_is_orphaned(
    tenant: Tenant, issuer: Issuer, kind: Kind, moment: str
) -> None:
    requests, orphans = await count(tenant, issuer, kind), {}
    assert requests >= 9
    for number in range(requests):
        journal, maker, token = journal_for(issuer), Maker(kind, issuer), await tenant.start_over()
        mortal = Mortal(await tenant.transport(), **{moment: number})
        with pytest.raises(Killed):
            await (await course(tenant, journal, maker, token, transport=mortal)).run()
        await (await course(tenant, journal, maker, token)).run()
        orphans[number] = await wrongs(tenant, journal)
    print(f"\n{kind} killed {moment} the call: {requests} points, {sum(map(len, orphans.values()))} orphans")  # noqa: T201
    assert not any(orphans.values())


WRITES = {
    "certificate": {"method": "PATCH", "path": "/v1.0/applications/*", "nth": 1},
    "federated": {"method": "POST", "path": "*/federatedIdentityCredentials", "nth": 1},
}
EFFECTS: list[dict[str, Any]] = [
    {"cut": "before"},
    {"cut": "after"},
    {"status": 429, "retry_after": 0},
    {"status": 503, "retry_after": 0},
    {"status": 404, "code": "Request_ResourceNotFound"},
    {"status": 404, "code": "Request_ResourceNotFound", "late": True},
    {"status": 403, "code": "Authorization_RequestDenied"},
]


@pytest.mark.parametrize("kind", OTHER_KINDS)
async def test_whatever_happens_to_the_write_one_credential_is_left(tenant: Tenant, issuer: Issuer, kind: Kind) -> None:
    for effect in EFFECTS:
        journal, maker, token = journal_for(issuer), Maker(kind, issuer), await tenant.start_over()
        tenant.fault("trouble", {**WRITES[kind], "times": 1}, effect)
        await (await course(tenant, journal, maker, token)).run()
        assert [fault["hit"] for fault in tenant.control("GET", "faults")["faults"]] == [1], effect
        assert await wrongs(tenant, journal) == [], effect


async def test_a_certificate_whose_key_cannot_be_sealed_is_never_told_to_microsoft(
    tenant: Tenant, issuer: Issuer
) -> None:
    journal = journal_for(issuer, seals=False)
    with pytest.raises(CannotSeal):
        await run(tenant, journal, Maker("certificate", issuer))
    assert (await application(tenant)).certificates == ()


class Overtaken(SmallJournal):
    """Its worker was taken for dead: before it writes a result down, another one has done the whole course."""

    meanwhile: Any = None

    async def note(self, results: Any, *, following: Any = ()) -> None:
        made = any(isinstance(result.step, AddCertificate) for result in results)
        if made and self.meanwhile:
            await self.meanwhile()
            raise CannotSeal
        await super().note(results, following=following)


async def test_a_worker_that_was_taken_for_dead_takes_away_no_certificate_of_the_one_after_it(
    tenant: Tenant, issuer: Issuer
) -> None:
    token, maker = await tenant.start_over(), Maker("certificate", issuer)
    journal, after = Overtaken(), journal_for(issuer)

    async def another() -> None:
        after.credentials, after.own = dict(journal.credentials), dict(journal.own)
        await (await course(tenant, after, maker, token)).run()

    journal.meanwhile = another
    with pytest.raises(CannotSeal):
        await (await course(tenant, journal, maker, token)).run()
    assert await wrongs(tenant, after) == []


async def test_a_federated_credential_that_cannot_be_written_down_is_taken_away(tenant: Tenant, issuer: Issuer) -> None:
    journal = journal_for(issuer, seals=False)
    with pytest.raises(CannotSeal):
        await run(tenant, journal, Maker("federated", issuer))
    assert (await application(tenant)).federated == ()


@pytest.mark.parametrize("kind", OTHER_KINDS)
async def test_one_that_somebody_took_away_is_made_again(tenant: Tenant, issuer: Issuer, kind: Kind) -> None:
    journal, maker, token = journal_for(issuer), Maker(kind, issuer), await tenant.start_over()
    await (await course(tenant, journal, maker, token)).run()
    journal.settle()
    (held,) = journal.credentials.values()
    session = await graph(tenant)
    assert held.key_id
    await session.call(_removal(await application(tenant), held.key_id))
    await (await course(tenant, journal, maker, token)).run()
    assert held.credential_id not in journal.credentials
    assert await wrongs(tenant, journal) == []


def _removal(found: Application, key_id: KeyId) -> Any:
    left = [key for key in found.certificates if key.key_id != key_id]
    if len(left) < len(found.certificates):
        return certificates.set_certificates(found.object_id, keep=left)
    return federation.remove_federated(found.object_id, key_id)


async def test_certificates_of_others_stay(tenant: Tenant, issuer: Issuer) -> None:
    journal, maker, token = journal_for(issuer), Maker("secret", issuer), await tenant.start_over()
    await (await course(tenant, journal, maker, token)).run()
    found, session = await application(tenant), await graph(tenant)
    theirs = certificates.entry(
        key_id=KeyId(str(uuid.uuid4())),
        display_name="theirs",
        key=issuer.keys.der,
        starts_at=clock.now(),
        ends_at=clock.now() + timedelta(days=30),
    )
    await session.call(certificates.set_certificates(found.object_id, keep=[], add=theirs))
    journal.credentials.clear()
    await session.call(credentials.remove_password(found.object_id, found.passwords[0].key_id))
    await (await course(tenant, journal, Maker("certificate", issuer), token)).run()
    names = [key.display_name for key in (await application(tenant)).certificates]
    assert (len(names), "theirs" in names) == (2, True)


async def forbid(tenant: Tenant, group: str, restriction: dict[str, Any]) -> None:
    token = await asyncio.to_thread(tenant.token, grace, POLICY_READ, POLICY_WRITE)
    body = {"isEnabled": True, "applicationRestrictions": {group: [{"state": "enabled", **restriction}]}}
    change: Call[None] = Call("PATCH", "/policies/defaultAppManagementPolicy", nothing, body=body)
    await GraphSession(await tenant.transport(), tenant.cloud, token, tenant.id).call(change)


async def under(tenant: Tenant, issuer: Issuer, maker: Maker, *rules: tuple[str, dict[str, Any]]) -> SmallJournal:
    """A run in a tenant whose policy says so, for somebody who can't read it."""
    journal, token = journal_for(issuer), await tenant.start_over()
    for group, restriction in rules:
        await forbid(tenant, group, restriction)
    await (await course(tenant, journal, maker, token)).run()
    return journal


async def test_where_secrets_are_forbidden_a_certificate_is_made_and_says_why(tenant: Tenant, issuer: Issuer) -> None:
    maker = Maker("secret", issuer)
    journal = await under(tenant, issuer, maker, ("passwordCredentials", {"restrictionType": "passwordAddition"}))
    (held,) = [held for held in journal.credentials.values() if held.key_id]
    assert held.kind == "certificate"
    assert "forbids a secret" in maker.terms.why


async def test_where_lives_are_short_a_shorter_one_is_made_and_says_why(tenant: Tenant, issuer: Issuer) -> None:
    maker = Maker("secret", issuer)
    rule = {"restrictionType": "passwordLifetime", "maxLifetime": "P100D"}
    await under(tenant, issuer, maker, ("passwordCredentials", rule))
    (password,) = (await application(tenant)).passwords
    assert password.ends_at
    assert (password.ends_at - clock.now()).days < 100
    assert "made for 90 days" in maker.terms.why


async def test_a_life_that_no_policy_allows_ends_in_words(tenant: Tenant, issuer: Issuer) -> None:
    rule, maker = {"restrictionType": "asymmetricKeyLifetime", "maxLifetime": "P1D"}, Maker("certificate", issuer)
    maker.others = ()
    with pytest.raises(errors.LifetimeForbidden):
        await under(tenant, issuer, maker, ("keyCredentials", rule))
    assert (await application(tenant)).certificates == ()


async def test_where_lives_are_too_short_for_a_kind_another_one_is_made_and_says_why(
    tenant: Tenant, issuer: Issuer
) -> None:
    rule, maker = {"restrictionType": "passwordLifetime", "maxLifetime": "P3D"}, Maker("secret", issuer)
    await under(tenant, issuer, maker, ("passwordCredentials", rule))
    (certificate,) = (await application(tenant)).certificates
    assert certificate.ends_at
    assert (certificate.ends_at - clock.now()).days >= 364
    assert "too short a life" in maker.terms.why


async def test_the_twenty_first_issuer_is_not_tried_a_certificate_is_made(tenant: Tenant, issuer: Issuer) -> None:
    journal, maker, token = journal_for(issuer), Maker("secret", issuer), await tenant.start_over()
    await (await course(tenant, journal, maker, token)).run()
    found, session = await application(tenant), await graph(tenant)
    for number in range(federation.MOST):
        trust = {"issuer": "https://elsewhere.example", "subject": f"s{number}", "audience": AUDIENCE}
        await session.call(federation.add_federated(found.object_id, name=f"theirs-{number}", **trust))
    await session.call(credentials.remove_password(found.object_id, found.passwords[0].key_id))
    journal.settle()
    maker = Maker("federated", issuer)
    await (await course(tenant, journal, maker, token)).run()
    (held,) = [held for held in journal.credentials.values() if held.key_id]
    assert (held.kind, "20 federated credentials" in maker.terms.why) == ("certificate", True)


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ({"subject": "somebody else"}, 700213),
        ({"issuer": "https://elsewhere.example"}, 700211),
        ({"audience": "api://other"}, 700212),
    ],
)
async def test_a_wrong_token_of_ours_is_refused_and_told_by_number(
    tenant: Tenant, issuer: Issuer, change: dict[str, str], number: int
) -> None:
    journal = journal_for(issuer)
    await run(tenant, journal, Maker("federated", issuer))
    (good,) = journal.own.values()
    assert isinstance(good, Federated)
    with pytest.raises(errors.CredentialNotAccepted) as refused:
        await sign_in(tenant, replace(good, **change))
    assert refused.value.fault.aadsts == number


async def test_a_certificate_that_the_application_does_not_know_is_refused(tenant: Tenant, issuer: Issuer) -> None:
    await run(tenant, journal_for(issuer), Maker("certificate", issuer))
    other = made_here.make(name="other", now=clock.now(), ends_at=clock.now() + timedelta(days=1))
    with pytest.raises(errors.CredentialNotAccepted) as refused:
        await sign_in(tenant, Certificate(other.private_key, other.thumbprint))
    assert refused.value.fault.aadsts == 700027


async def test_a_registration_changes_its_own_certificates_by_proof(tenant: Tenant, issuer: Issuer) -> None:
    journal = journal_for(issuer)
    await run(tenant, journal, Maker("certificate", issuer))
    (old,), (held,) = journal.own.values(), journal.credentials.values()
    assert isinstance(old, Certificate)
    assert held.key_id
    found, session = await application(tenant), await graph(tenant)
    new = made_here.make(name="next", now=clock.now(), ends_at=clock.now() + timedelta(days=30))
    added = certificates.entry(
        key_id=KeyId(str(uuid.uuid4())), display_name="next", key=new.key, starts_at=new.starts_at, ends_at=new.ends_at
    )
    proof = proof_of_possession(old, application=found.object_id, now=clock.now())
    await session.call(certificates.add_certificate(found.object_id, added, proof=proof))
    following = Certificate(new.private_key, new.thumbprint)
    await sign_in(tenant, following)
    proof = proof_of_possession(following, application=found.object_id, now=clock.now())
    await session.call(certificates.remove_certificate(found.object_id, held.key_id, proof=proof))
    assert [key.display_name for key in (await application(tenant)).certificates] == ["next"]


async def sign_in(tenant: Tenant, own: OwnCredential) -> None:
    app_id, scope = (await application(tenant)).app_id, tenant.cloud.graph_scope
    await fetch(await tenant.transport(), tenant.cloud, tenant=tenant.id, app_id=app_id, credential=own, scope=scope)
