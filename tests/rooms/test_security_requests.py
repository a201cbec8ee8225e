"""What every request meets, asked at each address: tokens, methods, headers, cookies, host names, limits."""

import logging
import os
import re
import secrets
import subprocess
import sys
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urljoin

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from gangway.audit.models import Entry
from gangway.foundation import clock
from gangway.organizations.models import Operator
from gangway.organizations.roles import Kind
from gangway.web.desk import own_page_before
from gangway.web.limits import FILES
from gangway.web.urls import urlpatterns
from tests.rooms import factories_invitations, factories_onboarding
from tests.rooms.factories_organizations import PASSWORD, make_customer, make_operator, make_provider
from tests.rooms.factories_web import prove, put_into_wizard, sit_down, soup
from tests.rooms.forms_table import FORMS, GETS, METHODS, POSTS
from tests.rooms.test_web_strangers import ROUTES, World, address, world

__all__ = ["world"]

pytestmark = pytest.mark.django_db

EVIL: Final = "https://evil.example"
LIBRARYS: Final = (
    "account_login",
    "account_logout",
    "account_reauthenticate",
    "account_change_password",
    "account_reset_password",
    "mfa_authenticate",
    "mfa_reauthenticate",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_generate_recovery_codes",
    "mfa_add_webauthn",
    "mfa_login_webauthn",
    "usersessions_list",
)


@pytest.fixture(autouse=True)
def fresh_limits():
    cache.clear()


def read(answer: Any) -> str:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return bytes(body).decode()


def admin(world: World, **options: Any) -> Client:
    """The browser of a provider's admin, perhaps one that needs tokens."""
    client = prove(sit_down(world.places[Kind.PROVIDER]))
    careful = Client(**options)
    careful.cookies = client.cookies
    return careful


# Tokens against forged requests


SIGNED = {"mail_events"}
"""No form: a program calls it, whose signature counts instead (tests of the mail provider's calls)."""


@pytest.mark.parametrize("given", [{}, {"csrfmiddlewaretoken": "x" * 64}], ids=["no token", "a wrong token"])
def test_every_form_is_refused_without_its_token(world, given):
    client, taken = admin(world, enforce_csrf_checks=True), {}
    before = Entry.objects.count()
    for name in set(POSTS) - SIGNED:
        answer = client.post(address(name, world), FORMS[name].values | given if name in FORMS else given)
        if answer.status_code != 403 or "accept this form" not in read(answer):
            taken[name] = answer.status_code
    assert taken == {}
    assert Entry.objects.count() == before


@pytest.mark.parametrize("name", LIBRARYS)
def test_every_form_of_the_account_is_refused_without_its_token(world, name):
    assert admin(world, enforce_csrf_checks=True).post(reverse(name)).status_code == 403


@pytest.mark.parametrize("origin", [EVIL, "http://testserver.evil.example", "http://testserver:81", "null"])
def test_a_form_of_another_site_is_refused_even_with_a_token(world, origin):
    client = admin(world, enforce_csrf_checks=True)
    token = soup(client.get("/customers/add/")).find("input", {"name": "csrfmiddlewaretoken"})["value"]
    given = {"name": "Forged", "csrfmiddlewaretoken": token}
    assert client.post("/customers/add/", given, headers={"Origin": origin}).status_code == 403


CHARSETS: Final = (
    *("latin-1", "utf8", "utf-16", "hex", "rot13", "base64", "zlib", "bz2", "quopri", "uu", "idna", "punycode"),
    *("undefined", "no-such-one"),
)


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("path", ["/wizard/", "/accounts/login/", "/hooks/mail/", "/customer/"])
def test_a_form_in_another_charset_is_refused_before_anything_reads_it(charset, kind, path):
    stranger = Client(enforce_csrf_checks=True)
    token = stranger.cookies[settings.CSRF_COOKIE_NAME] = "a" * 32
    body = f"csrfmiddlewaretoken={token}&a=%ff"
    if "multipart" in kind:
        field = 'Content-Disposition: form-data; name="csrfmiddlewaretoken"'
        body = f"--x\r\n{field}\r\n\r\n{token}\r\n--x--\r\n"
    answer = stranger.generic("POST", path, body, content_type=f"{kind}; charset={charset}")
    page = read(answer)
    assert answer.status_code == 415
    assert "accept this form" in page
    assert answer.headers["X-Request-Id"] in page


def test_a_form_that_names_utf_8_is_read_and_what_is_no_form_may_name_what_it_likes():
    stranger = Client(enforce_csrf_checks=True)
    token = stranger.cookies[settings.CSRF_COOKIE_NAME] = "a" * 32
    kind = 'application/x-www-form-urlencoded; charset="UTF-8"'
    read_one = stranger.post("/accounts/login/", f"csrfmiddlewaretoken={token}&login=a", content_type=kind)
    assert read_one.status_code == 200
    for charset in CHARSETS:
        named = f"text/plain; charset={charset}"
        assert stranger.get("/accounts/login/", headers={"Content-Type": named}).status_code == 200
        assert stranger.generic("POST", "/nowhere/", "a=1", content_type=named).status_code == 404


# Methods


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "PROPFIND", "x" * 100])
def test_an_address_answers_to_its_own_methods_only(world, monkeypatch, method):
    monkeypatch.setattr("gangway.web.limits._counted", lambda _request: [])
    client, before = admin(world), Entry.objects.count()
    answers = {name: client.generic(method, address(name, world)).status_code for name in ROUTES}
    assert {name for name, status in answers.items() if status not in {403, 404, 405}} == set()
    assert 405 in answers.values()
    assert Entry.objects.count() == before


def test_head_is_a_look_without_a_body(world):
    client = admin(world)
    for name in GETS:
        assert "HEAD" in METHODS[name], name
        url = address(name, world)
        seen, looked = client.head(url), client.get(url)
        assert (name, seen.status_code, seen.content if not seen.streaming else b"") == (name, looked.status_code, b"")


def test_no_header_or_field_makes_another_method_of_it(world):
    client, before = admin(world), Entry.objects.count()
    over = {"X-HTTP-Method-Override": "POST", "X-Method-Override": "POST", "X-HTTP-Method": "POST"}
    for name in set(POSTS) - set(GETS):
        assert client.get(f"{address(name, world)}?_method=POST", headers=over).status_code == 405, name
    assert Entry.objects.count() == before


# Headers


def pages(world: World) -> dict[str, Any]:
    """Every address as an admin sees it, refusals and downloads included, and what strangers see."""
    client, stranger = admin(world), Client()
    seen = {name: client.get(address(name, world), headers={"Origin": EVIL}) for name in ROUTES}
    seen |= {name: client.get(reverse(name), headers={"Origin": EVIL}) for name in LIBRARYS}
    seen |= {path: stranger.get(path, headers={"Origin": EVIL}) for path in ("/accounts/login/", "/nowhere/", "/i/x")}
    wizard = Client()
    put_into_wizard(wizard, factories_onboarding.walk().case_id)
    return seen | {"who": wizard.get("/wizard/new/")} | {"file": client.post("/activity/export.csv", {})}


MAIL: Final = "invitation_mail_shown"
"""A mail as mail programs get it, its styles in its elements: shown in a frame of ours, where nothing runs or loads."""


def test_a_mail_is_shown_in_a_frame_of_ours_alone_and_nothing_in_it_runs_or_loads(world):
    told = admin(world).get(address(MAIL, world)).headers
    policy = dict(part.strip().partition(" ")[::2] for part in told["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": "'unsafe-inline'",
        "form-action": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'self'",
        "sandbox": "",
    }
    assert (told["X-Frame-Options"], told["Cache-Control"]) == ("SAMEORIGIN", "no-store")


def test_every_answer_carries_the_headers_that_protect_it(world):
    lacking = {}
    for name, answer in pages(world).items():
        told = answer.headers
        if name == MAIL:
            continue
        policy = dict(part.strip().partition(" ")[::2] for part in told.get("Content-Security-Policy", "").split(";"))
        good = {
            "default": policy.get("default-src") == "'none'",
            "base": policy.get("base-uri") == "'none'",
            "frames": policy.get("frame-ancestors") == "'none'" and told.get("X-Frame-Options") == "DENY",
            "forms": "form-action" in policy and "*" not in policy["form-action"],
            "scripts": "unsafe" not in told.get("Content-Security-Policy", "unsafe"),
            "nosniff": told.get("X-Content-Type-Options") == "nosniff",
            "referrer": told.get("Referrer-Policy") in {"same-origin", "strict-origin"},
            "opener": told.get("Cross-Origin-Opener-Policy") == "same-origin",
            "cache": "no-store" in told.get("Cache-Control", "") or name in {"issuer", "issuer_keys"},
            "no sharing": not any(header.startswith("Access-Control-") for header in told),
            "kind": answer.status_code in {302, 405} or "charset=utf-8" in told["Content-Type"].lower() or KNOWN(told),
        }
        lacking |= {f"{name}: {what}": dict(told) for what, well in good.items() if not well}
    assert sorted(lacking) == []


def KNOWN(told: Any) -> bool:  # noqa: N802  reads as the condition it is
    """JSON is UTF-8 by itself."""
    return bool(told["Content-Type"] == "application/json")


def test_no_page_has_anything_inline_that_the_policy_would_stop(world):
    found = {}
    for name, answer in pages(world).items():
        if name == MAIL or not answer.headers.get("Content-Type", "").startswith("text/html") or answer.streaming:
            continue
        page = soup(answer)
        nonce = re.search(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"])
        bad = [str(tag) for tag in page.find_all(["script", "style"]) if not tag.get("src") and not own(tag, nonce)]
        bad += [
            str(tag) for tag in page.find_all(True) if any(key.startswith("on") or key == "style" for key in tag.attrs)
        ]
        links = [str(tag.get(key)) for tag in page.find_all(True) for key in ("href", "src", "action") if tag.get(key)]
        bad += [link for link in links if link.lower().startswith(("javascript:", "vbscript:", "data:text"))]
        found |= {name: bad} if bad else {}
    assert found == {}


def own(tag: Any, nonce: re.Match[str] | None) -> bool:
    """Whether it carries this answer's nonce, or holds data and nothing that runs."""
    return tag.get("type") == "application/json" or (nonce is not None and tag.get("nonce") == nonce[1])


def test_links_to_others_tell_them_nothing_about_us(world):
    for name, answer in pages(world).items():
        if not answer.streaming and answer.headers.get("Content-Type", "").startswith("text/html"):
            for link in soup(answer).select('a[target="_blank"]'):
                assert {"noopener", "noreferrer"} & set(link.get("rel", [])), (name, str(link))


ASK_SETTINGS: Final = """
from gangway.config.settings import django as given
print(given.SECURE_HSTS_SECONDS, given.SECURE_HSTS_INCLUDE_SUBDOMAINS)
"""


@pytest.mark.parametrize(
    ("url", "seconds", "below"), [("https://gangway.example", 63_072_000, True), ("http://localhost:8000", 0, True)]
)
def test_encrypted_addresses_are_kept_for_two_years_with_all_below_them(settings, url, seconds, below):
    """Asked of the settings as a web process makes them out of its environment, then of an answer."""
    keys = settings.GANGWAY.sealing_public_keys_dir
    given = {"PATH": os.environ["PATH"], "GANGWAY_ROLE": "web", "GANGWAY_SECRET_KEY": secrets.token_urlsafe(64)}
    done = subprocess.run(
        [sys.executable, "-c", ASK_SETTINGS],
        env=given | {"GANGWAY_PUBLIC_URL": url, "GANGWAY_SEALING_PUBLIC_KEYS_DIR": str(keys)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [str(seconds), str(below)]
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = seconds, below
    told = Client().get("/accounts/login/", secure=True).headers.get("Strict-Transport-Security", "")
    assert told == ("max-age=63072000; includeSubDomains" if seconds else "")


# Cookies and sessions


def test_cookies_belong_to_this_host_and_are_read_by_no_script():
    operator = Operator.objects.get(pk=make_operator(make_provider()))
    client = Client()
    client.get("/accounts/login/")
    client.post("/accounts/login/", {"login": operator.email, "password": PASSWORD.reveal()})
    assert set(client.cookies) >= {"__Host-session", "__Host-csrf"}
    for name, cookie in client.cookies.items():
        assert name.startswith("__Host-")
        assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (True, True, "/", "")
        assert cookie["samesite"] == "Lax"
    assert settings.SESSION_COOKIE_AGE <= 12 * 3600


def test_a_session_at_the_desk_ends_after_an_hour_of_nothing_and_after_half_a_day(world):
    """A page that follows something live asks by itself: that is nobody's doing, and keeps nobody signed in."""
    client, now = admin(world), clock.now()
    for minutes, headers in ((0, {}), (50, {}), (100, {}), (159, {"HX-Request": "true"})):
        with time_machine.travel(now + timedelta(minutes=minutes)):
            assert client.get("/services/", headers=headers).status_code == 200, minutes
    with time_machine.travel(now + timedelta(minutes=161)):
        assert client.get("/services/", follow=True).redirect_chain[0][0].startswith("/accounts/login/")
        assert client.session.get("_auth_user_id") is None
    busy = admin(world)
    for minutes in range(0, 12 * 60, 45):
        with time_machine.travel(now + timedelta(minutes=minutes)):
            assert busy.get("/services/").status_code == 200, minutes
    with time_machine.travel(now + timedelta(minutes=12 * 60 + 1)):
        assert busy.get("/services/").status_code == 302


def test_signing_in_begins_another_session():
    operator = Operator.objects.get(pk=make_operator(make_provider()))
    client = Client()
    session = client.session
    session["planted"] = "by somebody"
    session.save()
    planted = client.cookies["__Host-session"].value
    client.post("/accounts/login/", {"login": operator.email, "password": PASSWORD.reveal()})
    assert client.cookies["__Host-session"].value != planted
    assert len(client.cookies["__Host-session"].value) >= 32


def test_an_invented_session_id_is_not_taken():
    client = Client()
    client.cookies["__Host-session"] = "a" * 32
    client.post("/accounts/login/", {"login": "x@example.com", "password": "y"})
    assert client.cookies["__Host-session"].value != "a" * 32 or "_auth_user_id" not in client.session


def test_who_reads_the_tables_of_sessions_can_sit_down_in_none_of_them(world):
    """A backup or a hole that reads tables gives keys of which no cookie can be made."""
    client = admin(world)
    kept, person = client.session.session_key, Operator.objects.get(pk=client.session["_auth_user_id"])
    own = UserSession.objects.create(user=person, session_key=kept, ip="127.0.0.1")
    assert Session.objects.filter(pk=kept).exists()
    assert client.cookies["__Host-session"].value not in str([*Session.objects.values(), kept])
    thief = Client()
    thief.cookies["__Host-session"] = kept
    assert thief.get("/services/").status_code == 302
    assert client.get("/services/").status_code == 200
    own.end()
    assert client.get("/services/").status_code == 302


def test_continue_begins_another_session():
    customer = make_customer()
    factories_onboarding.register(make_provider())
    token = factories_invitations.link(customer, factories_invitations.issue(customer))
    client = Client()
    session = client.session
    session["planted"] = "by somebody"
    session.save()
    planted = client.cookies["__Host-session"].value
    assert client.post(f"/i/{token.reveal()}").status_code == 302
    assert client.cookies["__Host-session"].value != planted


def test_signing_out_ends_the_session(world):
    client = admin(world)
    key = client.cookies["__Host-session"].value
    client.post("/accounts/logout/")
    again = Client()
    again.cookies["__Host-session"] = key
    assert again.get("/services/").status_code == 302


# Hosts and proxies


@pytest.mark.parametrize("header", ["X-Forwarded-Host", "X-Forwarded-Server", "X-Host", "Forwarded", "X-Original-URL"])
def test_headers_that_name_another_host_count_for_nothing(header):
    answer = Client().get("/services/", headers={header: "evil.example"})
    assert answer.status_code == 302
    assert "evil" not in answer.headers["Location"]
    assert "evil" not in read(Client().get("/accounts/login/", headers={header: "evil.example"}))


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "testserver@evil.example", "a b", "[::1"])
def test_another_host_name_is_a_bad_request(host):
    assert Client().get("/accounts/login/", headers={"Host": host}).status_code == 400


def test_an_address_that_a_header_claims_is_not_believed(world):
    client = Client()
    for number in range(6):
        client.post(
            "/accounts/login/",
            {"login": "x@example.com", "password": "wrong"},
            headers={"X-Forwarded-For": f"198.51.100.{number}", "X-Real-IP": f"198.51.100.{number}"},
        )
    said = client.post("/accounts/login/", {"login": "x@example.com", "password": "wrong"})
    assert "Too many failed" in read(said)


# Where one is led


AWAY: Final = (
    EVIL,
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "http:evil.example",
    "javascript:alert(1)",
    "https://testserver@evil.example",
    "https://testserver.evil.example/",
    "%2F%2Fevil.example",
    "/\t/evil.example",
    "\x00//evil.example",
    "data:text/html,x",
)


@pytest.mark.parametrize("there", AWAY)
def test_nobody_is_led_to_another_site(world, there):
    operator = Operator.objects.get(pk=make_operator(make_provider()))
    signing_in = Client()
    answers = [
        signing_in.post(
            "/accounts/login/", {"login": operator.email, "password": PASSWORD.reveal(), "next": there}, follow=False
        ),
        admin(world).post("/accounts/logout/", {"next": there}),
        admin(world).post("/accounts/reauthenticate/", {"password": PASSWORD.reveal(), "next": there}),
        admin(world).post(f"/customers/add/?then={there}", FORMS["customer_add"].values),
        admin(world).get("/accounts/login/", {"next": there}),
    ]
    for answer in answers:
        led = answer.headers.get("Location", "/")
        assert urljoin("http://testserver/accounts/login/", led).startswith("http://testserver/")
        assert not led.startswith(("//", "/\\", "/\t"))
        for form in soup(answer).select("form[action]"):
            assert form["action"].startswith(("/", "?")) or form["action"] == ""


@pytest.mark.parametrize("there", AWAY)
def test_the_page_before_is_one_of_ours(rf, there):
    assert own_page_before(rf.get("/", headers={"Referer": there})) == "/"


# Limits


def times(send: Any, most: int) -> list[int]:
    return [send().status_code for _number in range(most)]


def test_whoever_sends_too_much_is_told_to_wait(world, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "sending": "3/m/key"}
    client = admin(world)
    resend = lambda: client.post(address("invitation_resend", world))  # noqa: E731
    assert 429 not in times(resend, 3)
    told = resend()
    assert told.status_code == 429
    assert int(told.headers["Retry-After"]) > 0
    assert "Wait a few minutes" in read(told)
    assert client.get("/services/").status_code == 200
    other = admin(world)
    assert other.post(address("invitation_resend", world)).status_code != 429


def test_every_list_that_is_handed_out_as_a_file_has_a_limit():
    files = {f"web:{route.name}" for route in urlpatterns if str(route.name).endswith(("_export", "_csv", "_json"))}
    assert files <= FILES


@pytest.mark.parametrize(
    ("limit", "route", "who"),
    [
        ("link", "door", "stranger"),
        ("link", "join", "stranger"),
        ("link_used", "door", "stranger"),
        ("link_used", "join", "stranger"),
        ("unknown", "microsoft", "stranger"),
        ("microsoft", "microsoft_callback", "stranger"),
        ("wizard", "wizard_new", "wizard"),
        ("person", "customer_edit", "desk"),
        ("sending", "new_tenant", "desk"),
        ("sending", "invitation_copy", "desk"),
        ("sending", "operator_resend", "desk"),
        ("sending", "service_reinitiate", "desk"),
        ("asking_microsoft", "service_validate", "desk"),
        ("asking_microsoft", "services_validate", "desk"),
        ("asking_microsoft", "invitation_check_now", "desk"),
        ("asking_microsoft", "tenant_ask", "desk"),
        ("file", "service_export", "desk"),
        ("file", "run_support", "desk"),
        ("file", "invitation_export", "desk"),
        ("file", "activity_csv", "desk"),
        ("wizard", "wizard_support", "wizard"),
    ],
)
def test_what_costs_much_has_a_limit(world, settings, limit, route, who):
    settings.ACCOUNT_RATE_LIMITS = {
        **settings.ACCOUNT_RATE_LIMITS,
        limit: f"1/m/{'ip' if who == 'stranger' else 'key'}",
    }
    client = admin(world) if who == "desk" else Client()
    if who == "wizard":
        put_into_wizard(client, factories_onboarding.walk().case_id)
    reads = limit in {"link", "microsoft"} or (limit == "file" and route != "activity_csv")
    ask = client.get if reads else client.post
    assert ask(address(route, world)).status_code != 429
    told = ask(address(route, world))
    assert (told.status_code, told.headers["Retry-After"]) == (429, "60")


def test_signing_in_too_often_is_told_with_a_429_and_when_to_come_back(settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "login": "2/m/ip"}
    client = Client()
    answers = [client.post("/accounts/login/", {"login": "x@example.com", "password": "y"}) for _ in range(3)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert "That was too often" in read(answers[-1])


def test_nobody_pushes_out_what_is_counted_about_others():
    """The cache once had room for 300 entries: enough guesses at other accounts made it forget."""
    cache.set("a-count", 5)
    for number in range(350):
        cache.set(f"noise-{number}", 1)
    assert cache.get("a-count") == 5


# Errors


def test_an_error_page_shows_nothing_of_the_inside(world, monkeypatch):
    def breaks(*_given: Any, **_named: Any) -> None:
        raise RuntimeError("secret-of-the-inside /usr/lib SELECT")

    monkeypatch.setattr("gangway.web.views.services.asked_of", breaks)
    client = admin(world)
    client.raise_request_exception = False
    answer = client.get("/services/")
    page = read(answer)
    assert answer.status_code == 500
    for inside in ("secret-of-the-inside", "Traceback", "RuntimeError", "django", "SELECT", "/usr"):
        assert inside not in page
    assert answer.headers["X-Request-Id"] in page
    assert "Content-Security-Policy" in answer.headers


def test_a_debug_page_is_never_shown():
    assert settings.DEBUG is False
    assert Client().get("/nowhere/").status_code == 404
    for door in ("/admin/", "/__debug__/", "/metrics", "/api/docs", "/.git/config", "/.env", "/static/../settings.py"):
        assert Client().get(door).status_code == 404, door


@pytest.mark.parametrize("fault", ["DisallowedHost", "TooManyFieldsSent", "TooManyFilesSent", "RequestDataTooBig"])
def test_what_any_stranger_can_send_leaves_no_trace_in_the_log(fault):
    """The answer is a 400 as always; a trace for each would fill the disk."""
    assert not logging.getLogger(f"django.security.{fault}").isEnabledFor(logging.ERROR)
