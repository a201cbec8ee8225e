"""Lists that stay fast with size: each order is read from an index, a search names few and walks along many.

Nothing here takes time: what is asked of PostgreSQL is looked at, and that both ways find the same.
"""

import runpy
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gangway.alarms import queries as alarms
from gangway.alarms.actions import raise_alarm
from gangway.alarms.states import Kind, Severity
from gangway.connections import actions, care_view, fleet
from gangway.connections.models import Care
from gangway.connections.states import SUSPENDED
from gangway.foundation import clock
from gangway.invitations import actions as inviting
from gangway.invitations import queries as invitations
from gangway.invitations.states import State
from gangway.organizations.pages import PAGE_SIZE
from gangway.organizations.roles import Role
from gangway.organizations.scope import within, within_everything
from tests.rooms.factories_connections import DAY
from tests.rooms.factories_invitations import OPERATOR, bring_to, issue
from tests.rooms.factories_organizations import SETUP, make_customer, make_operator, make_provider
from tests.rooms.factories_services import plan
from tests.rooms.factories_web import row, sit_down, soup
from tests.rooms.test_web_lists import one_of_each

pytestmark = pytest.mark.django_db
BENCH = runpy.run_path(str(Path(__file__).parents[2] / "bench" / "lists.py"))
SHORT = frozenset({"imports"})
"""Lists of so few rows by nature that some of their orders are sorted."""
ORDERS = [
    f"/{name}/?sort={way}{key}"
    for name, keys in BENCH["SORTS"].items()
    if name not in SHORT
    for key in keys.split()
    for way in ("", "-")
]
SEEKS = ("q=", "parent=", "sort=", "page=")
FILTERS = [
    path
    for name, path in BENCH["PAGES"].items()
    if "?" in path and not any(part in path for part in SEEKS) and name.split(",")[0] not in SHORT
]


WHOLE = ("/runs/", "/invitations/", "/alarms/", "/leftovers/", "/connections/")


@pytest.fixture
def provider():
    return make_provider()


@pytest.fixture
def customer(provider):
    return make_customer(provider, name="Contoso Bakeries")


def page_query(client, address):
    """What the database was asked for the page's rows or their keys."""
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return next(one["sql"] for one in asked if f"LIMIT {PAGE_SIZE + 1}" in one["sql"] and "ORDER BY" in one["sql"])


def sorts_of(told):
    """The sorts in PostgreSQL's plan for a statement when it does all it can to have none."""
    with connection.cursor() as cursor:
        for costly in ("sort", "seqscan", "bitmapscan"):
            cursor.execute(f"SET LOCAL enable_{costly} = off")
        cursor.execute(f"EXPLAIN (COSTS off) {told[told.index('SELECT') :]}")
        lines = [line for (line,) in cursor.fetchall()]
    return [line for line in lines if line.strip(" ->") == "Sort"] and lines


def test_each_order_and_filter_of_a_list_is_read_from_an_index_and_not_sorted(provider, customer):
    one_of_each(customer, 1)
    client = sit_down(provider)
    asked = {address: page_query(client, address) for address in (*WHOLE, *ORDERS, *FILTERS)}
    with within(provider.path):
        found = {address: lines for address, told in asked.items() if (lines := sorts_of(told))}
    assert not found, "\n\n".join("\n".join((address, *lines)) for address, lines in found.items())


@pytest.mark.parametrize("named", [1000, 0])
def test_a_search_finds_the_same_whether_it_names_few_or_walks_along_many(provider, monkeypatch, named):
    monkeypatch.setattr("gangway.organizations.pages.MOST_NAMED", named)
    for number, name in enumerate(("Contoso Bakeries", "Northwind")):
        customer = make_customer(provider, name=name)
        one_of_each(customer, number)
        issue(customer, recipient=f"Ada{number}@{name.split()[0]}.example")
        make_operator(customer, name=f"Olga {name}", role=Role.OPERATOR)
    client = sit_down(provider)
    sought = {"bakeries": True, "CONTOSO": True, "voice-0": True, "voice-1": False, "northwind": False, "zzz": False}
    for name in ("runs", "connections", "leftovers", "invitations"):
        found = {word: "Bakeries" in soup(client.get(f"/{name}/", {"q": word})).main.get_text() for word in sought}
        assert found == (sought | {"voice-0": False} if name == "invitations" else sought), name
    assert "Bakeries" in soup(client.get("/invitations/", {"q": "ada0@CONTOSO"})).main.get_text()
    people = soup(client.get("/operators/", {"q": "olga north"})).select("tbody tr")
    assert ["Olga Northwind" in each.get_text() for each in people] == [True]


def test_an_invitation_that_got_another_recipient_is_found_by_that_one_only(customer):
    invited = issue(customer, recipient="ada@contoso.example")
    with within(customer.path):
        inviting.readdress(invitation_id=invited, recipient="Grace@Contoso.example", by=OPERATOR, now=clock.now())
        found = {word: len(invitations.pending(search=word).rows) for word in ("ada@", "grace@contoso", "GRACE@")}
    assert found == {"ada@": 0, "grace@contoso": 1, "GRACE@": 1}


def test_each_kind_that_needs_a_person_is_told_however_many_there_are_of_another(customer):
    refused = issue(customer, service_id=plan(customer))
    with within(customer.path):
        for state in (State.SENT, State.BOUNCED):
            inviting.move(invitation_id=refused, to=state, by=OPERATOR)
    newer = [issue(customer, service_id=plan(customer), now=clock.now() + DAY) for _ in range(2)]
    for each in newer:
        bring_to(customer, each, State.AUTHENTICATED)
    with within(customer.path):
        told = invitations.needing_a_person(now=clock.now(), of_each=1)
    assert [each.state for each in told] == [State.AUTHENTICATED, State.BOUNCED]
    assert told[1].id == refused


def test_alarms_and_due_looks_are_counted_no_further_than_anybody_is_told(provider, customer, monkeypatch):
    monkeypatch.setattr(alarms, "MOST_COUNTED", 2)
    monkeypatch.setattr("gangway.web.views.dashboard.MOST_COUNTED", 2)
    monkeypatch.setattr(fleet, "MOST_COUNTED", 2)
    now = clock.now()
    for number in range(4):
        one_of_each(customer, number)
    told = {"kind": Kind.CONNECTION, "about": "voice", "words": "It fails.", "cure": "Look."}
    with within(customer.path):
        for number in range(3):
            about = {"organization_id": customer.id, "subject": f"service:{number}"}
            raise_alarm(**told, **about, severity=Severity.CRITICAL, by=SETUP, now=now)
        assert (alarms.open_count().open, alarms.open_count().critical) == (3, 3)
        Care.objects.update(validate_at=now)
        behind = fleet.backlog(now=now + DAY)
    assert (behind.due, behind.shown, behind.is_longer) == (3, 2, True)
    client = sit_down(provider)
    assert "2+ alarms that nobody looks after" in soup(client.get("/alarms/")).get_text()
    tally = [line.get_text(" ", strip=True) for line in soup(client.get("/")).select(".gw-tally > li")]
    assert {"Nobody looks after yet 2 + or more", "Of them critical 2 + or more"} <= set(tally)


def test_a_connection_is_listed_by_how_it_stands_from_the_moment_that_changes(provider, customer):
    service_id = one_of_each(customer, 1)
    client = sit_down(provider)

    def listed():
        words = ("ok", "warning", "error", "unknown", SUSPENDED)
        return {word for word in words if soup(client.get(f"/connections/?status={word}")).select("tbody tr")}

    with within(customer.path):
        before = care_view.fleet().rows[0].status
    assert listed() == {before}
    with within(customer.path):
        actions.suspend(service_id=service_id, by=SETUP, now=clock.now())
    assert listed() == {SUSPENDED}
    assert "Suspended" in row(client.get("/connections/"), "voice-1").get_text()
    with within(customer.path):
        actions.resume(service_id=service_id, by=SETUP, now=clock.now())
    assert listed() == {"unknown"}
    with within_everything("a test"):
        assert {each.standing for each in Care.objects.all()} == {"unknown"}
