"""The entrance: closed unless marked open, one seat one scope, and every refusal a page that helps."""

from uuid import uuid4

import pytest
from django.test import Client, RequestFactory
from django.urls import get_resolver, reverse

from gangway.audit.events import Event
from gangway.audit.queries import activity
from gangway.organizations.actions import enroll_totp
from gangway.organizations.models import Operator
from gangway.organizations.roles import Capability, Role
from gangway.organizations.scope import within_everything
from gangway.web.urls import urlpatterns
from gangway.web.views import refusals
from tests.rooms import factories_services
from tests.rooms.factories_organizations import PASSWORD, make_channel, make_customer, make_operator, make_provider
from tests.rooms.factories_web import sit_down, soup

pytestmark = pytest.mark.django_db

OPEN = {route.name for route in urlpatterns if getattr(route.callback, "for_anyone", False)}
"""Which these are is held fast in tests/house/test_rights.py."""
SOME_ID = uuid4()


def address(route):
    """Fill in an address: a link's token, a row's number or an id, as the route asks for it."""
    kinds = {"StringConverter": "x" * 43, "IntConverter": 7}
    given = {name: kinds.get(type(one).__name__, SOME_ID) for name, one in route.pattern.converters.items()}
    return reverse(f"web:{route.name}", kwargs=given)


@pytest.mark.parametrize("route", [r for r in urlpatterns if r.name not in OPEN], ids=lambda route: route.name)
def test_nobody_gets_to_the_desk_without_signing_in(route):
    for answer in (Client().get(address(route)), Client().post(address(route))):
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/accounts/login/")


def test_a_live_partial_takes_its_whole_page_to_the_sign_in_which_leads_back_to_that_page():
    part, page = (reverse(f"web:{name}", args=[SOME_ID]) for name in ("run_state", "run"))
    about = {"HX-Request": "true", "Referer": f"http://testserver{page}?a=b"}
    answer = Client().get(part, headers=about)
    assert answer.headers["HX-Redirect"] == f"/accounts/login/?next={page}%3Fa%3Db"


def test_who_has_no_second_factor_sets_one_up_first():
    answer = sit_down(make_provider(), second_factor=False).get("/services/")
    assert answer.headers["Location"] == reverse("web:second_factor")


def test_sign_in_asks_for_address_and_password_then_for_the_second_factor():
    operator_id = make_operator(make_provider())
    with within_everything("test"):
        enroll_totp(operator_id)
    client = Client()
    page = soup(client.get("/accounts/login/"))
    assert [label.get_text(strip=True) for label in page.select("label")] == ["Email", "Password"]
    given = {"login": Operator.objects.get(pk=operator_id).email, "password": PASSWORD.reveal()}
    answer = client.post("/accounts/login/", given, follow=True)
    assert "One more step" in answer.content.decode()
    assert client.get("/services/").status_code == 302


def test_a_role_without_the_capability_gets_a_403_that_says_whom_to_ask():
    monitor = sit_down(make_provider(), role=Role.MONITOR)
    answer = monitor.get("/services/add/direct-routing/")
    assert answer.status_code == 403
    assert "Ask an administrator of your organization" in answer.content.decode()


def test_what_was_denied_stands_in_the_log_by_name_once_a_day_for_each_page():
    provider = make_provider()
    monitor = sit_down(provider, role=Role.MONITOR)
    pages = ("choose_customer", "settings")
    for page in (*pages, *pages):
        monitor.get(reverse(f"web:{page}"))
    told = [row for row in activity(organization_path=provider.path) if row.event == Event.ACCESS_DENIED.value]
    assert [row.data["page"] for row in reversed(told)] == list(pages)
    assert {(row.actor_name, row.subject) for row in told} == {("Olga Operator", f"operator:{told[0].actor_id}")}
    assert told[0].data["needs"] == Capability.CHANGE_SETTINGS.value


def test_a_monitor_sees_no_button_that_would_be_refused():
    page = soup(sit_down(make_provider(), role=Role.MONITOR).get("/services/"))
    assert "Add Service" not in page.get_text()


def test_the_navigation_shows_only_what_one_may_open():
    channel = make_channel(make_provider())
    page = soup(sit_down(channel).get("/services/"))
    assert [link.get_text(strip=True) for link in page.select("nav[aria-label=Main] a")] == [
        "Dashboard",
        "Services",
        "Runs",
        "Connections",
        "Alarms",
        "Leftovers",
        "Customers",
        "Operators",
        "Sign-in rules",
        "Activity",
    ]


def test_a_sister_resellers_service_is_not_there():
    provider = make_provider()
    ours, theirs = make_channel(provider), make_channel(provider)
    service_id = factories_services.plan(make_customer(theirs), short_name="theirs")
    client = sit_down(ours)
    assert client.get(reverse("web:service", args=[service_id])).status_code == 404
    found = soup(client.get("/services/?q=theirs"))
    assert found.select("tbody tr") == []
    assert "theirs" not in found.select_one("main").get_text()


def test_what_never_was_gets_the_same_page_as_what_belongs_to_others():
    client = sit_down(make_provider())
    assert client.get("/nowhere/").status_code == 404
    assert client.get(reverse("web:invitation", args=[SOME_ID])).status_code == 404


def test_pages_are_kept_by_no_cache():
    assert sit_down(make_provider()).get("/services/").headers["Cache-Control"] == "no-store"


def test_a_form_without_its_token_is_refused_with_a_page_that_says_what_to_do():
    careful = Client(enforce_csrf_checks=True)
    answer = careful.post("/i/" + "x" * 43)
    assert answer.status_code == 403
    assert "sent no cookie" in answer.content.decode()


@pytest.mark.parametrize(
    ("given", "more", "words"),
    [
        ({}, {}, "without the mark"),
        ({"csrfmiddlewaretoken": "a" * 32 + "b" * 32}, {}, "older than your session"),
        ({}, {"headers": {"Origin": "https://elsewhere.example"}}, "from another address"),
    ],
)
def test_a_refused_form_says_what_was_wrong_with_it(given, more, words):
    careful = Client(enforce_csrf_checks=True)
    careful.cookies["__Host-csrf"] = "a" * 32
    answer = careful.post("/i/" + "x" * 43, given, **more)
    assert (answer.status_code, words in soup(answer).get_text()) == (403, True)


def test_the_page_for_a_broken_server_gives_a_reference_and_needs_no_database():
    request = RequestFactory().get("/services/")
    request.id = "3f9c1b7a"
    answer = refusals.broken(request)
    assert answer.status_code == 500
    assert "3f9c1b7a" in answer.content.decode()


def test_errors_have_our_pages():
    resolver = get_resolver()
    assert resolver.resolve_error_handler(404) is refusals.not_found
    assert resolver.resolve_error_handler(403) is refusals.forbidden
    assert resolver.resolve_error_handler(500) is refusals.broken


def test_every_page_for_what_cannot_be_says_what_to_do_and_has_a_reference(settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "login": "1/m/ip"}
    client, careful = Client(), Client(enforce_csrf_checks=True)
    client.post("/accounts/login/", {"login": "x@example.com", "password": "y"})
    answers = {
        429: client.post("/accounts/login/", {"login": "x@example.com", "password": "y"}),
        404: client.get("/nothing-is-here/"),
        403: careful.post("/i/" + "x" * 43),
    }
    for status, answer in answers.items():
        page = soup(answer)
        told = page.select_one(".gw-lead").get_text()
        assert answer.status_code == status
        assert any(word in told for word in ("Wait", "ask", "load the page again")), status
        assert len(page.select_one("main code").get_text()) == 32, status


def test_nothing_inline_is_allowed_by_the_policy():
    policy = Client().get("/accounts/login/").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
