"""A run is locked after its registration, in one statement: whoever waits for the one doesn't hold the other.

Whoever starts a rotation, or breaks one off, locks both before the row that says how that stands; the service comes
last.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from threading import Thread
from time import monotonic, sleep
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, connections, transaction
from django.db.models import Model

from gangway.connections import actions, companions, tending, validation
from gangway.connections.models import Care, Companion, Connection, Validation
from gangway.connections.rotation import rotate_now
from gangway.foundation import clock
from gangway.foundation.errors import GangwayError
from gangway.onboarding import deletion
from gangway.organizations.scope import within, within_everything
from gangway.provisioning import moves
from gangway.provisioning.actions import CheckResult
from gangway.provisioning.models import Registration, Run
from gangway.services.models import Service
from tests.rooms.factories_connections import GOOD, beside, connected
from tests.rooms.factories_organizations import SETUP, make_customer
from tests.rooms.factories_provisioning import make_work
from tests.rooms.races import race

pytestmark = pytest.mark.django_db(transaction=True)

WAITS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def somebody_waits() -> bool:
    """Whether a connection comes to wait for a lock within some seconds."""
    ends = monotonic() + 10
    while monotonic() < ends:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # or a transaction sees what it saw first, for ever
            cursor.execute(WAITS)
            if cursor.fetchone()[0]:
                return True
        sleep(0.02)
    return False


def test_who_waits_for_the_registration_does_not_hold_the_run_and_sees_what_it_waited_for():
    work, states = make_work(), []
    work.start("t")

    def lock() -> None:
        try:
            with within(work.customer.path), transaction.atomic():
                states.append(moves.locked(work.run_id).registration.display_name)
        finally:
            connections.close_all()

    other = Thread(target=lock)
    with within(work.customer.path), transaction.atomic():
        row = Registration.objects.select_for_update(of=("self",)).get(pk=work.registration_id)
        other.start()
        assert somebody_waits()
        assert Run.objects.select_for_update(of=("self",), nowait=True).get(pk=work.run_id)
        row.display_name = "changed"
        row.save(update_fields=["display_name"])
    other.join(timeout=20)
    assert states == ["changed"]


def test_a_rotation_of_what_is_suspended_is_broken_off_before_the_row_of_its_care_is_locked(monkeypatch):
    customer, real, alone = make_customer(), tending.rotation.break_off, []
    service_id = connected(customer, granted=("User.Read.All", "Application.ReadWrite.OwnedBy"))
    with within(customer.path):
        rotate_now(service_id=service_id, by=SETUP, now=clock.now())
        Connection.objects.update(suspended_at=clock.now(), suspended_why="paused", suspended_level="customer")
        Care.objects.update(tend_at=clock.now())

    def break_off(*about: Any, **given: Any) -> None:
        alone.append(not connection.in_atomic_block)
        real(*about, **given)

    monkeypatch.setattr(tending.rotation, "break_off", break_off)
    tending.tend_due(now=clock.now())
    assert alone == [True]
    with within(customer.path):
        assert (Run.objects.get().state, Care.objects.get().rotation) == ("cancelled", "none")


def beside_somebody_who_has_its_registration(
    registration_id: UUID, work: Callable[[], object], rows: type[Model]
) -> None:
    """While somebody holds the registration, this work waits for it, and holds none of these rows meanwhile."""

    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    other = Thread(target=run)
    with within_everything("a test"), transaction.atomic():
        Registration.objects.select_for_update(of=("self",)).get(pk=registration_id)
        other.start()
        assert somebody_waits()
        assert list(rows.objects.select_for_update(of=("self",), nowait=True))
    other.join(timeout=20)
    assert not other.is_alive()


def on_its_day(kind: type[Care] | type[Companion]) -> datetime:
    """Let the schedule plan a rotation that contacts are told of, and give its time: it is due then."""
    with within_everything("a test"):
        kind.objects.update(renews_itself=True, tend_at=clock.now())
        tending.tend_due(now=clock.now())
        at = kind.objects.get().rotate_at
        assert at is not None
        kind.objects.update(tend_at=at, announced_at=clock.now())
    return at


def test_the_schedule_locks_a_registration_before_the_row_that_says_how_its_rotation_stands():
    customer = make_customer()
    connected(customer, granted=("User.Read.All", "Application.ReadWrite.OwnedBy"))
    with within(customer.path):
        registration_id = Registration.objects.get().pk
    tends = partial(tending.tend_due, now=on_its_day(Care))
    beside_somebody_who_has_its_registration(registration_id, tends, Care)
    with within(customer.path):
        assert (Run.objects.get().kind, Care.objects.get().rotation) == ("rotation", "under_way")


def test_the_schedule_does_so_with_what_is_beside_a_connection():
    customer = make_customer()
    registration_id = beside(customer, connected(customer))
    tends = partial(tending.tend_due, now=on_its_day(Companion))
    beside_somebody_who_has_its_registration(registration_id, tends, Companion)
    with within(customer.path):
        assert (Run.objects.get().kind, Companion.objects.get().rotation) == ("rotation", "under_way")


def test_who_renews_what_is_beside_a_connection_locks_its_registration_before_it():
    customer = make_customer()
    service_id = connected(customer)
    registration_id = beside(customer, service_id)

    def renew() -> None:
        with within(customer.path):
            companions.renew(service_id=service_id, by=SETUP, now=clock.now())

    beside_somebody_who_has_its_registration(registration_id, renew, Companion)


def test_the_schedule_and_a_person_who_start_one_rotation_at_once_wait_for_each_other_in_one_order():
    customer = make_customer()
    service_id = connected(customer, granted=("User.Read.All", "Application.ReadWrite.OwnedBy"))
    at = on_its_day(Care)

    def press() -> object:
        with within(customer.path):
            return rotate_now(service_id=service_id, by=SETUP, now=at)

    ended = race(press, lambda: tending.tend_due(now=at))
    assert not [one for one in ended if isinstance(one, Exception)]
    with within(customer.path):
        assert (Care.objects.get().rotation, Care.objects.get().rotation_run_id) == ("under_way", Run.objects.get().pk)


def test_a_look_that_ends_locks_its_care_before_its_service_as_the_end_of_a_rotation_does():
    customer = make_customer()
    service_id = connected(customer)
    with within(customer.path):
        actions.validate_connection(service_id=service_id, by=SETUP, now=clock.now())
        asked = Validation.objects.get(state="queued").pk
    begun = validation.begin(validation_id=asked, now=clock.now())
    assert begun

    def end() -> None:
        try:
            validation.end(validation_id=asked, begun=begun, result=CheckResult((GOOD,)), now=clock.now())
        finally:
            connections.close_all()

    other = Thread(target=end)
    with within(customer.path), transaction.atomic():
        Care.objects.select_for_update(of=("self",)).get()
        other.start()
        assert somebody_waits()
        assert Service.objects.select_for_update(of=("self",), nowait=True).get(pk=service_id)
    other.join(timeout=20)
    with within(customer.path):
        assert Validation.objects.get(pk=asked).state == "done"


DEEDS: dict[str, Callable[[UUID], object]] = {
    "delete": lambda one: deletion.delete_service(service_id=one, typed="voice", by=SETUP, now=clock.now()),
    "keep": lambda one: deletion.keep_service(service_id=one, by=SETUP, now=clock.now()),
    "suspend": lambda one: actions.suspend(service_id=one, by=SETUP, now=clock.now()),
    "resume": lambda one: actions.resume(service_id=one, by=SETUP, now=clock.now()),
    "rotate": lambda one: rotate_now(service_id=one, by=SETUP, now=clock.now()),
    "validate": lambda one: actions.validate_connection(service_id=one, by=SETUP, now=clock.now()),
}


@pytest.mark.parametrize("first", ["nothing", "suspend", "delete"])
def test_people_who_delete_keep_suspend_resume_and_rotate_at_once_never_stand_in_each_others_way(first):
    customer = make_customer()
    service_id = connected(customer, "voice", granted=("User.Read.All", "Application.ReadWrite.OwnedBy"))

    def does(deed: str) -> Callable[[], object]:
        def run() -> object:
            with within(customer.path):
                return DEEDS[deed](service_id)

        return run

    if first in DEEDS:
        does(first)()
    for _round in range(4):
        ended = race(*(does(deed) for deed in (*DEEDS, "delete", "suspend")))
        assert [one for one in ended if isinstance(one, Exception) and not isinstance(one, GangwayError)] == []
