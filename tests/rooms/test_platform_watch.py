"""The platform's own credentials: mail that fails twice, old keys, certificates and secrets that end are alarms."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gangway.alarms import queries as alarms
from gangway.alarms.states import Severity
from gangway.foundation import clock
from gangway.jobs.testing import run_until_idle
from gangway.onboarding import platform_watch
from gangway.onboarding.models import SignInApplication
from gangway.organizations.actions import system
from gangway.organizations.models import Organization
from gangway.organizations.scope import within, within_everything
from tests.rooms import factories_onboarding
from tests.rooms.factories_organizations import Place, make_operator, make_provider

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def provider() -> Place:
    return make_provider()


def raised(where: Place) -> dict[str, tuple[str, str]]:
    with within(where.path):
        return {row.about: (row.severity, row.words) for row in alarms.alarms(kind="platform").rows}


def trouble(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    monkeypatch.setattr(platform_watch, "mail_trouble", lambda: words)


def register_with_secret(provider: Place, *, days: int) -> datetime:
    """Give the provider a sign-in application whose secret ends so many days from the time returned."""
    factories_onboarding.register(provider)
    now = clock.now()
    with within_everything("a test"):
        SignInApplication.objects.update(
            secret_id="7f0f6a0e-0000-4000-8000-000000000001", secret_ends_on=(now + days * DAY).date()
        )
    return now


def test_a_mail_server_that_fails_twice_is_told_and_cleared_when_it_takes_us(provider, monkeypatch):
    trouble(monkeypatch, "The mail server does not take us.")
    platform_watch.watch(attempt=0, now=clock.now())
    assert raised(provider) == {}
    platform_watch.watch(attempt=1, now=clock.now())
    severity, words = raised(provider)["Mail server"]
    assert (severity, words) == (Severity.CRITICAL, "The mail server does not take us.")
    trouble(monkeypatch, "")
    platform_watch.watch(attempt=0, now=clock.now())
    assert "Mail server" not in raised(provider)


def test_the_people_of_the_system_are_told_where_there_are_some(provider, monkeypatch):
    with within_everything("a test"):
        root = Organization.objects.get(pk=system())
    make_operator(Place(root.pk, root.path))
    trouble(monkeypatch, "It is away.")
    platform_watch.watch(attempt=1, now=clock.now())
    assert "Mail server" not in raised(provider)
    assert "Mail server" in raised(Place(root.pk, root.path))


def test_when_the_system_has_people_the_providers_are_told_no_more(provider, monkeypatch):
    trouble(monkeypatch, "It is away.")
    platform_watch.watch(attempt=1, now=clock.now())
    assert "Mail server" in raised(provider)
    with within_everything("a test"):
        root = Organization.objects.get(pk=system())
    make_operator(Place(root.pk, root.path))
    platform_watch.watch(attempt=1, now=clock.now())
    assert "Mail server" not in raised(provider)
    assert "Mail server" in raised(Place(root.pk, root.path))


def test_who_is_told_nothing_costs_nothing_however_many_there_are(provider, monkeypatch):
    trouble(monkeypatch, "")
    with within_everything("a test"):
        root = Organization.objects.get(pk=system())
    make_operator(Place(root.pk, root.path))
    asked = []
    for more in (1, 4):
        for _ in range(more):
            make_provider()
        with CaptureQueriesContext(connection) as seen:
            platform_watch.watch(attempt=1, now=clock.now())
        asked.append(len(seen))
    assert asked[0] == asked[1]


def test_a_key_of_more_than_a_year_is_to_know(provider, monkeypatch):
    trouble(monkeypatch, "")
    platform_watch.watch(attempt=0, now=clock.now())
    assert "Sealing key" not in raised(provider)
    platform_watch.watch(attempt=0, now=clock.now() + 366 * DAY)
    severity, words = raised(provider)["Sealing key"]
    assert severity == Severity.NOTICE
    assert "366 days old" in words


def test_the_sign_in_applications_secret_is_its_providers(provider, monkeypatch):
    trouble(monkeypatch, "")
    other = make_provider()
    now = register_with_secret(provider, days=5)
    platform_watch.watch(attempt=0, now=now)
    assert [severity for severity, _words in raised(provider).values()] == [Severity.CRITICAL]
    assert raised(other) == {}


@pytest.mark.parametrize("left", [{"secret_id": None, "secret_ends_on": None}, {"secret_ends_on": None}])
def test_a_secret_that_is_gone_or_whose_end_nobody_knows_is_no_alarm_any_more(provider, monkeypatch, left):
    trouble(monkeypatch, "")
    now = register_with_secret(provider, days=5)
    platform_watch.watch(attempt=0, now=now)
    assert raised(provider)
    with within_everything("a test"):
        SignInApplication.objects.update(**left)
    platform_watch.watch(attempt=0, now=now)
    assert raised(provider) == {}


@pytest.mark.parametrize(
    ("days", "severity"), [(60, None), (20, Severity.WARNING), (3, Severity.CRITICAL), (-1, Severity.CRITICAL)]
)
def test_an_end_is_more_urgent_the_nearer_it_is(days, severity):
    now = datetime(2026, 3, 1, tzinfo=UTC)
    seen = platform_watch.ending("s", "a", "The certificate", now + days * DAY, "Renew it.", now=now)
    assert seen.severity == severity
    assert ("ended" in seen.words) == (days < 0)


def test_a_certificate_that_can_not_be_seen_from_here_raises_nothing(provider, settings: Any, monkeypatch):
    trouble(monkeypatch, "")
    changed = {"public_url": "https://localhost:9"}
    settings.GANGWAY = settings.GANGWAY.model_copy(update=changed)
    platform_watch.watch(attempt=0, now=clock.now())
    assert raised(provider) == {}
    run_until_idle()


def test_every_host_name_is_looked_at_in_turns_however_many_there_are(provider, monkeypatch):
    trouble(monkeypatch, "")
    names = [f"voice{number:03}.example" for number in range(150)]
    monkeypatch.setattr(platform_watch, "hosts_of", lambda provider_id: names if provider_id == provider.id else [])
    looked: list[str] = []

    def bad(host: str, _now: datetime, *, subject: str = "platform:tls") -> platform_watch.Seen | None:
        looked.append(host)
        last = host == names[-1]
        return platform_watch.Seen(subject, host, Severity.CRITICAL, f"{host} ended.") if last else None

    monkeypatch.setattr(platform_watch, "_certificate", bad)
    platform_watch.watch(attempt=0, now=clock.now())
    run_until_idle()
    assert sorted(host for host in looked if host in names) == names
    assert set(raised(provider)) == {names[-1]}
    monkeypatch.setattr(platform_watch, "hosts_of", lambda _provider_id: names[:-1])
    platform_watch.watch(attempt=0, now=clock.now())
    run_until_idle()
    assert raised(provider) == {}
