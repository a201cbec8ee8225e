"""The customer's own view: who may look at what, contacts, *Disconnect* and taking it back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import Client

from gangway.alarms.models import Alarm, Move, Notice
from gangway.audit.events import Event
from gangway.audit.models import Entry
from gangway.audit.record import Actor
from gangway.connections.models import Connection
from gangway.connections.queries import connection
from gangway.foundation import clock
from gangway.jobs.testing import run_until_idle
from gangway.onboarding import deletion, disconnections
from gangway.onboarding.disconnections import fixed_address, sign_in_address
from gangway.onboarding.models import SignInApplication, Visit
from gangway.onboarding.own_view import arriving, doing, exchange
from gangway.onboarding.own_view.roles import EVERY_MEMBER, GLOBAL_READER, ROLES
from gangway.onboarding.states import VisitState
from gangway.organizations.changing import change_contacts
from gangway.organizations.details import Contact
from gangway.organizations.models import HostName
from gangway.organizations.roles import Role
from gangway.organizations.scope import within, within_everything
from gangway.provisioning.models import Registration
from gangway.services.actions import begin_deletion, change_users, hold
from gangway.services.errors import ServiceMoved
from gangway.services.models import Service
from gangway.services.queries import service
from gangway.services.states import Lifecycle
from gangway.vault.models import Sealed
from gangway.web.own_session import MOST_TYPED, TYPED
from tests.rooms import factories_onboarding
from tests.rooms.factories_connections import beside, connected
from tests.rooms.factories_onboarding import CLIENT, OTHER_TENANT, UPN, Microsoft, later, refused
from tests.rooms.factories_organizations import SETUP, Place, make_customer, make_operator, make_provider
from tests.rooms.factories_own_view import asked_of, back, come, inside, latest, tell
from tests.rooms.factories_web import error_at, sit_down, soup
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


def text(answer: Any) -> str:
    return soup(answer).get_text(" ", strip=True)


def life(customer: Place, service_id: UUID) -> Lifecycle:
    with within(customer.path):
        return service(service_id).lifecycle


def disconnected(client: Client, service_id: UUID, typed: str = "voice-1") -> Any:
    return client.post(f"/customer/services/{service_id}/disconnect/", {"typed": typed})


def alarms(**like: Any) -> list[Alarm]:
    with within_everything("a test"):
        return list(Alarm.objects.filter(kind="disconnected", **like))


def entries(event: Event) -> list[Entry]:
    with within_everything("a test"):
        return list(Entry.objects.filter(event=event.value).order_by("id"))


def test_microsoft_is_asked_only_who_it_is_with_pkce_state_and_nonce(provider):
    asked = asked_of(Client().post(f"/customer/at/{provider.id}/"))
    assert (asked["scope"], asked["client_id"], asked["prompt"]) == ("openid profile", CLIENT, "select_account")
    assert (asked["code_challenge_method"], asked["response_type"]) == ("S256", "code")
    assert asked["redirect_uri"] == "http://localhost:8000/wizard/returned/"
    kept = repr(latest().__dict__)
    assert asked["state"] not in kept
    assert asked["nonce"] not in kept


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_each_fitting_role_sees_the_connection_with_reasons_contacts_and_history(provider, service_id, role):
    client = inside(provider, wids=[role.template_id, EVERY_MEMBER])
    shown = client.get("/customer/")
    wanted = ("Sailmaker Voice", "Contoso Bakeries", "voice-1", role.name)
    assert [part for part in wanted if part not in text(shown)] == []
    about = soup(client.get(f"/customer/services/{service_id}/")).get_text("")
    assert "User.Read.All" in about
    assert "It was connected with your Microsoft 365" in about
    assert ("Disconnect voice-1…" in about) is role.may_change
    assert ("Change the contacts" in text(shown)) is role.may_change


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"idp": "https://sts.windows.net/elsewhere/"}, "onboarding:visit:guest"),
        ({"wids": [EVERY_MEMBER]}, "onboarding:visit:role_missing"),
        ({"wids": ["fe930be7-5e62-47db-91af-98c3a49a38b1"]}, "onboarding:visit:role_missing"),
        ({"wids": []}, "onboarding:visit:roles_untold"),
        ({"tid": OTHER_TENANT}, "onboarding:visit:nothing_here"),
        ({"nonce": "another"}, "onboarding:sign_in:refused"),
    ],
    ids=["guest", "member", "other role", "roles untold", "unknown tenant", "other nonce"],
)
def test_whoever_does_not_fit_reads_why_and_what_to_do_and_nothing_of_the_customer(provider, service_id, claims, code):
    client = come(provider, **claims)
    answer = client.get("/customer/waiting/")
    assert answer.status_code == 403
    assert code in text(answer)
    assert not [name for name in ("Contoso Bakeries", "voice-1", str(service_id)) if name in text(answer)]
    assert client.get("/customer/").status_code == 200
    assert "Sign in with Microsoft" in text(client.get("/customer/"))
    assert client.get(f"/customer/services/{service_id}/").status_code == 302
    named = [] if code == "onboarding:sign_in:refused" else [code]
    assert [entry.data["why"] for entry in entries(Event.OWN_VIEW_REFUSED)] == named


def test_what_a_service_uses_beside_its_connection_is_shown_with_its_permissions_and_in_the_history(
    provider, customer, service_id
):
    beside(customer, service_id)
    client, quality = inside(provider), f"{service_id}-QoE"
    assert quality in text(client.get("/customer/"))
    page = soup(client.get(f"/customer/services/{service_id}/"))
    shown = page.select_one("[aria-labelledby=beside-qoe]").get_text()
    assert [part for part in (quality, "CallRecords.Read.All", "Reads the records of calls") if part not in shown] == []
    made = [row.get_text(" ", strip=True) for row in page.select(".gw-timeline li") if "was connected" in row.text]
    assert [quality in row for row in made] == [True, False]
    with within(customer.path):
        name = connection(service_id).registration_name
    assert name in made[1]


def test_the_history_names_the_side_that_did_it_and_nobodys_name(provider, customer, service_id):
    people = {
        "Cara Customer": make_operator(customer, role=Role.OPERATOR, name="Cara Customer"),
        "Pia Provider": make_operator(provider, name="Pia Provider"),
        "Lea Left": uuid4(),
    }
    for number, (name, person) in enumerate(people.items()):
        with within(customer.path):
            change_users(service_id=service_id, licensed_users=20 + number, by=Actor("person", str(person), name))
    page = soup(inside(provider).get(f"/customer/services/{service_id}/"))
    rows = [row.get_text(" ", strip=True) for row in page.select(".gw-timeline li") if "licensed users" in row.text]
    who = ("Somebody who has no role here any more", "Sailmaker Voice", "Contoso Bakeries")
    assert [part in row for part, row in zip(who, rows, strict=True)] == [True] * 3
    assert not any(name in page.text for name in people)


def test_nothing_of_the_sign_in_is_kept_and_who_came_is_written_down(provider, customer, service_id):
    inside(provider)
    row = latest()
    assert (row.state, row.code_id, row.verifier_id) == (VisitState.SIGNED_IN, None, None)
    assert not Sealed.objects.filter(place__startswith="onboarding.visit", ciphertext__isnull=False).exists()
    entry = entries(Event.OWN_VIEW_ENTERED)[0]
    assert (entry.organization_id, entry.actor_kind, entry.actor_name) == (customer.id, "administrator", UPN)
    assert [len(entries(event)) for event in (Event.SECRET_REVEALED, Event.SECRET_DESTROYED)] == [2, 2]


def test_who_comes_by_one_providers_own_host_name_is_in_no_other_ones_log(provider, customer, service_id):
    second = make_provider(name="Anchor Telecom")
    factories_onboarding.register(second)
    theirs = make_customer(second, name="Contoso at Anchor")
    connected(theirs, "anchor-1")
    client = Client()
    asked = asked_of(client.post(f"/customer/at/{second.id}/"))
    with within_everything("a test"):
        named = {"name": "anchor.example", "token": "t", "set_at": clock.now(), "proved_at": clock.now()}
        HostName.objects.create(organization_id=second.id, **named)
        Visit.objects.update(return_address="https://anchor.example/wizard/returned/")
    back(client, asked)
    assert {entry.organization_id for entry in entries(Event.OWN_VIEW_ENTERED)} == {theirs.id}
    inside(provider)
    assert {entry.organization_id for entry in entries(Event.OWN_VIEW_ENTERED)} == {theirs.id, customer.id}


def test_a_session_of_one_host_name_counts_under_no_other(provider, service_id):
    """Else what was written down at one provider's name would open what another one shows, unseen by that one."""
    client, there = Client(), {"HTTP_HOST": "localhost"}
    asked = asked_of(client.post(f"/customer/at/{provider.id}/"))
    client.get("/wizard/returned/", {"code": "the-code", "state": asked["state"]}, **there)
    assert latest().state == VisitState.AWAY
    back(client, asked)
    assert client.get("/customer/waiting/", **there).headers["Location"] == "/customer/"
    assert client.get("/customer/waiting/").headers["Location"] == "/customer/"
    assert client.get(f"/customer/services/{service_id}/", **there).status_code == 302
    assert client.get(f"/customer/services/{service_id}/").status_code == 200


def test_who_signs_in_once_more_comes_to_nobody_else_again(provider, customer, service_id):
    second = make_provider(name="Anchor Telecom")
    connected(make_customer(second, name="Contoso at Anchor"), "anchor-1")
    client = inside(provider, auth_time=None)
    assert len(entries(Event.OWN_VIEW_ENTERED)) == 2
    back(client, asked_of(disconnected(client, service_id)))
    assert [entry.organization_id for entry in entries(Event.OWN_VIEW_ENTERED)][2:] == [customer.id]


def test_a_made_up_code_leaves_no_entry_and_is_counted_once_a_day(provider):
    with within_everything("a test"):
        before = Entry.objects.count()
    for _ in range(2):
        client = Client()
        asked = asked_of(client.post(f"/customer/at/{provider.id}/"))
        client.get("/wizard/returned/", {"code": "made-up", "state": asked["state"]})
        tell(latest().pk, Microsoft(polls=[refused("invalid_grant", 70008)]))
        assert client.get("/customer/waiting/").status_code == 403
    Client().post(f"/customer/at/{provider.id}/")
    with within_everything("a test"):
        assert Entry.objects.count() == before
    exchange.forget(now=clock.now() + timedelta(days=2))
    told = entries(Event.OWN_VIEW_UNTOLD)
    assert [(entry.organization_id, entry.data["times"]) for entry in told] == [(provider.id, 2)]
    assert not Sealed.objects.filter(place__startswith="onboarding.visit", ciphertext__isnull=False).exists()


def test_another_tenants_administrator_sees_their_own_and_reaches_nothing_else(provider, customer, service_id):
    neighbour = make_customer(provider, name="Fabrikam")
    theirs = connected(neighbour, "theirs", tenant=OTHER_TENANT)
    client = inside(provider, tid=OTHER_TENANT)
    shown = text(client.get("/customer/"))
    assert "theirs" in shown
    assert "Contoso Bakeries" not in shown
    assert client.get(f"/customer/services/{theirs}/").status_code == 200
    paths = ("", "disconnect/", "farewell.txt")
    assert {client.get(f"/customer/services/{service_id}/{path}").status_code for path in paths} == {404}
    assert client.get(f"/customer/contacts/{customer.id}/").status_code == 404
    assert disconnected(client, service_id).status_code == 404
    assert client.post(f"/customer/services/{service_id}/keep/").status_code == 404
    assert life(customer, service_id) is Lifecycle.CREATED


def test_a_service_of_the_same_customer_in_another_tenant_is_not_shown(provider, customer, service_id):
    other = connected(customer, "elsewhere", tenant=OTHER_TENANT)
    client = inside(provider)
    assert "elsewhere" not in text(client.get("/customer/"))
    assert client.get(f"/customer/services/{other}/").status_code == 404


def test_what_a_service_uses_beside_its_connection_in_another_tenant_is_not_shown(provider, customer, service_id):
    there = beside(customer, service_id)
    with within(customer.path):
        Registration.objects.filter(pk=there).update(tenant_id=OTHER_TENANT)
    client = inside(provider)
    assert "-QoE" not in text(client.get("/customer/"))
    page = soup(client.get(f"/customer/services/{service_id}/"))
    assert page.select_one("[aria-labelledby=beside-qoe]") is None


def test_several_providers_are_shown_apart_and_under_its_own_host_name_only_one(provider, service_id):
    second = make_provider(name="Anchor Telecom")
    factories_onboarding.register(second)
    connected(make_customer(second, name="Contoso at Anchor"), "anchor-1")
    client = inside(provider)
    shown = soup(client.get("/customer/"))
    assert [part.get_text() for part in shown.select("main section > h2")] == ["Anchor Telecom", "Sailmaker Voice"]
    with within_everything("a test"):
        named = {"name": "anchor.example", "token": "t", "set_at": clock.now(), "proved_at": clock.now()}
        HostName.objects.create(organization_id=second.id, **named)
    there = {"HTTP_HOST": "anchor.example"}
    assert "Sign in with your own account" in text(client.get("/customer/", **there))
    session = client.session
    session["own_view"] = {**session["own_view"], "host": "anchor.example"}
    session.save()
    only = text(client.get("/customer/", **there))
    assert "anchor-1" in only
    assert "voice-1" not in only
    assert client.get(f"/customer/services/{service_id}/", **there).status_code == 404
    assert Client().get(f"/customer/at/{provider.id}/", **there).status_code == 404


def test_a_stranger_is_told_a_providers_name_only_by_who_knows_its_address(provider):
    assert "Sailmaker" not in text(Client().get("/customer/"))
    assert "Sailmaker" in text(Client().get(f"/customer/at/{provider.id}/"))


def test_where_several_providers_are_one_is_named_whole_and_none_is_listed(provider):
    second = make_provider(name="Anchor Telecom")
    factories_onboarding.register(second)
    client = Client()
    assert "Anchor" not in text(client.get("/customer/"))
    refused = client.post("/customer/", {"name": "Anchor"})
    assert "no provider of exactly this name" in error_at(refused, "name")
    found = client.post("/customer/", {"name": " anchor  telecom "})
    assert found.headers["Location"] == f"/customer/at/{second.id}/"


def test_nobody_who_only_looks_is_given_a_session(provider, customer, service_id):
    pages = ("", f"at/{provider.id}/", "waiting/", "removal/", f"services/{service_id}/", f"contacts/{customer.id}/")
    before = Session.objects.count()
    statuses = {Client().get(f"/customer/{page}").status_code for page in pages}
    assert statuses == {200, 302}
    assert Session.objects.count() == before


def test_the_fixed_address_is_named_only_where_somebody_can_sign_in():
    provider = make_provider()
    customer = make_customer(provider)
    assert sign_in_address(customer.id) == ""
    factories_onboarding.register(provider)
    address = sign_in_address(customer.id)
    assert address == fixed_address(customer.id)
    assert Client().get(urlsplit(address).path).status_code == 200


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


def test_a_browser_is_let_in_for_minutes_after_the_sign_in_and_then_tells_nobodys_name(
    provider, service_id, monkeypatch
):
    client = come(provider)
    with later(monkeypatch, timedelta(minutes=6).total_seconds()):
        shown = text(client.get("/customer/waiting/"))
        assert "that sign-in lets nobody in" in shown
        assert UPN not in shown
        assert client.get(f"/customer/services/{service_id}/").headers["Location"] == "/customer/"
        back(client, asked_of(client.post(f"/customer/at/{provider.id}/")))
        assert client.get("/customer/waiting/").headers["Location"] == "/customer/"


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
            hold(service_id)
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


def test_an_idle_session_ends_and_signing_out_ends_the_visit_itself(provider, service_id, monkeypatch):
    client = inside(provider)
    with later(monkeypatch, timedelta(minutes=61).total_seconds()):
        assert client.get(f"/customer/services/{service_id}/").headers["Location"] == "/customer/"
    client = inside(provider)
    held = dict(client.session["own_view"])
    client.post("/customer/sign-out/")
    session = client.session
    session["own_view"] = held
    session.save()
    assert client.get(f"/customer/services/{service_id}/").headers["Location"] == "/customer/"


def test_an_operators_session_is_no_visit_and_a_visit_is_no_operators_session(provider, service_id):
    assert sit_down(provider).get(f"/customer/services/{service_id}/").headers["Location"] == "/customer/"
    assert "/accounts/login/" in inside(provider).get("/services/").headers["Location"]


def test_an_answer_is_taken_once_in_the_browser_that_asked_and_in_time(provider, service_id, monkeypatch):
    client = Client()
    asked = asked_of(client.post(f"/customer/at/{provider.id}/"))
    query = {"code": "the-code", "state": asked["state"]}
    Client().get("/wizard/returned/", query)
    client.head("/wizard/returned/", query)
    assert latest().state == VisitState.AWAY
    with later(monkeypatch, timedelta(minutes=16).total_seconds()):
        client.get("/wizard/returned/", query)
        assert latest().state == VisitState.AWAY
        assert "We didn't hear from Microsoft in time" in text(client.get("/customer/waiting/"))
    client.get("/wizard/returned/", query)
    first = latest().code_id
    client.get("/wizard/returned/", {**query, "code": "another"})
    assert (latest().state, latest().code_id) == (VisitState.RETURNED, first)


def test_what_microsoft_says_instead_of_a_code_is_told(provider):
    client = Client()
    asked = asked_of(client.post(f"/customer/at/{provider.id}/"))
    no = {"error": "access_denied", "error_subcode": "cancel", "state": asked["state"]}
    shown = client.get("/wizard/returned/", no, follow=True)
    assert "onboarding:sign_in:declined" in text(shown)


def test_without_a_sign_in_application_nobody_is_sent_anywhere(service_id):
    other = make_provider(name="Without")
    assert Client().get(f"/customer/at/{other.id}/").status_code == 404
    with within_everything("a test"):
        SignInApplication.objects.update(unlisted=["http://localhost:8000/wizard/returned/"])
    refused = Client().post("/customer/")
    assert "Signing in isn't set up for this address" in text(refused)


def test_however_many_visits_there_were_all_are_forgotten_and_counted(provider, monkeypatch):
    monkeypatch.setattr(exchange, "AT_ONCE", 2)
    for _ in range(3):
        client = Client()
        asked = asked_of(client.post(f"/customer/at/{provider.id}/"))
        client.get("/wizard/returned/", {"code": "made-up", "state": asked["state"]})
    exchange.forget(now=clock.now() + timedelta(days=2))
    with within_everything("a test"):
        assert not Visit.objects.exists()
    assert sorted(entry.data["times"] for entry in entries(Event.OWN_VIEW_UNTOLD)) == [1, 2]
    assert not Sealed.objects.filter(place=arriving.CODE, ciphertext__isnull=False).exists()


def test_old_visits_are_forgotten_with_their_codes(provider):
    client = Client()
    asked = asked_of(client.post(f"/customer/at/{provider.id}/"))
    client.get("/wizard/returned/", {"code": "the-code", "state": asked["state"]})
    exchange.forget(now=clock.now() + timedelta(days=2))
    with within_everything("a test"):
        assert not Visit.objects.exists()
    assert not Sealed.objects.filter(place=arriving.CODE, ciphertext__isnull=False).exists()
