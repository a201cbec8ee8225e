"""A registration goes with the last of what signs in with it: not before, and never without anybody noticing."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from gangway.connections.models import Connection
from gangway.foundation import clock
from gangway.organizations.scope import within
from gangway.provisioning import actions, leaving, switching
from gangway.provisioning.in_use import is_used, living_others
from gangway.provisioning.models import Credential, Leftover, Registration, Run
from gangway.provisioning.usage import others_of, uses
from tests.rooms import factories_services
from tests.rooms.factories_connections import connected
from tests.rooms.factories_organizations import SETUP, Place, make_customer

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def customer() -> Place:
    return make_customer()


@pytest.fixture
def moved(customer: Place) -> Registration:
    """The registration that a service moved away from; what it signed in with there has rested for long enough."""
    service_id = connected(customer)
    with within(customer.path):
        Connection.objects.filter(service_id=service_id).update(registration_id=uuid4(), credential_id=uuid4())
        Credential.objects.update(state="resting", rest_until=clock.now() - HOUR)
        Registration.objects.update(app_id="an app", proved_at=clock.now() - HOUR)
        return Registration.objects.get()


def further(moved: Registration, service_id: UUID, **about: Any) -> None:
    Credential.objects.create(
        organization_id=moved.organization_id,
        registration=moved,
        service_id=service_id,
        display_name=f"{service_id}",
        key_id=str(uuid4()),
        sealed_id=uuid4(),
        announced_at=clock.now(),
        **about,
    )


def run_of(moved: Registration, service_id: UUID, **about: Any) -> Run:
    return Run.objects.create(
        organization_id=moved.organization_id,
        registration=moved,
        service_id=service_id,
        queued_at=clock.now() - HOUR,
        created_at=clock.now() - HOUR,
        **about,
    )


def wanted() -> list[dict[str, Any]]:
    """What the tear-downs want that were started."""
    return [run.wanted for run in Run.objects.filter(kind="teardown")]


@pytest.mark.parametrize(("rests_for", "whole"), [(HOUR, False), (-HOUR, True)])
def test_while_another_credential_rests_only_the_one_goes_whose_rest_is_over(customer, moved, rests_for, whole):
    with within(customer.path):
        (due,) = Credential.objects.all()
        further(moved, due.service_id, state="resting", rest_until=clock.now() + rests_for)
        switching.remove_what_rested(now=clock.now())
        first, *_ = wanted()
    assert (first["whole"], first["credentials"]) == (whole, [] if whole else [str(due.pk)])


@pytest.mark.parametrize(
    ("state", "ended", "holds"), [("waiting", 40, True), ("failed", 1, True), ("failed", 40, False)]
)
def test_what_somebody_goes_on_with_is_not_cancelled_by_a_schedule(customer, moved, state, ended, holds):
    with within(customer.path):
        service_id = Credential.objects.get().service_id
        ended_at = clock.now() - timedelta(days=ended)
        repair = run_of(moved, service_id, kind="repair", state=state, ended_at=ended_at)
        switching.remove_what_rested(now=clock.now())
        repair.refresh_from_db()
        assert (repair.state, bool(wanted())) == (state if holds else "cancelled", not holds)


def test_a_replaced_credential_goes_in_time_beside_what_waits_for_a_person(customer, moved):
    with within(customer.path):
        (due,) = Credential.objects.all()
        further(moved, due.service_id, state="proved")
        repair = run_of(moved, due.service_id, kind="repair", state="waiting")
        switching.remove_what_rested(now=clock.now())
        repair.refresh_from_db()
        assert (repair.state, [one["credentials"] for one in wanted()]) == ("waiting", [[str(due.pk)]])


def test_what_is_held_up_holds_up_nothing_else(customer, moved, monkeypatch):
    monkeypatch.setattr(switching, "MOST", 1)
    with within(customer.path):
        (due,) = Credential.objects.all()
        run_of(moved, due.service_id, kind="repair", state="waiting")
        other = Registration.objects.get(pk=moved.pk)
        other.pk, other.name_key = uuid4(), "other"
        other._state.adding = True
        other.save()
        further(other, due.service_id, state="resting", rest_until=clock.now() - HOUR / 60)
        switching.remove_what_rested(now=clock.now())
        assert [run.registration_id for run in Run.objects.filter(kind="teardown")] == [other.pk]


@pytest.mark.parametrize(
    ("run", "used"),
    [
        (None, False),
        ({"kind": "rotation", "state": "failed"}, False),
        ({"kind": "repair", "state": "failed", "ended_at": clock.now() - 40 * 24 * HOUR}, False),
        ({"kind": "repair", "state": "failed", "ended_at": clock.now() - HOUR}, True),
        ({"kind": "repair", "state": "waiting"}, True),
    ],
)
def test_what_was_announced_and_never_made_holds_a_registration_only_while_its_run_may_come_to_it(
    customer, moved, run, used
):
    other = connected(customer, "voice-2")
    with within(customer.path):
        further(moved, other, state="announced")
        if run:
            run_of(moved, other, **run)
        assert is_used(moved) is used
        assert living_others(moved.pk, Credential.objects.get(state="resting").service_id).exists() is used
        switching.remove_what_rested(now=clock.now())
        assert [one["whole"] for one in wanted()] == [not used]


@pytest.mark.parametrize("kind", ["credential", "repair"])
@pytest.mark.parametrize("rests", [True, False])
def test_the_last_service_that_does_not_come_after_all_takes_the_registration_along(customer, moved, kind, rests):
    planned = factories_services.plan(customer)
    with within(customer.path):
        proved = kind == "credential"
        run = run_of(moved, planned, kind=kind, state="proved" if proved else "needs_sign_in")
        further(moved, planned, state="proved" if proved else "announced")
        rest = {"rest_until": clock.now() + HOUR} if rests else {"state": "removed"}
        Credential.objects.exclude(service_id=planned).update(**rest)
        if proved:
            leaving.undo_proved(run_id=run.pk, by=SETUP, now=clock.now())
        else:
            actions.cancel_run(run_id=run.pk, by=SETUP, now=clock.now())
        (one,) = wanted()
    assert (one["whole"], one["for_good"]) == (not rests, False)


def test_what_nobody_could_delete_after_its_rest_can_be_tried_again(customer, moved):
    with within(customer.path):
        service_id = Credential.objects.get().service_id
        row = Leftover.objects.create(
            organization_id=customer.id,
            registration=moved,
            run=run_of(moved, service_id, kind="repair", state="cancelled"),
            service_id=service_id,
            kind="application",
            name=moved.display_name,
            object_id="an object",
            why="Nobody signed in.",
            since=clock.now(),
            seen_at=clock.now(),
        )
        actions.try_again(leftover_id=row.pk, by=SETUP, now=clock.now())
        assert [one["whole"] for one in wanted()] == [True]


def test_who_moved_away_is_not_named_among_those_who_go_on_but_holds_it_up_while_that_rests(customer, moved):
    stays = connected(customer, "voice-2")
    with within(customer.path):
        Credential.objects.filter(service_id=stays).update(registration_id=moved.pk)
        Credential.objects.filter(state="resting").update(rest_until=clock.now() + HOUR)
        goes = leaving.going(registration_id=moved.pk, service_id=stays)
        assert (goes.others, goes.whole) == ((), True)
        assert others_of(uses(moved.pk), stays) == []
        leaving.leave(registration_id=moved.pk, service_id=stays, on_end="", by=SETUP, now=clock.now())
        assert [one["whole"] for one in wanted()] == [False]
