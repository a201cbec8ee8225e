"""The customer's own view: who may look at what, and how one comes in, stays and leaves."""

from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from gangway.audit.events import Event
from gangway.audit.models import Entry
from gangway.audit.record import Actor
from gangway.connections.actions import RESUMED
from gangway.connections.models import Connection
from gangway.connections.queries import connection
from gangway.foundation import clock
from gangway.onboarding.disconnections import fixed_address, sign_in_address
from gangway.onboarding.models import SignInApplication, Visit
from gangway.onboarding.own_view import arriving, exchange
from gangway.onboarding.own_view.roles import EVERY_MEMBER, ROLES
from gangway.onboarding.states import VisitState
from gangway.organizations.models import HostName
from gangway.organizations.roles import Role
from gangway.organizations.scope import within, within_everything
from gangway.provisioning.models import Credential, Registration
from gangway.provisioning.plans import pin, with_declined
from gangway.services.actions import change_users, set_connection
from gangway.services.models import Service
from gangway.services.states import Connection as Status
from gangway.services.states import Lifecycle
from gangway.vault.models import Sealed
from tests.rooms import factories_onboarding
from tests.rooms.factories_connections import beside, connected
from tests.rooms.factories_onboarding import CLIENT, OTHER_TENANT, UPN, Microsoft, later, refused
from tests.rooms.factories_organizations import SETUP, Place, make_customer, make_operator, make_provider
from tests.rooms.factories_own_view import asked_of, back, come, disconnected, entries, inside, latest, life, tell
from tests.rooms.factories_web import error_at, sit_down, soup, text

pytestmark = pytest.mark.django_db


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


def test_what_is_made_for_a_service_that_nobody_created_yet_is_shown_as_not_in_use(provider, customer):
    service_id = connected(customer, "soon-1")
    with within(customer.path):
        Connection.objects.all().delete()
        Service.objects.filter(pk=service_id).update(lifecycle=Lifecycle.PLANNED.value)
    shown = soup(inside(provider).get("/customer/"))
    (row,) = shown.select("tbody tr")
    told = row.get_text(" ", strip=True)
    assert [part for part in ("soon-1", "Not created yet", "not in use yet", "until") if part not in told] == []
    assert "No service is connected" not in shown.get_text()
    assert not row.select("a")
    with within(customer.path):
        Credential.objects.update(state="removed")
    assert "soon-1" not in text(inside(provider).get("/customer/"))


def test_a_page_without_a_service_to_choose_asks_nobody_to_and_calls_theirs_what_they_made(provider, customer):
    service_id, client = connected(customer, "soon-1"), inside(provider)
    assert "Choose one to see" in text(client.get("/customer/"))
    with within(customer.path):
        Connection.objects.all().delete()
        Service.objects.filter(pk=service_id).update(lifecycle=Lifecycle.PLANNED.value)
    shown = text(client.get("/customer/"))
    assert "Choose one to see" not in shown
    assert "Made, and not in use yet" in shown
    with within(customer.path):
        Registration.objects.update(origin="given")
    shown = text(client.get("/customer/"))
    assert "Made, and not in use yet" not in shown
    assert "Your organization made it and gave it to Sailmaker Voice" in shown


@pytest.mark.parametrize(
    ("stands", "told"),
    [
        ((RESUMED, True), "has not been checked since"),
        (("We don't know when the client secret ends.", False), "tell Sailmaker Voice, who can note it here"),
        (("Microsoft did not answer.", True), "checked again by itself; if it stays so, ask Sailmaker Voice"),
    ],
    ids=["resumed", "no end", "else"],
)
def test_where_nobody_knows_how_a_connection_stands_its_customer_reads_why(
    provider, customer, service_id, stands, told
):
    words, ends = stands
    pages, client = ("/customer/", f"/customer/services/{service_id}/"), inside(provider)
    assert [page for page in pages if told in text(client.get(page))] == []
    with within(customer.path):
        Connection.objects.update(status="unknown", status_words=words)
        set_connection(service_id=service_id, status=Status.UNKNOWN, reason=words, by=SETUP)
        if not ends:
            Credential.objects.update(expires_at=None)
    assert [page for page in pages if told in text(client.get(page))] == list(pages)


def test_who_typed_the_credentials_behind_a_link_is_said_as_far_as_it_is_known(provider, customer, service_id):
    with within(customer.path):
        Connection.objects.update(user_name="", authenticated_by="link")
    page = inside(provider).get(f"/customer/services/{service_id}/")
    facts = soup(page).select_one("[aria-labelledby=facts]").get_text(" ", strip=True)
    assert "Connected by Not signed in: somebody who held the link typed the credentials in." in facts


@pytest.mark.parametrize(("origin", "label"), [("made", "Declined"), ("given", "Without")])
def test_only_who_was_asked_declined_what_a_registration_does_without(provider, customer, service_id, origin, label):
    with within(customer.path):
        row = Registration.objects.get()
        row.origin = origin
        row.plan = with_declined(pin(features={"voice", "self-rotation"})[0], ["self-rotation"])
        row.save()
    page = soup(inside(provider).get(f"/customer/services/{service_id}/"))
    (shown,) = [each for each in page.select("dd") if each.get_text() == "Renews its own secret"]
    assert shown.find_previous_sibling("dt").get_text() == label


def test_a_name_that_we_made_up_for_a_registration_is_said_in_the_language_of_the_page(provider, customer, service_id):
    with within(customer.path):
        Registration.objects.update(display_name="App registration 3eeda679")
    client = inside(provider)
    client.cookies["__Host-language"] = "fr"
    for path in ("", f"services/{service_id}/", f"services/{service_id}/disconnect/"):
        page = text(client.get(f"/customer/{path}"))
        assert "nscription d’application 3eeda679" in page
        assert "App registration 3eeda679" not in page


def test_the_door_says_that_signing_in_leaves_the_sign_in_application_in_the_tenant(provider):
    told = text(Client().get(f"/customer/at/{provider.id}/"))
    assert "is among your enterprise applications again" in told
    assert "no access to anything" not in told


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


def test_an_idle_session_ends_and_signing_out_ends_the_visit_itself(provider, service_id, monkeypatch):
    client = inside(provider)
    with later(monkeypatch, timedelta(minutes=61).total_seconds()):
        assert client.get(f"/customer/services/{service_id}/").headers["Location"] == "/customer/"
        part = client.get("/customer/removal/state", headers={"HX-Request": "true"})
        assert part.headers["HX-Redirect"] == "/customer/", "its page goes there, not the part alone"
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
