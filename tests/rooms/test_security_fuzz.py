"""Every form and every query of the product is sent what no browser would send: never a broken page, nothing half done.

The forms are those of the URL table (`forms_table.py`), the values follow from a seed. After each request all tables
are compared with what they held: what left no entry in the activity log has changed nothing.
"""

import random
from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.apps import apps
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection, models, transaction
from django.test import Client, RequestFactory
from django.urls import reverse

from gangway.audit.models import Entry
from gangway.organizations.models import Organization
from gangway.organizations.roles import Kind
from gangway.organizations.scope import within_everything
from gangway.web.lists import LISTS
from tests.rooms import factories_invitations, factories_onboarding
from tests.rooms.factories_organizations import make_customer, make_operator, make_provider
from tests.rooms.factories_web import prove, put_into_wizard, sit_down
from tests.rooms.forms_table import FORMS, GETS, HOW, POSTS
from tests.rooms.test_web_strangers import World, address, nobody_is_stopped, world
from tests.rooms.watched_queries import asked_for

__all__ = ["asked_for", "nobody_is_stopped", "world"]

SOUGHT = {"q", "sort", "page"}.union(*(listed.filters for listed in LISTS.values()))
"""What lists keep in their addresses."""
pytestmark = pytest.mark.django_db

SEED: Final = 20_261_121
MUCH: Final = 100_000
DAILY: Final = 6
"""Requests for each form in the quick subset; the whole is some hundred for the larger ones."""
FORM: Final = "application/x-www-form-urlencoded"
NASTY: Final[dict[str, bytes]] = {
    "nothing": b"",
    "one": b"a",
    "blank": b" ",
    "200": b"a" * 200,
    "201": b"a" * 201,
    "255": b"a" * 255,
    "much": b"a" * MUCH,
    "combining": ("e" + "\u0301" * 50).encode(),
    "right to left": "\u202eelif\u202c".encode(),
    "isolate": "\u2066abc\u2069".encode(),
    "zero width": "ad\u200bmin".encode(),
    "emoji": "👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿".encode(),
    "beyond": "\U0010ffff".encode(),
    "surrogate": b"\xed\xa0\x80",
    "broken utf-8": b"\xff\xfe\xc3",
    "null": b"a\x00b",
    "lines": b"a\r\nBcc: x@evil.example\r\n\r\nb",
    "escape": b"\x1b[31mred\x1b[0m",
    "markup": b'"><script>alert(1)</script>',
    "template": b"{{ 7*7 }}{% debug %}${7*7}%(x)s{0}",
    "quote": b"' OR 1=1; DROP TABLE organizations_organization; --",
    "formula": b'=HYPERLINK("http://evil.example")',
    "path": b"../../../../etc/passwd",
    "script": b"javascript:alert(1)",
    "minus": b"-1",
    "zero": b"0",
    "huge": b"9" * 40,
    "digits": b"9" * 5000,
    "beyond bigint": b"9223372036854775808",
    "float": b"1.5",
    "exponent": b"1e309",
    "not a number": b"NaN",
    "infinite": b"Infinity",
    "foreign digits": "\u0661\u0662\u0663".encode(),
    "guid": b"00000000-0000-0000-0000-000000000000",
    "no guid": b"00000000-0000-0000-0000-00000000000g",
    "day that is none": b"2031-02-30",
    "year of no calendar": b"99999-01-01",
    "first day": b"0001-01-01",
    "last day": b"9999-12-31",
    "list": b'["a"]',
    "mail": b"a@" + b"b" * 250 + b".example",
    "umlaut host": "a@exämple.com".encode(),
    "none": b"None",
    "true": b"true",
}
BODIES: Final[dict[str, tuple[bytes, str]]] = {
    "json": (b'{"name": "x", "role": "admin"}', "application/json"),
    "deep json": (b"[" * MUCH, "application/json"),
    "xml": (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "application/xml"),
    "plain": (b"name=x", "text/plain"),
    "no type": (b"name=x", ""),
    "parts without a boundary": (b"--x\r\n", "multipart/form-data"),
    "broken parts": (b"--x\r\nContent-Disposition: form-data; name=", "multipart/form-data; boundary=x"),
    "a file": (
        b'--x\r\nContent-Disposition: form-data; name="name"; filename="../../a.svg"\r\n\r\n<svg/>\r\n--x--\r\n',
        "multipart/form-data; boundary=x",
    ),
    "another alphabet": (b"name=\xff", f"{FORM}; charset=utf-16"),
    "no alphabet": (b"name=x", f"{FORM}; charset=nonsense"),
    "many fields": (b"&".join(b"f%d=1" % number for number in range(1_001)), FORM),
    "too large": (b"name=" + b"a" * 2_700_000, FORM),
}
IGNORED: Final = {"django_session", "config_cache", "usersessions_usersession", "procrastinate_workers"}


@dataclass(frozen=True)
class Sent:
    """One request: what it is called, its body, the body's type."""

    name: str
    body: bytes
    kind: str = FORM


def encoded(pairs: Iterable[tuple[str, Any]]) -> bytes:
    return urlencode(list(pairs)).encode()


DREADED: Final = ("null", "surrogate", "broken utf-8", "lines", "digits", "much")
"""What has broken forms before: sent in every field."""
OTHERS: Final = tuple(name for name in NASTY if name not in DREADED)
SHARE: Final = 10
"""Each field gets every tenth of the others, each next field the next ones: a larger form meets all of them, and so do
fields of one name in different forms, as these begin at different places."""


def nasty_for(number: int, form: str) -> tuple[str, ...]:
    """The names of what is put into the form's field of this number."""
    begin = random.Random(f"{SEED} {form}").randrange(SHARE)  # noqa: S311
    return (*DREADED, *OTHERS[(begin + number) % SHARE :: SHARE])


def attacks(values: dict[str, str], form: str) -> Iterator[Sent]:
    """Everything that is sent to a form with these values. Bodies of other kinds meet the same reader in all forms."""
    for number, field in enumerate(values):
        for name in nasty_for(number, form):
            yield Sent(f"{field}: {name}", encoded((values | {field: NASTY[name]}).items()))
        yield Sent(f"{field}: missing", encoded((k, v) for k, v in values.items() if k != field))
        yield Sent(f"{field}: twice", encoded([*values.items(), (field, "other"), (f"{field}[]", "x")]))
    yield Sent("as it should be", encoded(values.items()))
    yield Sent("nothing at all", b"")
    begin = random.Random(f"{SEED} {form}").randrange(SHARE)  # noqa: S311
    yield from (Sent(name, *BODIES[name]) for name in tuple(BODIES)[begin::SHARE])


def some(values: dict[str, str], name: str, *, whole: bool) -> list[Sent]:
    """All of them, or the few of this day's kind: always the same ones."""
    every = list(attacks(values, name))
    return every if whole else random.Random(f"{SEED} {name}").sample(every, min(DAILY, len(every)))  # noqa: S311


TABLES: Final = sorted({model._meta.db_table for model in apps.get_models()} - IGNORED)


def held() -> dict[str, str]:
    """A digest of each table."""
    ask = "SELECT '{0}', coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {0} t"
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(ask.format(table) for table in TABLES))
        return dict(cursor.fetchall())


def written() -> int:
    """How many rows this transaction has written so far; cheap, and it counts what was taken back as well."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_stat_get_xact_tuples_inserted(number) + pg_stat_get_xact_tuples_updated(number)"
            " + pg_stat_get_xact_tuples_deleted(number)) FROM unnest(%s::oid[]) number",
            [numbers_of_tables()],
        )
        return int(cursor.fetchone()[0])


@cache
def numbers_of_tables() -> list[int]:
    """PostgreSQL's own; its view of counters, which takes names, takes five times as long."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT number::regclass::oid::int FROM unnest(%s::text[]) number", [TABLES])
        return [row[0] for row in cursor.fetchall()]


@dataclass
class Answer:
    """What came back, and which tables hold something else now."""

    status: int
    body: bytes
    changed: set[str]
    wrote: bool


def send(client: Client, url: str, sent: Sent, before: dict[str, str]) -> Answer:
    """Send it and take back what it did."""
    with transaction.atomic():
        entries, rows = Entry.objects.count(), written()
        response = client.generic("POST", url, sent.body, content_type=sent.kind)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        after = held() if written() != rows else before
        wrote = Entry.objects.count() != entries
        transaction.set_rollback(True)
    return Answer(response.status_code, body, {name for name in TABLES if after[name] != before[name]}, wrote)


QUIET: Final = (
    {"onboarding_tenantlookup", "procrastinate_jobs", "procrastinate_events"},
    {"onboarding_visit", "vault_sealed"},
)
"""Looking a domain's tenant up changes nothing of anybody's, and who only sets out to Microsoft from the customer's own
view is nobody yet: of both the activity log doesn't tell."""


def wrong(answer: Answer) -> str:
    """What must not be; empty when all is well."""
    if answer.status >= 500:
        return f"broke with {answer.status}"
    if b"Traceback (most" in answer.body:
        return "shows what it is made of"
    if answer.changed and not answer.wrote and set(answer.changed) not in QUIET:
        return f"changed {sorted(answer.changed)} and says so nowhere"
    return f"refused with {answer.status}, and changed {sorted(answer.changed)}" if refused(answer) else ""


def refused(answer: Answer) -> bool:
    """Whether a refusal changed something: the log of it aside."""
    about = {name for name in answer.changed if not name.startswith("audit_")}
    return bool(about) and answer.status >= 400


def sender(name: str, world: World) -> Client:
    """The browser of whoever sends this form."""
    who = FORMS[name].who
    if who == "desk":
        return prove(sit_down(world.places[Kind.PROVIDER]))
    if who == "system":
        return prove(sit_down(world.places[Kind.SYSTEM]))
    client = Client()
    if who == "wizard":
        put_into_wizard(client, case_for(name))
    return client


def case_for(name: str) -> UUID:
    """A real case that stands where this form is."""
    walked = factories_onboarding.walk(choose=name != "wizard")
    if name in {"wizard_with_code", "wizard_with_microsoft", "wizard_blocked"}:
        walked.start()
    if name in {"wizard_signed_in", "wizard_my_part", "wizard_name"}:
        factories_onboarding.signed_in(walked)
    if name == "wizard_name":
        from gangway.onboarding import actions  # noqa: PLC0415

        actions.confirm_signed_in(
            case_id=walked.case_id, by=factories_onboarding.ADMINISTRATOR, now=factories_onboarding.clock.now()
        )
    return walked.case_id


def filled(name: str, world: World) -> dict[str, str]:
    """The form's values, with the world's own things where something must be chosen."""
    values = dict(FORMS[name].values)
    if "parent" in values:
        values["parent"] = str(world.things["channel"][0])
    if name == "operator_invite":
        values["organization"] = str(world.places[Kind.PROVIDER].id)
    return values


def test_what_is_written_is_counted_also_when_it_is_taken_back():
    """Positive control: the tables are compared only where something was written."""
    counted = [written()]
    made = make_provider()
    counted.append(written())
    with within_everything("test"):
        Organization.objects.filter(pk=made.id).update(name="Other")
    counted.append(written())
    with transaction.atomic():
        make_provider()
        transaction.set_rollback(True)
    counted.append(written())
    assert sorted(set(counted)) == counted


def test_every_form_has_values():
    assert sorted(set(POSTS) - set(FORMS)) == [], HOW
    assert sorted(set(FORMS) - set(POSTS)) == [], "there is no such form (any more): take it away"


SAME_FORM: Final = {"channel_add", "channel_edit", "provider_add", "provider_edit"}
"""Made of the fields of a customer's, which are tried with everything; of these a few each day are enough."""


def run(name: str, world: World, *, whole: bool) -> None:
    client, url, found = sender(name, world), address(name, world), {}
    before = held()
    for sent in some(filled(name, world), name, whole=whole):
        told = wrong(send(client, url, sent, before))
        if told:
            found[sent.name] = told
    assert found == {}, name


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in SAME_FORM else pytest.mark.sample) for name in POSTS]
)
def test_a_form_takes_or_refuses_whatever_is_sent(world, name):
    run(name, world, whole=False)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", [name for name in POSTS if name not in SAME_FORM])
def test_a_form_takes_or_refuses_everything_that_we_can_think_of(world, name):
    run(name, world, whole=True)


EVERYTHING: Final = urlencode(
    {f"x{number}": value[:2000] for number, value in enumerate(NASTY.values())} | dict.fromkeys(SOUGHT, "a")
)
"""All of it at once, under names that no page knows; and those of the lists, for who looks through what was sent."""


@pytest.mark.parametrize("name", GETS)
def test_an_address_survives_whatever_is_asked(world, name, asked_for):
    """Each name that the page asks for meets what fields of forms meet, and markup; so do those asked for then.

    At the end all of them are asked for at once.
    """
    client, url, before, found = visitor(name, world), address(name, world), held(), {}

    def look(query: str) -> None:
        with transaction.atomic():
            response = client.get(f"{url}?{query}")
            body = b"".join(response.streaming_content) if response.streaming else response.content
            transaction.set_rollback(True)
        if response.status_code >= 500 or b"Traceback (most" in body or b"<script>alert(1)" in body:
            found[query[:100]] = response.status_code

    look(EVERYTHING)
    tried: list[str] = []
    while more := sorted(asked_for.difference(tried)):
        for nasty in {"markup", *nasty_for(len(tried), name)}:
            look(urlencode({more[0]: NASTY[nasty][:2000]}))
        tried.append(more[0])
    mixed = random.Random(f"{SEED} {name}")  # noqa: S311
    look(urlencode({one: mixed.choice(list(NASTY.values()))[:2000] for one in tried}))
    assert found == {}, name
    assert held() == before


def visitor(name: str, world: World) -> Client:
    """The browser of somebody who may look at this address."""
    if name in FORMS:
        return sender(name, world)
    if not name.startswith("wizard"):
        return sit_down(world.places[Kind.PROVIDER])
    client = Client()
    put_into_wizard(client, case_for(name))
    return client


def test_it_is_seen_what_an_address_asks_for(world, asked_for):
    """Positive control: names that were sent and names that were not."""
    sit_down(world.places[Kind.PROVIDER]).get(f"{reverse('web:services')}?q=a&nobody=b")
    assert {"q", "sort", "page"} <= asked_for
    assert "nobody" not in asked_for


@pytest.mark.parametrize(
    "read",
    [
        lambda query: query.copy().get("looked"),
        lambda query: copy(query).getlist("looked"),
        lambda query: query.copy().pop("looked"),
        lambda query: "looked" in query.dict(),
        lambda query: list(query.items()),
        lambda query: list(query.copy().values()),
    ],
)
def test_what_is_read_in_a_roundabout_way_is_seen_too(asked_for, read):
    query = WSGIRequest(RequestFactory().get("/?looked=a").environ).GET
    assert "looked" not in asked_for
    read(query)
    assert "looked" in asked_for


@pytest.mark.parametrize("start", ["/i/", "/join/"])
@pytest.mark.parametrize("token", ["%00", "%ff%fe", "a" * 5_000, "%F0%9F%98%80", "..%2f..%2fetc", "%0d%0aSet-Cookie:x"])
def test_a_link_with_anything_in_it_is_only_a_wrong_link(start, token):
    for method in (Client().get, Client().post):
        answer = method(start + token)
        assert answer.status_code in {404, 410}
        assert "Set-Cookie:x" not in str(answer.headers)


# Mass assignment: fields that a form doesn't have are nobody's

TEXT, NUMBER, DAY = "zz-mass-assigned", 987_654_321, "2091-02-03T00:00:00Z"


def surplus(rival: UUID, own: set[str]) -> dict[str, str]:
    """Every column of every table as a field, with a value of its type that would be seen."""
    found = {}
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            for name in {field.name, field.attname} - own:
                if isinstance(field, models.BooleanField):
                    found[name] = "on"
                elif isinstance(field, models.DateTimeField):
                    found[name] = DAY
                elif isinstance(field, models.IntegerField):
                    found[name] = str(NUMBER)
                elif isinstance(field, models.UUIDField | models.ForeignKey):
                    found[name] = str(rival)
                else:
                    found[name] = TEXT
    return found


def marked(rival: UUID) -> dict[str, int]:
    """In how many rows of each table one of the values stands."""
    ask = "SELECT '{0}', count(*) FROM {0} t WHERE t::text LIKE ANY (%s)"
    marks = [f"%{mark}%" for mark in (TEXT, NUMBER, "2091-02-0", rival)]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(ask.format(table) for table in TABLES), [marks] * len(TABLES))
        return dict(cursor.fetchall())


@pytest.mark.parametrize("name", POSTS)
def test_surplus_fields_are_nobodys(world, name):
    rival = make_provider().id
    client, values = sender(name, world), filled(name, world)
    before, given = marked(rival), {**surplus(rival, set(values) | {"way", "organization", "to"}), **values}
    answer = client.post(address(name, world), given)
    assert answer.status_code < 500
    assert marked(rival) == before


def test_the_surplus_would_be_seen():
    """Positive control: a value that does get into a row is found."""
    rival = make_provider(name=f"A {TEXT}").id
    assert marked(rival)["organizations_organization"] >= 1


WIZARD_LOOKS: Final = sorted(name for name in GETS if name.startswith("wizard"))


@pytest.fixture
def offered_link() -> str:
    provider = make_provider()
    factories_onboarding.register(provider)
    customer = make_customer(provider)
    invitation_id = factories_onboarding.issue(customer, make_operator(provider))
    return f"/i/{factories_invitations.link(customer, invitation_id).reveal()}"


def test_a_hundred_looks_at_an_invitation_change_no_table(offered_link):
    """Scanners of mails open links again and again, with every method that only looks."""
    client, before = Client(), held()
    for number in range(100):
        answer = client.generic(("GET", "HEAD", "OPTIONS")[number % 3], offered_link)
        assert answer.status_code in {200, 405}
    for name in WIZARD_LOOKS:
        for method in ("GET", "HEAD", "OPTIONS"):
            assert client.generic(method, reverse(f"web:{name}")).status_code < 500
    after = held()
    assert [name for name in TABLES if after[name] != before[name]] == []
