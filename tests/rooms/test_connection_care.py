"""Looking after a connection when something goes wrong: tries, freezes, short lives, lost jobs, alarms that end."""

from datetime import timedelta
from uuid import UUID

import pytest

from gangway.alarms import queries as alarms
from gangway.connections import actions, following, policy, tending
from gangway.connections.models import Care
from gangway.connections.rotation import rotate_now
from gangway.connections.schedule import Wishes
from gangway.connections.states import Rotation
from gangway.foundation import clock
from gangway.organizations.scope import within, within_everything
from gangway.provisioning import faults
from gangway.provisioning.errors import Broke, CannotRotate, ProvisioningError
from gangway.provisioning.models import Credential, Run
from tests.rooms.factories_connections import DAY, OLD, connected
from tests.rooms.factories_organizations import SETUP, Place, make_customer, make_provider
from tests.rooms.test_fleet import care_of

pytestmark = pytest.mark.django_db
OWNED = (*OLD, "Application.ReadWrite.OwnedBy")


@pytest.fixture
def customer() -> Place:
    return make_customer(make_provider(), name="Contoso")


def tend(later: timedelta = timedelta(0)) -> None:
    with within_everything("a test"):
        Care.objects.update(tend_at=clock.now())
    tending.tend_due(now=clock.now() + later)


def under_way(customer: Place, service_id: UUID) -> UUID:
    """*Rotate now*; gives the run, which no worker takes."""
    with within(customer.path):
        return rotate_now(service_id=service_id, by=SETUP, now=clock.now())


def ends(run_id: UUID, state: str, error: ProvisioningError | None = None, *, told: bool = True) -> None:
    kept = faults.kept(error, now=clock.now()) if error else None
    with within_everything("a test"):
        Run.objects.filter(pk=run_id).update(state=state, error=kept, ended_at=clock.now())
    if told:
        following.ended(run_id, now=clock.now())


def open_kinds(customer: Place, service_id: UUID) -> set[str]:
    with within(customer.path):
        return {row.kind.value for row in alarms.open_for(service_id)}


def test_what_failed_is_not_tried_again_inside_a_freeze_and_without_one_it_is(customer):
    service_id = connected(customer, granted=OWNED)
    ends(under_way(customer, service_id), "failed", Broke())
    now = clock.now()
    with within(customer.path):
        freeze = policy.add_freeze(customer.id, begins=now, ends=now + 9 * DAY, why="", by=SETUP, now=now)
    tend(2 * DAY)
    frozen = care_of(service_id)
    assert (frozen.rotation, frozen.rotate_at) == (Rotation.FAILED, now + 9 * DAY + timedelta(hours=1))
    with within(customer.path):
        policy.end_freeze(freeze, organization_id=customer.id, by=SETUP, now=now)
        Care.objects.update(rotate_at=now)
    tend(2 * DAY)
    assert care_of(service_id).rotation == Rotation.UNDER_WAY


def test_the_alarm_of_a_failure_ends_when_nothing_is_renewed_by_itself_any_more(customer):
    service_id = connected(customer, granted=OWNED)
    ends(under_way(customer, service_id), "failed", Broke())
    assert open_kinds(customer, service_id) == {"rotation"}
    with within(customer.path):
        policy.set_wishes(customer.id, Wishes(rotates=False), by=SETUP, now=clock.now())
    tend()
    assert (care_of(service_id).rotation, open_kinds(customer, service_id)) == (Rotation.NONE, set())


def test_what_fails_while_it_is_suspended_raises_no_alarm(customer):
    service_id = connected(customer, granted=OWNED)
    run_id = under_way(customer, service_id)
    with within(customer.path):
        actions.suspend(service_id=service_id, by=SETUP, now=clock.now())
    ends(run_id, "failed", Broke())
    assert open_kinds(customer, service_id) == set()


@pytest.mark.parametrize(("state", "after"), [("failed", Rotation.FAILED), ("proved", Rotation.PLANNED)])
def test_a_rotation_whose_end_nobody_was_told_of_is_seen_to_be_over(customer, state, after):
    service_id = connected(customer, granted=OWNED)
    run_id = under_way(customer, service_id)
    tend()
    assert care_of(service_id).rotation == Rotation.UNDER_WAY
    ends(run_id, state, Broke() if state == "failed" else None, told=False)
    tend()
    assert (care_of(service_id).rotation, care_of(service_id).rotation_run_id) == (after, None)


def test_a_certificate_that_was_refused_is_tried_again_although_the_customer_was_called(customer):
    service_id = connected(customer, kind="certificate", expires_at=clock.now() + 99 * DAY)
    run_id = under_way(customer, service_id)
    ends(run_id, "failed", CannotRotate())
    tend()
    assert (care_of(service_id).rotation, open_kinds(customer, service_id)) == (
        Rotation.NEEDS_CUSTOMER,
        {"needs_customer"},
    )
    tend(DAY)
    assert care_of(service_id).rotation == Rotation.UNDER_WAY


def test_a_certificate_that_was_refused_is_tried_again_once_rotations_are_wanted_again(customer):
    service_id = connected(customer, kind="certificate", expires_at=clock.now() + 99 * DAY)
    ends(under_way(customer, service_id), "failed", CannotRotate())
    for rotates in (False, True):
        with within(customer.path):
            policy.set_wishes(customer.id, Wishes(rotates=rotates), by=SETUP, now=clock.now())
        tend(2 * DAY)
    assert care_of(service_id).rotation == Rotation.UNDER_WAY


def test_a_freeze_until_shortly_before_the_end_silences_no_warning(customer):
    service_id, now = connected(customer, granted=OWNED, expires_at=clock.now() + 20 * DAY), clock.now()
    with within(customer.path):
        policy.add_freeze(customer.id, begins=now, ends=now + 19.9 * DAY, why="", by=SETUP, now=now)
    tend()
    assert (care_of(service_id).rotation, open_kinds(customer, service_id)) == (Rotation.PLANNED, {"credential_ends"})


def test_a_renewal_of_a_short_life_leaves_nothing_open_and_warns_of_nothing_yet(customer):
    service_id = connected(customer, made_at=clock.now() - 28 * DAY, expires_at=clock.now() + 2 * DAY)
    with within_everything("a test"):
        Care.objects.update(rotation=Rotation.UNDER_WAY.value, rotation_run_id=under_way(customer, service_id))
        run_id = Run.objects.get().pk
    ends(run_id, "failed", CannotRotate())
    tend()
    assert open_kinds(customer, service_id) == {"needs_customer", "credential_ends"}
    with within(customer.path):
        old = Credential.objects.get()
        old.pk, old.display_name, old.announced_at = UUID(int=5), "renewed", clock.now()
        old.made_at, old.expires_at = clock.now(), clock.now() + 30 * DAY
        old.save(force_insert=True)
        actions.renew(service_id=service_id, credential_id=old.pk, user_name="", by=SETUP, now=clock.now())
    assert open_kinds(customer, service_id) == set()
    tend()
    assert (care_of(service_id).rotation, open_kinds(customer, service_id)) == (Rotation.NONE, set())
