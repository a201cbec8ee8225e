"""The support bundle: all that support needs, nothing secret and nobody's name; and the list that leads to it."""

import json
from uuid import uuid4

import pytest

from gangway.audit.events import Event
from gangway.audit.record import record
from gangway.foundation import clock
from gangway.organizations.scope import within
from gangway.provisioning import queries, support
from gangway.provisioning.errors import NoSuchRun
from gangway.provisioning.models import StepRecord
from gangway.provisioning.run_list import runs
from gangway.provisioning.states import RunState
from tests.journeys.canaries import JWT, Canary
from tests.rooms.factories_organizations import SETUP, make_customer
from tests.rooms.factories_provisioning import Work, make_work

pytestmark = pytest.mark.django_db


def bundle(work: Work) -> str:
    assert work.run_id
    with within(work.customer.path):
        return support.bundle(work.run_id, now=clock.now())


def facts(text: str) -> dict:
    return json.loads(text[text.index("{") :])


def test_the_bundle_tells_what_support_needs(tenant):
    work = make_work()
    run = work.done(tenant.token())
    text = bundle(work)
    told = facts(text)
    request_ids = [step.request_id for step in run.steps if step.request_id]
    assert [request_id for request_id in request_ids if request_id not in text] == []
    assert told["run"]["state"] == "proved"
    assert told["registration"]["tenant_id"] == tenant.id
    _, fingerprint = queries.pin()
    assert told["plan"]["fingerprint"] == fingerprint
    assert told["gangway"]["version"]
    assert next(row["event"] for row in told["timeline"]) == "provisioning:run:queued"
    assert len(told["steps"]) == len(run.steps)
    assert support.WITHHELD not in text


def test_nothing_secret_and_nobodys_name_is_in_it(tenant):
    work, token = make_work(), tenant.token()
    work.done(token)
    text = bundle(work).encode()
    hidden = [token.reveal(), *work.secrets().values(), "grace.global", "Grace Global"]
    assert [name for name in hidden if Canary("secret", name).is_in(text)] == []
    assert JWT.search(text) is None


def test_the_error_of_a_run_is_in_it_with_its_marks(tenant):
    refused = {"status": 403, "code": "Authorization_RequestDenied", "message": "The secret is hunter2-Aa1."}
    tenant.fault("403", {"method": "PATCH", "path": "/v1.0/applications(*"}, refused)
    work = make_work()
    work.done(tenant.token())
    error = facts(bundle(work))["error"]
    assert error["code"] == "microsoft:right:missing"
    assert error["request_id"]
    assert error["at"]
    assert "hunter2" not in bundle(work)


def test_a_secret_that_slips_into_a_column_is_withheld():
    secret = "Qk8Q~aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3x"
    work = make_work()
    work.start("any")
    with within(work.customer.path):
        StepRecord.objects.create(
            run_id=work.run_id,
            organization_id=work.customer.id,
            number=1,
            kind="add_password",
            key="password",
            label=f"made {secret}",
            state="planned",
        )
    text = bundle(work)
    assert secret not in text
    assert f"made {support.WITHHELD}" in text


@pytest.mark.parametrize(
    "known",
    [
        "c0475050-0000-4000-8000-000000000001",
        "a" * 64,
        "provisioning:run:needs_sign_in",
        "2026-11-21T12:00:00.000+00:00",
    ],
)
def test_what_we_know_is_not_withheld(known):
    assert support.guarded({"value": [known]}) == {"value": [known]}


def test_a_run_of_others_is_not_there():
    work = make_work()
    work.start("any")
    stranger = make_customer()
    with within(stranger.path), pytest.raises(NoSuchRun):
        support.bundle(work.run_id, now=clock.now())


def test_who_reads_above_a_customer_that_moved_has_all_of_its_timeline():
    work = make_work()
    work.start("any")
    provider, now = work.customer.path.rpartition(f"{work.customer.id.hex}/")[0], clock.now()
    with within(work.customer.path):
        record(Event.ORGANIZATION_MOVED, by=SETUP, organization_id=work.customer.id, subject="organization:1")
        assert facts(support.bundle(work.run_id, now=now))["timeline"] == []
    with within(provider):
        assert facts(support.bundle(work.run_id, now=now))["timeline"]


def test_runs_are_listed_newest_first_and_found_by_name_state_and_id():
    work = make_work()
    first = work.start("any", name="voice-one")
    other = Work(work.customer, work.service_id)
    second = other.start("any", name="trunk-two")
    with within(work.customer.path):
        assert [row.id for row in runs().rows] == [second, first]
        assert [row.id for row in runs(search="voice").rows] == [first]
        assert [row.id for row in runs(search=str(second)).rows] == [second]
        assert len(runs(search=work.registration_row().tenant_id).rows) == 2
        assert runs(search=str(uuid4())).rows == ()
        assert len(runs(state="queued").rows) == 2
        assert runs(state="proved").rows == ()
        assert len(runs(state="no such state").rows) == 2
        assert runs().rows[0].state is RunState.QUEUED
    with within(make_customer().path):
        assert runs().rows == ()
