"""What this platform itself lives by, looked at as far as a worker can see: mail, keys, TLS, sign-in secrets, looks.

Trouble is an alarm for the people of the whole system, or, where there are none, for each provider; the sign-in
application's is its provider's. What can't be seen from here raises nothing and clears nothing; what is used no more,
or whose end nobody knows any more, is no trouble.
"""

import socket
import ssl
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import transaction

from gangway.alarms.actions import clear_alarm, raise_alarm
from gangway.alarms.queries import open_at
from gangway.alarms.states import Kind, Severity
from gangway.audit.record import Actor
from gangway.connections import aging
from gangway.jobs.actions import defer
from gangway.notifications.looking import CURE, mail_trouble
from gangway.onboarding.installation import installation
from gangway.onboarding.queries import sign_in_applications
from gangway.organizations.actions import system
from gangway.organizations.hosts import hosts_of
from gangway.organizations.queries import providers
from gangway.organizations.scope import within_everything
from gangway.organizations.told import operators_for
from gangway.provisioning.typed import end_of

WATCH: Final = "onboarding:watch_platform"
LOOK_AGAIN: Final = timedelta(minutes=5)
"""A mail server may be restarted: only what fails twice is told."""
WATCHMAN: Final = Actor.system("platform watch")
KEY_DAYS: Final = 365
SOON, URGENT = 30, 7
CONNECT_SECONDS: Final = 10
AT_ONCE, MOST_HOSTS = 8, 64
"""Certificates looked at together, and in one turn: it ends within the task's time, whatever doesn't answer."""
WATCH_HOSTS: Final = "onboarding:watch_hosts"
SIGN_IN, HOST = "platform:sign-in:", "platform:tls:"
ELSEWHERE: Final = "Others are told of it now."
UNUSED: Final = "It is not used any more, or nobody knows when it ends."


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that was looked at; `severity` None: all is well."""

    subject: str
    about: str
    severity: Severity | None = None
    words: str = ""
    cure: str = ""


def watch(*, attempt: int, now: datetime) -> None:
    """Look at everything; what is wrong with the mail server is looked at once more before it is told."""
    trouble = mail_trouble()
    if trouble and not attempt:
        with transaction.atomic():
            defer(WATCH, run_at=now + LOOK_AGAIN, attempt=1)
    certificate = _certificate(urlsplit(settings.GANGWAY.public_url).hostname or "", now)
    with within_everything("the platform's own credentials"), transaction.atomic():
        seen = [*_sealing_key(now), *([certificate] if certificate else []), _looks(now)]
        if not trouble or attempt:
            severity = Severity.CRITICAL if trouble else None
            seen.append(Seen("platform:mail", "Mail server", severity, trouble, f"On the workers: {CURE}."))
        told = _places()
        for place in told:
            for one in seen:
                _tell(place, one, now=now)
        for place, subject in open_at(Kind.PLATFORM):
            if place not in told and subject in {one.subject for one in seen}:
                _clear(place, subject, ELSEWHERE, now=now)
        ends = list(_sign_in_applications(now))
        for provider_id, one in ends:
            _tell(provider_id, one, now=now)
        _put_away(SIGN_IN, {(provider_id, one.subject) for provider_id, one in ends}, now=now)
        if not attempt:
            defer(WATCH_HOSTS, turn=0)


def watch_hosts(*, turn: int, now: datetime) -> None:
    """Look at the certificates of the host names that providers have of their own, so many in each turn.

    The next turn is a job of its own, so that all of them are looked at, however many there are.
    """
    with within_everything("host names of all providers"):
        names = sorted((name, provider.id) for provider in providers() for name in hosts_of(provider.id))
    seen = list(_certificates(names[turn * MOST_HOSTS : (turn + 1) * MOST_HOSTS], now))
    with within_everything("the platform's own credentials"), transaction.atomic():
        for provider_id, one in seen:
            _tell(provider_id, one, now=now)
        if not turn:
            _put_away(HOST, {(provider_id, _of_host(name)) for name, provider_id in names}, now=now)
        if len(names) > (turn + 1) * MOST_HOSTS:
            defer(WATCH_HOSTS, turn=turn + 1)


def ending(subject: str, about: str, what: str, ends_at: datetime, cure: str, *, now: datetime) -> Seen:
    """Say how urgent an end is."""
    days = (ends_at - now).days
    if days > SOON:
        return Seen(subject, about)
    severity = Severity.CRITICAL if days <= URGENT else Severity.WARNING
    when = f"{ends_at.day} {ends_at:%B %Y}"
    return Seen(subject, about, severity, f"{what} ended on {when}." if days < 0 else f"{what} ends on {when}.", cure)


def _places() -> list[UUID]:
    root = system()
    return [root] if operators_for(root) else [provider.id for provider in providers()]


def _put_away(begins: str, watched: Collection[tuple[UUID, str]], *, now: datetime) -> None:
    """End the alarms of providers about what isn't watched any more."""
    for provider_id, subject in open_at(Kind.PLATFORM):
        if subject.startswith(begins) and (provider_id, subject) not in watched:
            _clear(provider_id, subject, UNUSED, now=now)


def _clear(organization_id: UUID, subject: str, why: str, *, now: datetime) -> None:
    clear_alarm(organization_id=organization_id, kind=Kind.PLATFORM, subject=subject, why=why, by=WATCHMAN, now=now)


def _tell(organization_id: UUID, one: Seen, *, now: datetime) -> None:
    if one.severity is None:
        _clear(organization_id, one.subject, "Seen to be well.", now=now)
        return
    raise_alarm(
        organization_id=organization_id,
        kind=Kind.PLATFORM,
        subject=one.subject,
        about=one.about,
        severity=one.severity,
        words=one.words,
        cure=one.cure,
        by=WATCHMAN,
        now=now,
    )


def _sealing_key(now: datetime) -> Iterator[Seen]:
    keys = installation(now=now).sealing_keys
    if not keys:
        return
    age = (now - keys[0].made_at).days
    if age <= KEY_DAYS:
        yield Seen("platform:sealing-key", "Sealing key")
        return
    words = f"New secrets are sealed to key {keys[0].name}, which is {age} days old."
    cure = "Make the next one with `gangway keys new` and keep the old ones: workers seal anew what they open."
    yield Seen("platform:sealing-key", "Sealing key", Severity.NOTICE, words, cure)


def _looks(now: datetime) -> Seen:
    """Whether connections are looked at: by what workers did, since one that can't do anything says nothing."""
    subject, about = "platform:looks", "Validation of connections"
    if not aging.is_behind(now=now):
        return Seen(subject, about)
    words = "Connections aren't looked at as they should be: for some of them nobody knows whether they work."
    cure = "On a worker's host, `gangway doctor` says whether workers run and open what is sealed."
    return Seen(subject, about, Severity.CRITICAL, words, cure)


def _certificates(names: Sequence[tuple[str, UUID]], now: datetime) -> Iterator[tuple[UUID, Seen]]:
    """Give what was seen of these host names, each with its provider."""
    with ThreadPoolExecutor(AT_ONCE) as several:
        seen = several.map(lambda one: _certificate(one[0], now, subject=_of_host(one[0])), names)
    yield from ((provider_id, one) for (_name, provider_id), one in zip(names, seen, strict=True) if one)


def _of_host(name: str) -> str:
    """What an alarm about the certificate of a provider's own host name is about."""
    return f"{HOST}{name}"[:100]


def _certificate(host: str, now: datetime, *, subject: str = "platform:tls") -> Seen | None:
    """Read our own pages' certificate as a browser gets it; None where this worker can't see it."""
    parts = urlsplit(settings.GANGWAY.public_url)
    if parts.scheme != "https" or not host:
        return None
    context = ssl.create_default_context()
    if settings.GANGWAY.extra_ca_file is not None:
        context.load_verify_locations(cafile=settings.GANGWAY.extra_ca_file)
    cure = "Renew it where TLS ends for this platform."
    try:
        with (
            socket.create_connection((host, parts.port or 443), timeout=CONNECT_SECONDS) as line,
            context.wrap_socket(line, server_hostname=host) as secured,
        ):
            told = secured.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        words = f"Browsers refuse the certificate of {host}: {error.verify_message}."
        return Seen(subject, host, Severity.CRITICAL, words, cure)
    except OSError:
        return None
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(told["notAfter"])), UTC)
    return ending(subject, host, f"The certificate of {host}", ends, cure, now=now)


def _sign_in_applications(now: datetime) -> Iterator[tuple[UUID, Seen]]:
    """Those that have a credential whose end somebody typed; by code they need none."""
    for one in sign_in_applications():
        if one.secret_id is None or one.secret_ends_on is None:
            continue
        ends = end_of(one.secret_ends_on)
        subject = f"{SIGN_IN}{one.client_id}"
        cure = "Make a new client secret at Microsoft and type it in under Settings › Sign-in application."
        yield (
            one.provider_id,
            ending(subject, one.display_name, "The sign-in application's secret", ends, cure, now=now),
        )
