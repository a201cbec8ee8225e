"""The tenant's lease: one owner at a time, late ones recognised by their fence."""

from datetime import UTC, datetime, timedelta

import pytest

from gangway.provisioning import lease
from gangway.provisioning.errors import LeaseLost
from gangway.provisioning.lease import Lease, Taken
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
