"""*Rotate now* leaves a credential that lives on in the customer's tenant for its rest: only so many at a time."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.urls import reverse

from gangway.connections import emergency, tending
from gangway.connections.errors import EnoughRests
from gangway.connections.models import Care, Companion
from gangway.connections.rotation import MOST_RESTING, rotate_now
from gangway.connections.states import Deed, Rotation
from gangway.foundation import clock
from gangway.organizations.scope import within, within_everything
from gangway.provisioning.models import Credential, Run
from tests.rooms.factories_connections import DAY, OLD, beside, care_of, connected
from tests.rooms.factories_organizations import SETUP, Place, make_customer, make_provider
from tests.rooms.factories_web import sit_down, soup

pytestmark = pytest.mark.django_db
OWNED = (*OLD, "Application.ReadWrite.OwnedBy")
HOUR = timedelta(hours=1)


@pytest.fixture
def provider() -> Place:
    return make_provider(name="Northwind")


@pytest.fixture
def customer(provider: Place) -> Place:
    return make_customer(provider, name="Contoso")


def rest(service_id: UUID, many: int, *, until: datetime) -> None:
    """Let so many that were replaced rest, the first of them until then and the others an hour later each."""
    with within_everything("a test"):
        row = Credential.objects.filter(service_id=service_id, state="proved").earliest("announced_at")
        for number in range(many):
            row.pk, row.key_id, row.display_name = uuid4(), str(uuid4()), f"old-{uuid4().hex[:8]}"
            row.state, row.rest_until = "resting", until + number * HOUR
            row.save(force_insert=True)


def runs() -> int:
    with within_everything("a test"):
        return Run.objects.filter(kind="rotation").count()


def test_so_many_rest_at_most_and_the_refusal_names_when_the_next_one_goes(provider, customer):
    service_id, until = connected(customer, granted=OWNED), clock.now() + 20 * HOUR
    rest(service_id, MOST_RESTING, until=until)
    told = soup(sit_down(provider).post(reverse("web:service_rotate", args=[service_id]), follow=True)).get_text()
    assert f"{MOST_RESTING} replaced credentials of “voice-1” still rest" in told
    assert f"{until.day} {until:%B %Y, %H:%M} UTC" in told
    assert (runs(), care_of(service_id).rotation) == (0, Rotation.NONE)


def test_fewer_hinder_nothing_nor_do_those_that_are_removed_or_another_services(customer):
    service_id, other = (connected(customer, name, granted=OWNED) for name in ("voice-1", "voice-2"))
    rest(service_id, MOST_RESTING, until=clock.now() + HOUR)
    rest(other, MOST_RESTING, until=clock.now() + HOUR)
    with within(customer.path):
        one = Credential.objects.filter(service_id=service_id, state="resting").first()
        Credential.objects.filter(pk=one.pk).update(state="removed")
        rotate_now(service_id=service_id, by=SETUP, now=clock.now())
        with pytest.raises(EnoughRests):
            rotate_now(service_id=other, by=SETUP, now=clock.now())
    assert runs() == 1


def test_what_should_be_gone_and_is_held_in_the_tenant_still_counts(customer):
    service_id = connected(customer, granted=OWNED)
    rest(service_id, MOST_RESTING, until=clock.now() - 9 * HOUR)
    with within(customer.path), pytest.raises(EnoughRests) as refused:
        rotate_now(service_id=service_id, by=SETUP, now=clock.now())
    assert "freeze" in refused.value.cure


def test_the_credential_beside_a_connection_is_counted_by_itself(customer):
    service_id = connected(customer, granted=OWNED)
    rest(service_id, MOST_RESTING, until=clock.now() + HOUR)
    beside(customer, service_id)
    with within(customer.path):
        Companion.objects.update(renews_itself=True)
        rotate_now(service_id=service_id, profile="qoe", by=SETUP, now=clock.now())


def test_with_ticked_ones_those_are_left_out_by_name(provider, customer):
    fine, enough = (connected(customer, name, granted=OWNED) for name in ("voice-1", "voice-2"))
    rest(enough, MOST_RESTING, until=clock.now() + HOUR)
    browser, ticked = sit_down(provider), {"ticked": [fine, enough]}
    assert "is left out" in soup(browser.get(reverse("web:connections_rotate"), ticked)).get_text()
    told = soup(browser.post(reverse("web:connections_rotate"), ticked, follow=True)).get_text()
    wanted = ["Done with 1 of 2", f"Not done with 1: {MOST_RESTING} replaced credentials of “voice-2” still rest"]
    assert [one for one in wanted if one not in told] == []
    assert care_of(enough).rotation == Rotation.NONE


def test_an_emergency_and_the_schedule_are_not_hindered(provider, customer):
    urgent, planned = (connected(customer, name, granted=OWNED) for name in ("voice-1", "voice-2"))
    for service_id in (urgent, planned):
        rest(service_id, MOST_RESTING, until=clock.now() + HOUR)
    now = clock.now()
    with within_everything("a test"):
        Care.objects.filter(connection__service_id=planned).update(
            rotation=Rotation.PLANNED.value, rotate_at=now - HOUR, announced_at=now - 8 * DAY, tend_at=now
        )
        Credential.objects.filter(service_id=planned, state="proved").update(expires_at=now + 3 * DAY)
    tending.tend_due(now=now)
    assert care_of(planned).rotation == Rotation.UNDER_WAY
    with within(provider.path):
        emergency.begin(
            organization_id=provider.id,
            deed=Deed.ROTATE,
            key_number=None,
            why="A drill.",
            typed="Northwind",
            by=SETUP,
            now=now,
        )
    emergency.drive(now=now)
    assert care_of(urgent).rotation == Rotation.UNDER_WAY
