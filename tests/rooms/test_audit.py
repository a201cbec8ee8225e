"""The audit log: in the same transaction, plain, without secrets, for one organization at a time."""

import pytest
from django.db import transaction

from gangway.audit.errors import DataNotPlain, SecretInAudit
from gangway.audit.events import Event
from gangway.audit.queries import activity
from gangway.audit.record import Actor, record
from gangway.foundation.sealed import SealedText
from tests.rooms.factories_organizations import make_channel, make_customer, make_provider

pytestmark = pytest.mark.django_db
BY = Actor.system("test")


def note(place, **data):
    record(Event.SERVICE_PLANNED, by=BY, organization_id=place.id, subject="service:1", data=data)


def test_entry_disappears_with_the_change_it_tells_of():
    customer = make_customer()
    before = activity(organization_path=customer.path)
    with transaction.atomic():
        note(customer)
        transaction.set_rollback(True)
    assert activity(organization_path=customer.path) == before


@pytest.mark.django_db(transaction=True)
def test_entry_outside_a_transaction_is_refused():
    with pytest.raises(transaction.TransactionManagementError):
        note(make_customer())


@pytest.mark.parametrize(
    "name",
    ["secret", "client_secret", "password", "access_token", "user_code", "code", "link", "Token", "session_cookie"],
)
def test_names_of_secrets_are_refused(name):
    with pytest.raises(SecretInAudit):
        note(make_customer(), **{name: "x"})


@pytest.mark.parametrize("value", [SealedText("x"), {"a": 1}, ["x"], 1.5, b"x"])
def test_only_plain_values_are_recorded(value):
    with pytest.raises(DataNotPlain):
        note(make_customer(), value=value)


def test_long_texts_are_cut():
    customer = make_customer()
    note(customer, reason="x" * 10_000)
    assert len(activity(organization_path=customer.path)[0].data["reason"]) == 500


def test_activity_shows_an_organization_and_what_is_below_it():
    provider = make_provider()
    channel, sister = make_channel(provider), make_channel(provider)
    customer = make_customer(channel)
    note(customer, mine=True)
    assert activity(organization_path=channel.path)[0].data == {"mine": True}
    assert activity(organization_path=channel.path)[0].organization_id == customer.id
    assert all(row.data != {"mine": True} for row in activity(organization_path=sister.path))


def test_activity_is_read_in_pages_from_the_newest():
    customer = make_customer()
    for number in range(5):
        note(customer, number=number)
    first = activity(organization_path=customer.path, limit=2)
    second = activity(organization_path=customer.path, limit=2, before_id=first[-1].id)
    assert [row.data["number"] for row in first + second] == [4, 3, 2, 1]


def test_activity_without_a_path_is_refused():
    with pytest.raises(ValueError, match="one organization's path"):
        activity(organization_path="")


def test_every_event_says_its_room_its_thing_and_what_happened():
    for event in Event:
        assert len(event.value.split(":")) == 3, event
