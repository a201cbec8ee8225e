"""Single promises that no other test is about: hashing, one-time codes, TLS, log lines, sizes, signing out."""

import asyncio
import json
import logging
import ssl
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import structlog
import time_machine
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.conf import settings
from django.core.cache import cache
from django.core.mail.backends.smtp import EmailBackend
from django.test import Client

from gangway.foundation import clock
from gangway.microsoft import transport
from gangway.microsoft.wire import Asked
from gangway.organizations import actions
from gangway.organizations.models import Operator, Organization
from gangway.organizations.scope import within_everything
from tests.rooms.factories_organizations import (
    PASSWORD,
    SETUP,
    make_channel,
    make_customer,
    make_operator,
    make_provider,
)
from tests.rooms.factories_services import plan
from tests.rooms.factories_web import sit_down
from tests.rooms.races import race

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_limits():
    cache.clear()


@pytest.fixture
def still():
    """A code is good for half a minute: on a busy machine it would end between two lines of a test."""
    with time_machine.travel(clock.now(), tick=False):
        yield


def test_passwords_are_hashed_with_argon2id():
    assert Operator.objects.get(pk=make_operator(make_provider())).password.startswith("argon2$argon2id$")


def test_no_account_comes_with_the_product():
    assert not Operator.objects.exists()


def test_names_with_markup_that_are_kept_are_text_on_every_page_that_shows_them():
    evil, name = "<script>alert(1)</script>", "<b onclick=x>"
    provider = make_provider(name=f"P{name}")
    customer = make_customer(make_channel(provider, name=f"R{name}"), name=f"C{name}")
    service_id = plan(customer, full_name=evil)
    client = sit_down(provider, name=f"O{name}")
    pages = ["/", "/services/", f"/services/{service_id}/", "/customers/", f"/customers/{customer.id}/", "/channels/"]
    shown = {page: client.get(page).content.decode() for page in [*pages, "/operators/", "/activity/", "/me/"]}
    assert [page for page, text in shown.items() if evil in text or name in text] == []
    assert {"/services/", "/customers/", "/channels/", "/operators/", "/activity/"} <= {
        page for page, text in shown.items() if "&lt;" in text
    }


def test_a_one_time_code_works_once(still):
    operator = Operator.objects.get(pk=make_operator(make_provider()))
    with within_everything("test set-up"):
        key = actions.enroll_totp(operator.pk, by=SETUP).reveal()
    code = format_hotp_value(hotp_value(key, next(iter(yield_hotp_counters_from_time()))))
    came_in = []
    for _who in ("the person", "whoever looked over their shoulder"):
        client = Client()
        client.post("/accounts/login/", {"login": operator.email, "password": PASSWORD.reveal()})
        client.post("/accounts/2fa/authenticate/", {"code": code})
        came_in.append(client.get("/services/").status_code == 200)
    assert came_in == [True, False]


@pytest.mark.django_db(transaction=True)
def test_of_many_who_send_the_same_one_time_code_at_once_one_comes_in(still):
    operator = Operator.objects.get(pk=make_operator(make_provider()))
    with within_everything("test set-up"):
        key = actions.enroll_totp(operator.pk, by=SETUP).reveal()
    clients = [Client() for _ in range(4)]
    for client in clients:
        client.post("/accounts/login/", {"login": operator.email, "password": PASSWORD.reveal()})
    code = format_hotp_value(hotp_value(key, next(iter(yield_hotp_counters_from_time()))))
    race(*(partial(client.post, "/accounts/2fa/authenticate/", {"code": code}) for client in clients))
    assert sorted(client.get("/services/").status_code for client in clients) == [200, 302, 302, 302]


def test_microsofts_certificate_and_the_mail_servers_are_checked():
    for context in (transport.trust(None), EmailBackend(use_tls=True).ssl_context):
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_a_redirect_of_microsofts_is_not_followed():
    asked = []

    class Elsewhere(BaseHTTPRequestHandler):
        """Sends everybody on to another path."""

        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_given: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    async def ask() -> int:
        wire = await transport.shared(None)
        return (await wire.send(Asked("GET", f"http://127.0.0.1:{server.server_port}/here"))).status

    assert asyncio.run(ask()) == 302
    server.shutdown()
    server.server_close()
    assert asked == ["/here"]


@pytest.mark.parametrize(
    "nasty", ["a\nb", '{"event": "forged"}', "a\r\n\x1b[31mred\x1b[0m", "\u2028\u2029\x85", "\x00"]
)
def test_nothing_typed_forges_a_line_of_the_log(nasty, capsys):
    finish = settings.LOGGING["formatters"]["line"]
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(),
        ],
        foreign_pre_chain=finish["foreign_pre_chain"],
    )
    line = formatter.format(logging.LogRecord("gangway", logging.INFO, "", 0, nasty, None, None))
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["event"] == nasty


QUOTES = ("'", "''", '"', "\\", "%", "_", "%_%", "';--", "$$", "\x00'", "' OR '1'='1", "E'\\''", ":* & !", "a' & 'b:*")


@pytest.mark.parametrize("page", ["services", "customers", "operators", "runs", "activity", "leftovers", "invitations"])
def test_nobody_pushes_sql_into_a_search(page):
    provider = make_provider()
    make_customer(provider, name="Only One")
    client = sit_down(provider)
    for quote in QUOTES:
        for field in ("q", "sort", "state", "page", "person", "event", "since"):
            assert client.get(f"/{page}/", {field: quote}).status_code == 200, (quote, field)
    if page == "customers":
        assert "Only One" not in client.get("/customers/", {"q": "' OR '1'='1"}).content.decode()


def test_what_is_too_large_is_refused():
    client, before = sit_down(make_provider()), Organization.objects
    with within_everything("test"):
        known = before.count()
    sent = {
        "a large field": {"name": "a" * 2_700_000},
        "many fields": {f"f{number}": "1" for number in range(1_001)},
    }
    for what, form in sent.items():
        assert client.post("/customers/add/", form).status_code in {400, 413}, what
        body = "&".join(f"{name}={value}" for name, value in form.items())
        answer = client.generic("POST", "/customers/add/", body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code in {400, 413}, what
    with within_everything("test"):
        assert before.count() == known


def test_signing_out_clears_what_the_browser_kept():
    desk = sit_down(make_provider()).post("/accounts/logout/")
    own_view = Client().post("/customer/sign-out/")
    assert [answer.headers["Clear-Site-Data"] for answer in (desk, own_view)] == ['"cache", "storage"'] * 2


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\u200b", "\x00", "\n", "\x1b"])
def test_names_hold_no_hidden_signs(sign):
    client = sit_down(make_provider())
    answer = client.post("/customers/add/", {"name": f"Con{sign}toso", "cloud": "public"})
    assert answer.status_code == 200
    with within_everything("test"):
        assert not Organization.objects.filter(name__startswith="Con").exists()
