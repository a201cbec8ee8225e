"""A run is locked after its registration, in one statement: whoever waits for the one doesn't hold the other."""

from threading import Thread
from time import monotonic, sleep

import pytest
from django.db import connection, connections, transaction

from gangway.organizations.scope import within
from gangway.provisioning import moves
from gangway.provisioning.models import Registration, Run
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
