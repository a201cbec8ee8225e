"""What another credential replaced rests, and is removed after that: not while its service is held."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from gangway.connections import actions, policy
from gangway.connections.models import Connection
from gangway.foundation import clock
from gangway.organizations.scope import within, within_everything
from gangway.provisioning import resting, switching
from gangway.provisioning.by_itself import AT_MOST
from gangway.provisioning.models import Credential, Leftover, Registration, Run
from tests.rooms.factories_connections import connected
from tests.rooms.factories_organizations import SETUP, Place, make_customer, make_provider
from tests.rooms.test_by_itself import left_over, tried

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def provider() -> Place:
    return make_provider()


@pytest.fixture
def services(provider: Place) -> list[UUID]:
    """Two services that moved away from one registration; what they signed in with there has rested long enough."""
    customer = make_customer(provider)
    made = [connected(customer, name) for name in ("voice-1", "voice-2")]
    with within_everything("a test"):
        old = Registration.objects.order_by("created_at")[0]
        old.app_id, old.proved_at = "an app", clock.now() - HOUR
        old.save()
        Credential.objects.update(registration=old, state="resting", rest_until=clock.now() - HOUR)
        for service_id in made:
            held = {"registration_id": uuid4(), "credential_id": uuid4()}
            Connection.objects.filter(service_id=service_id).update(**held)
    return made


def removed(later: timedelta = timedelta(0)) -> list[dict[str, Any]]:
    """What is taken away then."""
    switching.remove_what_rested(now=clock.now() + later)
    with within_everything("a test"):
        return [run.wanted for run in Run.objects.all()]


@pytest.mark.parametrize("place", [0, 1])
def test_what_rests_stays_while_a_service_is_suspended_that_signed_in_with_it(provider, services, place):
    with within(provider.path):
        actions.suspend(service_id=services[place], by=SETUP, now=clock.now())
        (other,) = Credential.objects.exclude(service_id=services[place])
    assert [(one["whole"], one["credentials"]) for one in removed()] == [(False, [str(other.pk)])]
    with within(provider.path):
        Run.objects.all().delete()
        Credential.objects.filter(pk=other.pk).update(state="removed")
        actions.resume(service_id=services[place], by=SETUP, now=clock.now())
    assert [one["whole"] for one in removed()] == [True]


def test_what_was_replaced_while_its_service_is_suspended_goes_after_its_rest(provider, services):
    with within(provider.path):
        for service_id in services:
            actions.suspend(service_id=service_id, by=SETUP, now=clock.now() - 26 * HOUR)
    assert [one["whole"] for one in removed()] == [True]


@pytest.mark.parametrize("replaced_within", [True, False])
def test_what_rests_stays_in_a_freeze_from_above_unless_a_person_had_it_replaced_within_it(
    provider, services, replaced_within
):
    now = clock.now()
    with within(provider.path):
        Credential.objects.update(rest_until=now + (25 * HOUR if replaced_within else HOUR))
        policy.add_freeze(provider.id, begins=now - HOUR, ends=now + 48 * HOUR, why="", by=SETUP, now=now)
    assert bool(removed(26 * HOUR)) is replaced_within
    assert [one["whole"] for one in removed(49 * HOUR)] == [True]


def test_what_a_service_without_a_connection_left_waits_for_the_end_of_a_freeze_that_began_since():
    work, now = left_over(), clock.now()
    with within(work.customer.path):
        policy.add_freeze(work.customer.id, begins=now - HOUR, ends=now + HOUR, why="", by=SETUP, now=now)
        assert not Connection.objects.exists()
    assert tried(work) == 0
    with within(work.customer.path):
        (freeze,) = policy.freezes_of(work.customer.id)
        policy.end_freeze(freeze.id, organization_id=work.customer.id, by=SETUP, now=now)
        Leftover.objects.update(seen_at=now - 25 * HOUR)
    assert tried(work) == 1


def test_what_a_removal_left_is_not_tried_again_meanwhile_and_those_days_count_for_nothing(monkeypatch):
    work = left_over()
    with monkeypatch.context() as suspended:
        suspended.setattr(resting, "HOLDS", [lambda there, _now: frozenset(there)])
        for _day in range(AT_MOST + 1):
            assert tried(work) == 0
            with within(work.customer.path):
                assert clock.now() - Leftover.objects.get().seen_at < HOUR
                Leftover.objects.update(seen_at=clock.now() - 25 * HOUR)
    assert tried(work) == 1
