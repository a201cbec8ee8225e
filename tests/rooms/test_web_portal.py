"""Service portal, runs, customers and activity: what was read, in words, for whom may see it."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from gangway.connections.queries import ValidationRow
from gangway.connections.rights import GrantRow
from gangway.organizations.roles import Role
from gangway.organizations.scope import within
from gangway.provisioning.queries import choices
from gangway.provisioning.states import RunState
from gangway.services import actions as services
from gangway.services.states import Deployment
from gangway.web import words
from gangway.web.views import runs, service_portal
from tests.rooms import factories_services, web_values
from tests.rooms.factories_organizations import SETUP, make_customer, make_provider
from tests.rooms.factories_web import sit_down, soup

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider():
    return make_provider()


@pytest.fixture
def client(provider):
    return sit_down(provider)


@pytest.fixture
def service_id(provider):
    customer = make_customer(provider, name="Contoso Bakeries")
    made = factories_services.plan(customer, short_name="contoso-hq", full_name="Contoso Bakeries, headquarters")
    with within(customer.path):
        services.create_service(service_id=made, by=SETUP)
    return made


@pytest.fixture
def connected(monkeypatch):
    def with_(**changes):
        monkeypatch.setattr(service_portal, "connection", lambda _id: web_values.connection(**changes))

    return with_


def portal(service_id, what=""):
    return reverse(f"web:service{what}", args=[service_id])


def test_the_overview_says_names_customer_licence_and_two_statuses(client, service_id):
    text = soup(client.get(portal(service_id))).get_text(" ", strip=True)
    for told in (
        "contoso-hq",
        "Contoso Bakeries, headquarters",
        "Hosted Pro",
        "25",
        "Connection",
        "Deployment",
        "Lately",
    ):
        assert told in text


@pytest.mark.parametrize("status", Deployment)
def test_ready_says_that_voice_routing_is_not_deployed_yet(provider, client, service_id, status):
    with within(provider.path):
        services.set_deployment(service_id=service_id, status=status)
    row = next(
        each for each in soup(client.get(reverse("web:services"))).select("tbody tr") if "contoso-hq" in str(each)
    )
    for shown in (soup(client.get(portal(service_id))), row):
        assert str(words.said(words.DEPLOYMENT, status).word) in shown.get_text()
        assert ("Voice routing is not deployed yet." in shown.get_text()) is (status is Deployment.READY)


def test_a_planned_service_says_what_it_waits_for(provider, client):
    planned = factories_services.plan(make_customer(provider))
    page = soup(client.get(portal(planned)))
    assert "planned, not created yet" in page.get_text()
    assert "M365 Configuration" not in page.get_text()


def test_m365_configuration_shows_what_the_original_shows(client, service_id, connected):
    connected()
    facts = {
        dt.get_text(strip=True): dt.find_next_sibling("dd").get_text(" ", strip=True)
        for dt in soup(client.get(portal(service_id, "_m365"))).select("main .gw-facts dt")
    }
    assert facts["User Name"].startswith("admin@contoso.example Signed in at Microsoft")
    assert facts["Application ID"] == web_values.APP
    assert facts["Client Secret Days Until Expire"].startswith("180")
    assert "Teams Telephony Administrator" in facts["Assigned Entra ID roles"]


def test_rights_are_as_planned_missing_or_more_than_needed(client, service_id, connected):
    connected()
    text = soup(client.get(portal(service_id, "_m365"))).select_one("main table").get_text(" ", strip=True)
    for told in ("As planned", "Missing", "More than needed", "Unknown"):
        assert told in text


def test_a_role_that_was_last_seen_missing_is_not_among_the_assigned_ones(client, service_id, connected):
    connected(roles=("Teams Administrator",), roles_missing=("Skype for Business Administrator",))
    roles = soup(client.get(portal(service_id, "_m365"))).select_one("#roles-now")
    assert roles.select_one(".gw-under").extract().get_text() == "Missing: Skype for Business Administrator"
    assert roles.get_text(strip=True) == "Teams Administrator"


def test_of_what_is_missing_the_table_says_when_that_was_seen_and_when_it_was_last_there(client, service_id, connected):
    seen, last = web_values.NOW, web_values.NOW - timedelta(days=3)
    missing = GrantRow("User.Read.All", "permission", "", "missing", "Not in the token.", seen, last)
    connected(grants=(missing,))
    told = soup(client.get(portal(service_id, "_m365"))).select("main table .gw-under")
    assert [line.time["datetime"] for line in told] == [seen.isoformat(), last.isoformat()]


def test_the_end_of_roles_that_pim_gave_is_shown(client, service_id, connected):
    connected()
    assert "Roles end (PIM)" not in client.get(portal(service_id, "_m365")).content.decode()
    connected(roles_end_at=web_values.NOW)
    assert soup(client.get(portal(service_id, "_m365"))).find("dt", string="Roles end (PIM)")


@pytest.mark.parametrize(("days", "told"), [(-1, "Expired"), (None, "Unknown"), (0, "0")])
def test_days_left_are_honest(client, service_id, connected, days, told):
    connected(days_left=days, secret_expires_at=None)
    page = soup(client.get(portal(service_id, "_m365")))
    found = page.find("dt", string="Client Secret Days Until Expire").find_next_sibling("dd")
    assert found.get_text(strip=True) == told


def test_validate_authentication_starts_one_and_follows_it(client, service_id, connected, monkeypatch):
    asked = []
    monkeypatch.setattr(service_portal, "validate_connection", lambda **given: asked.append(given["service_id"]))
    running = ValidationRow(
        uuid4(), "running", "unknown", "Olga", web_values.NOW, None, "", web_values.connection().history[0].items
    )
    connected(running=running)
    answer = client.post(portal(service_id, "_validate"), follow=True)
    assert asked == [service_id]
    page = soup(answer)
    assert page.select_one("#live")["hx-get"] == portal(service_id, "_validation_state")
    seen = page.select_one("#live [name=seen]")["value"]
    assert client.get(portal(service_id, "_validation_state"), {"seen": seen}).status_code == 204
    connected()
    over = client.get(portal(service_id, "_validation_state"), {"seen": seen})
    assert over.status_code == 286
    elsewhere = {part["id"]: part for part in soup(over).select("[hx-swap-oob]")}
    assert set(elsewhere) == {"status", "last-status", "rights-now", "roles-now", "lacks-now"}
    assert all(page.find(id=name) and not page.find(id=name).has_attr("hx-swap-oob") for name in elsewhere)
    assert elsewhere["last-status"].select_one("time")


def test_rights_that_are_read_for_the_first_time_have_a_place_on_the_page(client, service_id, connected):
    connected(grants=())
    place = soup(client.get(portal(service_id, "_m365"))).find(id="rights-now")
    assert place.has_attr("hidden")
    connected()
    over = soup(client.get(portal(service_id, "_validation_state")))
    assert over.select_one("#rights-now[hx-swap-oob]").select_one("table")


def test_a_lost_registration_is_not_offered_more(client, service_id, connected, monkeypatch):
    feature = replace(choices().features[0], beside=True)
    monkeypatch.setattr(service_portal, "addable", lambda _service_id: (feature,))
    connected()
    assert "?add=" in client.get(portal(service_id, "_m365")).content.decode()
    connected(lost=True)
    assert "?add=" not in client.get(portal(service_id, "_m365")).content.decode()


def test_a_page_at_rest_asks_for_nothing(client, service_id, connected):
    connected()
    assert not soup(client.get(portal(service_id, "_m365"))).select_one("#live").has_attr("hx-get")


def test_validating_is_a_post_and_not_for_monitors(provider, client, service_id, connected, monkeypatch):
    connected()
    monkeypatch.setattr(service_portal, "validate_connection", lambda **_given: pytest.fail("called"))
    assert client.get(portal(service_id, "_validate")).status_code == 405
    monitor = sit_down(provider, role=Role.MONITOR)
    assert monitor.post(portal(service_id, "_validate")).status_code == 403
    assert "Validate Authentication" not in monitor.get(portal(service_id, "_m365")).content.decode()


def test_a_service_without_a_connection_says_when_it_gets_one(client, service_id):
    assert "No connection yet" in client.get(portal(service_id, "_m365")).content.decode()


def test_a_run_shows_steps_timings_and_request_ids_and_stops_asking_when_it_rests(client, monkeypatch):
    monkeypatch.setattr(runs, "run", lambda _id: web_values.run())
    monkeypatch.setattr(runs, "registration", lambda _id: web_values.REGISTRATION)
    page = soup(client.get(reverse("web:run", args=[web_values.NIL])))
    text = page.get_text(" ", strip=True)
    for told in ("Make the App registration", "0.4 s", "0f1c-77aa", "Four of six steps are done."):
        assert told in text
    state = f"{page.select_one('#live')['hx-get']}&seen={page.select_one('[name=seen]')['value']}"
    assert client.get(state).status_code == 204
    monkeypatch.setattr(runs, "run", lambda _id: replace(web_values.run(), state=RunState.PROVED))
    over = client.get(state)
    assert over.status_code == 286
    assert not soup(client.get(state.partition("?")[0])).select("[hx-swap-oob]")  # other pages have no facts
    assert page.select_one("#run-facts")
    assert "Ended" in soup(over).select_one("#run-facts[hx-swap-oob]").get_text()


def test_customers_are_listed_and_found(provider, client):
    make_customer(provider, name="Contoso Bakeries", domain="contoso.example")
    make_customer(provider, name="Fabrikam")
    assert "contoso.example" in client.get("/customers/").content.decode()
    assert "Fabrikam" not in soup(client.get("/customers/?q=cont")).tbody.get_text()
    assert "Nothing is like that" in client.get("/customers/?q=zzz").content.decode()


def test_activity_says_what_happened_and_by_whom(client, service_id):
    text = soup(client.get("/activity/")).select_one(".gw-timeline").get_text(" ", strip=True)
    assert "Service: created" in text
    assert "contoso-hq" in text
    assert client.get("/activity/?before=0").status_code == 200
    assert client.get("/activity/?before=²").status_code == 200


def test_a_live_partial_of_what_is_not_there_or_not_mine_is_not_found(client, provider):
    rival = make_customer(make_provider(short_name="rival"), name="Rival's customer")
    theirs = factories_services.plan(rival, short_name="theirs")
    for unseen in (theirs, uuid4()):
        assert client.get(portal(unseen, "_validation_state")).status_code == 404
        assert client.get(reverse("web:run", args=[unseen])).status_code == 404
        assert client.get(reverse("web:run_state", args=[unseen])).status_code == 404
