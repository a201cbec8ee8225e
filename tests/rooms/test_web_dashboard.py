"""The Dashboard: what needs somebody, most urgent first, each with its next action; and how the rest stands."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gangway.alarms.queries import most_urgent
from gangway.foundation import clock
from gangway.invitations import actions as invitations
from gangway.invitations import tasks
from gangway.invitations.states import State
from gangway.onboarding.unexpected import tell
from gangway.organizations.roles import Role
from gangway.organizations.scope import within
from gangway.services import actions, overview
from gangway.services.overview import tallies
from gangway.services.states import Connection
from gangway.web.views import dashboard
from tests.rooms.factories_invitations import bring_to, issue, link
from tests.rooms.factories_organizations import SETUP, make_channel, make_customer, make_provider
from tests.rooms.factories_services import plan
from tests.rooms.factories_web import sit_down, soup

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider():
    return make_provider()


def created(provider, short_name, *, days=200, status=Connection.OK, reason=""):
    customer = make_customer(provider, name="Contoso")
    made = plan(customer, short_name=short_name)
    with within(customer.path):
        actions.create_service(service_id=made, by=SETUP)
        actions.set_connection(service_id=made, status=status, reason=reason)
        ends = None if days is None else clock.now() + timedelta(days=days, hours=1)
        actions.note_credential(service_id=made, ends_at=ends, validated_at=clock.now())
    return made


def told(client):
    return [item.get_text(" ", strip=True) for item in soup(client.get("/")).select(".gw-needs > li")]


def test_nothing_yet_teaches_and_nothing_wrong_says_so(provider):
    client = sit_down(provider)
    assert "No services yet" in soup(client.get("/")).get_text()
    created(provider, "fine-1")
    assert "Nothing needs you" in soup(client.get("/")).get_text()


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MONITOR])
def test_who_waits_to_be_added_stands_at_a_channel_for_whom_may_add_and_nobody_else_is_told_of_none(provider, role):
    channel = make_channel(provider)
    created(channel, "fine-1")
    client = sit_down(channel, role=role)
    quiet = soup(client.get("/")).get_text()
    assert ("nobody waits to be added" in quiet) == (role is Role.ADMIN)
    customer = make_customer(channel)
    invited = issue(customer)
    bring_to(customer, invited, State.AUTHENTICATED)
    shown = soup(client.get("/")).select(".gw-needs a")
    assert all(link.get_text().startswith("Look at it") for link in shown), "the page behind it has Add for whom may"
    links = [link["href"] for link in shown]
    assert links == ([reverse("web:invitation", args=[invited])] if role is Role.ADMIN else [])
    assert [client.get(link).status_code for link in links] == [200] * len(links)


def test_who_sees_neither_connections_nor_invitations_reads_nothing_of_them(provider):
    customer = make_customer(provider)
    plan(customer)
    text = soup(sit_down(customer, role=Role.OPERATOR_LITE).get("/")).get_text()
    assert "Nothing needs you" in text
    assert "No connection is broken" not in text


def test_most_urgent_comes_first_with_its_next_action(provider):
    created(provider, "soon-20", days=20)
    created(provider, "week-5", days=5)
    created(provider, "over-1", days=-2)
    broken = created(provider, "broken", status=Connection.ERROR, reason="Consent was taken away.")
    created(provider, "fine-1")
    client = sit_down(provider)
    lines = told(client)
    assert [line.split()[1] for line in lines] == ["broken", "over-1", "week-5", "soon-20"]
    assert "Consent was taken away." in lines[0]
    links = [link["href"] for link in soup(client.get("/")).select(".gw-needs a")]
    assert links[0] == reverse("web:service_m365", args=[broken])


def test_what_somebody_did_not_expect_stands_there_once(provider):
    client, customer = sit_down(provider), make_customer(provider, name="Contoso")
    invited = issue(customer)
    bring_to(customer, invited, State.SENT)
    Client().post(f"/i/{link(customer, invited).reveal()}/unexpected/")
    tell(invited, now=clock.now())
    (card,) = told(client)
    assert "it is frozen" in card
    with within(customer.path):
        assert most_urgent(limit=5), "the alarm stands in its own list, and is sent to whom it is for"


def test_what_expired_lately_stands_there_until_it_is_begun_again(provider):
    customer = make_customer(provider, name="Contoso")
    old = issue(customer, service_id=plan(customer, short_name="late-1"), now=clock.now() - timedelta(days=8))
    tasks.expire()
    client = sit_down(provider)
    (card,) = told(client)
    assert "late-1" in card
    assert "has expired" in card
    (link,) = soup(client.get("/")).select(".gw-needs a")
    assert link["href"] == f"{reverse('web:new_tenant', args=[customer.id])}?again={old}"
    assert client.get(link["href"]).status_code == 200
    (seen,) = soup(sit_down(provider, role=Role.MONITOR).get("/")).select(".gw-needs a")
    assert seen["href"] == reverse("web:invitation", args=[old])
    issue(customer, service_id=plan(customer, short_name="late-1"))
    assert told(client) == []


def test_who_said_no_at_microsoft_stands_there(provider):
    customer = make_customer(provider, name="Contoso")
    invited = issue(customer)
    bring_to(customer, invited, State.OPENED)
    with within(customer.path):
        invitations.move(invitation_id=invited, to=State.DECLINED, by=SETUP)
    (card,) = told(sit_down(provider))
    assert "declined it at Microsoft" in card


def test_service_stands_there_once_however_much_is_wrong(provider):
    created(provider, "both-1", days=-1, status=Connection.ERROR, reason="It is over.")
    assert len(told(sit_down(provider))) == 1


def test_what_is_broken_is_told_as_broken_though_its_credential_ends_soon_too(provider):
    created(provider, "week-5", days=5)
    created(provider, "both-20", days=20, status=Connection.ERROR, reason="Consent was taken away.")
    first, second = told(sit_down(provider))
    assert "both-20" in first
    assert "Consent was taken away." in first
    assert "week-5" in second


def test_tallies_count_by_state_and_days(provider):
    created(provider, "ok-1")
    created(provider, "ok-2", days=None)
    created(provider, "bad-1", days=3, status=Connection.ERROR)
    created(provider, "old-1", days=-1, status=Connection.WARNING)
    plan(make_customer(provider), short_name="plan-1")
    with within(provider.path):
        counted = tallies(now=clock.now())
    assert dict(counted.connections) == {"ok": 2, "warning": 1, "error": 1, "unknown": 0, "suspended": 0}
    assert (counted.days, counted.days_unknown, counted.planned) == ((1, 1, 0, 0, 1), 1, 1)


def test_each_tally_leads_to_as_many_services_as_it_counts(provider):
    created(provider, "ok-1")
    created(provider, "dark-1", status=Connection.UNKNOWN)
    plan(make_customer(provider), short_name="plan-1")
    client = sit_down(provider)
    lines = soup(client.get("/")).select(".gw-tally > li:has(a[href^='/services/'])")
    counts = {line.a["href"]: int(line.get_text(" ", strip=True).split()[-1]) for line in lines}
    assert sum(counts.values()) == 3
    assert {link: len(soup(client.get(link)).select("tbody tr")) for link in counts} == counts


def test_no_more_are_counted_than_anybody_tells_however_many_there_are(provider, monkeypatch):
    monkeypatch.setattr(overview, "MOST_COUNTED", 2)
    monkeypatch.setattr(dashboard, "MOST_COUNTED", 2)
    for number in range(4):
        created(provider, f"ok-{number}")
    client = sit_down(provider)
    with CaptureQueriesContext(connection) as asked:
        page = soup(client.get("/"))
    told = {line.get_text(" ", strip=True) for line in page.select(".gw-tally > li")}
    assert {"OK 2 + or more", "Error 0", "More than 60 days 2 + or more", "Expired 0"} <= told
    (counting,) = [each["sql"] for each in asked.captured_queries if 'AS "place"' in each["sql"]]
    assert (counting.count("LIMIT 3"), counting.count("UNION ALL")) == (12, 11)


def test_nobody_sees_what_is_wrong_elsewhere(provider):
    created(provider, "broken", status=Connection.ERROR, reason="x")
    assert told(sit_down(make_provider())) == []
    customer = make_customer(make_provider())
    assert sit_down(customer, role=Role.OPERATOR_LITE).get("/").status_code == 200


def test_number_of_queries_does_not_grow(provider, django_assert_max_num_queries):
    client = sit_down(provider)
    for number in range(6):
        created(provider, f"bad-{number}", status=Connection.ERROR, reason="x")
    with django_assert_max_num_queries(22):
        client.get("/")


def test_export_holds_what_the_list_shows_and_no_formula(provider):
    customer = make_customer(provider, name="=cmd|calc")
    plan(customer, short_name="exp-1")
    plan(make_customer(provider, name="Quiet"), short_name="exp-2")
    client = sit_down(provider)
    text = client.get("/services/export.csv?sort=short_name").content.decode()
    lines = text.splitlines()
    assert text.startswith("\ufeff")
    assert "'=cmd|calc" in lines[1]
    assert len(lines) == 3
    assert len(client.get("/services/export.csv?q=quiet").content.decode().splitlines()) == 2


@pytest.mark.parametrize(
    "key", ["customer", "connection", "deployment", "credential", "validated", "full_name", "created_at"]
)
def test_services_sort_by_every_column_and_back(provider, key):
    first = created(provider, "a-1", days=5)
    second = created(provider, "b-1", days=None, status=Connection.ERROR)
    client = sit_down(provider)
    there = [str(first) in line for line in _links(client, key)]
    back = [str(first) in line for line in _links(client, f"-{key}")]
    assert there == back[::-1]
    assert second


def _links(client, sort):
    return [link["href"] for link in soup(client.get(f"/services/?sort={sort}")).select("tbody th a")]


def test_renamed_customer_is_found_under_its_new_name(provider):
    customer = make_customer(provider, name="Old Name")
    plan(customer, short_name="ren-1")
    client = sit_down(provider)
    none = {"contact-TOTAL_FORMS": "0", "contact-INITIAL_FORMS": "0"}
    client.post(reverse("web:customer_edit", args=[customer.id]), {"name": "Brandnew", **none})
    assert "ren-1" in soup(client.get("/services/?q=brandnew")).get_text()
    assert "ren-1" not in soup(client.get("/services/?q=old")).get_text()
