"""*Renew now* in the customer's own view: no mail, no link, nobody to ask; and when it isn't offered or is refused."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core import mail as outgoing
from django.test import Client

from gangway.alarms.actions import raise_alarm
from gangway.alarms.states import Kind as AlarmKind
from gangway.alarms.states import Severity
from gangway.audit.events import Event
from gangway.audit.record import Actor
from gangway.connections.actions import suspend
from gangway.connections.models import Connection
from gangway.foundation import clock
from gangway.invitations.aims import Purpose
from gangway.invitations.forgetting import forget_recipients
from gangway.invitations.models import Invitation, Link
from gangway.invitations.states import State
from gangway.jobs.testing import run_until_idle
from gangway.onboarding.disconnections import fixed_address
from gangway.onboarding.own_view.roles import EVERY_MEMBER, GLOBAL_READER
from gangway.onboarding.renewal import reinitiate
from gangway.organizations import changing
from gangway.organizations.details import Contact
from gangway.organizations.roles import Kind
from gangway.organizations.scope import within, within_everything
from gangway.services.actions import note_forgotten
from tests.rooms import factories_onboarding
from tests.rooms.factories_connections import connected
from tests.rooms.factories_invitations import OPERATOR
from tests.rooms.factories_onboarding import UPN
from tests.rooms.factories_organizations import SETUP, Place, make_customer, make_operator, make_provider
from tests.rooms.factories_own_view import entries, inside
from tests.rooms.factories_web import soup, text

pytestmark = pytest.mark.django_db

SOON = timedelta(days=20)


@pytest.fixture
def provider() -> Place:
    made = make_provider(name="Sailmaker Voice", reply_to="help@sailmaker.example")
    factories_onboarding.register(made)
    return made


@pytest.fixture
def customer(provider: Place) -> Place:
    return make_customer(provider, name="Contoso Bakeries")


@pytest.fixture
def service_id(customer: Place) -> UUID:
    return connected(customer, "voice-1", expires_at=clock.now() + SOON)


def renew(client: Client, service_id: UUID) -> Any:
    return client.post(f"/customer/services/{service_id}/renew/")


def page(client: Client, service_id: UUID) -> Any:
    return client.get(f"/customer/services/{service_id}/")


def offered(client: Client, service_id: UUID) -> bool:
    return (
        soup(page(client, service_id)).select_one(f'form[action="/customer/services/{service_id}/renew/"]') is not None
    )


def invitations(customer: Place) -> list[Invitation]:
    with within(customer.path):
        return list(Invitation.objects.order_by("created_at"))


def asked_by_provider(customer: Place, service_id: UUID, purpose: Purpose = Purpose.RENEW) -> UUID:
    with within(customer.path):
        return reinitiate(
            service_id=service_id,
            recipient="someone@contoso.com",
            purpose=purpose,
            level=Kind.PROVIDER,
            by=OPERATOR,
            now=clock.now(),
        )


def test_it_leads_straight_into_the_wizard_without_a_mail_and_the_providers_people_are_told(
    provider, customer, service_id
):
    make_operator(provider)
    client = inside(provider)
    assert offered(client, service_id)
    answer = renew(client, service_id)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/wizard/")
    shown = text(client.get("/wizard/"))
    assert "Sailmaker Voice" in shown
    assert "voice-1" in shown
    (made,) = invitations(customer)
    assert (made.purpose, made.state, made.recipient) == (Purpose.RENEW, State.OPENED, UPN)
    assert made.reminders_stopped_at is not None
    with within(customer.path):
        assert not Link.objects.exists()
    run_until_idle()
    assert UPN not in [to for mail in outgoing.outbox for to in mail.to]
    (told,) = [mail for mail in outgoing.outbox if "The customer renews it" in mail.subject + mail.body]
    assert UPN in told.body
    (entry,) = entries(Event.RENEWAL_BEGUN)
    assert (entry.subject, entry.data["anew"]) == (f"service:{service_id}", True)
    assert "Your organization began to renew it" in text(page(client, service_id))


def test_once_more_and_by_somebody_else_the_same_renewal_is_gone_on_with(provider, customer, service_id):
    renew(inside(provider), service_id)
    second = inside(provider, preferred_username="avery.app@contoso.com")
    assert renew(second, service_id).headers["Location"] == "/wizard/"
    assert second.get("/wizard/").status_code == 200
    assert len(invitations(customer)) == 1
    assert [entry.data["anew"] for entry in entries(Event.RENEWAL_BEGUN)] == [True, False]


def test_the_renewal_that_the_provider_asked_for_is_gone_on_with(provider, customer, service_id):
    asked = asked_by_provider(customer, service_id)
    client = inside(provider)
    assert renew(client, service_id).headers["Location"] == "/wizard/"
    (one,) = invitations(customer)
    assert (one.pk, one.state) == (asked, State.OPENED)


def test_another_change_that_is_under_way_comes_first(provider, customer, service_id):
    asked_by_provider(customer, service_id, Purpose.REPLACE)
    client = inside(provider)
    assert renew(client, service_id).headers["Location"] == f"/customer/services/{service_id}/"
    assert "has to end first" in text(page(client, service_id))
    assert len(invitations(customer)) == 1
    assert client.get("/wizard/").status_code != 200


def test_what_the_provider_suspended_is_not_renewed_and_the_page_says_so(provider, customer, service_id):
    with within(customer.path):
        suspend(service_id=service_id, level=Kind.PROVIDER, by=OPERATOR, now=clock.now())
    client = inside(provider)
    assert not offered(client, service_id)
    assert "Sailmaker Voice has suspended the connection" in text(page(client, service_id))
    renew(client, service_id)
    assert "Your provider has suspended this connection" in text(page(client, service_id))
    assert invitations(customer) == []


def test_nothing_is_renewed_that_neither_ends_nor_fails(provider, customer):
    service_id = connected(customer, "voice-2")
    client = inside(provider)
    assert not offered(client, service_id)
    renew(client, service_id)
    assert "Nothing of this connection ends soon" in text(page(client, service_id))
    with within(customer.path):
        Connection.objects.update(status="error")
    assert offered(client, service_id)
    assert renew(client, service_id).headers["Location"] == "/wizard/"


def test_who_may_only_read_is_offered_nothing_and_refused(provider, customer, service_id):
    client = inside(provider, wids=[GLOBAL_READER, EVERY_MEMBER])
    assert not offered(client, service_id)
    assert "As Global Reader you can't renew it" in text(page(client, service_id))
    renew(client, service_id)
    assert "As Global Reader you see everything here and change nothing." in text(page(client, service_id))
    assert invitations(customer) == []


def test_it_takes_a_form_with_a_token_and_a_service_of_ones_own_tenant(provider, service_id):
    client = inside(provider)
    assert client.get(f"/customer/services/{service_id}/renew/").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert renew(strict, service_id).status_code == 403
    other = connected(make_customer(provider, name="Fabrikam"), "voice-9", tenant=factories_onboarding.OTHER_TENANT)
    assert renew(client, other).status_code == 404
    assert renew(Client(), service_id).headers["Location"] == "/customer/"
    assert entries(Event.RENEWAL_BEGUN) == []


def test_who_began_it_is_forgotten_with_the_service(provider, customer, service_id):
    renew(inside(provider), service_id)
    with within(customer.path):
        note_forgotten(service_id=service_id, now=clock.now())
        forget_recipients(service_id)
    (one,) = invitations(customer)
    assert UPN not in repr(one.__dict__)


@pytest.mark.parametrize("is_set_up", [True, False])
def test_the_mail_to_contacts_has_the_address_where_they_renew(customer, service_id, is_set_up):
    if not is_set_up:
        customer = make_customer(make_provider(name="Without"), name="Fabrikam")
    named = [Contact(name="", email="ada@contoso.example", phone="")]
    with within_everything("a test"):
        changing.change_contacts(organization_id=customer.id, contacts=named, by=SETUP)
        raise_alarm(
            organization_id=customer.id,
            kind=AlarmKind.CREDENTIAL_ENDS,
            subject="service:1",
            about="voice-1",
            severity=Severity.CRITICAL,
            words="Its client secret ends.",
            cure="Renew it.",
            for_contacts="Your provider sends a link.",
            by=Actor.system("a test"),
            now=clock.now(),
        )
    run_until_idle()
    mail = next(mail for mail in outgoing.outbox if mail.to == ["ada@contoso.example"])
    assert (fixed_address(customer.id) in mail.body) is is_set_up
    assert all((fixed_address(customer.id) in str(part)) is is_set_up for part, _kind in mail.alternatives)
