"""A run is locked after its registration, in one statement: whoever waits for the one doesn't hold the other.

Whoever breaks a rotation off locks both before the row that says how that stands.
"""

from threading import Thread
from time import monotonic, sleep
from typing import Any

import pytest
from django.db import connection, connections, transaction

from gangway.connections import tending
from gangway.connections.models import Care, Connection
from gangway.connections.rotation import rotate_now
from gangway.foundation import clock
from gangway.organizations.scope import within
from gangway.provisioning import moves
from gangway.provisioning.models import Registration, Run
from tests.rooms.factories_connections import connected
from tests.rooms.factories_organizations import SETUP, make_customer
from tests.rooms.factories_provisioning import make_work

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
