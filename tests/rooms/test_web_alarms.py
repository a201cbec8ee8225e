"""The Alarms page: found by search and filters, acknowledged and cleared by name; hours and webhook as forms."""

from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from gangway.alarms import queries
from gangway.alarms.actions import raise_alarm
from gangway.alarms.states import Kind, Severity
from gangway.audit.record import Actor
from gangway.foundation import clock
from gangway.jobs.testing import run_until_idle
from gangway.notifications.models import Webhook
from gangway.organizations.roles import Role
from gangway.organizations.scope import within, within_everything
from tests.rooms.factories_organizations import Place, make_customer, make_provider
from tests.rooms.factories_web import error_at, prove, row, sit_down, soup

pytestmark = pytest.mark.django_db
KEY = "whsec_c2l4dGVlbi1ieXRlcy1hbmQtc29tZS1tb3Jl"


@pytest.fixture
def provider() -> Place:
    return make_provider()


@pytest.fixture
def customer(provider: Place) -> Place:
    return make_customer(provider, name="Contoso")


@pytest.fixture
def client(provider: Place) -> Client:
    return sit_down(provider)


def alarm(where: Place, about: str = "voice1", **changed: Any) -> UUID:
    said: dict[str, Any] = {
        "kind": Kind.CREDENTIAL_ENDS,
        "severity": Severity.WARNING,
        "words": "Its secret ends in 14 days.",
        "cure": "Press Rotate now.",
    }
    with within_everything("a test"):
        return raise_alarm(
            organization_id=where.id,
            subject=f"test:{about}",
            about=about,
            by=Actor.system("watch"),
            now=clock.now(),
            **(said | changed),
        )


def test_an_empty_page_teaches_what_an_alarm_is(client: Client) -> None:
    page = soup(client.get("/alarms/"))
    assert "Nothing needs a person" in page.get_text()
    assert page.select_one(".gw-filters") is None


def test_the_list_is_narrowed_by_words_severity_kind_and_state_in_the_address(client: Client, customer: Place) -> None:
    alarm(customer)
    alarm(customer, "mail server", kind=Kind.PLATFORM, severity=Severity.CRITICAL, words="It does not take us.")
    for asked in ("q=voice1", "q=secret+ends", "kind=credential_ends", "severity=warning", "state=open"):
        assert row(client.get(f"/alarms/?{asked}"), "voice1"), asked
    page = soup(client.get("/alarms/?q=voice1&kind=platform"))
    assert "No alarm is like that" in page.get_text()
    assert page.select_one("#q")["value"] == "voice1"  # type: ignore[index]


def test_somebody_acknowledges_and_clears_with_their_name_and_history_says_so(client: Client, customer: Place) -> None:
    alarm_id = alarm(customer)
    client.post(f"/alarms/{alarm_id}/acknowledge/")
    assert "Olga Operator" in row(client.get("/alarms/?state=acknowledged"), "voice1").get_text()
    dialog = soup(client.get(f"/alarms/{alarm_id}/")).select_one("dialog")
    assert dialog
    assert "Clear the alarm about “voice1”?" in dialog.get_text()
    done = client.post(f"/alarms/{alarm_id}/clear/", follow=True)
    assert "“voice1” is cleared" in soup(done).get_text()
    told = soup(client.get(f"/alarms/{alarm_id}/")).select_one(".gw-timeline")
    assert told
    assert [line.get_text() for line in told.select("strong")] == ["Cleared", "Acknowledged", "Raised"]
    assert "cleared already" in soup(client.post(f"/alarms/{alarm_id}/clear/", follow=True)).get_text()


def test_the_page_of_an_alarm_says_who_was_told(client: Client, customer: Place) -> None:
    alarm_id = alarm(customer)
    run_until_idle()
    page = soup(client.get(f"/alarms/{alarm_id}/")).get_text(" ")
    assert "@sp2.example" in page
    assert "Looks after it" in page
    assert "Press Rotate now." in page


def test_the_dashboard_counts_alarms_and_names_those_of_no_service(client: Client, customer: Place) -> None:
    alarm(customer, "mail server", kind=Kind.PLATFORM, severity=Severity.CRITICAL, words="It does not take us.")
    page = soup(client.get("/"))
    assert "It does not take us." in page.select_one(".gw-needs").get_text()  # type: ignore[union-attr]
    links = [link["href"] for link in page.select(".gw-tally a") if "/alarms/" in str(link["href"])]
    assert links == ["/alarms/?state=open", "/alarms/?state=open&severity=critical"]


def test_who_only_looks_gets_no_buttons(provider: Place, customer: Place) -> None:
    alarm_id, monitor = alarm(customer), sit_down(provider, role=Role.MONITOR)
    assert not soup(monitor.get(f"/alarms/{alarm_id}/")).select("main button")
    assert monitor.post(f"/alarms/{alarm_id}/clear/").status_code == 403


def test_strangers_see_nothing(customer: Place) -> None:
    alarm_id, stranger = alarm(customer), sit_down(make_provider())
    assert "voice1" not in soup(stranger.get("/alarms/")).get_text()
    assert stranger.get(f"/alarms/{alarm_id}/").status_code == 404
    assert stranger.post(f"/alarms/{alarm_id}/acknowledge/").status_code == 404
    with within(customer.path):
        assert queries.open_count().open >= 1


def test_hours_are_kept_for_an_organization_and_wrong_ones_come_back_at_their_field(
    client: Client, customer: Place
) -> None:
    address = f"/alarms/hours/{customer.id}/"
    wrong = client.post(address, {"quiet_from": "20", "quiet_until": "20", "zone": "Europe/Vienna"})
    assert "hours don't work" in error_at(wrong, "quiet_until")
    assert soup(wrong).select_one("#id_zone option[selected]")["value"] == "Europe/Vienna"  # type: ignore[index]
    client.post(address, {"digest_hour": "7", "quiet_from": "20", "quiet_until": "6", "zone": "Europe/Vienna"})
    page = soup(client.get(address))
    assert page.select_one("#id_digest_hour option[selected]")["value"] == "7"  # type: ignore[index]
    assert page.select_one("#id_urgent_at_once[checked]") is None


def test_a_webhooks_key_is_never_shown_and_a_private_address_is_refused(client: Client, provider: Place) -> None:
    prove(client)
    address = f"/settings/{provider.id}/webhook/"
    wrong = client.post(address, {"url": "https://10.0.0.7/in", "secret": KEY, "is_on": "on"})
    assert "private network" in error_at(wrong, "url")
    assert KEY not in wrong.content.decode()
    short = client.post(address, {"url": "https://hooks.sp2.example/in", "secret": "short", "is_on": "on"})
    assert "no key for signatures" in error_at(short, "secret")
    none = client.post(address, {"url": "https://hooks.sp2.example/in", "secret": "", "is_on": "on"})
    assert "Give a key" in error_at(none, "secret")
    assert "(optional)" not in soup(none).select_one("label[for=id_secret]").get_text()  # type: ignore[union-attr]
    client.post(address, {"url": "https://hooks.sp2.example/in", "secret": KEY, "is_on": "on"})
    assert client.post(address, {"url": "https://hooks.sp2.example/in", "is_on": "on"}).status_code == 302
    page = client.get(address).content.decode()
    assert "https://hooks.sp2.example/in" in page
    assert KEY not in page
    client.post(f"{address}test/")
    assert "Waiting" in soup(client.get(address)).get_text() or "test" in soup(client.get(address)).get_text()
    client.post(f"{address}remove/")
    with within(provider.path):
        assert not Webhook.objects.exists()


def test_ticked_ones_are_acknowledged_together_and_what_cannot_be_is_told(client: Client, customer: Place) -> None:
    first, second, stranger = alarm(customer, "voice1"), alarm(customer, "voice2"), alarm(make_customer(), "elsewhere")
    address = "/alarms/acknowledge/"
    boxes = soup(client.get("/alarms/")).select("tbody [name=ticked]")
    assert {box["value"] for box in boxes} == {str(first), str(second)}
    told = soup(client.post(address, {"ticked": [first, second, stranger], "q": "voice"}, follow=True)).get_text()
    assert "Done with 2 of 3" in told
    assert "Not done with 1" in told
    with within(customer.path):
        assert {queries.alarm(one).row.state for one in (first, second)} == {"acknowledged"}
    with within_everything("a test"):
        assert queries.alarm(stranger).row.state == "open"
    assert client.post(address, {"q": "voice"}).headers["Location"] == "/alarms/?q=voice"
    assert "Tick some rows first" in soup(client.get("/alarms/")).get_text()
