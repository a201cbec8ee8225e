"""What nobody could look at isn't OK any more, is looked at again soon, and is an alarm of ours when it lasts."""

from datetime import timedelta
from uuid import UUID

import pytest

from gangway.alarms import queries as alarms
from gangway.connections import actions, aging, companions, validation
from gangway.connections.models import Care, Companion, Connection, Pause, Validation
from gangway.foundation import clock
from gangway.onboarding import platform_watch
from gangway.organizations.scope import within, within_everything
from gangway.provisioning.actions import CheckResult
from gangway.provisioning.errors import NoSuchCredential
from gangway.provisioning.models import Credential
from gangway.services.queries import service
from tests.rooms.factories_connections import DAY, GOOD, beside, connected
from tests.rooms.factories_organizations import SETUP, Place, make_customer, make_provider

pytestmark = pytest.mark.django_db
SOON = timedelta(hours=4)


@pytest.fixture
def provider() -> Place:
    return make_provider()


@pytest.fixture
def customer(provider: Place) -> Place:
    return make_customer(provider)


@pytest.fixture
def service_id(customer: Place) -> UUID:
    made = connected(customer)
    beside(customer, made)
    return made


def ask_both(customer: Place, service_id: UUID) -> tuple[UUID, UUID]:
    with within(customer.path):
        asked = actions.validate_connection(service_id=service_id, by=SETUP, now=clock.now())
        companions.validate(service_id=service_id, profile="qoe", by=SETUP, now=clock.now())
        return asked, Validation.objects.get(companion__service_id=service_id, ended_at=None).pk


def see_both(customer: Place, service_id: UUID) -> None:
    one, other = ask_both(customer, service_id)
    for look_id in (one, other):
        begun = validation.begin(validation_id=look_id, now=clock.now())
        assert begun
        validation.end(validation_id=look_id, begun=begun, result=CheckResult((GOOD,)), now=clock.now())


def statuses() -> list[str]:
    with within_everything("a test"):
        return [Connection.objects.get().status, Companion.objects.get().status]


@pytest.mark.parametrize("fault", ["ours", "lost worker"])
def test_what_failed_on_our_side_is_looked_at_again_in_four_hours(customer, service_id, fault):
    one, other = ask_both(customer, service_id)
    with within_everything("a test"):
        for rows in (Care.objects, Companion.objects):
            rows.update(validate_at=clock.now() + DAY)
    if fault == "ours":
        for look_id in (one, other):
            validation.fail(validation_id=look_id, error=NoSuchCredential(), now=clock.now())
    else:
        validation.give_up(now=clock.now() + timedelta(minutes=6))
    with within_everything("a test"):
        again = [Care.objects.get().validate_at, Companion.objects.get().validate_at]
    assert all(at < clock.now() + SOON + timedelta(minutes=7) for at in again)


def test_what_nobody_looked_at_for_two_days_is_unknown_and_the_list_says_so_too(customer, service_id):
    see_both(customer, service_id)
    assert aging.forget_old_looks(now=clock.now() + timedelta(hours=47)) == 0
    assert statuses() == ["ok", "ok"]
    assert aging.forget_old_looks(now=clock.now() + timedelta(hours=49)) == 2
    assert statuses() == ["unknown", "unknown"]
    with within(customer.path):
        about = service(service_id)
    assert (about.connection.value, about.connection_reason) == ("unknown", aging.WORDS)


def late(provider: Place) -> list[str]:
    with within(provider.path):
        return [row.about for row in alarms.alarms(kind="platform").rows if "Validation" in row.about]


def test_a_fleet_that_nobody_looks_at_is_one_alarm_until_somebody_does(provider, customer, service_id, monkeypatch):
    monkeypatch.setattr(platform_watch, "mail_trouble", lambda: "")
    see_both(customer, service_id)
    platform_watch.watch(attempt=0, now=clock.now())
    assert late(provider) == []
    with within_everything("a test"):
        for rows in (Care.objects, Companion.objects):
            rows.update(validate_at=clock.now() + 9 * DAY)  # no backlog: each look was tried and failed
    platform_watch.watch(attempt=0, now=clock.now() + timedelta(hours=31))
    assert late(provider) == ["Validation of connections"]
    platform_watch.watch(attempt=0, now=clock.now())
    assert late(provider) == []


def test_a_backlog_of_half_a_day_is_told_and_a_connection_without_a_record_is_not(customer, service_id):
    now = clock.now()
    with within_everything("a test"):
        Care.objects.update(validate_at=now - timedelta(hours=11))
        Companion.objects.update(validate_at=now + DAY)
    assert not aging.is_behind(now=now)
    assert aging.is_behind(now=now + timedelta(hours=2))
    with within_everything("a test"):
        Credential.objects.all().delete()
        Care.objects.update(validate_at=now + 9 * DAY)
        Companion.objects.update(validate_at=now + 9 * DAY)
    assert not aging.is_behind(now=now + 3 * DAY)


@pytest.mark.parametrize("since", ["resumed", "paused by Microsoft"])
def test_what_could_not_be_looked_at_until_now_is_not_late(customer, service_id, since):
    see_both(customer, service_id)
    now = clock.now() + 3 * DAY
    with within_everything("a test"):
        for rows in (Care.objects, Companion.objects):
            rows.update(validate_at=now + 9 * DAY)
    assert aging.is_behind(now=now)
    if since == "resumed":
        with within(customer.path):
            actions.suspend(service_id=service_id, by=SETUP, now=now - DAY)
            actions.resume(service_id=service_id, by=SETUP, now=now)
    else:
        with within_everything("a test"):
            Pause.objects.create(tenant_id=Care.objects.get().tenant_id, until=now + DAY)
    assert not aging.is_behind(now=now)
