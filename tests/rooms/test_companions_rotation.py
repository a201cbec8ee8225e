"""What a service uses beside its connection is renewed: by itself where it may, else by the customer."""

from uuid import UUID, uuid4

import pytest

from gangway.alarms import queries as alarms
from gangway.alarms.actions import raise_alarm
from gangway.alarms.states import Kind, Severity
from gangway.connections import actions, companions, following, policy, tending
from gangway.connections.errors import CannotRotateNow, ConnectionSuspended
from gangway.connections.kept import key_of
from gangway.connections.models import Care, Companion, Connection
from gangway.connections.rotation import rotate_now
from gangway.connections.schedule import Wishes
from gangway.connections.states import Rotation
from gangway.foundation import clock
from gangway.onboarding.renewal import without_theirs
from gangway.organizations.roles import Role
from gangway.organizations.scope import within, within_everything
from gangway.provisioning.errors import NoSuchCredential
from gangway.provisioning.faults import kept
from gangway.provisioning.models import GIVEN, Credential, Registration, Run
from gangway.provisioning.queries import pin
from gangway.provisioning.states import CredentialState
from tests.rooms.factories_companions import OWNED, ask, companion_of, look, standing
from tests.rooms.factories_connections import DAY, GOOD, beside, connected
from tests.rooms.factories_organizations import SETUP, Place, make_customer, make_provider
from tests.rooms.factories_web import sit_down, soup

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider() -> Place:
    return make_provider()


@pytest.fixture
def customer(provider: Place) -> Place:
    return make_customer(provider, name="Contoso")


@pytest.fixture
def service_id(customer: Place) -> UUID:
    made = connected(customer)
    with within_everything("a test"):
        Care.objects.update(tend_at=clock.now() + 900 * DAY, validate_at=clock.now() + 900 * DAY)
    return made


def test_with_the_right_its_rotation_is_planned_started_and_followed_to_its_end(customer, service_id):
    now = clock.now()
    registration_id = beside(customer, service_id, made_at=now - 330 * DAY, expires_at=now + 35 * DAY)
    ask(customer, service_id)
    look(service_id, GOOD, granted=OWNED)
    tending.tend_due(now=clock.now())
    planned = companion_of(service_id)
    assert (planned.rotation, planned.rotate_at is not None) == (Rotation.PLANNED, True)
    assert standing(customer, service_id) == [], "nobody has anything to do"
    with within_everything("a test"):
        Companion.objects.update(tend_at=planned.rotate_at)
    tending.tend_due(now=planned.rotate_at)
    under_way = companion_of(service_id)
    assert under_way.rotation == Rotation.UNDER_WAY
    with within_everything("a test"):
        run = Run.objects.get(pk=under_way.rotation_run_id)
        assert (run.kind, run.registration_id) == ("rotation", registration_id)
        old = Credential.objects.get(registration_id=registration_id)
        Credential.objects.filter(pk=old.pk).update(state=CredentialState.RESTING.value, rest_until=now + DAY)
        fresh = {
            "made_at": now,
            "announced_at": now,
            "expires_at": now + 365 * DAY,
            "key_id": "another",
            "sealed_id": uuid4(),
        }
        Credential.objects.create(
            organization_id=customer.id,
            registration_id=registration_id,
            service_id=service_id,
            display_name="beside-cd34",
            state=CredentialState.PROVED.value,
            **fresh,
        )
        Run.objects.update(state="proved", ended_at=now)
    following.ended(run.pk, now=clock.now())
    after = companion_of(service_id)
    assert (after.rotation, after.rotation_run_id) == (Rotation.NONE, None)
    assert after.validate_at <= clock.now(), "it is looked at anew"


def renewed(customer: Place, service_id: UUID, registration_id: UUID) -> Credential:
    """A newer proved credential, as a sign-in for a renewal leaves it beside the old one."""
    now = clock.now()
    with within_everything("a test"):
        return Credential.objects.create(
            organization_id=customer.id,
            registration_id=registration_id,
            service_id=service_id,
            display_name="newer-cd34",
            key_id="newer",
            sealed_id=uuid4(),
            state=CredentialState.PROVED.value,
            made_at=now,
            announced_at=now,
            expires_at=now + 300 * DAY,
        )


@pytest.mark.parametrize("state", [Rotation.PLANNED, Rotation.FAILED, Rotation.NEEDS_CUSTOMER, Rotation.UNDER_WAY])
@pytest.mark.parametrize("kind", [Care, Companion])
def test_what_somebody_renewed_is_not_rotated_on_the_day_that_was_promised_before(customer, service_id, kind, state):
    now = clock.now()
    registration_id, promised = beside(customer, service_id, expires_at=now + 35 * DAY), now + 2 * DAY
    with within_everything("a test"):
        about = Connection.objects.get()
        stood = {"rotation": state.value, "rotate_at": promised, "announced_at": now, "failures": 2}
        kind.objects.update(**stood, renews_itself=True)
        said = {"about": "voice-1", "severity": Severity.WARNING, "words": "It failed.", "cure": "Wait."}
        raise_alarm(**key_of(kind.objects.get(), Kind.ROTATION), **said, service_id=service_id, by=SETUP, now=now)
    if kind is Care:
        newer = renewed(customer, service_id, about.registration_id)
    else:
        renewed(customer, service_id, registration_id)
    with within(customer.path):
        if kind is Care:
            actions.renew(
                service_id=service_id, credential_id=newer.pk, user_name="g@contoso.com", by=SETUP, now=clock.now()
            )
        else:
            companions.renew(service_id=service_id, by=SETUP, now=clock.now())
        row = kind.objects.get()
    if state is Rotation.UNDER_WAY:
        assert (row.rotation, row.failures) == (Rotation.UNDER_WAY, 2), "it ends by itself"
        return
    assert (row.rotation, row.rotate_at, row.announced_at, row.failures) == (Rotation.NONE, None, None, 0)
    assert "rotation" not in [one for one, *_ in standing(customer, service_id)]
    tending.tend_due(now=promised)
    with within_everything("a test"):
        assert kind.objects.get().rotate_at > now + 200 * DAY


def test_a_rotation_that_fails_is_an_alarm_of_its_own_and_tried_again(customer, service_id):
    beside(customer, service_id)
    with within(customer.path):
        Companion.objects.update(renews_itself=True)
        run_id = rotate_now(service_id=service_id, profile="qoe", by=SETUP, now=clock.now())
        assert run_id == rotate_now(service_id=service_id, profile="qoe", by=SETUP, now=clock.now())
        error = kept(NoSuchCredential(), now=clock.now())
        Run.objects.filter(pk=run_id).update(state="failed", error=error, ended_at=clock.now())
    following.ended(run_id, now=clock.now())
    row = companion_of(service_id)
    assert (row.rotation, row.failures, row.rotation_run_id) == (Rotation.FAILED, 1, None)
    with within(customer.path):
        (alarm,) = alarms.open_for(service_id)
    assert alarm.kind.value == "rotation"
    assert alarm.cure.endswith("under QOE Integration with Microsoft Teams.")
    with within_everything("a test"):
        assert Care.objects.get().rotation == Rotation.NONE, "the connection's own stands as it stood"
    with within_everything("a test"):
        Companion.objects.update(tend_at=row.rotate_at, renews_itself=True)
    tending.tend_due(now=row.rotate_at)
    assert companion_of(service_id).rotation == Rotation.UNDER_WAY


def test_without_the_right_it_is_the_customers_turn_and_the_alarm_says_how(customer, service_id):
    beside(customer, service_id, expires_at=clock.now() + 10 * DAY)
    tending.tend_due(now=clock.now())
    with within(customer.path):
        (alarm,) = alarms.open_for(service_id)
    assert companion_of(service_id).rotation == Rotation.NONE
    assert "Re-initiate Authentication Flow" in alarm.cure


@pytest.mark.parametrize("changed", [{"origin": GIVEN}, {"kind": "federated"}])
def test_what_is_not_ours_or_never_ends_can_not_be_rotated(customer, service_id, changed):
    beside(customer, service_id, **changed)
    with within(customer.path), pytest.raises(CannotRotateNow):
        rotate_now(service_id=service_id, profile="qoe", by=SETUP, now=clock.now())


def test_what_is_suspended_has_neither_looks_nor_rotation_nor_alarms(customer, service_id):
    beside(customer, service_id, expires_at=clock.now() + 5 * DAY)
    tending.tend_due(now=clock.now())
    assert len(standing(customer, service_id)) == 1
    with within(customer.path):
        actions.suspend(service_id=service_id, by=SETUP, now=clock.now())
    tending.tend_due(now=clock.now())
    assert standing(customer, service_id) == []
    assert companions.validate_due(now=clock.now() + 2 * DAY) == 0
    with within(customer.path), pytest.raises(ConnectionSuspended):
        rotate_now(service_id=service_id, profile="qoe", by=SETUP, now=clock.now())
    tending.tend_due(now=clock.now() + 2 * DAY)
    assert standing(customer, service_id) == []


def test_wishes_and_freezes_count_for_it_at_once(customer, service_id):
    now = clock.now()
    beside(customer, service_id, expires_at=now + 20 * DAY)
    with within_everything("a test"):
        Companion.objects.update(renews_itself=True, tend_at=now + 9 * DAY)
    with within(customer.path):
        policy.set_wishes(customer.id, Wishes(days_before=30), by=SETUP, now=now)
        policy.add_freeze(customer.id, begins=now, ends=now + 30 * DAY, why="Merger", by=SETUP, now=now)
    tending.tend_due(now=clock.now())
    assert companion_of(service_id).rotation == Rotation.FROZEN
    with within(customer.path):
        cures = {row.kind.value: row.cure for row in alarms.open_for(service_id)}
    assert cures["rotation"].endswith("under QOE Integration with Microsoft Teams.")
    assert cures["credential_ends"].endswith("under QOE Integration with Microsoft Teams.")


def test_what_the_customer_made_beside_it_is_not_replaced_by_one_of_ours_in_a_renewal(customer, service_id):
    registration_id = beside(customer, service_id)
    plan, _ = pin(features={"voice", "call-quality"})
    with within(customer.path):
        assert without_theirs(service_id, plan) == plan
        Registration.objects.filter(pk=registration_id).update(origin=GIVEN)
        assert "beside" not in without_theirs(service_id, plan)


def test_rotate_now_stands_in_its_own_section_where_it_may_renew_itself(provider, customer, service_id):
    beside(customer, service_id)
    client, place = sit_down(provider), f"/services/{service_id}/configuration/m365/"
    before = soup(client.get(place)).select_one("[aria-labelledby=quality]")
    assert before.select_one('form[action$="/call-quality/rotate/"]') is None
    assert "may renew itself is not known yet" in before.get_text()
    with within_everything("a test"):
        Companion.objects.update(last_good_at=clock.now())
    assert "may not renew itself" in soup(client.get(place)).select_one("[aria-labelledby=quality]").get_text()
    with within_everything("a test"):
        Companion.objects.update(renews_itself=True)
    section = soup(client.get(place)).select_one("[aria-labelledby=quality]")
    assert "Rotate the credential of" in section.select_one("dialog#rotate-beside").get_text()
    first, second = (client.post(f"{place}call-quality/rotate/")["Location"] for _ in range(2))
    assert (first, first.startswith("/runs/")) == (second, True)
    assert "The credential is being renewed" in soup(client.get(place)).select_one("[aria-labelledby=quality]").text
    monitor = sit_down(provider, role=Role.MONITOR)
    assert monitor.post(f"{place}call-quality/rotate/").status_code == 403


def test_what_can_not_be_rotated_says_so_on_the_page(provider, customer, service_id):
    beside(customer, service_id, origin=GIVEN)
    client = sit_down(provider)
    answer = client.post(f"/services/{service_id}/configuration/m365/call-quality/rotate/", follow=True)
    assert CannotRotateNow.what in soup(answer).get_text()
