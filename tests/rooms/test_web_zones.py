"""In which zone a person's times are written, and how they choose another one."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from gangway.foundation import clock
from gangway.web import zones
from tests.rooms.factories_organizations import make_provider
from tests.rooms.factories_web import error_at, sit_down, soup

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def client(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOON)
    monkeypatch.setattr("gangway.web.views.oneself.now", lambda: NOON)
    return sit_down(make_provider())


def told(client) -> str:
    page = soup(client.get(reverse("web:me")))
    return page.select_one("section[aria-labelledby=times] time").get_text()


def test_without_any_word_from_the_browser_times_are_in_utc_and_say_so(client):
    assert told(client) == "1 Jul 2026, 12:00 UTC"


@pytest.mark.parametrize("written", ["Europe/Berlin", "Europe%2FBerlin"])
def test_zone_of_the_browser_is_used_with_its_name(client, written):
    client.cookies[zones.SAID] = written
    assert told(client) == "1 Jul 2026, 14:00 CEST"


@pytest.mark.parametrize("nonsense", ["Mars/Olympus", "../../etc/passwd", "\x00", "UTC" * 2000])
def test_zone_that_does_not_exist_is_as_if_nothing_was_said(client, nonsense):
    client.cookies[zones.SAID] = nonsense
    assert told(client) == "1 Jul 2026, 12:00 UTC"


def test_chosen_zone_goes_before_the_browsers_until_it_is_given_back(client):
    client.cookies[zones.SAID] = "Europe/Berlin"
    answer = client.post(reverse("web:time_zone"), {"zone": "Asia/Kathmandu"})
    kept = answer.cookies[zones.CHOSEN]
    assert (kept["secure"], kept["httponly"], kept["samesite"], kept["path"]) == (True, True, "Lax", "/")
    assert told(client) == "1 Jul 2026, 17:45 +0545"
    assert soup(client.get(reverse("web:me"))).html["data-zone"] == "Asia/Kathmandu"
    client.post(reverse("web:time_zone"), {"zone": ""})
    assert told(client) == "1 Jul 2026, 14:00 CEST"


def test_unknown_choice_is_told_at_its_field_and_keeps_nothing(client):
    answer = client.post(reverse("web:time_zone"), {"zone": "Mars/Olympus"})
    assert error_at(answer, "zone") == "Choose a zone of the list."
    assert zones.CHOSEN not in answer.cookies
