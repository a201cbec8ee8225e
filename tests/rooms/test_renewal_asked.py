"""Asking that a connected service is connected once more: what is promised, and two who ask at once."""

from contextlib import nullcontext
from typing import Any
from uuid import UUID

import pytest
from django.db import connection as db
from django.test.utils import CaptureQueriesContext

from gangway.audit.record import Actor
from gangway.connections.actions import suspend
from gangway.connections.errors import DecidedAbove
from gangway.connections.models import Connection
from gangway.foundation import clock
from gangway.invitations import queries as invited
from gangway.invitations.aims import Purpose
from gangway.onboarding import renewal
from gangway.organizations.roles import Kind
from gangway.organizations.scope import within
from gangway.provisioning.models import Credential, Registration
from gangway.provisioning.queries import pin
from tests.rooms.factories_connections import beside, connected
from tests.rooms.factories_onboarding import UPN
from tests.rooms.factories_organizations import Place, make_customer, make_operator, make_provider
from tests.rooms.test_onboarding_aboard import OLGA

pytestmark = pytest.mark.django_db

STAYS = "{} stays, as other services use it; this service's credential is removed from it."
LEFT = "{} rests for a while then. It can't delete itself: an administrator of yours has to delete it after that."
GOES = "{} rests for a while then, and is deleted after that."


def moves(customer: Place, service_id: UUID) -> invited.InvitationView:
    """The service shall move to a new registration."""
    with within(customer.path):
        about: dict[str, Any] = {
            "recipient": UPN,
            "purpose": Purpose.REPLACE,
            "level": Kind.PROVIDER,
            "by": OLGA,
            "now": clock.now(),
        }
        return invited.invitation(renewal.reinitiate(service_id=service_id, **about))


def test_what_is_beside_goes_along_with_the_service_that_uses_it_and_with_no_other_of_the_registration():
    customer = make_customer()
    service_id, further = connected(customer, "voice-1"), connected(customer, "voice-2")
    beside(customer, service_id)
    with within(customer.path):
        shared = Registration.objects.get(display_name="voice-1")
        Registration.objects.filter(pk=shared.pk).update(plan=pin(features={"voice", "call-quality"})[0])
        Connection.objects.filter(service_id=further).update(registration_id=shared.pk)
        Credential.objects.filter(service_id=further).update(registration_id=shared.pk)
    moving, other = moves(customer, service_id), moves(customer, further)
    assert ("beside" in moving.plan, "beside" in other.plan) == (True, False)
    assert moving.changes[-2:] == (STAYS.format("voice-1"), LEFT.format(f"{service_id}-QoE"))
    assert other.changes[-1] == STAYS.format("voice-1")
    assert not [line for line in other.changes if "all quality" in line]


@pytest.mark.parametrize(("granted", "told"), [("read_back", GOES), ("unknown", LEFT)])
def test_that_a_registration_is_deleted_after_its_rest_is_promised_only_where_it_can_delete_itself(granted, told):
    customer = make_customer()
    service_id = connected(customer, "voice-1", granted=("Application.ReadWrite.OwnedBy",))
    with within(customer.path):
        Registration.objects.update(proofs={"grant:Application.ReadWrite.OwnedBy": granted})
    assert moves(customer, service_id).changes[-1] == told.format("voice-1")


ASKING = pytest.mark.parametrize(
    ("asks", "more"),
    [
        (renewal.reinitiate, {"recipient": UPN}),
        (renewal.type_in, {}),
        (renewal.type_in_beside, {"profile": "qoe"}),
    ],
)


@ASKING
def test_of_two_who_ask_at_once_the_second_one_sees_what_the_first_one_asked_for(asks, more):
    provider = make_provider()
    customer = make_customer(provider)
    operator = Actor(kind="person", id=str(make_operator(provider)), name="Olga Operator")
    service_id = connected(customer)
    with within(customer.path), CaptureQueriesContext(db) as told:
        asks(service_id=service_id, level=Kind.PROVIDER, by=operator, now=clock.now(), **more)
    asked = [row["sql"] for row in told]
    held = next(number for number, sql in enumerate(asked) if "services_service" in sql and "FOR UPDATE" in sql)
    assert not [sql for sql in asked[:held] if "invitations_" in sql], "what is out already is looked at after that"


@ASKING
@pytest.mark.parametrize("level", [Kind.PROVIDER, Kind.CHANNEL, Kind.CUSTOMER])
def test_what_a_channel_suspended_is_renewed_by_nobody_below_it_whatever_page_asks(asks, more, level):
    provider = make_provider()
    customer = make_customer(provider)
    operator = Actor(kind="person", id=str(make_operator(provider)), name="Olga Operator")
    service_id = connected(customer)
    with within(customer.path):
        suspend(service_id=service_id, level=Kind.CHANNEL, by=OLGA, now=clock.now())
        refused = pytest.raises(DecidedAbove) if level is Kind.CUSTOMER else nullcontext()
        with refused:
            asks(service_id=service_id, level=level, by=operator, now=clock.now(), **more)
        assert bool(invited.pending_purposes(service_id)) is (level is not Kind.CUSTOMER)
