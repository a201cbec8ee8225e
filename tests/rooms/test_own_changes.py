"""What a customer changes in the own view: contacts and *Disconnect*; and what the provider does then."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from gangway.alarms.models import Alarm, Move, Notice
from gangway.audit.events import Event
from gangway.connections.actions import hold_all
from gangway.connections.models import Connection
from gangway.foundation import clock
from gangway.jobs.testing import run_until_idle
from gangway.onboarding import deletion, disconnections
from gangway.onboarding.own_view import arriving, doing
from gangway.onboarding.own_view.roles import EVERY_MEMBER, GLOBAL_READER
from gangway.organizations.changing import change_contacts
from gangway.organizations.details import Contact
from gangway.organizations.scope import within, within_everything
from gangway.services.actions import begin_deletion
from gangway.services.errors import ServiceMoved
from gangway.services.models import Service
from gangway.services.states import Lifecycle
from gangway.web.own_session import MOST_TYPED, TYPED
from tests.rooms import factories_onboarding
from tests.rooms.factories_connections import connected
from tests.rooms.factories_onboarding import OTHER_TENANT, UPN, later
from tests.rooms.factories_organizations import SETUP, Place, make_customer, make_provider
from tests.rooms.factories_own_view import asked_of, back, disconnected, entries, inside, latest, life
from tests.rooms.factories_web import error_at, sit_down, soup, text
from tests.rooms.test_scope import in_scope_of, wait_until_somebody_waits_for_a_lock

pytestmark = pytest.mark.django_db
READER = {"wids": [GLOBAL_READER, EVERY_MEMBER]}


@pytest.fixture
def provider() -> Place:
    made = make_provider(name="Sailmaker Voice")
    factories_onboarding.register(made)
    return made


@pytest.fixture
def customer(provider: Place) -> Place:
    return make_customer(provider, name="Contoso Bakeries")


@pytest.fixture
def service_id(customer: Place) -> UUID:
    return connected(customer, "voice-1")


def alarms(**like: Any) -> list[Alarm]:
    with within_everything("a test"):
        return list(Alarm.objects.filter(kind="disconnected", **like))


def test_contacts_ask_for_a_fresh_sign_in_and_nothing_typed_is_lost(provider, customer, service_id, monkeypatch):
    address = f"/customer/contacts/{customer.id}/"
    typed = {
        "contact-TOTAL_FORMS": "1",
        "contact-INITIAL_FORMS": "0",
        "contact-0-name": "Ada",
        "contact-0-email": "ada@contoso.example",
    }
    client = inside(provider)
    assert soup(client.get(address)).select("[name=contact-0-email]")
    with later(monkeypatch, timedelta(minutes=11).total_seconds()):
        shown = client.get(address)
        assert "Prove once more who you are" in text(shown)
        assert not soup(shown).select("[name=contact-0-email]")
        assert asked_of(client.post(address, {"way": "prove"}))["prompt"] == "login"
        asked = asked_of(client.post(address, typed))
        assert asked["prompt"] == "login"
        assert TYPED in client.session
        client.post(address, typed | {"contact-more": "x" * MOST_TYPED})
        assert TYPED not in client.session
        asked = asked_of(client.post(address, typed))
        assert entries(Event.ORGANIZATION_CONTACTS_CHANGED) == []
        back(client, asked)
        assert client.get("/customer/waiting/").headers["Location"] == address
        again = client.get(address)
        assert "What you typed is kept, and not saved yet." in text(again)
        kept = {name: soup(again).select_one(f"[name={name}]")["value"] for name in typed}
        assert kept == typed
        assert "not saved yet" not in text(client.get(address))
        assert client.post(address, kept).status_code == 302
        assert "ada@contoso.example" in text(client.get("/customer/"))
        assert "not saved yet" not in text(client.get(address))


def test_contacts_that_the_provider_changed_meanwhile_are_shown_before_they_are_replaced(
    provider, customer, service_id
):
    client, address = inside(provider), f"/customer/contacts/{customer.id}/"
    opened = soup(client.get(address)).select_one("[name=as_opened]")["value"]
    with within(customer.path):
        change_contacts(organization_id=customer.id, contacts=[Contact("", "grace@contoso.example")], by=SETUP)
    typed = {"contact-TOTAL_FORMS": "1", "contact-INITIAL_FORMS": "0", "contact-0-email": "ada@contoso.example"}
    shown = client.post(address, typed | {"as_opened": opened})
    assert "nothing → grace@contoso.example" in text(shown)
    assert "You typed: ada@contoso.example" in text(shown)
    assert soup(shown).select_one("[name=contact-0-email]")["value"] == "ada@contoso.example"
    again = soup(shown).select_one("[name=as_opened]")["value"]
    assert client.post(address, typed | {"as_opened": again}).status_code == 302


def test_contacts_are_changed_by_name_and_a_global_reader_changes_none(provider, customer, service_id):
    rows = {"contact-TOTAL_FORMS": "1", "contact-INITIAL_FORMS": "0", "contact-0-name": "Ada"}
    address = f"/customer/contacts/{customer.id}/"
    wrong = inside(provider).post(address, {**rows, "contact-0-email": "not an address"})
    assert "This isn't an e-mail address" in text(wrong)
    inside(provider, **READER).post(address, {**rows, "contact-0-email": "reader@contoso.example"})
    client = inside(provider)
    assert client.post(address, {**rows, "contact-0-email": "ada@contoso.example"}).status_code == 302
    shown = text(client.get("/customer/"))
    assert "ada@contoso.example" in shown
    assert "reader@contoso.example" not in shown
    changed = entries(Event.ORGANIZATION_CONTACTS_CHANGED)
    assert [(entry.actor_kind, entry.actor_name) for entry in changed] == [("administrator", UPN)]


@pytest.mark.parametrize("life_there", ["created", "deleted"])
def test_contacts_are_no_affair_of_a_tenant_in_which_not_all_of_the_customer_lives(
    provider, customer, service_id, life_there
):
    """Two companies of a group, or a tenant that was left: who is told about the one is not the other's to change."""
    other = connected(customer, "voice-2", tenant=OTHER_TENANT)
    with within(customer.path):
        change_contacts(organization_id=customer.id, contacts=[Contact("", "ada@contoso.example")], by=SETUP)
        Service.objects.filter(pk=other).update(lifecycle=life_there)
    client, all_here = inside(provider), life_there == "deleted"
    assert ("ada@contoso.example" in text(client.get("/customer/"))) is all_here
    assert client.get(f"/customer/contacts/{customer.id}/").status_code == (200 if all_here else 404)


def test_disconnect_suspends_at_once_tells_the_provider_and_can_be_taken_back(provider, customer, service_id):
    sit_down(provider)
    client = inside(provider)
    asked = text(client.get(f"/customer/services/{service_id}/disconnect/"))
    assert "Disconnect voice-1 of Sailmaker Voice?" in asked
    assert "App registration voice-1" in asked
    assert "isn't the short name" in error_at(disconnected(client, service_id, "other"), "typed")
    assert life(customer, service_id) is Lifecycle.CREATED
    disconnected(client, service_id)
    with within(customer.path):
        assert Connection.objects.get(service_id=service_id).suspended_why == "leaving"
    assert life(customer, service_id) is Lifecycle.LEAVING
    run_until_idle()
    alarm = alarms(cleared_at=None)[0]
    assert f"{UPN} asked for that" in alarm.words
    with within_everything("a test"):
        assert Notice.objects.filter(alarm=alarm, audience="operator").exists()
    assert "Your organization disconnected it" in text(client.get(f"/customer/services/{service_id}/"))
    assert "What happens in your tenant" in text(client.get(f"/customer/services/{service_id}/"))
    client.post(f"/customer/services/{service_id}/keep/")
    run_until_idle()
    assert life(customer, service_id) is Lifecycle.CREATED
    assert alarms(cleared_at=None) == []
    assert [len(entries(event)) for event in (Event.SERVICE_DISCONNECTED, Event.DISCONNECTION_TAKEN_BACK)] == [1, 1]


def test_what_the_provider_keeps_is_kept_and_may_be_disconnected_once_more(provider, customer, service_id):
    client = inside(provider)
    disconnected(client, service_id)
    with within(customer.path):
        deletion.keep_service(service_id=service_id, by=SETUP, now=clock.now())
    assert life(customer, service_id) is Lifecycle.CREATED
    disconnected(client, service_id)
    run_until_idle()
    assert life(customer, service_id) is Lifecycle.LEAVING
    assert len(alarms(cleared_at=None)) == 1


def test_what_the_provider_keeps_is_none_of_the_customers_turns(provider, customer, service_id):
    client = inside(provider)
    for _turn in range(disconnections.TURNS):
        disconnected(client, service_id)
        with within(customer.path):
            deletion.keep_service(service_id=service_id, by=SETUP, now=clock.now())
    disconnected(client, service_id)
    client.post(f"/customer/services/{service_id}/keep/")
    assert life(customer, service_id) is Lifecycle.CREATED


def test_keeping_what_was_disconnected_has_an_end_and_disconnecting_has_none(provider, customer, service_id):
    client, keep = inside(provider), f"/customer/services/{service_id}/keep/"
    for _turn in range(disconnections.TURNS):
        disconnected(client, service_id)
        client.post(keep)
    disconnected(client, service_id)
    assert life(customer, service_id) is Lifecycle.LEAVING
    about = client.get(f"/customer/services/{service_id}/")
    assert "Ask Sailmaker Voice to keep it, or come back tomorrow." in text(about)
    assert not soup(about).select(f'form[action="{keep}"]')
    assert "disconnected and kept several times" in text(client.post(keep, follow=True))
    run_until_idle()
    assert (life(customer, service_id), len(alarms(cleared_at=None))) == (Lifecycle.LEAVING, 1)
    with within(customer.path):
        assert disconnections.is_kept_too_often(service_id, now=clock.now())
        assert not disconnections.is_kept_too_often(service_id, now=clock.now() + timedelta(days=1))
        deletion.keep_service(service_id=service_id, by=SETUP, now=clock.now())
    assert life(customer, service_id) is Lifecycle.CREATED


@pytest.mark.django_db(transaction=True)
def test_of_the_providers_deletion_and_the_customers_at_once_only_one_is(provider, customer, service_id):
    """Else the customer could take back what the provider deletes."""
    inside(provider)
    found = arriving.visitor(latest().pk, provider_id=provider.id, now=clock.now())
    given = {"service_id": service_id, "typed": "voice-1", "now": clock.now()}
    with ThreadPoolExecutor(1) as pool:
        with within(customer.path), transaction.atomic():
            hold_all(service_id)
            own = pool.submit(in_scope_of, customer, partial(doing.disconnect, found, **given, by=SETUP))
            wait_until_somebody_waits_for_a_lock()
            deletion.delete_service(**given, by=SETUP)
        assert type(own.exception(timeout=10)) is ServiceMoved
    with within(customer.path):
        assert disconnections.standing(service_id) is None


def test_what_the_provider_deletes_only_the_provider_takes_back(provider, customer, service_id):
    client = inside(provider)
    with within(customer.path):
        deletion.delete_service(service_id=service_id, typed="voice-1", by=SETUP, now=clock.now())
    assert "only they can take that back" in text(client.get(f"/customer/services/{service_id}/"))
    told = client.post(f"/customer/services/{service_id}/keep/", follow=True)
    assert "This can't be taken back here." in text(told)
    assert life(customer, service_id) is Lifecycle.LEAVING


def test_a_contact_is_told_where_it_can_be_taken_back(provider, customer, service_id):
    with within(customer.path):
        change_contacts(organization_id=customer.id, contacts=[Contact("Ada", "ada@contoso.example")], by=SETUP)
    disconnected(inside(provider), service_id)
    run_until_idle()
    assert f"/customer/at/{provider.id}/" in alarms()[0].for_contacts


@pytest.mark.parametrize("kept", [True, False])
def test_a_contact_is_given_the_all_clear_for_what_is_kept_and_not_for_what_is_removed(
    provider, customer, service_id, kept
):
    sit_down(provider)
    with within(customer.path):
        change_contacts(organization_id=customer.id, contacts=[Contact("Ada", "ada@contoso.example")], by=SETUP)
    disconnected(inside(provider), service_id)
    run_until_idle()
    with within(customer.path):
        if kept:
            deletion.keep_service(service_id=service_id, by=SETUP, now=clock.now())
        else:
            begin_deletion(service_id=service_id, by=SETUP)
    disconnections.tell(service_id, now=clock.now())
    run_until_idle()
    with within_everything("a test"):
        ends = set(Notice.objects.filter(turn=0).values_list("audience", flat=True))
        why = Move.objects.get(what="cleared").words
    assert ends == ({"operator", "contact"} if kept else {"operator"})
    assert why == (disconnections.KEPT if kept else disconnections.BEGUN)


def test_disconnect_asks_for_a_sign_in_of_the_last_minutes_by_the_same_person(
    provider, customer, service_id, monkeypatch
):
    client = inside(provider)
    with later(monkeypatch, timedelta(minutes=11).total_seconds()):
        shown = text(client.get(f"/customer/services/{service_id}/disconnect/"))
        assert "Prove once more who you are" in shown
        asked = asked_of(disconnected(client, service_id))
        assert life(customer, service_id) is Lifecycle.CREATED
        assert (asked["prompt"], asked["login_hint"], asked["scope"]) == ("login", UPN, "openid profile")
        back(client, asked)
        there = client.get("/customer/waiting/")
        assert there.headers["Location"] == f"/customer/services/{service_id}/disconnect/"
        disconnected(client, service_id)
    assert life(customer, service_id) is Lifecycle.LEAVING


def test_an_earlier_proof_that_microsoft_tells_of_is_not_fresh(provider, customer, service_id):
    """Whoever takes the wish for the password out of the address comes back with the time of the old one."""
    proved_at = int((clock.now() - timedelta(hours=2)).timestamp())
    asked_of(disconnected(inside(provider, auth_time=proved_at), service_id))
    assert life(customer, service_id) is Lifecycle.CREATED


def test_a_first_sign_in_of_which_nobody_knows_the_time_is_not_fresh(provider, customer, service_id):
    """Whoever finds a browser that is signed in at Microsoft types no password on the way here."""
    client = inside(provider, auth_time=None)
    for page in (f"services/{service_id}/disconnect", f"contacts/{customer.id}"):
        shown = text(client.get(f"/customer/{page}/"))
        assert "Microsoft didn't tell us when you last did" in shown
        assert "older than ten minutes" not in shown
    asked_of(disconnected(client, service_id))
    assert life(customer, service_id) is Lifecycle.CREATED


def test_signing_in_once_more_as_another_tenant_does_nothing(provider, service_id, monkeypatch):
    client = inside(provider)
    with later(monkeypatch, timedelta(minutes=11).total_seconds()):
        back(client, asked_of(disconnected(client, service_id)), tid=OTHER_TENANT)
        assert "onboarding:visit:another_tenant" in text(client.get("/customer/waiting/"))


def test_a_global_reader_disconnects_nothing(provider, customer, service_id):
    client = inside(provider, **READER)
    assert "As Global Reader you can't" in text(disconnected(client, service_id))
    assert life(customer, service_id) is Lifecycle.CREATED
