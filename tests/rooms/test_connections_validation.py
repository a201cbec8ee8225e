"""A connection's status: OK only by proof, unknown is a state of its own, history kept, lost workers told."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction

from gangway.audit.record import Actor
from gangway.connections import actions, fleet, validation, verdict
from gangway.connections.errors import AlreadyConnected, ConnectionSuspended, NoSuchConnection, NoSuchValidation
from gangway.connections.models import Connection, Validation
from gangway.connections.queries import connection
from gangway.connections.queries import validation as shown
from gangway.foundation import clock
from gangway.jobs.testing import run_until_idle
from gangway.jobs.threads import in_database
from gangway.organizations.scope import within
from gangway.provisioning.actions import CheckItem, CheckResult
from gangway.provisioning.errors import NoSuchCredential
from gangway.services import actions as services
from gangway.services.queries import service
from tests.rooms import factories_services
from tests.rooms.factories_organizations import Place, make_customer

pytestmark = pytest.mark.django_db

OLGA = Actor(kind="person", id="1", name="Olga Operator")
GOOD = CheckItem("sign_in", "Sign-in", "ok", "A fresh token was given.")
BROKEN = CheckItem("permissions", "Permissions", "error", "Missing: User.Read.All.", "Send a new invitation.")
SILENT = CheckItem("sign_in", "Sign-in", "unknown", "Microsoft did not answer.")
ENDING = CheckItem("secret", "Client secret", "warning", "The secret ends in 12 days.", "Renew it.")
NO_LICENCE = CheckItem("licences", "Teams Phone licences", "error", "There is none in the tenant.", "Buy some.")


def connect(customer: Place, *items: CheckItem) -> UUID:
    """A service with a connection whose first look found these things."""
    service_id = factories_services.plan(customer)
    with within(customer.path):
        services.create_service(service_id=service_id, by=OLGA)
        actions.connect_service(
            service_id=service_id,
            organization_id=customer.id,
            registration_id=uuid4(),
            credential_id=uuid4(),
            user_name="grace.global@contoso.com",
            m365_domain="contoso.onmicrosoft.com",
            items=verdict.kept(items or [GOOD]),
            granted=["User.Read.All"],
            seen_at=clock.now(),
            by=OLGA,
            now=clock.now(),
        )
    return service_id


@pytest.mark.parametrize(
    ("items", "status", "words"),
    [
        ((GOOD,), "ok", ""),
        ((GOOD, NO_LICENCE), "ok", ""),
        ((GOOD, ENDING), "warning", "The secret ends in 12 days."),
        ((SILENT,), "unknown", "Microsoft did not answer."),
        ((SILENT, ENDING), "warning", "The secret ends in 12 days."),
        ((GOOD, ENDING, BROKEN), "error", "Missing: User.Read.All."),
        ((), "unknown", "Not known at the moment"),
    ],
)
def test_the_status_is_the_worst_of_what_was_seen_of_the_credentials(items, status, words):
    kept = verdict.kept(items)
    assert verdict.status_of(kept) == status
    assert words in verdict.words_of(kept)


def test_the_service_follows_what_was_seen():
    customer = make_customer()
    service_id = connect(customer, GOOD, BROKEN)
    with within(customer.path):
        about = service(service_id)
    assert about.connection.value == "error"
    assert "User.Read.All" in about.connection_reason


def test_a_service_has_one_connection():
    customer = make_customer()
    service_id = connect(customer)
    with within(customer.path), pytest.raises(AlreadyConnected):
        actions.connect_service(
            service_id=service_id,
            organization_id=customer.id,
            registration_id=uuid4(),
            credential_id=uuid4(),
            user_name="x@contoso.com",
            m365_domain="contoso.com",
            items=[],
            granted=None,
            seen_at=clock.now(),
            by=OLGA,
            now=clock.now(),
        )


def test_ok_without_a_good_look_is_impossible():
    customer = make_customer()
    service_id = connect(customer, BROKEN)
    with within(customer.path), pytest.raises(IntegrityError), transaction.atomic():
        Connection.objects.filter(service_id=service_id).update(status="ok")


def ask(customer: Place, service_id: UUID) -> UUID:
    with within(customer.path):
        return actions.validate_connection(service_id=service_id, by=OLGA, now=clock.now())


def test_what_is_known_so_far_is_shown_while_it_runs():
    customer = make_customer()
    asked = ask(customer, connect(customer))
    assert validation.begin(validation_id=asked, now=clock.now()) is not None
    validation.note([GOOD], validation_id=asked)
    with within(customer.path):
        live = shown(asked)
    assert (live.state, live.is_over, [item.key for item in live.items]) == ("running", False, ["sign_in"])


def test_a_job_that_comes_twice_ends_the_validation_once():
    customer = make_customer()
    asked = ask(customer, connect(customer))
    begun = validation.begin(validation_id=asked, now=clock.now())
    assert begun
    assert validation.end(validation_id=asked, begun=begun, result=CheckResult((GOOD,)), now=clock.now())
    assert validation.begin(validation_id=asked, now=clock.now()) is None
    assert not validation.end(validation_id=asked, begun=begun, result=CheckResult((BROKEN,)), now=clock.now())
    with within(customer.path):
        assert shown(asked).status == "ok"


def test_a_validation_that_lost_its_worker_says_so_and_frees_the_button():
    customer = make_customer()
    service_id = connect(customer)
    asked = ask(customer, service_id)
    validation.give_up(now=clock.now() + timedelta(minutes=4))
    with within(customer.path):
        assert not shown(asked).is_over
    validation.give_up(now=clock.now() + timedelta(minutes=6))
    with within(customer.path):
        row = shown(asked)
        assert (row.state, row.status) == ("failed", "unknown")
        assert Connection.objects.get(service_id=service_id).status == "ok", "nothing was seen, so nothing changes"
    assert ask(customer, service_id) != asked


def test_a_look_of_the_fleet_may_wait_for_its_turn_and_counts_from_when_a_worker_took_it():
    customer = make_customer()
    service_id, start = connect(customer), clock.now()
    with within(customer.path):
        asked = actions.validate_connection(service_id=service_id, by=fleet.FLEET, now=start)
    validation.give_up(now=start + timedelta(hours=1))
    assert validation.begin(validation_id=asked, now=start + timedelta(hours=1)) is not None
    validation.give_up(now=start + timedelta(hours=1, minutes=4))
    with within(customer.path):
        assert shown(asked).state == "running"
    validation.give_up(now=start + timedelta(hours=1, minutes=6))
    with within(customer.path):
        assert shown(asked).state == "failed"


def test_what_was_suspended_while_its_look_waited_is_not_signed_in_with():
    customer = make_customer()
    service_id = connect(customer)
    asked = ask(customer, service_id)
    with within(customer.path):
        actions.suspend(service_id=service_id, by=OLGA, now=clock.now())
    assert validation.begin(validation_id=asked, now=clock.now()) is None
    with within(customer.path):
        row = shown(asked)
    assert (row.state, row.items[0].words) == ("failed", ConnectionSuspended.what)


def test_the_last_good_time_survives_a_bad_look():
    customer = make_customer()
    service_id = connect(customer)
    asked, later = ask(customer, service_id), clock.now() + timedelta(hours=1)
    begun = validation.begin(validation_id=asked, now=clock.now())
    assert begun
    validation.end(validation_id=asked, begun=begun, result=CheckResult((BROKEN,)), now=later)
    with within(customer.path):
        row = Connection.objects.get(service_id=service_id)
    assert (row.status, row.last_validated_at) == ("error", later)
    assert row.last_good_at < later


def test_a_worker_does_what_was_asked(monkeypatch):
    async def check(**_asked):
        return CheckResult((GOOD,), granted=frozenset({"User.Read.All"}))

    monkeypatch.setattr("gangway.connections.tasks.check_registration", check)
    customer = make_customer()
    asked = ask(customer, connect(customer))
    run_until_idle()
    with within(customer.path):
        assert shown(asked).state == "done"
        assert Validation.objects.get(pk=asked).granted == ["User.Read.All"]


def test_a_look_whose_credential_is_replaced_meanwhile_begins_anew_with_the_one_in_use(monkeypatch):
    customer, looked_with = make_customer(), []
    service_id = connect(customer)

    def replace() -> None:
        with within(customer.path):
            Connection.objects.filter(service_id=service_id).update(credential_id=UUID(int=5))

    async def check(*, credential_id, **_asked):
        looked_with.append(credential_id)
        await in_database(replace)
        if len(looked_with) == 1:
            raise NoSuchCredential
        return CheckResult((GOOD,))

    monkeypatch.setattr("gangway.connections.tasks.check_registration", check)
    asked = ask(customer, service_id)
    run_until_idle()
    with within(customer.path):
        assert (shown(asked).state, shown(asked).status, looked_with[1:]) == ("done", "ok", [UUID(int=5)])


def test_a_service_without_a_connection_has_nothing_to_validate():
    customer = make_customer()
    service_id = factories_services.plan(customer)
    with within(customer.path):
        assert connection(service_id) is None
        with pytest.raises(NoSuchConnection):
            actions.validate_connection(service_id=service_id, by=OLGA, now=clock.now())


def test_somebody_elses_validation_is_not_there():
    customer, stranger = make_customer(), make_customer()
    asked = ask(customer, connect(customer))
    with within(stranger.path), pytest.raises(NoSuchValidation):
        shown(asked)


def test_a_fault_of_ours_is_told_and_changes_nothing(monkeypatch):
    async def check(**_asked):
        raise NoSuchCredential

    monkeypatch.setattr("gangway.connections.tasks.check_registration", check)
    customer = make_customer()
    service_id = connect(customer)
    asked = ask(customer, service_id)
    run_until_idle()
    with within(customer.path):
        row = shown(asked)
        assert (row.state, row.status, bool(row.words)) == ("failed", "unknown", True)
        assert Connection.objects.get(service_id=service_id).status == "ok"
