"""Who suspended somebody, or set a freeze, decides: it is undone at their level or above, never below."""

from datetime import datetime
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from gangway.audit.events import Event
from gangway.audit.queries import activity
from gangway.connections import errors as connection_errors
from gangway.connections import policy
from gangway.connections.models import FreezeRow
from gangway.foundation import clock
from gangway.organizations import people
from gangway.organizations.errors import DecidedAbove
from gangway.organizations.models import Membership
from gangway.organizations.queries import seat
from gangway.organizations.roles import Kind, Role
from gangway.organizations.scope import within, within_everything
from tests.rooms.factories_connections import DAY
from tests.rooms.factories_organizations import (
    SETUP,
    Place,
    make_channel,
    make_customer,
    make_operator,
    make_provider,
)
from tests.rooms.factories_web import prove, sit_down, soup

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider() -> Place:
    return make_provider()


@pytest.fixture
def channel(provider: Place) -> Place:
    return make_channel(provider, name="Reseller")


def place_of(where: Place, role: Role = Role.ADMIN) -> int:
    person = make_operator(where, role=role, name="Sam Suspended")
    with within(where.path):
        return Membership.objects.get(operator_id=person).pk


def suspended_at(membership_id: int) -> tuple[bool, str]:
    with within_everything("a test"):
        return Membership.objects.values_list("is_active", "suspended_level").get(pk=membership_id)


def page_of(client: Client, membership_id: int) -> tuple[bool, bool, bool]:
    """Whether the page offers to let the person in again, to remove them, and names who decides."""
    page = soup(client.get(reverse("web:operator", args=[membership_id])))
    resume = reverse("web:operator_resume", args=[membership_id])
    return (
        page.select_one(f'form[action="{resume}"]') is not None,
        page.select_one('[data-opens="dialog-remove"]') is not None,
        "Somebody of the provider decided this." in page.get_text(),
    )


# People


@pytest.mark.parametrize("undo", ["resume", "remove"])
def test_whom_the_provider_suspended_nobody_of_the_channel_lets_in_again(provider, channel, undo):
    target = place_of(channel)
    above, below = (prove(sit_down(where)) for where in (provider, channel))
    above.post(reverse("web:operator_suspend", args=[target]))
    assert suspended_at(target) == (False, "provider")
    assert page_of(below, target) == (False, False, True)
    told = soup(below.post(reverse(f"web:operator_{undo}", args=[target]), follow=True)).get_text()
    assert DecidedAbove.what in told
    assert suspended_at(target) == (False, "provider")
    assert page_of(above, target) == (True, True, False)
    above.post(reverse("web:operator_resume", args=[target]))
    assert suspended_at(target) == (True, "")


def test_whom_the_channel_suspended_the_channel_and_the_provider_let_in_again(provider, channel):
    target = place_of(channel)
    for where in (channel, provider):
        with within(channel.path):
            people.suspend(target, by=SETUP, seat=seat(make_operator(channel)))
            people.resume(target, by=SETUP, seat=seat(make_operator(where)))
        assert suspended_at(target) == (True, "")


def test_suspended_once_more_by_somebody_above_it_is_theirs_and_by_somebody_below_it_stays(provider, channel):
    target = place_of(channel)
    above, below = (seat(make_operator(where)) for where in (provider, channel))
    with within(channel.path):
        for by, level in ((below, "channel"), (above, "provider"), (below, "provider")):
            people.suspend(target, by=SETUP, seat=by)
            assert suspended_at(target) == (False, level)
        person = Membership.objects.get(pk=target).operator_id
        rows = activity(organization_path=channel.path, subject=f"operator:{person}")
    assert [row.data["level"] for row in rows if row.event == Event.OPERATOR_SUSPENDED] == ["provider", "channel"]


def test_of_whom_nobody_knows_who_suspended_them_whoever_may_decides(channel):
    target, below = place_of(channel), prove(sit_down(channel))
    with within(channel.path):
        Membership.objects.filter(pk=target).update(is_active=False)
    assert page_of(below, target) == (True, True, False)
    below.post(reverse("web:operator_resume", args=[target]))
    assert suspended_at(target) == (True, "")


def test_a_customers_operator_is_let_in_again_by_their_own_unless_somebody_above_suspended_them(channel, provider):
    customer = make_customer(channel)
    target = place_of(customer, Role.MONITOR)
    theirs, ours = seat(make_operator(customer, role=Role.OPERATOR)), seat(make_operator(provider))
    with within(customer.path):
        people.suspend(target, by=SETUP, seat=theirs)
        people.resume(target, by=SETUP, seat=theirs)
        people.suspend(target, by=SETUP, seat=ours)
        with pytest.raises(DecidedAbove):
            people.resume(target, by=SETUP, seat=theirs)


# Freezes


def typed(begins: datetime, ends: datetime) -> dict[str, str]:
    return {"begins": f"{begins:%Y-%m-%dT%H:%M}", "ends": f"{ends:%Y-%m-%dT%H:%M}", "why": "Merger"}


def frozen(where: Place) -> tuple[UUID, Kind | None]:
    with within(where.path):
        (one,) = policy.freezes_of(where.id)
    return one.id, one.level


def test_a_freeze_that_the_provider_set_for_a_channel_its_people_do_not_end(provider, channel):
    above, below, now = sit_down(provider), sit_down(channel), clock.now()
    above.post(reverse("web:freeze_add", args=[channel.id]), typed(now - DAY, now + 3 * DAY))
    freeze, level = frozen(channel)
    page, end = reverse("web:rotation_policy", args=[channel.id]), reverse("web:freeze_end", args=[channel.id, freeze])
    assert level is Kind.PROVIDER
    shown = soup(below.get(page))
    assert "Somebody of the provider decided this." in shown.get_text()
    assert shown.select_one(f'form[action="{end}"]') is None
    assert connection_errors.DecidedAbove.what in soup(below.post(end, follow=True)).get_text()
    assert frozen(channel) == (freeze, Kind.PROVIDER)
    assert soup(above.get(page)).select_one(f'form[action="{end}"]') is not None
    above.post(end)
    with within(channel.path):
        assert policy.freezes_of(channel.id) == ()


@pytest.mark.parametrize("kept", [True, False])
def test_a_freeze_of_ones_own_level_or_of_an_unknown_one_is_ended_by_whoever_may(channel, kept):
    below, now = sit_down(channel), clock.now()
    below.post(reverse("web:freeze_add", args=[channel.id]), typed(now - DAY, now + 3 * DAY))
    if not kept:
        with within(channel.path):
            FreezeRow.objects.update(level="")
    freeze, level = frozen(channel)
    assert level is (Kind.CHANNEL if kept else None)
    below.post(reverse("web:freeze_end", args=[channel.id, freeze]))
    with within(channel.path):
        assert policy.freezes_of(channel.id) == ()


def test_a_freeze_that_is_just_over_counts_as_one_with_the_next_where_no_room_is_left(provider):
    now, hour = clock.now(), DAY / 24
    with within(provider.path):
        for begins, ends in ((now - DAY, now - hour / 4), (now + hour / 2, now + DAY)):
            FreezeRow.objects.create(organization_id=provider.id, begins=begins, ends=ends)
    with within_everything("a test"):
        around = policy.wishes_for(provider.path, now=now).frozen_around(now)
    assert around is not None
    assert around.ends == now + DAY
