"""What all lists share: instant search, keys, exports; and what is done with ticked services."""

import csv
import io
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from allauth.usersessions.models import UserSession
from django.db import connection as db_connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gangway.alarms.actions import raise_alarm
from gangway.alarms.states import Kind, Severity
from gangway.audit.events import Event
from gangway.audit.models import Entry
from gangway.audit.record import Actor
from gangway.connections import actions as connections
from gangway.connections.errors import ConnectionSuspended, NoSuchConnection
from gangway.connections.models import Care, Validation
from gangway.connections.states import Rotation
from gangway.foundation import clock
from gangway.imports.models import Import
from gangway.jobs.testing import run_until_idle
from gangway.organizations.changing import change_details, change_tenants
from gangway.organizations.details import Details, Tenant
from gangway.organizations.models import Membership
from gangway.organizations.pages import PAGE_SIZE
from gangway.organizations.roles import Role
from gangway.organizations.scope import within, within_everything
from gangway.provisioning.models import Leftover, Registration, Run, Waiting
from gangway.services import actions as services
from gangway.web.lists import LISTS
from tests.rooms import factories_connections, factories_onboarding, factories_services
from tests.rooms.factories_organizations import SETUP, make_channel, make_customer, make_operator, make_provider
from tests.rooms.factories_web import prove, sit_down, soup
from tests.rooms.test_web_strangers import root

pytestmark = pytest.mark.django_db

WHOLE = [name for name, listed in LISTS.items() if not listed.lacks and name != "providers"]
"""The lists that have all five things; only people of the system have that of providers."""
EXPORTS = {
    "service_export": "Contoso",
    "customer_export": "Contoso",
    "channel_export": "North",
    "invitation_export": "grace.global@contoso.com",
    "run_export": "Registration",
    "leftover_export": "Why it is there",
    "operator_export": "Olga",
    "alarm_export": "What to do",
    "connection_export": "Next look",
    "import_export": "Brought",
}
OLGA = Actor(kind="person", id="1", name="Olga Operator")


@pytest.fixture
def provider():
    return make_provider()


@pytest.fixture
def customer(provider):
    customer = make_customer(make_channel(provider, name="North"), name="Contoso Bakeries")
    factories_onboarding.register(provider)
    factories_onboarding.issue(customer, make_operator(provider))
    return customer


@pytest.fixture
def client(provider, customer):
    return sit_down(provider)


def connected(customer):
    made = factories_services.plan(customer)
    with within(customer.path):
        services.create_service(service_id=made, by=SETUP)
        connections.connect_service(
            service_id=made,
            organization_id=customer.id,
            registration_id=uuid4(),
            credential_id=uuid4(),
            user_name="grace.global@contoso.com",
            m365_domain="contoso.com",
            items=[],
            granted=None,
            seen_at=clock.now(),
            by=OLGA,
            now=clock.now(),
        )
    return made


def one_of_each(customer, number):
    """A row in each list about connections, with all that leads there; gives the service's id."""
    service_id, now = factories_connections.connected(customer, f"voice-{number}"), clock.now()
    with within(customer.path):
        owned = {"organization_id": customer.id}
        registration = Registration.objects.get(name_key=f"voice-{number}")
        of_run = owned | {"registration": registration, "service_id": service_id}
        ended = {"credential_name": "voice", "sign_in_client_id": "x", "queued_at": now, "ended_at": now}
        run = Run.objects.create(**of_run, **ended, state="failed", created_at=now)
        stays = {"kind": "application", "name": "voice", "object_id": str(uuid4()), "why": "It stays."}
        Leftover.objects.create(**of_run, **stays, run=run, since=now, seen_at=now)
        about, told = (
            {"kind": Kind.CONNECTION, "subject": f"service:{uuid4()}"},
            {"words": "It fails.", "cure": "Look."},
        )
        raise_alarm(**owned, **about, **told, about="voice", severity=Severity.WARNING, by=SETUP, now=now)
        brought = {"kind": "new", "state": "checked", "file_name": "many.csv", "rows_total": 1}
        Import.objects.create(**owned, **brought, by_id="1", by_name="Olga", created_at=now, expires_at=now)
    return service_id


def table(answer):
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_a_list_follows_the_typing_and_the_address_says_what_was_typed(client):
    for name in WHOLE:
        page = soup(client.get(reverse(f"web:{name}"), {"q": "o"}))
        field = page.select_one("input[type=search]")
        assert (field["hx-get"], field["hx-push-url"]) == (reverse(f"web:{name}"), "true")
        assert page.select_one(f"{field['hx-target']}.gw-list")
        assert page.select_one("#export a")["href"].endswith("?q=o")
        assert page.select_one("form[role=search] button"), "without script, a button searches"


def order_of(client, address):
    """By which columns the database was asked to sort, and the answer."""
    with CaptureQueriesContext(db_connection) as asked:
        page = soup(client.get(address))
    of_page = next(one["sql"] for one in asked if f"LIMIT {PAGE_SIZE + 1}" in one["sql"])
    return of_page.rpartition(" ORDER BY ")[2].partition(" LIMIT ")[0], page


def test_every_head_that_sorts_turns_the_list_round_and_stays_in_the_address(client, customer):
    """A head for an order that its list doesn't know would show an arrow and sort by something else."""
    one_of_each(customer, 1)
    tried = {}
    for name in WHOLE:
        address = reverse(f"web:{name}")
        for link in soup(client.get(address)).select("#list thead .gw-sort"):
            tried.setdefault(name, set()).add(parse_qs(urlsplit(link["href"]).query)["sort"][0].removeprefix("-"))
            up, page = order_of(client, f"{address}{link['href']}")
            (turned,) = page.select("#list thead .gw-sort[aria-current]")
            assert page.select_one("form[role=search] [name=sort]")["value"] in link["href"], name
            down, _page = order_of(client, f"{address}{turned['href']}")
            assert up != down, (name, link)
            assert re.sub(" (ASC|DESC|NULLS FIRST|NULLS LAST)", "", up) == re.sub(
                " (ASC|DESC|NULLS FIRST|NULLS LAST)", "", down
            ), (name, link)
    assert tried == {name: {*LISTS[name].sorts.split()} for name in WHOLE}


def test_each_list_is_exported_as_it_is_sought(client):
    for name, has in EXPORTS.items():
        answer = client.get(reverse(f"web:{name}"))
        assert answer["Content-Disposition"].startswith("attachment")
        whole = table(answer)
        assert any(has in cell for row in whole for cell in row), name
        nothing = table(client.get(reverse(f"web:{name}"), {"q": "nobody-is-called-that"}))
        assert len(nothing) == 1, name
        told, taken = Entry.objects.filter(event=Event.LIST_EXPORTED.value).order_by("-id")[:2]
        assert taken.data == {"list": told.data["list"], "rows": len(whole) - 1}, name
        assert told.data["rows"] == 0, name
        assert told.personal == {"search": "nobody-is-called-that"}


def test_a_page_behind_the_last_one_leads_to_the_first_and_blames_no_words(client):
    for name in WHOLE:
        page = soup(client.get(reverse(f"web:{name}"), {"q": "o", "page": "99"})).select_one(".gw-empty")
        assert page.h2.get_text() == "There is no page 99", name
        assert page.a["href"] == f"{reverse(f'web:{name}')}?q=o"


@pytest.mark.parametrize("export", ["service_export", "services_existing_export", "services_new_export"])
def test_a_button_for_ticked_rows_exports_nothing_when_none_is_ticked(client, customer, export):
    made = factories_services.plan(customer)
    answer = client.get(reverse(f"web:{export}"), {"of": "ticked"}, follow=True)
    assert "Tick the services first" in soup(answer).get_text()
    for asked in ({"service": made}, {"every": "on"}):
        answer = client.get(reverse(f"web:{export}"), {"of": "ticked", **asked})
        assert answer["Content-Disposition"].startswith("attachment"), asked


def test_exports_say_in_words_what_programs_call_true_and_rotation(client, customer):
    head, *rows = table(client.get(reverse("web:operator_export")))
    assert {row[head.index(name)] for row in rows for name in ("Active", "Second factor")} == {"Yes", "No"}
    one_of_each(customer, 1)
    with within(customer.path):
        Run.objects.update(kind="rotation")
    head, *rows = table(client.get(reverse("web:run_export")))
    assert [row[head.index("What for")] for row in rows] == ["Renew the credential"]


def test_the_filter_of_invitations_speaks_to_operators(client):
    options = soup(client.get(reverse("web:invitations"))).select("select[name=state] option")
    assert options
    assert [one.get_text() for one in options if "Your" in one.get_text()] == []


def test_the_export_of_ticked_rows_has_those_of_the_scope_only(client, customer):
    mine, other = factories_services.plan(customer), factories_services.plan(make_customer())
    rows = table(client.get(reverse("web:service_export"), {"service": [mine, other, "nonsense"]}))
    assert len(rows) == 2


def test_the_keys_are_shown_on_every_page_of_the_desk(client):
    page = soup(client.get(reverse("web:home")))
    assert {key.get_text() for key in page.select("#gw-keys kbd")} == {"/", "j", "k", "Enter", "x", "?"}
    assert page.select_one("[data-opens=gw-keys]")


def test_the_row_menu_offers_what_one_may(provider, customer, client):
    def offered(person):
        rows = soup(person.get(reverse("web:services"))).select("tbody tr")
        return [link.contents[0].strip() for link in rows[0].select(".dropdown-item")]

    assert offered(client) == ["Show", "Edit Service", "Delete"]
    assert offered(sit_down(customer, role=Role.OPERATOR)) == ["Show", "Edit Service"]
    assert offered(sit_down(provider, role=Role.MONITOR)) == ["Show"]


def test_ticked_services_are_validated_each_by_a_job_and_the_progress_stands_in_the_address(client, customer):
    made, without = [connected(customer), connected(customer)], factories_services.plan(customer)
    stranger = connected(make_customer())
    answer = client.post(reverse("web:services_validate"), {"service": [*made, without, stranger]})
    assert client.post(reverse("web:services_validate"), {"service": made})["Location"] == answer["Location"]
    page = soup(client.get(answer["Location"]))
    assert "0 of 2 are done." in page.get_text()
    assert "1 service has no connection to validate." in page.get_text()
    with within(customer.path):
        assert Validation.objects.exclude(ended_at__isnull=False).count() == 2
    run_until_idle()
    assert "2 of 2 are done." in soup(client.get(answer["Location"])).get_text()
    seen = page.select_one("#live [name=seen]")["value"]
    state = client.get(page.select_one("#live")["hx-get"], {"seen": seen})
    assert state.status_code == 286


def test_a_progress_without_services_says_where_to_tick_some(client, customer):
    page = soup(client.get(reverse("web:services_validating"), {"service": str(uuid4())}))
    assert "None of them can be seen here" in page.get_text()
    assert page.find("progress") is None


def test_all_that_match_are_validated_and_exported_over_all_pages(client, customer, monkeypatch):
    monkeypatch.setattr("gangway.organizations.pages.PAGE_SIZE", 2)
    for _ in range(3):
        connected(customer)
    factories_services.plan(customer)
    connected(make_customer())
    assert "All that match" in soup(client.get(reverse("web:services"))).select_one(".gw-bulk").get_text()
    every = {"every": "on", "licence": "hosted_pro"}
    answer = client.post(reverse("web:services_validate"), every)
    page = soup(client.get(answer["Location"]))
    assert "0 of 3 are done." in page.get_text()
    assert len(table(client.get(reverse("web:service_export"), {**every, "service": [str(uuid4())]}))) == 6
    run_until_idle()
    assert client.get(page.select_one("#live")["hx-get"]).status_code == 286
    monkeypatch.setattr("gangway.web.views.bulk.MOST_AT_ONCE", 2)
    told = soup(client.post(reverse("web:services_validate"), every, follow=True)).get_text()
    assert "first 2 that match" in told


def test_nothing_ticked_says_what_to_do(client):
    answer = client.post(reverse("web:services_validate"), {"service": ["nonsense"]}, follow=True)
    assert "Tick the services first" in soup(answer).get_text()


def test_who_ticked_nothing_comes_back_to_the_list_as_it_was_sought(client):
    sought = {"q": "Contoso & more", "status": "valid", "licence": "", "sort": "-customer"}
    back = f"{reverse('web:services')}?q=Contoso+%26+more&status=valid&sort=-customer"
    assert client.post(reverse("web:services_validate"), sought).headers["Location"] == back
    assert client.get(reverse("web:service_export"), sought | {"of": "ticked"}).headers["Location"] == back


def test_ticked_operators_are_suspended_after_a_proof_and_nobody_whom_one_may_not(provider, client):
    ours = [make_operator(provider, role=Role.MONITOR) for _ in range(2)]
    theirs = make_operator(make_provider(), role=Role.MONITOR)
    with within_everything("a test"):
        places = {row.operator_id: row.pk for row in Membership.objects.filter(operator__in=[*ours, theirs])}
    chosen = {"ticked": [*places.values(), "nonsense", "9" * 30]}
    listed = soup(client.get(reverse("web:operators"), {"role": "monitor"}))
    form = listed.select_one("#ticked")
    pressed = form.select_one(f"button[formaction='{reverse('web:operators_suspend')}']")
    assert (form["method"], form.select_one("[name=csrfmiddlewaretoken]"), pressed.text) == ("get", None, "Suspend")
    fields = {field["name"]: field["value"] for field in form.select("input")}
    proof = client.get(pressed["formaction"], fields | chosen)["Location"]
    assert "reauthenticate" in client.post(pressed["formaction"], chosen)["Location"]
    page = soup(prove(client).get(parse_qs(urlsplit(proof).query)["next"][0]))
    assert len(page.select("main tbody th")) == 2
    assert "Suspend these people?" in page.h1.text
    asked = page.select_one("main form[method=post]")
    given = {"role": "monitor", "ticked": [field["value"] for field in asked.select("[name=ticked]")]}
    assert asked.select_one("[name=role]")["value"] == "monitor"
    given["ticked"] += [str(places[theirs]), "9" * 30]
    answer = client.post(asked["action"], given, follow=True)
    assert answer.redirect_chain[-1][0] == f"{reverse('web:operators')}?role=monitor"
    assert "Done with 2 of 3" in soup(answer).get_text()
    assert soup(answer).select_one("#list tbody").get_text().count("Suspended") == 2
    with within_everything("a test"):
        active = Membership.objects.filter(operator__in=[*ours, theirs], is_active=True)
        assert [row.operator_id for row in active] == [theirs]


def test_ticked_operators_are_signed_out_everywhere_and_nobody_whom_one_may_not(provider, client):
    def signed_in(where):
        browser = sit_down(where, role=Role.MONITOR)
        person, session_key = browser.session["_auth_user_id"], browser.session.session_key
        UserSession.objects.create(user_id=person, session_key=session_key, ip="127.0.0.1")
        assert browser.get(reverse("web:home")).status_code == 200
        return browser, person

    ours, theirs = [signed_in(provider) for _ in range(2)], signed_in(make_provider())
    with within_everything("a test"):
        people = [person for _browser, person in (*ours, theirs)]
        ticked = [row.pk for row in Membership.objects.filter(operator_id__in=people)]
    answer = prove(client).post(reverse("web:operators_end_sessions"), {"ticked": ticked}, follow=True)
    assert "Done with 2 of 3" in soup(answer).get_text()
    assert [browser.get(reverse("web:home")).status_code for browser, _person in (*ours, theirs)] == [302, 302, 200]


def test_ticked_connections_are_rotated_and_what_cannot_be_is_told(client, customer):
    made, suspended = (factories_connections.connected(customer, name) for name in ("voice-1", "voice-2"))
    without, stranger = factories_services.plan(customer), factories_connections.connected(make_customer(), "voice-3")
    ticked = {"ticked": [made, suspended, without, stranger]}
    with within(customer.path):
        connections.suspend(service_id=suspended, by=OLGA, now=clock.now())
        Care.objects.filter(connection__service_id=made).update(rotation=Rotation.FROZEN.value, renews_itself=True)
    page = soup(client.get(reverse("web:connections_rotate"), ticked))
    listed = page.select_one("main table").get_text()
    assert (len(page.select("[name=ticked]")), listed.count("Contoso Bakeries"), "Frozen" in listed) == (3, 3, True)
    assert "Freezes and notices are not waited for." in page.get_text()
    told = soup(client.post(reverse("web:connections_rotate"), ticked, follow=True)).get_text()
    words = ["Done with 1 of 4", f"Not done with 2: {NoSuchConnection.what}", ConnectionSuspended.what]
    assert [one for one in words if one not in told] == []
    with within_everything("a test"):
        assert [row.service_id for row in Run.objects.filter(kind="rotation")] == [made]
        assert [row.connection.service_id for row in Care.objects.filter(rotation=Rotation.UNDER_WAY.value)] == [made]


def ids_of(client, name):
    """The boxes of a list, as they are ticked."""
    boxes = soup(client.get(reverse(f"web:{name}"))).select("#list tbody td.gw-tick input")
    return boxes[0]["name"], [box["value"] for box in boxes]


def test_each_list_has_the_five_things_of_the_table(provider, client, customer):
    """Search, filters and sort in the address, deeds and a file for ticked rows; the keys are the same everywhere."""
    one_of_each(customer, 1)
    above, systems = sit_down(root()), ("channels", "providers")
    for name in (*WHOLE, "providers"):
        page, listed = soup((above if name in systems else client).get(reverse(f"web:{name}"))), LISTS[name]
        fields = page.select("form[role=search] select, form[role=search] input[type=search]:not(#q)")
        offered = {field["name"] for field in fields}
        assert offered == {one for one in listed.filters if one not in {"below", "above"}}, name
        assert page.select_one("form[role=search] input[type=search]"), name
        assert page.select_one("#export a"), name
        form = page.select_one("form#ticked")
        pressed = [button.get("formaction", form["action"]) for button in form.select("button")]
        known = [*(deed.route for deed in listed.deeds), listed.export]
        assert pressed == [reverse(f"web:{route}") for route in known], name
        assert len(page.select("#list tbody td.gw-tick")) == len(page.select("#list tbody tr")), name
        assert page.select_one("#list thead [data-ticks-all]"), name


def test_the_token_of_a_form_is_in_no_address(client, customer):
    """A button that only opens a page or a file is sent by GET: what the form holds stands in the address then."""
    one_of_each(customer, 1)
    for name in WHOLE:
        form = soup(client.get(reverse(f"web:{name}"))).select_one("form#ticked")
        assert form["method"] == "get"
        assert "csrfmiddlewaretoken" not in {field.get("name") for field in form.select("input")}, name
        for button in form.select("button"):
            assert (button.get("formmethod") == "post") == (button.get("name") == "csrfmiddlewaretoken"), name


def test_the_ticked_rows_of_each_list_are_exported_alone_and_the_log_says_how_many(provider, client, customer):
    for number in (1, 2):
        one_of_each(customer, number)
        make_customer(make_channel(provider), name=f"Fabrikam {number}")
        factories_onboarding.issue(customer, make_operator(provider))
    for name in WHOLE:
        field, ids = ids_of(client, name)
        address = reverse(f"web:{LISTS[name].export}")
        assert len(ids) > 1, name
        whole = table(client.get(address))
        rows = table(client.get(address, {"of": "ticked", field: [ids[0], "nonsense"]}))
        assert len(rows) == 2, name
        assert rows[1] in whole, name
        (told,) = Entry.objects.filter(event=Event.LIST_EXPORTED.value).order_by("-id")[:1]
        assert (told.data["rows"], told.data["ticked"]) == (1, 1), name
        answer = client.get(address, {"of": "ticked", "sort": "name"})
        assert answer["Location"] == f"{reverse(f'web:{name}')}?sort=name", name


def test_the_log_says_what_an_exported_list_was_filtered_for(client, customer):
    one_of_each(customer, 1)
    asked = {"q": "voice", "state": "failed", "sort": "-begun", "page": "2", "unknown": "x"}
    client.get(reverse("web:run_export"), asked)
    (told,) = Entry.objects.filter(event=Event.LIST_EXPORTED.value)
    assert told.data == {"list": "runs", "rows": 1, "state": "failed", "sort": "-begun"}
    assert told.personal == {"search": "voice"}
    client.get(reverse("web:run_export"), {"state": "x" * 5000})
    assert len(Entry.objects.filter(event=Event.LIST_EXPORTED.value).latest("id").data["state"]) == 200


def test_a_file_has_all_that_its_list_shows(client, customer):
    """Words of cells, as far as they aren't times, counts of a row's own buttons, or how two columns share one cell."""
    one_of_each(customer, 1)
    for name in WHOLE:
        page = soup(client.get(reverse(f"web:{name}")))
        written = "\n".join("\n".join(row) for row in table(client.get(reverse(f"web:{LISTS[name].export}"))))
        for gone in page.select(", ".join(f"#list {one}" for one in BESIDE_THE_FACTS)):
            gone.decompose()
        cells = page.select("#list tbody th, #list tbody td")
        shown = {text for cell in cells for text in cell.stripped_strings} - NOT_IN_FILES
        lacking = {one for one in shown if one.removeprefix("by ") not in written}
        assert lacking == set(), name


BESIDE_THE_FACTS = ("time", "button", "dialog", ".dropdown", ".visually-hidden", "td a")
NOT_IN_FILES = {"–", "·", "true", "false", "Next look", "Application ID", "Nothing is due", "user", "users", "never"}
"""What a page says in words of its own beside the facts."""


def test_ticked_customers_are_moved_after_a_proof_each_named_and_nobody_elses(provider, client):
    north, south = make_channel(provider, name="Northeast"), make_channel(provider, name="South")
    ours = [make_customer(north, name=f"Fabrikam {number}") for number in (1, 2)]
    theirs = make_customer(make_channel(make_provider()))
    chosen = {"ticked": [one.id for one in (*ours, theirs)], "to": south.id}
    assert "reauthenticate" in client.post(reverse("web:customers_move"), chosen)["Location"]
    page = soup(prove(client).get(reverse("web:customers_move"), chosen))
    named = [row.get_text(" ", strip=True) for row in page.select("main tbody th")]
    assert named == ["Fabrikam 1 Northeast", "Fabrikam 2 Northeast"]
    assert page.select_one("main .btn-danger").get_text() == "Change channel (2)"
    offered = [option.get_text() for option in page.select("select[name=to] option")]
    assert offered[2:] == ["North", "Northeast", "South"]
    told = soup(client.post(reverse("web:customers_move"), chosen, follow=True)).get_text()
    assert "Done with 2 of 3" in told
    listed = table(client.get(reverse("web:customer_export"), {"q": "Fabrikam"}))
    assert [row[2] for row in listed[1:]] == ["South", "South"]
    nowhere = client.post(reverse("web:customers_move"), {**chosen, "to": "x"}, follow=True)
    assert "Done with" not in soup(nowhere).get_text()


def test_a_customers_move_of_many_is_refused_to_whoever_may_not_move_one(provider):
    customer = make_customer(make_channel(provider))
    for where, role in ((provider, Role.MONITOR), (customer, Role.OPERATOR)):
        person = prove(sit_down(where, role=role))
        assert person.post(reverse("web:customers_move"), {"ticked": customer.id, "to": provider.id}).status_code == 403


def test_ticked_runs_that_wait_are_looked_at_and_the_others_told(client, customer):
    one_of_each(customer, 1)
    one_of_each(customer, 2)
    now = clock.now()
    with within(customer.path):
        waiting = Run.objects.order_by("pk").first()
        Run.objects.filter(pk=waiting.pk).update(state="waiting", ended_at=None)
        owned = {"organization_id": customer.id, "run": waiting, "kind": "consent", "remaining": []}
        later = now + timedelta(hours=1)
        Waiting.objects.create(**owned, since=now, deadline_at=later, next_check_at=later)
    _field, ids = ids_of(client, "runs")
    told = soup(client.post(reverse("web:runs_check"), {"ticked": ids}, follow=True)).get_text()
    assert "Done with 1 of 2" in told
    assert "Not done with 1" in told
    with within(customer.path):
        assert Waiting.objects.get().next_check_at < later


def test_ticked_imports_are_discarded_and_stopped_each_named(client, customer):
    now = clock.now()
    owned = {"organization_id": customer.id, "by_id": "1", "by_name": "Olga", "created_at": now, "expires_at": now}
    with within(customer.path):
        for state in ("checked", "running", "done"):
            ended = {"ended_at": now} if state == "done" else {}
            Import.objects.create(**owned, **ended, kind="new", state=state, file_name=f"{state}.csv", rows_total=1)
    _field, ids = ids_of(client, "imports")
    for deed, done in (("discard", "checked.csv"), ("stop", "running.csv")):
        page = soup(client.get(reverse(f"web:imports_{deed}"), {"ticked": ids}))
        assert {row.contents[1] for row in page.select("main tbody th")} == {"checked.csv", "running.csv", "done.csv"}
        told = soup(client.post(reverse(f"web:imports_{deed}"), {"ticked": ids}, follow=True)).get_text()
        assert "Done with 1 of 3" in told, done
    with within(customer.path):
        assert sorted(Import.objects.values_list("state", flat=True)) == ["discarded", "done", "stopped"]


def test_ticked_alarms_are_cleared_and_ticked_invitations_revoked_each_named(client, customer):
    one_of_each(customer, 1)
    for name, deed in (("alarms", "alarms_clear"), ("invitations", "invitations_revoke")):
        _field, ids = ids_of(client, name)
        page = soup(client.get(reverse(f"web:{deed}"), {"ticked": ids}))
        assert {field["value"] for field in page.select("[name=ticked]")} == set(ids)
        assert page.select_one("main .btn-danger").get_text().endswith(f"({len(ids)})")
        told = soup(client.post(reverse(f"web:{deed}"), {"ticked": ids}, follow=True)).get_text()
        assert f"Done with {len(ids)} of {len(ids)}" in told
        assert soup(client.get(reverse(f"web:{name}"))).select("#list tbody tr") == []


def test_a_customer_is_found_by_its_domain_and_by_the_whole_id_of_a_tenant(provider, client):
    first, second = str(uuid4()), str(uuid4())
    known = make_customer(provider, name="Northwind")
    make_customer(provider, name="Somebody else")
    with within(provider.path):
        details = Details(tenant_id=first, domain="north.example")
        change_details(organization_id=known.id, name="Northwind", details=details, by=OLGA)
        change_tenants(organization_id=known.id, tenants=[Tenant(second, "wind.example")], by=OLGA)
    stranger = sit_down(make_provider())
    for sought in (first, second.upper(), f" {first} ", str(known.id), "north.example", "wind.exam", "wind"):
        for route in ("customers", "choose_customer"):
            shown = soup(client.get(reverse(f"web:{route}"), {"q": sought})).main.get_text()
            assert ("Northwind" in shown, "Somebody else" in shown) == (True, False), (route, sought)
            assert "Northwind" not in soup(stranger.get(reverse(f"web:{route}"), {"q": sought})).main.get_text()


def test_no_list_asks_the_database_more_often_for_more_rows(provider, client, customer):
    operator, above = make_operator(provider), sit_down(root())

    def one_more(number):
        below = make_customer(make_channel(provider))
        one_of_each(below, number)
        factories_onboarding.issue(below, operator)
        make_operator(below, role=Role.MONITOR)
        make_provider()

    def asked():
        counted = {}
        for name in (*WHOLE, "providers"):
            with CaptureQueriesContext(db_connection) as queries:
                page = soup((above if name == "providers" else client).get(reverse(f"web:{name}")))
            counted[name] = (len(queries), len(page.select("#list tbody tr")))
        return counted

    one_more(1)
    asked()
    few = asked()
    for number in range(2, 5):
        one_more(number)
    many = asked()
    assert [name for name in few if many[name][1] < few[name][1] + 3] == []
    assert {name: queries for name, (queries, _rows) in many.items()} == {
        name: queries for name, (queries, _rows) in few.items()
    }
