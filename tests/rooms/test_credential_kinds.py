"""Runs in the database with each kind of credential: sealed, proved, checked, shared, shown, taken back."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection

from gangway.federation import actions as federation
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.jobs.threads import in_database
from gangway.organizations.scope import within
from gangway.provisioning import actions, credential_rows
from gangway.provisioning.errors import LifeOutOfRange
from gangway.provisioning.models import Credential
from gangway.provisioning.states import RunState
from gangway.vault.models import Sealed
from tests.contract.tenant import Tenant
from tests.contract.test_credential_kinds import forbid
from tests.emulator.conftest import Emulator, running
from tests.rooms import factories_services
from tests.rooms.factories_federation import DOCUMENTS, PublishedPages, publishing
from tests.rooms.factories_provisioning import BY, Work, make_work

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
OTHER_KINDS = ("certificate", "federated")


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with running(tmp_path_factory.mktemp("emulator")) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def kept(process: Emulator) -> Iterator[Tenant]:
    tenant = Tenant(process)
    yield tenant
    tenant.close()


@pytest.fixture
def pages() -> Iterator[PublishedPages]:
    with publishing() as pages:
        yield pages


@pytest.fixture
def tenant(kept: Tenant, pages: PublishedPages, settings) -> Tenant:
    """Contoso, fresh; this platform is an issuer whose documents the emulator really fetches."""
    kept.reset()
    changed = {
        "cloud_login_url": kept.emulator.url,
        "cloud_graph_url": kept.emulator.url,
        "extra_ca_file": kept.cloud.extra_ca_file,
        "propagation_deadline_seconds": 4,
        "issuer_url": pages.address,
    }
    settings.GANGWAY = django_settings.GANGWAY.model_copy(update=changed)
    federation.ensure_key(now=clock.now())
    pages.publish()
    return kept


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
        assert credential_rows.without_shared(leaving, by=BY) == frozenset()
        last = Credential.objects.filter(service_id=first.service_id)
        assert credential_rows.without_shared(last, by=BY) == {last.get().pk}


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
