"""What is found in the activity log: who by words of a name, and all that happened around one service."""

import importlib
import re
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gangway.audit.events import Event
from gangway.audit.keeping import erase
from gangway.audit.models import Entry
from gangway.audit.queries import Sought, activity
from gangway.audit.record import Actor, record
from gangway.organizations.roles import Role
from gangway.organizations.scope import within
from gangway.provisioning.models import Run
from tests.rooms import factories_onboarding
from tests.rooms.factories_organizations import SETUP, make_channel, make_customer, make_operator, make_provider
from tests.rooms.factories_web import sit_down, soup
from tests.rooms.test_web_lists import one_of_each

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider():
    provider = make_provider()
    factories_onboarding.register(provider)
    return provider


def told(place, name, subject="test:1", *, kind="person", event=Event.SERVICE_RENAMED):
    """Write an entry by somebody of this name."""
    by = Actor(kind=kind, id=str(uuid4()), name=name)
    with within(place.path):
        record(event, by=by, organization_id=place.id, subject=subject)
    return by


def found(place, who):
    with within(place.path):
        return [row.actor_name for row in activity(organization_path=place.path, sought=Sought(who=who))]


def test_what_happened_in_one_organization_is_reached_from_its_page_and_says_so(provider):
    north, south = (make_customer(provider, name=name) for name in ("North", "South"))
    for place in (north, south):
        told(place, "Olga", subject=f"test:{place.id}")
    client = sit_down(provider, role=Role.MONITOR)
    page = soup(client.get(reverse("web:customer", args=[north.id])))
    link = next(one["href"] for one in page.select("main a") if "What happened here" in one.get_text())
    shown = soup(client.get(link))
    assert shown.select_one("#organization option[selected]").get_text() == "North"
    text = shown.select_one(".gw-timeline").get_text()
    assert (f"test:{north.id}" in text, f"test:{south.id}" in text) == (True, False)
    about = soup(client.get(reverse("web:activity"), {"subject": f"test:{south.id}"}))
    assert about.select_one("#subject option[selected]")["value"] == f"test:{south.id}"
    assert about.select_one("#organization") is None
    nobodys = soup(sit_down(make_provider()).get(link))
    assert "North" not in nobodys.main.get_text()


def test_the_last_day_of_all_is_a_day_like_others_on_the_page_and_in_files(provider):
    told(provider, "Olga", subject="test:now")
    client, asked = sit_down(provider), {"since": "0001-01-01", "until": "9999-12-31"}
    assert "test:now" in soup(client.get(reverse("web:activity"), asked)).select_one(".gw-timeline").get_text()
    for route in ("web:activity_csv", "web:activity_json"):
        assert b"test:now" in b"".join(client.post(reverse(route), asked).streaming_content)


def test_who_is_found_by_any_word_of_a_name_in_any_case_and_script(provider):
    names = ("Olga Petrova", "Ólafur Ægisson", "田中 さくら", "grace.global@contoso.example")
    for name in names:
        told(provider, name)
    told(provider, "mail", kind="system")
    sought = {
        "petr": [names[0]],
        "OLGA pet": [names[0]],
        "pet olga": [names[0]],
        "ægi": [names[1]],
        "さく": [names[2]],
        "contoso": [names[3]],
        "grace.global@con": [names[3]],
        "mail": ["mail"],
        "etrova": [],
        "%": [],
        "' | x": [],
    }
    assert {who: found(provider, who) for who in sought} == sought
    assert "mail" in found(provider, "gangway")


def test_who_was_erased_is_not_found_by_their_name_any_more(provider):
    by = told(provider, "Olga Petrova")
    erase(actor_id=by.id, by=SETUP)
    assert found(provider, "petrova") == []


def test_entries_of_older_versions_are_found_once_their_names_are_cut_into_words(provider):
    told(provider, "Olga Petrova")
    told(provider, "mail", kind="system")
    Entry.objects.update(who_words="")
    assert found(provider, "petrova") == []
    older = importlib.import_module("gangway.audit.migrations.0006_who_by_words")
    with connection.schema_editor() as editor:
        older.cut_into_words(apps, editor)
    assert (found(provider, "petrova"), "mail" in found(provider, "gangway mail")) == (["Olga Petrova"], True)


@pytest.mark.parametrize(
    ("index", "asked"),
    [("audit_who_words", {"sought": Sought(who="petr")}), ("audit_by_subject", {"subject": ("service:1", "run:1")})],
)
def test_who_and_subjects_are_looked_up_in_indexes(provider, index, asked):
    told(provider, "Olga Petrova")
    with within(provider.path), CaptureQueriesContext(connection) as queries, connection.cursor() as cursor:
        activity(organization_path=provider.path, **asked)
        sql = queries[0]["sql"]
        condition = re.search(r"(\(array_to_tsvector.*?tsquery\)|\"audit_entry\".\"subject\" IN \(.*?\))", sql)[1]
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN (COSTS off) SELECT FROM audit_entry WHERE {condition}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert index in plan, plan


def test_a_services_activity_tells_of_its_invitations_walks_and_runs_and_of_no_others(provider):
    customer = make_customer(make_channel(provider))
    service_id, other = one_of_each(customer, 1), one_of_each(customer, 2)
    with within(customer.path):
        runs = {run.service_id: run.pk for run in Run.objects.all()}
    told(customer, "Robin Run", f"run:{runs[service_id]}", event=Event.RUN_FAILED)
    told(customer, "Nora Neighbour", f"run:{runs[other]}", event=Event.RUN_FAILED)
    client = sit_down(provider)
    for route in ("service_activity", "service"):
        page = soup(client.get(reverse(f"web:{route}", args=[service_id]))).main.get_text(" ", strip=True)
        assert "Robin Run" in page, route
        assert "Nora Neighbour" not in page, route


def test_an_invitations_events_stand_in_its_services_activity_but_in_no_other_resellers(provider):
    customer = make_customer(make_channel(provider))
    invitation_id = factories_onboarding.issue(customer, make_operator(provider))
    told(customer, "Ina Invited", f"invitation:{invitation_id}", event=Event.INVITATION_RESENT)
    client = sit_down(provider)
    listed = soup(client.get(reverse("web:services"))).select_one("#list tbody th a")["href"]
    assert "Ina Invited" in soup(client.get(f"{listed}activity/")).main.get_text()
    assert sit_down(make_channel(provider), role=Role.ADMIN).get(f"{listed}activity/").status_code == 404
