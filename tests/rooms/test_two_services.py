"""Several services on one registration: each has a run of its own, whoever asks for the same meanwhile."""

from typing import Any
from uuid import UUID

import pytest

from gangway.foundation import clock
from gangway.onboarding.deletion import ENDED
from gangway.organizations.scope import within
from gangway.provisioning import actions, leaving
from gangway.provisioning.errors import RunUnderWay
from gangway.provisioning.leaving import Leaving
from gangway.provisioning.models import Registration, Run
from tests.rooms import factories_services
from tests.rooms.factories_connections import connected
from tests.rooms.factories_organizations import SETUP, Place, make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer() -> Place:
    return make_customer()


@pytest.fixture
def shared(customer: Place) -> Registration:
    connected(customer)
    with within(customer.path):
        return Registration.objects.get()


@pytest.fixture
def planned(customer: Place) -> tuple[UUID, UUID]:
    return factories_services.plan(customer), factories_services.plan(customer)


def ask(shared: Registration, service_id: UUID, what: str, **about: Any) -> Run:
    about |= {"plan": shared.plan} if what == "repair" else {}
    about |= {"whole": True} if what == "teardown" else {}
    about |= {"registration_id": shared.pk, "service_id": service_id, "by": SETUP, "now": clock.now()}
    run_id = getattr(actions, f"start_{what}")(**about)
    return Run.objects.get(pk=run_id)


@pytest.mark.parametrize("what", ["credential", "repair", "audit", "teardown"])
def test_a_run_at_work_for_one_service_is_never_given_to_another(customer, shared, planned, what):
    one, other = planned
    with within(customer.path):
        begun = ask(shared, one, what)
        assert ask(shared, one, what) == begun
        with pytest.raises(RunUnderWay):
            ask(shared, other, what)
        begun.refresh_from_db()
    assert (begun.service_id, begun.state) == (one, "queued")


@pytest.mark.parametrize(("what", "rests"), [("credential", "failed"), ("repair", "waiting"), ("repair", "failed")])
def test_a_run_that_rests_for_one_service_does_not_go_on_for_another(customer, shared, planned, what, rests):
    one, other = planned
    with within(customer.path):
        begun = ask(shared, one, what)
        Run.objects.filter(pk=begun.pk).update(state=rests)
        mine = ask(shared, other, what)
        begun.refresh_from_db()
    assert (mine.service_id, mine.state) == (other, "queued")
    assert (begun.service_id, begun.state) == (one, "cancelled" if what == "repair" else rests)


def test_of_two_services_that_leave_the_one_whose_tear_down_was_put_aside_is_gone_with_the_registration(
    customer, shared, planned
):
    with within(customer.path):
        for service_id in planned:
            run = ask(shared, service_id, "teardown", on_end=ENDED)
            Run.objects.filter(pk=run.pk).update(state="needs_sign_in")
        assert [leaving.left(service_id=one, on_end=ENDED).state for one in planned] == [Leaving.STUCK] * 2
        Run.objects.filter(pk=run.pk).update(state="proved")
        Registration.objects.update(state="removed")
        assert [leaving.left(service_id=one, on_end=ENDED).state for one in planned] == [Leaving.GONE] * 2
