"""Who was told of a service that is gone for long is forgotten wherever it stood: notices, alarms, mails, calls."""

from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.db import transaction

from gangway.accounts import addresses, letters
from gangway.accounts.actions import invite_operator
from gangway.accounts.errors import HasARole
from gangway.accounts.forgetting import forget_operator
from gangway.accounts.models import Identity
from gangway.alarms import actions, queries
from gangway.alarms.models import Alarm, Move, Notice
from gangway.alarms.states import Kind, Severity
from gangway.audit.events import Event
from gangway.audit.queries import activity
from gangway.audit.record import Actor, record
from gangway.connections import announcing
from gangway.connections.kept import credential_of
from gangway.connections.models import Care, Companion
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.jobs.testing import run_until_idle
from gangway.notifications import webhooks
from gangway.notifications.models import Call, Message
from gangway.notifications.states import DeliveryState
from gangway.onboarding import retention, tasks
from gangway.organizations import changing, people, people_queries
from gangway.organizations import queries as seats
from gangway.organizations.details import Contact
from gangway.organizations.errors import NoSuchOperator
from gangway.organizations.models import ContactRow, Membership, Operator
from gangway.organizations.roles import Role
from gangway.organizations.scope import within, within_everything
from gangway.services import actions as services
from gangway.services.queries import service
from tests.rooms import factories_services
from tests.rooms.factories_accounts import link_of, mailed
from tests.rooms.factories_connections import DAY, beside, connected
from tests.rooms.factories_organizations import SETUP, Place, make_customer, make_operator, make_provider

pytestmark = pytest.mark.django_db
CARLA, LOST = "carla@contoso.example", "lost@contoso.example"
UPN = "adele@contoso.example"


@pytest.fixture
def provider() -> Place:
    made = make_provider(reply_to="help@sp2.example")
    make_operator(made)
    with within(made.path):
        secret = SealedText("whsec_c2l4dGVlbi1ieXRlcy1hbmQtc29tZS1tb3Jl")
        given = {"url": "https://hooks.sp2.example/in", "secret": secret, "is_on": True}
        webhooks.set_webhook(made.id, **given, by=SETUP, now=clock.now())
    return made


@pytest.fixture
def customer(provider: Place) -> Place:
    made = make_customer(provider, name="Contoso")
    with within_everything("a test"):
        named = [Contact("Carla", CARLA), Contact("", LOST)]
        changing.change_contacts(organization_id=made.id, contacts=named, by=SETUP)
    return made


def gone(customer: Place, service_id: UUID) -> None:
    with within(customer.path):
        services.begin_leaving(service_id=service_id, until=clock.now(), by=SETUP)
        services.begin_deletion(service_id=service_id, by=SETUP)
        services.end_deletion(service_id=service_id, by=SETUP)


def alarmed(customer: Place, service_id: UUID, settings: Any) -> None:
    """Contacts and operators are told that somebody disconnected it; their addresses take no mail."""
    settings.EMAIL_BACKEND = "tests.rooms.factories_mail_server.RefusingBackend"
    settings.REFUSING_WITH = SMTPRecipientsRefused({LOST: (550, b"no such user")})
    told = {"organization_id": customer.id, "kind": Kind.DISCONNECTED, "subject": f"disconnection:{service_id}"}
    with within_everything("a test"):
        actions.raise_alarm(
            **told,
            service_id=service_id,
            about="voice-1",
            severity=Severity.CRITICAL,
            words=f"Contoso disconnected it: {UPN} asked for that.",
            cure="Talk to the customer.",
            for_contacts="If that was a mistake, take it back.",
            by=SETUP,
            now=clock.now(),
        )
    run_until_idle()
    with within_everything("a test"):
        actions.clear_alarm(**told, why="It is kept.", by=SETUP, now=clock.now())
    run_until_idle()


def everything_kept(provider: Place) -> str:
    """What the tables of alarms, mails and calls still say, as one text."""
    with within_everything("a test"):
        rows = [
            *Alarm.objects.values("about", "words", "search_words"),
            *Move.objects.values("words"),
            *Notice.objects.values("to"),
            *Message.objects.values("to", "context"),
            *Call.objects.values("body"),
            *ContactRow.objects.values("name", "email"),
        ]
    return str(rows)


def test_addresses_and_names_are_gone_from_alarms_their_history_mails_and_calls(provider, customer, settings):
    service_id = connected(customer)
    alarmed(customer, service_id, settings)
    before = everything_kept(provider)
    assert all(name in before for name in (CARLA, LOST, UPN))
    gone(customer, service_id)
    with within_everything("a test"):
        Call.objects.update(state="failed")
    assert retention.forget_people(now=clock.now() + 91 * DAY) == 1
    after = everything_kept(provider)
    assert not [name for name in (CARLA, LOST, UPN) if name in after]
    with within(customer.path):
        notices = Notice.objects.filter(alarm__service_id=service_id)
        assert {one.to for one in notices if one.audience == "contact"} == {""}
        assert queries.alarms(state="cleared", kind="disconnected").rows


def test_whoever_is_told_of_another_service_of_the_customer_stays_known(provider, customer, settings):
    service_id = connected(customer)
    connected(customer, "voice-2")
    alarmed(customer, service_id, settings)
    gone(customer, service_id)
    retention.forget_people(now=clock.now() + 91 * DAY)
    with within(customer.path):
        assert sorted(ContactRow.objects.values_list("email", flat=True)) == [CARLA, LOST]
        assert sorted(row.about for row in queries.alarms(kind="undelivered").rows) == [CARLA, LOST]


def test_the_notice_of_a_rotation_beside_the_connection_is_forgotten_too(provider, customer):
    service_id = connected(customer)
    beside(customer, service_id)
    with within_everything("a test"):
        row = Companion.objects.get()
        announcing.announce(row, credential_of(row), service(service_id), clock.now() + timedelta(days=7))
    run_until_idle()
    gone(customer, service_id)
    retention.forget_people(now=clock.now() + 91 * DAY)
    with within_everything("a test"):
        assert {row.to for row in Message.objects.filter(subject_ref__startswith="rotation:")} == {""}


def test_an_alarm_about_an_advance_notice_that_did_not_arrive_is_forgotten_too(provider, customer, settings):
    service_id = connected(customer)
    settings.EMAIL_BACKEND = "tests.rooms.factories_mail_server.RefusingBackend"
    settings.REFUSING_WITH = SMTPRecipientsRefused({LOST: (550, b"no such user")})
    with within_everything("a test"):
        kept = Care.objects.get()
        announcing.announce(kept, credential_of(kept), service(service_id), clock.now() + timedelta(days=7))
    run_until_idle()
    settings.REFUSING_WITH = None
    assert f"{LOST} could not be told" in everything_kept(provider)
    gone(customer, service_id)
    with within_everything("a test"):
        Call.objects.update(state="failed")
        assert retention.forget_people(now=clock.now() + 91 * DAY) == 1
    assert LOST not in everything_kept(provider)


def test_where_nobody_was_known_it_is_looked_through_once_and_nothing_is_said_to_be_erased(provider):
    customer = make_customer(provider)
    service_id = factories_services.plan(customer)
    with within(customer.path):
        services.abandon_service(service_id=service_id, by=SETUP)
    counts = [retention.forget_people(now=clock.now() + days * DAY) for days in (89, 91, 92)]
    assert counts == [0, 1, 0]
    with within(customer.path):
        assert erased(customer) == []


def erased(customer: Place) -> list[str]:
    """What the log says was erased."""
    rows = activity(organization_path=customer.path)
    return [row.subject for row in rows if row.event == Event.CONTACTS_ERASED]


def test_more_than_one_portion_is_forgotten_by_one_round_each_said_once(customer, monkeypatch):
    services_gone = [connected(customer, name=name) for name in ("voice-1", "voice-2", "voice-3")]
    for service_id in services_gone:
        gone(customer, service_id)
    monkeypatch.setattr(retention, "MOST", 1)
    monkeypatch.setenv(clock.OFFSET_VARIABLE, str((91 * DAY).total_seconds()))
    tasks.forget_people()
    run_until_idle()
    assert len(set(erased(customer))) == len(erased(customer)) == 3


# People of ours


def everything() -> list[str]:
    """Every row of every table, as text."""
    with within_everything("the database's owner looks"):
        return [str(row) for model in apps.get_models() for row in model._base_manager.values()]


def said(event: Event, person: UUID, **data: str) -> None:
    by = Actor("person", str(person), Operator.objects.get(pk=person).name, "192.0.2.7")
    home = people_queries.home_of(person)
    assert home
    with transaction.atomic():
        record(event, by=by, organization_id=home, subject=f"message:{person}", data=data)


def test_who_left_is_forgotten_wherever_they_were_named_and_nobody_else_is(provider: Place) -> None:
    paula, nora = make_operator(provider, name="Paula Past"), make_operator(provider, name="Nora Near")
    address, hers = (Operator.objects.get(pk=one).email for one in (paula, nora))
    since = {"created_at": clock.now(), "last_used_at": clock.now()}
    Identity.objects.create(operator_id=paula, tenant_id=uuid4(), object_id=uuid4(), username=address, **since)
    said(Event.MESSAGE_QUEUED, paula, to=hers)
    said(Event.MESSAGE_SENT, nora, to=address)
    said(Event.MESSAGE_FAILED, nora, to=f"no-{address}")
    said(Event.MESSAGE_FAILED, nora, to=f"{address}.uk")
    said(Event.AUDIT_EXPORTED, nora, who="paula past")
    with within_everything("the database's owner"):
        letters.from_library("mfa/email/totp_activated", address, {}, asked_from="192.0.2.7")
        Message.objects.filter(to=address).update(state=DeliveryState.FAILED.value)
        with pytest.raises(HasARole):
            forget_operator(address, by=SETUP)
        people.remove(Membership.objects.get(operator_id=paula).pk, by=SETUP, seat=None)
        forget_operator(address.upper(), by=SETUP)
        with pytest.raises(NoSuchOperator):
            forget_operator(address, by=SETUP)
    left = [row for row in everything() if address in row or "paula past" in row.casefold()]
    assert sorted((f"no-{address}" in row, f"{address}.uk" in row) for row in left) == [(False, True), (True, False)]
    assert all("Nora Near" in row for row in left)


def test_the_addresses_that_somebody_had_before_are_forgotten_with_them(provider: Place) -> None:
    paula = make_operator(provider, name="Paula Past")
    before = Operator.objects.get(pk=paula).email
    by = Actor("person", str(paula), "Paula Past", "192.0.2.7")
    with within(provider.path):
        own = seats.seat(paula)
        addresses.ask_for_own("typo@new.example", seat=own, by=by)
        addresses.ask_for_own("paula@new.example", seat=own, by=by)
    key = link_of(mailed(provider, "address_link")[-1]).rpartition("/")[2]
    with within(provider.path):
        addresses.confirm(SealedText(key), seat=own, by=by)
    said(Event.MESSAGE_SENT, make_operator(provider, name="Nora Near"), to=before)
    with within_everything("the database's owner"):
        people.remove(Membership.objects.get(operator_id=paula).pk, by=SETUP, seat=None)
        forget_operator("paula@new.example", by=SETUP)
    assert not [row for row in everything() if before in row or "@new.example" in row or "Paula Past" in row]


def test_who_was_only_invited_is_forgotten_likewise(provider: Place) -> None:
    with within(provider.path):
        by = seats.seat(make_operator(provider))
        given = {"name": "Nils New", "organization_id": provider.id, "role": Role.MONITOR}
        invite_operator(email="nils@sp2.example", **given, seat=by, by=SETUP, now=clock.now())
    with within_everything("the database's owner"):
        forget_operator("nils@sp2.example", by=SETUP)
        assert list(Message.objects.values_list("state", "to", "link_sealed_id")) == [("failed", "", None)]
    assert not [row for row in everything() if "nils@" in row or "Nils New" in row]
