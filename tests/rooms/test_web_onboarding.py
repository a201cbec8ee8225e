"""The operator's Onboarding wizard: details, validation item by item, settings, prerequisites, summary, service."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from django.urls import reverse

from gangway.onboarding import actions
from gangway.onboarding.errors import AlreadyAdded, NotAVerifiedDomain, NotReady, NotValidated
from gangway.onboarding.shapes import CheckItemView
from gangway.onboarding.states import OperatorStep
from gangway.organizations.roles import Role
from gangway.provisioning.beside_view import BesideView
from gangway.web.onboarding_pages import STEPS, items_of
from gangway.web.views import onboarding as views
from tests.rooms import web_values
from tests.rooms.factories_organizations import make_provider
from tests.rooms.factories_web import error_at, sit_down, soup

pytestmark = pytest.mark.django_db

ID = web_values.NIL


@pytest.fixture
def client():
    return sit_down(make_provider())


@pytest.fixture
def standing(monkeypatch):
    def at(step=OperatorStep.REGISTRATION, **changes):
        view = web_values.onboarding(step, **changes)
        monkeypatch.setattr(views, "onboarding", lambda _id: view)
        monkeypatch.setattr(views, "validation", lambda _id: view.validation)

    return at


@pytest.fixture
def done(monkeypatch):
    calls = []
    for name in ("validate", "accept_validation", "accept_prerequisites", "save_microsoft_settings", "finish"):
        monkeypatch.setattr(actions, name, lambda name=name, **given: calls.append((name, given)))
    return calls


def page_of(what, onboarding_id=ID):
    return reverse(f"web:onboarding_{what}", args=[onboarding_id])


def refuse(error):
    def act(**_given):
        raise error

    return act


def test_what_nobody_was_asked_for_beside_a_registration_of_their_own_is_no_failure(client, standing):
    theirs = replace(web_values.REGISTRATION, is_ours=False)
    standing(
        registration=theirs, beside=(BesideView(replace(web_values.PLAN, title="Call quality"), None, None, None),)
    )
    told = soup(client.get(page_of("registration"))).get_text(" ", strip=True)
    assert "Not asked for" in told
    assert "Stopped" not in told
    assert "could not be begun" not in told


@pytest.mark.parametrize("here", [step for step, _word, _route in STEPS])
@pytest.mark.parametrize(("asked", "route"), [(step, route) for step, _word, route in STEPS])
def test_earlier_steps_may_be_looked_at_and_later_ones_lead_back(client, standing, here, asked, route):
    standing(here)
    answer = client.get(reverse(route, args=[ID]))
    order = list(OperatorStep)
    if order.index(asked) <= order.index(here):
        assert answer.status_code == 200
        assert ("Back to where this onboarding stands" in answer.content.decode()) == (asked is not here)
    else:
        assert answer.headers["Location"] == reverse(STEPS[order.index(here)][2], args=[ID])


def test_a_finished_onboarding_is_its_service(client, standing):
    standing(OperatorStep.CREATED)
    assert client.get(page_of("summary")).headers["Location"] == reverse("web:service", args=[ID])


def test_add_leads_to_the_new_registrations_details(client, standing, monkeypatch):
    standing()
    monkeypatch.setattr(actions, "add_pending", lambda **_given: ID)
    answer = client.post(reverse("web:invitation_add", args=[ID]), follow=True)
    text = soup(answer).get_text(" ", strip=True)
    for told in ("contoso-voice", web_values.APP, "Nils Åkerström", "Contoso Bakeries", "teams-voice", "180 days"):
        assert told in text


def test_the_second_of_two_operators_is_told_who_was_first(client, standing, monkeypatch):
    standing()
    monkeypatch.setattr(actions, "add_pending", refuse(AlreadyAdded(winner="Ida Larsen", onboarding_id=str(ID))))
    text = soup(client.post(reverse("web:invitation_add", args=[ID]), follow=True)).get_text(" ", strip=True)
    assert "Ida Larsen is already adding contoso-hq" in text


def test_next_has_the_credentials_validated(client, standing, done):
    standing()
    assert client.post(page_of("registration")).status_code == 302
    assert [name for name, _given in done] == ["validate"]
    assert done[0][1]["by"].name == "Olga Operator"


def test_the_validation_is_live_item_by_item(client, standing):
    standing(OperatorStep.VALIDATION, validation=web_values.validation())
    page = soup(client.get(page_of("validate")))
    assert len(page.select("#live .gw-timeline > li")) == len(web_values.CHECKS)
    assert not page.select_one("#live button")
    seen = page.select_one("[name=seen]")["value"]
    assert client.get(page_of("validate_state"), {"seen": seen}).status_code == 204


@pytest.mark.parametrize(
    ("key", "details", "word"),
    [
        ("sign_in", (), "Refused by Microsoft"),
        ("teams_read", (("AADSTS", "53003"),), "Refused by Microsoft"),
        ("permission:User.Read.All", (), "Missing"),
        ("roles", (), "Missing"),
        ("secret", (), "Expired"),
        ("tenant", (), "Wrong"),
    ],
)
def test_what_is_not_right_is_called_by_what_it_is(key, details, word):
    (shown,) = items_of([CheckItemView(key, "Something", "error", "", "", details)])
    assert str(shown["pill"].word) == word


def test_a_validation_that_is_over_stops_the_asking_and_offers_next(client, standing):
    standing(OperatorStep.VALIDATION)
    answer = client.get(page_of("validate_state"))
    assert answer.status_code == 286
    assert [button.get_text(strip=True) for button in soup(answer).select("button")] == ["Next", "Check again"]
    assert "Buy 117 more" in answer.content.decode()


def test_a_validation_that_found_errors_offers_no_next(client, standing):
    standing(OperatorStep.VALIDATION, validation=web_values.validation("done", status="error"))
    assert [button.get_text(strip=True) for button in soup(client.get(page_of("validate_state"))).select("button")] == [
        "Check again"
    ]


def test_next_before_the_validation_is_over_is_told(client, standing, monkeypatch):
    standing(OperatorStep.VALIDATION)
    monkeypatch.setattr(actions, "accept_validation", refuse(NotValidated()))
    client.post(page_of("validate"))
    assert NotValidated.what in client.get(page_of("validate")).content.decode()


def test_settings_are_filled_in_and_the_tenant_id_is_not_ours_to_change(client, standing):
    standing(OperatorStep.SETTINGS)
    page = soup(client.get(page_of("settings")))
    assert page.select_one("#id_domain [selected]")["value"] == "contosobakeries.onmicrosoft.com"
    assert page.select_one("label[for=id_domain]").get_text() == "M365 Domain (Override Admin Domain)"
    tenant = page.select_one("#tenant-id")
    assert (tenant["value"], tenant.has_attr("readonly"), tenant.get("name")) == (web_values.TENANT, True, None)


def test_a_domain_that_is_not_the_tenants_is_told_at_its_field(client, standing, monkeypatch, done):
    standing(OperatorStep.SETTINGS)
    assert "read from the tenant" in error_at(client.post(page_of("settings"), {"domain": "evil.example"}), "domain")
    assert not done
    monkeypatch.setattr(actions, "save_microsoft_settings", refuse(NotAVerifiedDomain(field="domain")))
    answer = client.post(page_of("settings"), {"domain": "contoso.example"})
    assert NotAVerifiedDomain.what in error_at(answer, "domain")
    assert soup(answer).select_one("#id_domain [selected]")["value"] == "contoso.example"


def test_prerequisites_come_with_their_cures(client, standing, done):
    standing(OperatorStep.PREREQUISITES)
    page = soup(client.get(page_of("prerequisites")))
    assert "3 are left; the service has 120 users." in page.get_text()
    assert "Buy 117 more" in page.get_text()
    client.post(page_of("prerequisites"))
    assert [name for name, _given in done] == ["accept_prerequisites"]


def test_create_service_leads_to_the_service(client, standing, monkeypatch):
    standing(OperatorStep.SUMMARY)
    service_id = uuid4()
    monkeypatch.setattr(actions, "finish", lambda **_given: service_id)
    assert client.post(page_of("summary")).headers["Location"] == reverse("web:service", args=[service_id])


def test_what_stands_in_the_way_is_said_instead_of_the_button(client, standing, monkeypatch):
    standing(OperatorStep.SUMMARY, may_finish=False, blockers=("The secret expires tomorrow.",))
    page = soup(client.get(page_of("summary")))
    assert "The secret expires tomorrow." in page.get_text()
    assert not [button for button in page.select("main button") if button.get_text(strip=True) == "Create service"]
    monkeypatch.setattr(actions, "finish", refuse(NotReady(("The secret expires tomorrow.",))))
    client.post(page_of("summary"))
    assert "expires tomorrow" in client.get(page_of("summary")).content.decode()


@pytest.mark.parametrize("what", ["registration", "validate", "settings", "prerequisites", "summary", "check_again"])
def test_looking_calls_no_action_and_a_monitor_gets_nowhere(client, standing, done, what):
    standing(OperatorStep.SUMMARY)
    client.get(page_of(what))
    client.head(page_of(what))
    monitor = sit_down(make_provider(), role=Role.MONITOR)
    assert monitor.get(page_of(what)).status_code in {403, 405}
    assert monitor.post(page_of(what)).status_code == 403
    assert not done


def test_an_onboarding_of_others_is_not_there(client):
    assert client.get(page_of("summary", UUID(int=99))).status_code == 404
