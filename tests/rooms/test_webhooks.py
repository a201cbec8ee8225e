"""Webhooks: signed, patient, and never led into our own network."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from threading import Thread
from typing import Any

import aiohttp
import pytest

from gangway.alarms import queries as alarms
from gangway.alarms.actions import clear_alarm, raise_alarm
from gangway.alarms.states import Kind, Severity
from gangway.audit.queries import activity
from gangway.audit.record import Actor
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.jobs.testing import run_until_idle
from gangway.notifications import webhooks
from gangway.notifications.channels import webhook as channel
from gangway.notifications.errors import WebhookDelayed, WebhookRefused, WebhookUnfit
from gangway.notifications.models import Call, Webhook
from gangway.notifications.states import DeliveryState
from gangway.organizations.scope import within, within_everything
from tests.rooms.factories_organizations import Place, make_customer, make_provider

pytestmark = pytest.mark.django_db
OLGA = Actor(kind="person", id="1", name="Olga Operator")
KEY = base64.b64encode(b"k" * 32).decode()
SECRET = SealedText(f"whsec_{KEY}")
NOBODY: frozenset[str] = frozenset()


class Receiver(BaseHTTPRequestHandler):
    """Answers with the statuses it was told, one after the other; remembers what came."""

    got: list[tuple[dict[str, str], bytes]]
    answers: list[int]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
        status = self.answers.pop(0) if self.answers else 204
        self.send_response(status)
        if status in {301, 302, 307}:
            self.send_header("location", "/elsewhere")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@contextmanager
def receiving(*answers: int) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    handler = type("Told", (Receiver,), {"got": [], "answers": list(answers)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_address[1]}/hook", handler.got  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def inside(settings: Any) -> None:
    """Whoever runs this server lets webhooks call localhost."""
    changed = {"webhook_inside_hosts": ("localhost", "127.0.0.1"), "mail_retry_seconds": (0, 0, 0)}
    settings.GANGWAY = settings.GANGWAY.model_copy(update=changed)


def set_up(provider: Place, url: str) -> None:
    with within(provider.path):
        webhooks.set_webhook(provider.id, url=url, secret=SECRET, is_on=True, by=OLGA, now=clock.now())


def alarm(customer: Place) -> None:
    with within_everything("a test"):
        raise_alarm(
            organization_id=customer.id,
            kind=Kind.CONNECTION,
            subject="service:1",
            about="voice1",
            severity=Severity.CRITICAL,
            words="Consent is missing.",
            cure="Repair it.",
            by=Actor.system("watch"),
            now=clock.now(),
        )


def test_an_alarm_and_its_end_are_told_signed_with_a_time(inside):
    provider = make_provider()
    customer = make_customer(provider)
    with receiving() as (url, got):
        set_up(provider, url)
        alarm(customer)
        run_until_idle()
        with within_everything("a test"):
            given = {"organization_id": customer.id, "kind": Kind.CONNECTION, "subject": "service:1"}
            clear_alarm(**given, why="It works.", by=Actor.system("watch"), now=clock.now())
        run_until_idle()
    assert [json.loads(body)["type"] for _headers, body in got] == ["alarm.raised", "alarm.cleared"]
    headers, body = got[0]
    told = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    mark = base64.b64encode(hmac.new(base64.b64decode(KEY), told, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{mark}"
    assert abs(int(headers["webhook-timestamp"]) - clock.now().timestamp()) < 60
    assert json.loads(body)["data"]["about"] == "voice1"
    assert KEY.encode() not in body


def test_a_receiver_that_is_down_is_tried_again_with_the_same_id(inside):
    provider = make_provider()
    with receiving(503, 429, 408, 425) as (url, got):
        set_up(provider, url)
        with within(provider.path):
            webhooks.try_webhook(provider.id, by=OLGA, now=clock.now())
        run_until_idle(waits_over=True)
    assert len({headers["webhook-id"] for headers, _body in got}) == 1
    assert len(got) == 5
    with within(provider.path):
        (done,) = webhooks.latest_calls(provider.id)
    assert (done.state, done.attempts) == (DeliveryState.SENT, 5)


@pytest.mark.parametrize("answer", [302, 400, 404])
def test_a_redirect_is_not_followed_and_a_refusal_is_an_alarm(inside, answer):
    provider = make_provider()
    customer = make_customer(provider)
    with receiving(answer) as (url, got):
        set_up(provider, url)
        alarm(customer)
        run_until_idle()
    assert len(got) == 1
    with within(provider.path):
        assert "undelivered" in {row.kind for row in alarms.alarms().rows}


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "https://user:word@hooks.example.com/",
        "https://10.0.0.7/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://169.254.169.254/latest/meta-data",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://localhost/",
        "https://vault.internal/",
        "ftp://hooks.example.com/",
        "https:///nowhere",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com/#part",
        "nonsense",
        "https://example.com:0/",
        "https://..com/",
        "https://example..com/",
        "https://xn--/",
        f"https://{'a' * 70}.com/",
        f"https://{'a.' * 130}com/",
        "https://%6c%6f%63%61%6c%68%6f%73%74/",
        "https://127.0.0.1./",
        "https://localhost./",
        "https://-a.example.com/",
        "https://[fe80::1%25eth0]/",
    ],
)
def test_what_lies_inside_or_is_not_encrypted_is_refused_at_its_field(url):
    with pytest.raises(WebhookUnfit) as refused:
        channel.check_url(url, inside=NOBODY)
    assert refused.value.field == "url"


def test_a_public_address_is_taken_as_it_is():
    assert channel.check_url(" https://hooks.example.com/in?k=1 ", inside=NOBODY) == "https://hooks.example.com/in?k=1"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("64:ff9b::a9fe:a9fe", False),
        ("2002:7f00:1::", False),
        ("fd00::1", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("192.0.0.192", False),
        ("168.63.129.16", False),
        ("fec0::1", False),
        ("0.0.0.0", False),  # noqa: S104  judged, not listened on
    ],
)
def test_only_addresses_of_the_open_internet_are_public(address, public):
    assert channel.is_public(ip_address(address)) is public


def test_a_name_that_leads_inside_is_refused_by_the_connection_itself(monkeypatch):
    with receiving() as (_url, got):

        async def leads_inside(_self: Any, host: str, port: int = 0, family: Any = 0) -> list[dict[str, Any]]:
            return [
                {"hostname": host, "host": "127.0.0.1", "port": port, "family": family, "proto": 0, "flags": 0},
            ]

        monkeypatch.setattr("aiohttp.resolver.ThreadedResolver.resolve", leads_inside)
        with pytest.raises(WebhookRefused, match="private network"):
            asyncio.run(channel.call("https://hooks.example.com/", b"{}", {}, inside=NOBODY))
    assert got == []


@pytest.mark.parametrize("fault", [aiohttp.InvalidURL("https://x/"), UnicodeError("label too long")])
def test_an_address_that_can_never_be_called_is_refused_for_good(monkeypatch, fault):
    def refuses(*_given: Any, **_named: Any) -> None:
        raise fault

    monkeypatch.setattr("aiohttp.ClientSession.post", refuses)
    with pytest.raises(WebhookRefused) as refused:
        asyncio.run(channel.call("https://hooks.example.com/", b"{}", {}, inside=NOBODY))
    assert str(refused.value).startswith("Its address can't be called.")


def test_a_receiver_that_is_not_there_is_only_late():
    with receiving() as (url, _got):
        pass
    with pytest.raises(WebhookDelayed):
        asyncio.run(channel.call(url, b"{}", {}, inside=frozenset({"localhost"})))


@pytest.mark.parametrize("key", ["", "whsec_", f"whsec_{base64.b64encode(b'short').decode()}", KEY, "whsec_nö"])
def test_a_key_that_could_be_guessed_is_refused_at_its_field(key):
    with pytest.raises(WebhookUnfit) as refused:
        channel.check_secret(SealedText(key))
    assert refused.value.field == "secret"


def test_the_key_is_sealed_kept_when_nothing_is_typed_and_destroyed_with_the_webhook():
    provider = make_provider()
    set_up(provider, "https://hooks.example.com/in")
    with within(provider.path):
        first = Webhook.objects.get().sealed_id
        given: dict[str, Any] = {"secret": SealedText(""), "is_on": False, "by": OLGA, "now": clock.now()}
        webhooks.set_webhook(provider.id, url="https://hooks.example.com/other", **given)
        assert Webhook.objects.get().sealed_id == first
        webhooks.remove_webhook(provider.id, by=OLGA)
        assert webhooks.find(provider.id) is None
        told = str([entry.data for entry in activity(organization_path=provider.path, limit=20)])
    assert KEY not in told


def test_what_can_not_be_told_for_a_day_is_given_up(inside):
    provider = make_provider()
    with receiving(503) as (url, _got):
        set_up(provider, url)
        with within(provider.path):
            webhooks.try_webhook(provider.id, by=OLGA, now=clock.now())
            Call.objects.update(give_up_at=clock.now() - timedelta(seconds=1))
        run_until_idle()
    with within(provider.path):
        (done,) = webhooks.latest_calls(provider.id)
    assert (done.state, done.last_error) == (DeliveryState.FAILED, "It answers 503.")
