"""The tenant's lease: one owner at a time, late ones recognised by their fence."""

import time
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from django.db import connection, transaction

from gangway.foundation import clock
from gangway.organizations.scope import within
from gangway.provisioning import lease, opening
from gangway.provisioning.errors import LeaseLost
from gangway.provisioning.lease import Lease, Taken
from gangway.provisioning.models import Run
from tests.rooms.factories_provisioning import Work, make_work
from tests.rooms.races import race

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TENANT = "c0475050-0000-4000-8000-000000000001"

pytestmark = pytest.mark.django_db


def take(owner: str, *, now: datetime = NOW) -> Lease | Taken:
    return lease.acquire(tenant_id=TENANT, owner=owner, seconds=10, now=now)


def test_a_second_owner_is_told_until_when():
    assert isinstance(take("a"), Lease)
    assert take("b") == Taken(NOW + timedelta(seconds=10))


def test_a_lease_that_ended_goes_to_the_next_and_the_late_owner_is_refused():
    first = take("a")
    second = take("b", now=NOW + timedelta(seconds=11))
    assert isinstance(first, Lease)
    assert isinstance(second, Lease)
    assert second.fence > first.fence
    with pytest.raises(LeaseLost):
        lease.renew(first, seconds=10, now=NOW)
    lease.renew(second, seconds=10, now=NOW + timedelta(seconds=12))


def test_the_same_owner_again_has_a_new_fence():
    first, second = take("a"), take("a")
    assert isinstance(first, Lease)
    assert isinstance(second, Lease)
    with pytest.raises(LeaseLost):
        lease.renew(first, seconds=10, now=NOW)


def test_an_owner_whose_time_is_over_may_write_nothing_more():
    held = take("a")
    assert isinstance(held, Lease)
    with pytest.raises(LeaseLost):
        lease.renew(held, seconds=10, now=NOW + timedelta(seconds=10))


def test_a_released_lease_is_free_at_once_and_a_late_release_frees_nothing():
    first = take("a")
    assert isinstance(first, Lease)
    lease.release(first)
    second = take("b")
    assert isinstance(second, Lease)
    lease.release(first)
    assert isinstance(take("c"), Taken)


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_moment_one_gets_it():
    results = race(lambda: take("a"), lambda: take("b"))
    assert sorted(type(result).__name__ for result in results) == ["Lease", "Taken"]


@pytest.mark.django_db(transaction=True)
def test_who_gives_a_look_back_and_who_writes_at_the_same_moment_never_wait_for_each_other():
    work = make_work()
    work.start("any")
    opened = opening.open_run(work.run_id, owner="a", now=clock.now())
    assert opened
    rest(work, until=clock.now() + timedelta(minutes=5))
    has_the_lease = Event()

    def write() -> str:
        """As every journal write: the lease first, then the run."""
        with within(work.customer.path), transaction.atomic():
            lease.hold(opened.lease, now=clock.now())
            has_the_lease.set()
            wait_for_somebody_who_waits()
            Run.objects.select_for_update().get(pk=work.run_id)
        return "written"

    def give_back() -> str:
        has_the_lease.wait(10)
        opening.give_back(opened, now=clock.now())
        return "given back"

    assert race(write, give_back) == ["written", "given back"]
    assert work.row().look_at <= clock.now()


def rest(work: Work, *, until: datetime) -> None:
    """It rests while Microsoft is copying, and somebody looks at it now."""
    with within(work.customer.path):
        Run.objects.filter(pk=work.run_id).update(state="copying", copying_since=clock.now(), look_at=until)


def wait_for_somebody_who_waits() -> None:
    """Until another connection waits for a lock of ours; a lock that nobody waits for is no test."""
    for _ in range(1000):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def test_who_lost_the_lease_moves_nobodys_look():
    work = make_work()
    work.start("any")
    opened = opening.open_run(work.run_id, owner="a", now=clock.now())
    assert opened
    later = clock.now() + timedelta(minutes=5)
    rest(work, until=later)
    lease.acquire(tenant_id=opened.lease.tenant_id, owner="b", seconds=10, now=clock.now() + timedelta(hours=1))
    opening.give_back(opened, now=clock.now())
    assert work.row().look_at == later
