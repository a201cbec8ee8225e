"""Runs in the database with each kind of credential: sealed, proved, checked, shared, shown, taken back."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.urls import reverse

from gangway.federation import actions as federation
from gangway.foundation import clock
from gangway.foundation.ids import ObjectId
from gangway.foundation.sealed import SealedText
from gangway.jobs.testing import run_until_idle
from gangway.jobs.threads import in_database
from gangway.microsoft.cloud import GRAPH_APP_ID
from gangway.microsoft.graph import grants, service_principals
from gangway.microsoft.graph.federation import federated_of
from gangway.microsoft.graph.session import GraphSession
from gangway.organizations.scope import within
from gangway.provisioning import actions, credential_rows, queries, tasks
from gangway.provisioning.errors import LifeOutOfRange
from gangway.provisioning.models import Credential, Leftover, Run
from gangway.provisioning.states import RunState
from gangway.vault.models import Sealed
from tests.contract.tenant import Tenant, blueprint
from tests.contract.test_credential_kinds import forbid
from tests.emulator.conftest import avery
from tests.rooms import factories_services
from tests.rooms.factories_federation import DOCUMENTS, PublishedPages, publishing
from tests.rooms.factories_organizations import Place
from tests.rooms.factories_provisioning import BY, Work, facts, make_work
from tests.rooms.factories_web import sit_down, soup
from tests.rooms.test_provisioning_copying import look_again
from tests.rooms.test_provisioning_rotation import start
from tests.rooms.test_provisioning_runs import Killed, let_the_lease_end, run_until_killed

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
OTHER_KINDS = ("certificate", "federated")


@pytest.fixture
def pages() -> Iterator[PublishedPages]:
    with publishing() as pages:
        yield pages


@pytest.fixture
def tenant(tenant: Tenant, pages: PublishedPages, settings: Any) -> Tenant:
    """The platform is an issuer whose documents the emulator really fetches."""
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"issuer_url": pages.address})
    federation.ensure_key(now=clock.now())
    pages.publish()
    return tenant


def of(kind: str, **more: Any) -> dict[str, Any]:
    """What is chosen when a plan with that kind is pinned."""
    return {"credential_kind": kind, **more}


def keys_in(tenant: Tenant, work: Work) -> list[str]:
    """Key ids of all credentials that the emulator holds for the registration, but for federated ones."""
    rows = [row["body"] for row in tenant.state()["objects"].values()]
    (body,) = [row for row in rows if row.get("uniqueName") == f"gangway-{work.registration_id}"]
    return [row["keyId"] for row in (*body["passwordCredentials"], *body.get("keyCredentials", []))]


@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_a_run_makes_and_proves_each_kind(tenant, kind):
    work = make_work(choices=of(kind))
    run = work.done(tenant.token())
    assert (run.state, run.error) == (RunState.PROVED, None)
    (credential,) = work.registration().credentials
    assert (credential.kind, credential.state) == (kind, "proved")


def test_a_certificate_shows_its_thumbprint_and_its_end_and_is_the_only_key_there(tenant):
    work = make_work(choices=of("certificate", credential_days=90))
    work.done(tenant.token())
    (credential,) = work.registration().credentials
    assert dict(credential.about).keys() == {"Thumbprint (SHA-256)"}
    assert credential.days_left in {89, 90}
    assert keys_in(tenant, work) == [credential.key_id]


def test_a_federated_credential_shows_whom_the_registration_trusts_and_seals_nothing(tenant, pages):
    work = make_work(choices=of("federated"))
    work.done(tenant.token())
    (credential,) = work.registration().credentials
    about = dict(credential.about)
    assert (about["Issuer"], about["Audience"]) == (pages.address, "api://AzureADTokenExchange")
    assert about["Subject"].startswith(f"gangway-{work.registration_id}:")
    assert (credential.expires_at, keys_in(tenant, work)) == (None, [])
    assert set(pages.asked) == set(DOCUMENTS)


async def checked(work: Work) -> dict[str, Any]:
    (credential,) = (await in_database(work.registration)).credentials
    result = await actions.check_registration(
        registration_id=work.registration_id, credential_id=credential.id, users_wanted=1, by=BY
    )
    return {item.key: item for item in result.items}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("kind", "words"), [("certificate", "The certificate ends in"), ("federated", "no renewal")])
def test_a_connection_is_checked_with_each_kind(tenant, kind, words):
    work = make_work(choices=of(kind))
    work.done(tenant.token())
    items = asyncio.run(checked(work))
    assert items["sign_in"].state == "ok"
    assert words in items["secret"].words


def test_the_private_key_is_in_no_column_job_or_log(tenant, caplog, capfd):
    work = make_work(choices=of("certificate"))
    work.done(tenant.token())
    (hidden,) = work.secrets().values()
    told = caplog.text + "".join(capfd.readouterr())
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - names come from the database itself
            told += repr(cursor.fetchall())
    assert "PRIVATE KEY" in hidden
    assert "PRIVATE KEY" not in told
    assert hidden.splitlines()[1] not in told


def test_a_second_service_shares_the_federated_credential_with_a_row_of_its_own(tenant):
    first = make_work(choices=of("federated"))
    first.done(tenant.token())
    service_id = factories_services.plan(first.customer)
    second = Work(first.customer, service_id, registration_id=first.registration_id, choices=of("federated"))
    run = second.done(tenant.token())
    assert run.state == RunState.PROVED
    rows = first.registration().credentials
    assert {row.service_id for row in rows} == {first.service_id, second.service_id}
    assert len({row.key_id for row in rows}) == 1
    with within(first.customer.path):
        assert all(credential_rows.is_needed_by_others(row) for row in Credential.objects.all())
        leaving = Credential.objects.filter(service_id=second.service_id)
        assert credential_rows.without_shared(leaving) == frozenset()
        assert leaving.get().state == "proved"  # asking changes nothing
        credential_rows.remove(leaving.get(), by=BY)
        last = Credential.objects.filter(service_id=first.service_id)
        assert credential_rows.without_shared(last) == {last.get().pk}


@pytest.fixture
def further(tenant: Tenant) -> Work:
    """Another service of a federated registration, whose plan lacks what the next version needs."""
    first = make_work(version=1, choices=of("federated"))
    assert first.done(tenant.token()).state is RunState.PROVED
    return Work(first.customer, factories_services.plan(first.customer), registration_id=first.registration_id)


def upgrade(work: Work, token: SealedText) -> Run:
    sealed = work.token(token)
    signed_in = actions.SignedIn(
        sealed["delegated_token_sealed_id"], sealed["delegated_token_place"], sealed["sign_in_client_id"], facts()
    )
    plan, _ = queries.pin(version=2, credential_kind="federated")
    run = start(work, "start_repair", plan=plan, signed_in=signed_in)
    work.run_id = run.pk
    return run


def has_its_own_row(work: Work) -> bool:
    """Whether of two rows of one credential the second is this service's, and proved."""
    with within(work.customer.path):
        first, second = Credential.objects.order_by("announced_at")
    return (first.key_id, work.service_id, "proved") == (second.key_id, second.service_id, second.state)


def test_a_service_that_shares_it_has_one_row_however_often_it_is_repaired(tenant, further):
    for _ in range(2):
        assert upgrade(further, tenant.token()).state == RunState.PROVED.value
    assert has_its_own_row(further)


def test_a_service_that_shares_it_has_its_row_although_the_registration_was_proved_without_anybodys_token(
    tenant, further, settings
):
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"propagation_deadline_seconds": 1})
    tenant.fault("late", {"kind": "appRoleAssignment"}, {"tokens_after_seconds": 3})
    run = upgrade(further, tenant.token())
    assert run.state == RunState.COPYING.value
    Sealed.objects.filter(pk=run.token_sealed_id).update(ciphertext=None, destroyed_at=clock.now())
    time.sleep(3.5)
    look_again()
    assert further.run().state is RunState.PROVED
    assert has_its_own_row(further)


def test_what_a_service_that_shares_it_waits_for_is_seen_and_it_goes_on(tenant, further):
    token = tenant.token()
    assert upgrade(further, tenant.token(avery)).state == RunState.WAITING.value
    principal = further.registration().service_principal_id

    async def consent() -> None:
        graph = GraphSession(await tenant.transport(), tenant.cloud, token, tenant.id)
        api = await graph.call(service_principals.by_app_id(GRAPH_APP_ID))
        for value in ("GroupMember.Read.All", "RoleManagement.Read.Directory"):
            (entry,) = [entry for entry in blueprint(version=2).permissions if entry.value == value]
            await graph.call(grants.grant(principal, resource=api.object_id, role_id=entry.id))

    asyncio.run(consent())
    with within(further.customer.path):
        actions.check_now(run_id=further.run_id, by=BY, now=clock.now())
    run_until_idle()
    assert further.run().state is RunState.PROVED
    assert has_its_own_row(further)


def test_a_further_service_of_a_federated_registration_goes_straight_on_to_its_checks(tenant):
    first = make_work(choices=of("federated"))
    first.done(tenant.token())
    client = sit_down(Place(UUID(first.customer.path[:32]), first.customer.path[:33]))
    typed = {"full_name": "Second", "short_name": "second-1", "licence_type": "hosted_pro", "licensed_users": "5"}
    there = reverse("web:shared_registration", args=[first.customer.id])
    answer = client.post(there, {**typed, "registration": str(first.registration_id), "recipient": ""}, follow=True)
    assert answer.redirect_chain[0][0].startswith("/onboarding/")
    run_until_idle()
    assert "Sign-in as the registration" in soup(client.get(answer.redirect_chain[-1][0])).get_text()


def test_what_is_gone_from_the_tenant_is_destroyed_in_the_vault(tenant):
    work = make_work(choices=of("certificate"))
    work.done(tenant.token())
    with within(work.customer.path):
        row = Credential.objects.get()
        credential_rows.remove(row, by=BY)
    assert Sealed.objects.get(pk=row.sealed_id).ciphertext is None


def test_the_administrator_may_shorten_the_life_and_not_lengthen_it(tenant):
    work = make_work()
    with pytest.raises(LifeOutOfRange) as refused:
        work.start(SealedText("never used"), credential_days=366)
    assert refused.value.field == "days"
    work.done(tenant.token(), credential_days=30)
    (credential,) = work.registration().credentials
    assert credential.days_left in {29, 30}


def test_where_secrets_are_forbidden_a_certificate_is_made_and_both_sides_are_told_why(tenant):
    work, token = make_work(), tenant.token()
    asyncio.run(forbid(tenant, "passwordCredentials", {"restrictionType": "passwordAddition"}))
    run = work.done(token)
    (credential,) = work.registration().credentials
    assert (run.state, credential.kind) == (RunState.PROVED, "certificate")
    assert "forbids a secret" in credential.why
    assert credential.why in [step.words for step in run.steps]


def test_what_microsoft_refused_leaves_no_open_end(tenant):
    work, token = make_work(), tenant.token()
    asyncio.run(forbid(tenant, "passwordCredentials", {"restrictionType": "passwordAddition"}))
    work.done(token)
    with within(work.customer.path):
        assert sorted(Credential.objects.values_list("kind", "state")) == [
            ("certificate", "proved"),
            ("secret", "removed"),
        ]


def test_a_platform_that_is_no_issuer_any_more_makes_a_certificate_and_says_why(tenant, settings):
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"issuer_url": ""})
    work = make_work(choices=of("federated"))
    work.done(tenant.token())
    (credential,) = work.registration().credentials
    assert (credential.kind, "no issuer" in credential.why) == ("certificate", True)


KINDS = ("secret", *OTHER_KINDS)
NEVER_SIGNED_IN: dict[str, Any] = {"match": {"path": "*/oauth2/v2.0/token"}, "effect": {"aadsts": 53003}}
REMOVALS = {
    "secret": {"path": "*/removePassword"},
    "certificate": {"method": "PATCH", "path": "/v1.0/applications/*", "nth": 2},
    "federated": {"method": "DELETE", "path": "*/federatedIdentityCredentials/*"},
}


def refuse_sign_ins(tenant: Tenant) -> None:
    """The tenant's rules keep the new registration from signing in, whatever it signs in with."""
    tenant.fault("policy", NEVER_SIGNED_IN["match"], NEVER_SIGNED_IN["effect"])


def credentials_in(tenant: Tenant, work: Work, token: SealedText) -> list[str]:
    """Key ids of all credentials that the emulator holds for the registration, of every kind."""
    application = ObjectId(work.registration_row().object_id)

    async def trusted() -> list[str]:
        graph = GraphSession(await tenant.transport(), tenant.cloud, token, tenant.id)
        return [key.key_id for key in await graph.call(federated_of(application))]

    return [*keys_in(tenant, work), *asyncio.run(trusted())]


def states_of(work: Work) -> list[str]:
    with within(work.customer.path):
        return sorted(Credential.objects.values_list("state", flat=True))


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_cannot_be_proved_for_good_is_removed_and_a_retry_makes_another(tenant, kind):
    work, token = make_work(choices=of(kind)), tenant.token()
    refuse_sign_ins(tenant)
    run = work.done(token)
    assert (run.state, credentials_in(tenant, work, token), states_of(work)) == (RunState.FAILED, [], ["removed"])
    assert "remove_credential" in [step.kind for step in run.steps if step.state == "done"]
    assert tenant.has_sign_in_application()
    tenant.control("DELETE", "faults")
    work.resume(tenant.token())
    run_until_idle()
    (credential,) = [row for row in work.registration().credentials if row.state == "proved"]
    assert work.run().state == RunState.PROVED
    assert credentials_in(tenant, work, token) == [credential.key_id]


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_nobody_could_take_away_is_listed_and_goes_with_the_next_try(tenant, kind):
    work, token = make_work(choices=of(kind)), tenant.token()
    refuse_sign_ins(tenant)
    tenant.fault("never", REMOVALS[kind], {"status": 403})
    assert work.done(token).state == RunState.FAILED
    (there,) = credentials_in(tenant, work, token)
    assert open_leftovers(work) == [there]
    assert states_of(work) == ["announced"]
    tenant.control("DELETE", "faults")
    work.resume(tenant.token())
    run_until_idle()
    (credential,) = [row for row in work.registration().credentials if row.state == "proved"]
    assert credentials_in(tenant, work, token) == [credential.key_id] != [there]
    assert open_leftovers(work) == []


def open_leftovers(work: Work) -> list[str]:
    with within(work.customer.path):
        return list(Leftover.objects.filter(kind="credential", cleared_at=None).values_list("object_id", flat=True))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", ["undoing.give_up", "opening.stop"])
def test_a_worker_that_dies_around_the_removal_is_followed_by_another(tenant, monkeypatch, kind, place):
    work, token = make_work(choices=of(kind)), tenant.token()
    refuse_sign_ins(tenant)
    work.start(token)

    def die(*_args: object, **_kwargs: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(f"gangway.provisioning.{place}", die)
        run_until_killed()
    assert work.run().state == RunState.RUNNING
    let_the_lease_end()
    tasks.reap()
    run_until_idle()
    assert (work.run().state, credentials_in(tenant, work, token), set(states_of(work))) == (
        RunState.FAILED,
        [],
        {"removed"},
    )
