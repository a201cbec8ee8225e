"""Looking after a connection when something goes wrong: tries, freezes, short lives, lost jobs, alarms that end."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from gangway.alarms import queries as alarms
from gangway.alarms.states import Severity
from gangway.connections import actions, emergency, following, policy, tending
from gangway.connections.models import Care, Connection, Validation
from gangway.connections.queries import connection
from gangway.connections.rotation import rotate_now
from gangway.connections.schedule import Wishes
from gangway.connections.states import Deed, ItemState, Rotation
from gangway.foundation import clock
from gangway.foundation.errors import GangwayError
from gangway.jobs.testing import run_until_idle
from gangway.microsoft.reading import entra_error
from gangway.microsoft.wire import Answer
from gangway.onboarding import deletion
from gangway.organizations.scope import within, within_everything
from gangway.provisioning import faults
from gangway.provisioning.errors import Broke, CannotRotate
from gangway.provisioning.models import GIVEN, Credential, Registration, Run
from gangway.services.models import Service
from tests.rooms.factories_connections import DAY, OLD, care_of, connected
from tests.rooms.factories_organizations import SETUP, Place, make_customer, make_provider
from tests.rooms.factories_web import error_at, sit_down, soup

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


def ends(run_id: UUID, state: str, error: GangwayError | None = None, *, told: bool = True) -> None:
    kept = faults.kept(error, now=clock.now()) if error else None
    with within_everything("a test"):
        Run.objects.filter(pk=run_id).update(state=state, error=kept, ended_at=clock.now())
    if told:
        following.ended(run_id, now=clock.now())


def open_kinds(customer: Place, service_id: UUID) -> set[str]:
    with within(customer.path):
        return {row.kind.value for row in alarms.open_for(service_id)}


def test_one_that_cannot_be_looked_after_holds_up_no_other(customer, monkeypatch):
    """Nobody would be warned of anything any more, and nothing renewed."""
    broken, fine = (connected(customer, name, expires_at=clock.now() + 5 * DAY) for name in ("broken", "fine"))
    real = tending.wishes_for

    def breaks(path: str, **given: Any) -> Wishes:
        if not taken:
            taken.append(path)
            raise KeyError(path)
        return real(path, **given)

    taken: list[str] = []
    monkeypatch.setattr(tending, "wishes_for", breaks)
    with within_everything("a test"):
        Care.objects.filter(connection__service_id=broken).update(tend_at=clock.now() - 2 * DAY)
        Care.objects.filter(connection__service_id=fine).update(tend_at=clock.now() - DAY)
    tending.tend_due(now=clock.now())
    assert [open_kinds(customer, one) for one in (broken, fine)] == [set(), {"credential_ends"}]
    tending.tend_due(now=clock.now() + timedelta(minutes=61))
    assert open_kinds(customer, broken) == {"credential_ends"}


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


@pytest.mark.parametrize(("notice", "after"), [(7, 1), (0, -5)])
def test_workers_that_come_a_moment_late_each_time_rotate_before_a_freeze(customer, notice, after):
    now = clock.now()
    ends_at = now + 60 * DAY
    begins = ends_at - 35 * DAY
    service_id = connected(customer, granted=OWNED, expires_at=ends_at)
    with within(customer.path):
        policy.set_wishes(customer.id, Wishes(notice_days=notice), by=SETUP, now=now)
        policy.add_freeze(customer.id, begins=begins, ends=ends_at + after * DAY, why="", by=SETUP, now=now)
    while care_of(service_id).rotation in {Rotation.NONE, Rotation.PLANNED}:
        now = max(now, care_of(service_id).tend_at) + timedelta(seconds=45)
        tending.tend_due(now=now)
        assert now < ends_at
    assert care_of(service_id).rotation == Rotation.UNDER_WAY
    assert begins - DAY < now < begins


def test_the_alarm_of_a_failure_ends_when_nothing_is_renewed_by_itself_any_more(customer):
    service_id = connected(customer, granted=OWNED)
    ends(under_way(customer, service_id), "failed", Broke())
    assert open_kinds(customer, service_id) == {"rotation"}
    with within(customer.path):
        policy.set_wishes(customer.id, Wishes(rotates=False), by=SETUP, now=clock.now())
    tend()
    assert (care_of(service_id).rotation, open_kinds(customer, service_id)) == (Rotation.NONE, set())


def test_where_an_administrator_has_to_set_something_right_the_alarm_says_what(customer):
    service_id = connected(customer, granted=OWNED)
    disabled = entra_error(Answer(400, {"error": "unauthorized_client", "error_codes": [7000112]}))
    ends(under_way(customer, service_id), "failed", disabled)
    with within(customer.path):
        (alarm,) = alarms.open_for(service_id)
    assert (alarm.kind.value, "Enabled for users to sign in?" in alarm.cure) == ("rotation", True)
    assert "works on" not in alarm.cure


@pytest.mark.parametrize("state", ["queued", "running", "proved"])
def test_suspending_breaks_off_a_rotation_that_is_under_way(customer, state):
    service_id = connected(customer, granted=OWNED)
    run_id = under_way(customer, service_id)
    with within(customer.path):
        Run.objects.update(state=state)
        actions.suspend(service_id=service_id, by=SETUP, now=clock.now())
        run = Run.objects.get()
    assert (run.state, run.cancel_asked_at is not None) == (
        "cancelled" if state == "queued" else state,
        state == "running",
    )
    following.ended(run_id, now=clock.now())
    assert (care_of(service_id).rotation == Rotation.UNDER_WAY) is (state == "running")


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


def test_warnings_come_again_after_an_end_that_had_passed_was_corrected(customer):
    now = clock.now()
    service_id = connected(customer, origin=GIVEN, expires_at=now - DAY)
    told = []
    for left in (-1, 45, 30, 14, 0, 90, 60):
        with within_everything("a test"):
            Credential.objects.update(expires_at=now + left * DAY)
        tend(timedelta(seconds=1))
        with within(customer.path):
            told.append([(row.severity, row.times) for row in alarms.open_for(service_id)])
    notice, warning, critical = Severity.NOTICE, Severity.WARNING, Severity.CRITICAL
    expected = [(critical, 1), (notice, 2), (notice, 3), (warning, 4), (critical, 5), None, (notice, 1)]
    assert told == [[one] if one else [] for one in expected]


@pytest.mark.parametrize("ends_on", [None, date(2099, 5, 31)])
def test_an_end_that_is_typed_anew_counts_at_once_and_one_that_is_taken_back_ends_its_alarm(customer, ends_on):
    service_id = connected(customer, origin=GIVEN, expires_at=clock.now() - DAY)
    tend()
    assert open_kinds(customer, service_id) == {"credential_ends"}
    with within(customer.path):
        Care.objects.update(tend_at=clock.now() + DAY)
        actions.type_end(service_id=service_id, ends_on=ends_on, by=SETUP, now=clock.now())
        ends_at = Service.objects.get().credential_ends_at
        asked = Validation.objects.filter(state="queued").count()
    assert (ends_at.date() if ends_at else None) == ends_on
    assert asked == 1, "what was said of the end before stands no longer than a look takes"
    tending.tend_due(now=clock.now())
    assert open_kinds(customer, service_id) == set()


def test_a_fresh_credential_that_may_not_be_renewed_needs_the_customer_until_another_one_is_made():
    provider = make_provider()
    customer = make_customer(provider, name="Contoso")
    service_id = connected(customer, granted=OWNED, made_at=clock.now() - DAY, expires_at=clock.now() + 300 * DAY)
    ends(under_way(customer, service_id), "failed", CannotRotate())
    tend()
    assert (care_of(service_id).rotation, open_kinds(customer, service_id)) == (
        Rotation.NEEDS_CUSTOMER,
        {"needs_customer"},
    )
    page = soup(sit_down(provider).get(f"/services/{service_id}/configuration/m365/"))
    note = next(
        each.get_text() for each in page.select(".gw-note") if "An administrator of the customer" in each.get_text()
    )
    assert CannotRotate.what in note
    assert "Ask an administrator to sign in" in note
    with within(customer.path):
        Credential.objects.update(made_at=clock.now())
    tend()
    assert (care_of(service_id).rotation, open_kinds(customer, service_id)) == (Rotation.NONE, set())


def test_what_somebody_else_renewed_while_its_rotation_failed_needs_nobody(customer):
    service_id = connected(customer, granted=OWNED)
    run_id = under_way(customer, service_id)
    with within(customer.path):
        Run.objects.update(started_at=clock.now() - DAY)
        Credential.objects.update(made_at=clock.now())
    ends(run_id, "failed", CannotRotate())
    assert (care_of(service_id).rotation, open_kinds(customer, service_id)) == (Rotation.NONE, set())


def test_a_renewal_of_a_short_life_leaves_nothing_open_and_warns_of_nothing_yet(customer):
    service_id = connected(customer, made_at=clock.now() - 28 * DAY, expires_at=clock.now() + 2 * DAY)
    with within_everything("a test"):
        Care.objects.update(renews_itself=True)
        run_id = under_way(customer, service_id)
        Care.objects.update(renews_itself=False)
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


@pytest.mark.parametrize("suspended", [True, False])
def test_lists_know_the_end_of_what_was_renewed_at_once_also_while_it_is_suspended(customer, suspended):
    service_id, ends_at = connected(customer, expires_at=clock.now() + 2 * DAY), clock.now() + 300 * DAY
    with within(customer.path):
        old = Credential.objects.get()
        old.pk, old.display_name, old.announced_at, old.expires_at = UUID(int=5), "renewed", clock.now(), ends_at
        old.save(force_insert=True)
        if suspended:
            actions.suspend(service_id=service_id, by=SETUP, now=clock.now())
        actions.renew(service_id=service_id, credential_id=old.pk, user_name="", by=SETUP, now=clock.now())
        assert Service.objects.get(pk=service_id).credential_ends_at == ends_at


def test_a_rotation_that_began_in_the_moment_of_a_suspension_is_broken_off(customer):
    service_id = connected(customer, granted=OWNED)
    with within(customer.path):
        actions.suspend(service_id=service_id, by=SETUP, now=clock.now())
        Connection.objects.update(suspended_at=None, suspended_why="", suspended_level="")
    run_id = under_way(customer, service_id)  # it read the connection before the other one wrote it
    with within(customer.path):
        Connection.objects.update(suspended_at=clock.now(), suspended_why="paused", suspended_level="customer")
    tend()
    with within(customer.path):
        assert Run.objects.get().state == "cancelled"
    following.ended(run_id, now=clock.now())
    assert (care_of(service_id).rotation, open_kinds(customer, service_id)) == (Rotation.NONE, set())


def test_a_service_that_is_deleted_while_it_is_rotated_and_kept_after_all_works_on_with_its_old_credential(customer):
    service_id = connected(customer, granted=OWNED, expires_at=clock.now() + 20 * DAY)
    under_way(customer, service_id)
    with within(customer.path):
        used = Connection.objects.get().credential_id
        deletion.delete_service(service_id=service_id, typed="voice-1", by=SETUP, now=clock.now())
        assert Run.objects.get().state == "cancelled"
    run_until_idle()
    tend()
    assert (care_of(service_id).rotation, open_kinds(customer, service_id)) == (Rotation.NONE, set())
    with within(customer.path):
        deletion.keep_service(service_id=service_id, by=SETUP, now=clock.now())
        assert Connection.objects.get().credential_id == used
    tend()
    assert care_of(service_id).rotation == Rotation.PLANNED


def test_in_a_freeze_until_the_end_an_emergency_rotates_all_the_same_and_ends_the_alarm(customer):
    now = clock.now()
    service_id = connected(customer, granted=OWNED, expires_at=now + 20 * DAY)
    with within(customer.path):
        policy.add_freeze(customer.id, begins=now, ends=now + 30 * DAY, why="", by=SETUP, now=now)
    tend()
    assert care_of(service_id).rotation == Rotation.FROZEN
    assert "rotation" in open_kinds(customer, service_id)
    emergency_id = begun(customer, Deed.ROTATE)
    tend()
    assert care_of(service_id).rotation == Rotation.UNDER_WAY
    with within(customer.path):
        Credential.objects.update(expires_at=now + 300 * DAY, made_at=now)
        run_id = Run.objects.get().pk
    ends(run_id, "proved")
    tend()
    assert open_kinds(customer, service_id) == set()
    with within(customer.path):
        assert emergency.emergency(emergency_id).counts[ItemState.DONE] == 1


def test_what_an_emergency_suspends_in_a_freeze_is_planned_again_around_that_freeze_once_it_is_resumed(customer):
    now = clock.now()
    service_id = connected(customer, granted=OWNED, expires_at=now + 20 * DAY)
    with within(customer.path):
        policy.add_freeze(customer.id, begins=now, ends=now + 30 * DAY, why="", by=SETUP, now=now)
    tend()
    begun(customer, Deed.SUSPEND)
    tend()
    assert (care_of(service_id).rotation, open_kinds(customer, service_id)) == (Rotation.NONE, set())
    begun(customer, Deed.RESUME)
    tend()
    assert care_of(service_id).rotation == Rotation.FROZEN
    assert open_kinds(customer, service_id) == {"rotation", "credential_ends"}


def begun(customer: Place, deed: Deed) -> UUID:
    """An emergency that a worker has gone through."""
    with within(customer.path):
        given = {"key_number": None, "why": "", "typed": "Contoso", "by": SETUP, "now": clock.now()}
        emergency_id = emergency.begin(organization_id=customer.id, deed=deed, **given)
    emergency.drive(now=clock.now())
    return emergency_id


def test_settings_are_saved_all_or_not_at_all():
    """An end that can't be is told at its field, and the domain beside it stays as it was."""
    provider = make_provider()
    customer = make_customer(provider)
    service_id = connected(customer, origin=GIVEN, expires_at=clock.now() + 20 * DAY)
    with within(customer.path):
        Registration.objects.update(domains=["contoso.example", "contoso.onmicrosoft.com"])
        domain = connection(service_id).m365_domain
    other = next(one for one in ("contoso.example", "contoso.onmicrosoft.com") if one != domain)
    desk, address = sit_down(provider), f"/services/{service_id}/configuration/m365/save/"
    refused = desk.post(address, {"domain": other, "ends_on": "2999-01-01"})
    assert error_at(refused, "ends_on")
    with within(customer.path):
        assert connection(service_id).m365_domain == domain
    assert desk.post(address, {"domain": other, "ends_on": "2031-01-01"}).status_code == 302
    with within(customer.path):
        assert connection(service_id).m365_domain == other
