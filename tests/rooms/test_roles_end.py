"""Directory roles that end: who is told when, and what is said while nobody can read it."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from gangway.alarms.actions import clear
from gangway.alarms.models import Alarm
from gangway.connections import fleet, saying, validation
from gangway.connections.models import Care, Validation
from gangway.foundation import clock
from gangway.organizations.scope import within, within_everything
from gangway.provisioning.actions import CheckItem, CheckResult
from gangway.provisioning.models import Registration
from tests.rooms.factories_connections import DAY, GOOD, care_of, connected
from tests.rooms.factories_organizations import (
    SETUP,
    Place,
    make_customer,
    make_provider,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider() -> Place:
    return make_provider()


@pytest.fixture
def customer(provider: Place) -> Place:
    return make_customer(provider, name="Contoso")


def roles_end(
    service_id: UUID, days: float | None, *, at: datetime, state: str = "warning", stale: bool = False
) -> None:
    """A look at that time reads that the roles end in so many days after it, or can't read it."""
    ends = None if days is None else at + days * DAY
    with within_everything("a test"):
        registration = Registration.objects.get(credentials__service_id=service_id)
        Registration.objects.update(roles_end_at=ends, plan=registration.plan | {"role_days": 180})
        Care.objects.update(validate_at=at)
    fleet.validate_due(now=at)
    item = CheckItem("roles_end", "End of the directory roles", state, "They end.", stale=stale)
    seen = [] if days is None else [item]
    with within_everything("a test"):
        asked = Validation.objects.get(connection__service_id=service_id, state="queued")
    begun = validation.begin(validation_id=asked.pk, now=at)
    assert begun
    validation.end(validation_id=asked.pk, begun=begun, result=CheckResult((GOOD, *seen)), now=at)


def roles_alarm(customer: Place) -> tuple[str, int] | None:
    with within(customer.path):
        found = Alarm.objects.filter(kind="roles_end", cleared_at__isnull=True).first()
        return None if found is None else (found.severity, found.times)


def test_the_end_of_roles_is_told_at_each_threshold_of_a_secrets_once(customer):
    service_id, now = connected(customer), clock.now()
    told, end = [], now + 90 * DAY
    for left in (70, 60, 59, 30, 14, 13, 7, 3, 1, 0):
        at = end - left * DAY
        roles_end(service_id, left, at=at)
        roles_end(service_id, left, at=at + timedelta(minutes=1))
        told.append(roles_alarm(customer))
    steps = [None, ("notice", 1), ("notice", 1), ("notice", 2), ("warning", 3), ("warning", 3), ("warning", 4)]
    assert told == [*steps, ("critical", 5), ("critical", 6), ("critical", 7)]
    with within(customer.path):
        raised = Alarm.objects.get(kind="roles_end")
        assert not Alarm.objects.filter(kind="connection").exists()
    assert (raised.for_contacts, raised.cure) == (saying.LINK_COMES, saying.EXTEND)
    assert "ended on" in raised.words


def test_the_next_look_comes_when_the_next_threshold_does(customer):
    service_id, now = connected(customer), clock.now()
    roles_end(service_id, 60 + 1 / 24, at=now)
    assert care_of(service_id).validate_at - now == timedelta(hours=1)


def test_roles_that_were_extended_are_warned_of_no_more_and_anew_before_their_new_end(customer):
    service_id, now = connected(customer), clock.now()
    roles_end(service_id, 6, at=now)
    assert roles_alarm(customer) == ("warning", 1)
    roles_end(service_id, -1, at=now + 7 * DAY, state="unknown")
    assert roles_alarm(customer) == ("warning", 1), "nobody could read whether somebody extended them"
    roles_end(service_id, 180, at=now + 8 * DAY, state="ok")
    assert roles_alarm(customer) is None
    roles_end(service_id, 13, at=now + 175 * DAY)
    assert roles_alarm(customer) == ("warning", 1)
    roles_end(service_id, None, at=now + 176 * DAY)
    assert roles_alarm(customer) is None, "they were given for good"


def test_while_pim_does_not_answer_nobody_is_warned_by_an_old_record_and_the_next_look_comes_soon(customer):
    service_id, now = connected(customer), clock.now()
    roles_end(service_id, 13, at=now, stale=True)
    assert roles_alarm(customer) is None, "somebody may have extended them"
    assert care_of(service_id).validate_at <= now + timedelta(hours=4)
    roles_end(service_id, 12, at=now + DAY)
    assert roles_alarm(customer) == ("warning", 1)
    roles_end(service_id, 170, at=now + 2 * DAY, state="ok", stale=True)
    assert roles_alarm(customer) == ("warning", 1)


def test_a_warning_of_roles_that_somebody_cleared_comes_back_while_their_end_stands(customer):
    service_id, now = connected(customer), clock.now()
    roles_end(service_id, 6, at=now)
    with within_everything("a test"):
        clear(Alarm.objects.get(kind="roles_end").pk, by=SETUP, now=now)
    roles_end(service_id, 5, at=now + DAY)
    assert roles_alarm(customer) == ("warning", 1)
