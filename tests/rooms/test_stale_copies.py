"""What an old copy of Microsoft's shows, or says: no reason to lose a credential, or to leave one."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction

from gangway.alarms.models import Alarm
from gangway.connections import actions as connections
from gangway.connections.models import Connection, Validation
from gangway.foundation import clock
from gangway.jobs.testing import run_until_idle
from gangway.organizations.scope import within
from gangway.provisioning import credential_rows, tasks
from gangway.provisioning.engine.pinning import pin
from gangway.provisioning.journal_store import ENGINE
from gangway.provisioning.models import Credential, Run
from gangway.provisioning.states import RunState
from tests.contract.tenant import Tenant
from tests.rooms import factories_services
from tests.rooms.factories_provisioning import BY, Work, make_work
from tests.rooms.test_provisioning_rotation import connected, keys_there, rotate, secrets, signed_in, start

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

HIDDEN = {"lag_reads": 2}
LATE = {"status": 404, "code": "Request_ResourceNotFound", "late": True}


def second_service(work: Work) -> Work:
    """Another service of the same registration, with a credential of its own."""
    other = Work(work.customer, factories_services.plan(work.customer), work.registration_id)
    assert start(other, "start_credential").state == RunState.PROVED
    return other


def known(work: Work) -> set[str]:
    """Key ids that our journal says are in the tenant."""
    return {row.key_id for row in secrets(work) if row.state != "removed"}


def rotated(work: Work, credential_id: UUID) -> Run:
    return start(work, "start_rotation", credential_id=credential_id)


def test_a_rotation_keeps_the_new_certificate_of_another_service_that_a_copy_does_not_show_yet(tenant):
    work = connected(tenant, kind="certificate")
    other = second_service(work)
    mine = [row.pk for row in secrets(work) if row.service_id == other.service_id]
    tenant.fault("lag", {"kind": "keyCredential"}, HIDDEN)
    assert rotate(work).state == RunState.PROVED
    tenant.control("DELETE", "faults")
    assert rotated(other, mine[0]).state == RunState.PROVED
    assert keys_there(tenant) == known(work)
    assert len(keys_there(tenant)) == 4


def test_a_rested_certificate_goes_without_the_new_one_that_a_copy_does_not_show_yet(tenant):
    work = connected(tenant, kind="certificate")
    tenant.fault("lag", {"kind": "keyCredential"}, HIDDEN)
    assert rotate(work).state == RunState.PROVED
    with within(work.customer.path):
        Credential.objects.filter(state="resting").update(rest_until=clock.now() - timedelta(seconds=1))
    tasks.remove_rested()
    run_until_idle()
    assert [row.state for row in secrets(work)] == ["removed", "proved"]
    assert keys_there(tenant) == {secrets(work)[-1].key_id}


def shown_without_its_secret(tenant: Tenant, times: int) -> None:
    """So many reads come from a copy that doesn't list the registration's secret."""
    (body,) = [row["body"] for row in tenant.state()["objects"].values() if row["body"].get("uniqueName")]
    path = f"/v1.0/applications(uniqueName='{body['uniqueName']}')"
    stale = {"status": 200, "body": {**body, "passwordCredentials": []}}
    tenant.fault("stale", {"method": "GET", "path": path, "times": times}, stale)


@pytest.mark.parametrize(("times", "states"), [(1, ["proved"]), (9, ["removed", "proved"])])
def test_a_secret_is_gone_only_when_several_looks_say_so(tenant, times, states):
    work = make_work()
    work.done(tenant.token())
    with within(work.customer.path):
        Credential.objects.update(made_at=clock.now() - timedelta(hours=1))
    shown_without_its_secret(tenant, times)
    run = start(work, "start_repair", plan=pin(profile="teams-voice", version=2), signed_in=signed_in(work, tenant))
    assert [row.state for row in secrets(work)] == states
    assert run.state == (RunState.PROVED if times == 1 else run.state)


def test_a_credential_in_use_that_is_gone_is_an_error_of_the_connection(tenant):
    work = connected(tenant)
    with within(work.customer.path), transaction.atomic():
        credential_rows.gone(Credential.objects.get(), by=ENGINE)
    with within(work.customer.path):
        connections.validate_connection(service_id=work.service_id, by=BY, now=clock.now())
    run_until_idle()
    with within(work.customer.path):
        row = Connection.objects.get()
        (item,) = Validation.objects.latest("asked_at").items
        assert Alarm.objects.filter(kind="connection", severity="critical", cleared_at=None).exists()
    assert (row.status, item["state"], "gone from the tenant" in item["words"]) == ("error", "error", True)
    assert item["cure"]


MAKES = {
    "secret": {"method": "POST", "path": "*/addPassword", "times": 1},
    "certificate": {"method": "PATCH", "path": "/v1.0/applications/*", "times": 1},
}


@pytest.mark.parametrize("kind", MAKES)
def test_a_credential_that_was_not_found_although_it_was_made_is_found_and_makes_way(tenant, kind):
    tenant.fault("late", MAKES[kind], LATE)
    work = make_work(choices={"credential_kind": kind})
    assert work.done(tenant.token()).state is RunState.PROVED
    assert [fault["hit"] for fault in tenant.control("GET", "faults")["faults"]] == [1]
    assert len(keys_there(tenant)) == 1
    assert keys_there(tenant) == set(work.secrets())


ROTATES = MAKES | {"certificate": {"method": "POST", "path": "*/addKey", "times": 1}}


@pytest.mark.parametrize("kind", ROTATES)
def test_likewise_in_a_rotation(tenant, kind):
    work = connected(tenant, kind=kind)
    tenant.fault("late", ROTATES[kind], LATE)
    assert rotate(work).state == RunState.PROVED
    assert [fault["hit"] for fault in tenant.control("GET", "faults")["faults"]] == [1]
    assert keys_there(tenant) == known(work)
    assert len(keys_there(tenant)) == 2
