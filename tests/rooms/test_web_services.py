"""Services and *Add New Tenant*: the list in the address, every fault at its field, nothing typed lost."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from gangway.audit.models import Entry
from gangway.foundation import clock
from gangway.invitations import actions as invitations
from gangway.invitations.errors import AlreadyInvited
from gangway.invitations.models import Invitation
from gangway.invitations.queries import pending
from gangway.onboarding import beginning
from gangway.organizations.roles import Role
from gangway.organizations.scope import within, within_everything
from gangway.services import actions as services
from gangway.services.models import Service
from tests.rooms import factories_services
from tests.rooms.factories_organizations import SETUP, make_channel, make_customer, make_provider
from tests.rooms.factories_web import error_at, row, sit_down, soup

pytestmark = pytest.mark.django_db

GOOD = {
    "full_name": "Contoso Bakeries",
    "short_name": "contoso-hq",
    "licence_type": "hosted_pro",
    "licensed_users": "25",
    "send_link": "on",
    "recipient": "it@contoso.example",
}


@pytest.fixture
def provider():
    return make_provider(name="Sailmaker Voice")


@pytest.fixture
def customer(provider):
    return make_customer(provider, name="Contoso Bakeries")


@pytest.fixture
def client(provider):
    return sit_down(provider)


@pytest.fixture
def form(customer):
    return reverse("web:new_tenant", args=[customer.id])


def count(model):
    with within_everything("test"):
        return model.objects.count()


def test_no_services_yet_teaches_what_one_is(client):
    page = soup(client.get("/services/"))
    assert page.h1.get_text() == "Services"
    assert "No services yet" in page.get_text()
    assert "Start the first one" in page.get_text()


def test_a_service_is_listed_with_its_customer_channel_licence_and_two_statuses(provider, client):
    channel = make_channel(provider, name="Nordlicht")
    service_id = factories_services.plan(make_customer(channel, name="Fabrikam"), short_name="fab-1", users=7)
    with within(provider.path):
        services.create_service(service_id=service_id, by=SETUP)
        services.set_connection(service_id=service_id, status="warning", reason="3 licences are left.", by=SETUP)
    line = row(client.get("/services/"), "fab-1")
    text = line.get_text(" ", strip=True)
    for told in ("Fabrikam", "Nordlicht", "Hosted Pro", "7 users", "Warning", "3 licences are left.", "Not started"):
        assert told in text
    assert line.time["data-local"] == "day"
    assert line.time["title"].startswith(f"{line.time.get_text()}, "), "the hour is told to who points at the day"


def test_search_filter_and_sort_stand_in_the_address(customer, client):
    for name in ("alpha-1", "beta-2"):
        factories_services.plan(customer, short_name=name)
    assert "alpha-1" not in soup(client.get("/services/?q=beta")).tbody.get_text()
    order = [line.a.get_text() for line in soup(client.get("/services/?sort=-short_name")).select("tbody tr")]
    assert order == ["beta-2", "alpha-1"]
    page = soup(client.get("/services/?q=beta&status=planned&sort=short_name"))
    assert page.select_one("[name=q]")["value"] == "beta"
    assert page.select_one("[name=status] [selected]")["value"] == "planned"
    assert "q=beta" in page.select_one("thead a")["href"]


def test_a_link_may_last_longer_or_shorter_than_the_providers_usually_do(provider, customer, client, form):
    assert soup(client.get(form)).select_one("[name=days]")["value"] == "7"
    for days, told in (("0", True), ("91", True), ("30", False)):
        answer = client.post(form, GOOD | {"days": days, "draft": "1"})
        assert bool(soup(answer).select("#id_days_error")) is told
    with within(customer.path):
        (one,) = pending().rows
        assert (one.expires_at, one.days) == (None, 30)
        invitations.send_draft(invitation_id=one.id, by=SETUP, now=clock.now() + timedelta(days=2))
        (one,) = pending().rows
    assert (one.expires_at - one.created_at).days == 32


def test_finding_nothing_differs_from_having_nothing(customer, client):
    factories_services.plan(customer)
    text = soup(client.get("/services/?q=zzz")).get_text()
    assert "No service is like that" in text
    assert "No services yet" not in text


@pytest.mark.parametrize(
    "query", ["page=99999999999", "page=-1", "page=²", "page=x", "q=%00", "sort=;drop", "status=%00"]
)
def test_an_odd_address_is_a_page_all_the_same(client, query):
    assert client.get(f"/services/?{query}").status_code == 200


def test_add_service_leads_over_direct_routing_and_customer_to_the_two_ways(customer, client):
    menu = soup(client.get("/services/")).select_one(".dropdown-item")
    assert menu.get_text(strip=True) == "Direct Routing"
    choice = soup(client.get(menu["href"])).select_one(".gw-choice")
    assert "Contoso Bakeries" in choice.get_text()
    ways = soup(client.get(choice["href"])).select(".gw-choice strong")
    assert [way.get_text() for way in ways] == ["Add New Tenant", "Pending Invitations"]
    assert str(customer.id) in choice["href"]


def test_another_resellers_customer_cannot_be_chosen(provider, form):
    stranger = sit_down(make_channel(provider))
    assert stranger.get(form).status_code == 404
    assert stranger.post(form, GOOD).status_code == 404
    assert count(Service) == 0


def test_next_plans_the_service_and_sends_its_invitation(form, client):
    answer = client.post(form, GOOD, follow=True)
    assert count(Service) == count(Invitation) == 1
    with within_everything("test"):
        invitation = Invitation.objects.get()
    text = soup(answer).get_text(" ", strip=True)
    assert answer.redirect_chain[-1][0] == reverse("web:invitation_sent", args=[invitation.id])
    for told in ("it@contoso.example", "contoso-hq", invitation.matching_phrase, "What happens now", "Copy link"):
        assert told in text
    assert "/i/" not in answer.content.decode()


def test_looking_at_the_form_changes_nothing(form, client):
    before = Entry.objects.count()
    assert client.get(form).status_code == 200
    assert client.head(form).status_code == 200
    assert Entry.objects.count() == before


FAULTS = [
    ("full_name", "x" * 201, "at most 200 characters"),
    ("short_name", "", "Type a short name."),
    ("short_name", "ab", "at least 3"),
    ("short_name", "x" * 16, "at most 15"),
    ("short_name", "my name", "Blank spaces"),
    ("short_name", "a.b.c", "dot"),
    ("short_name", "a/b/c", "cannot be used"),
    ("short_name", "xAuDiTx", "audit"),
    ("short_name", " abc", "Blank spaces"),
    ("licence_type", "", "Choose a license type."),
    ("licence_type", "free", "Choose one of the license types."),
    ("licensed_users", "0", "1 to 500"),
    ("licensed_users", "501", "1 to 500"),
    ("licensed_users", "many", "1 to 500"),
    ("licensed_users", "9" * 5000, "1 to 500"),
    ("send_link", "", "Tick this box"),
    ("recipient", "", "Type the address"),
    ("recipient", "nobody", "isn't an e-mail address"),
]


@pytest.mark.parametrize(("field", "typed", "told"), FAULTS, ids=[f"{f}-{t[:8]}" for f, t, _ in FAULTS])
def test_each_fault_stands_at_its_field_and_nothing_typed_is_lost(form, client, field, typed, told):
    answer = client.post(form, GOOD | {field: typed})
    assert told in error_at(answer, field)
    page = soup(answer)
    kept = {name: page.select_one(f"#id_{name}").get("value", "") for name in ("full_name", "short_name", "recipient")}
    assert kept == {name: (GOOD | {field: typed})[name] for name in kept}
    assert count(Service) == 0
    assert not soup(answer).select("#id_recipient_error") or field == "recipient"


def test_all_faults_are_told_at_once(form, client):
    answer = client.post(form, {"short_name": "a b.audit"})
    for field in ("short_name", "licence_type", "licensed_users", "send_link", "recipient"):
        assert error_at(answer, field), field
    assert error_at(answer, "short_name").count("cannot be used") == 4


def test_the_chosen_licence_survives_an_error(form, client):
    page = soup(client.post(form, GOOD | {"short_name": ""}))
    assert [radio["value"] for radio in page.select("[name=licence_type][checked]")] == ["hosted_pro"]
    assert page.select_one("#id_send_link").has_attr("checked")


def test_a_name_taken_while_the_form_was_open_is_told_at_its_field(form, client, customer, monkeypatch):
    monkeypatch.setattr("gangway.web.forms.service.name_is_free", lambda *_given: True)
    factories_services.plan(customer, short_name="CONTOSO-hq")
    answer = client.post(form, GOOD)
    assert "already has this short name" in error_at(answer, "short_name")
    assert soup(answer).select_one("#id_full_name")["value"] == "Contoso Bakeries"


def test_service_and_invitation_are_made_both_or_neither(form, client, monkeypatch):
    def refuse(**_given):
        raise AlreadyInvited

    monkeypatch.setattr(beginning, "issue_invitation", refuse)
    answer = client.post(form, GOOD)
    assert AlreadyInvited.what in soup(answer).select_one("[role=alert]").get_text()
    assert count(Service) == 0


@pytest.mark.parametrize(
    ("typed", "told"), [("free-1", "free-1 is free"), ("taken", "already"), ("a.b", "dot"), ("", "")]
)
def test_while_typing_a_word_says_whether_the_name_can_be_used(client, customer, typed, told):
    factories_services.plan(customer, short_name="Taken")
    answer = client.get(reverse("web:short_name_word"), {"short_name": typed})
    assert told in answer.content.decode()


def test_a_monitor_can_start_nothing(provider, form):
    monitor = sit_down(provider, role=Role.MONITOR)
    assert monitor.get(form).status_code == 403
    assert monitor.post(form, GOOD).status_code == 403
    assert count(Service) == 0


def test_what_was_typed_is_shown_as_text_never_as_markup(form, client):
    answer = client.post(form, GOOD | {"full_name": "<script>alert(1)</script>", "short_name": '"><b>'})
    assert "<script>alert" not in answer.content.decode()


def test_a_customer_that_never_was_is_not_found(client):
    assert client.get(reverse("web:new_tenant", args=[uuid4()])).status_code == 404
