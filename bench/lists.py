"""How much longer a list takes with 100,000 services than with 1,000, and beside Django's own admin of the same table.

Makes two providers in one database of its own, one small and one large, signs a person in to each, and asks for the
same pages in turn: with and without search, filter and each order that a head offers, and a later page. Prints, for
each, the 95th percentile of the large one over that of the small one, and the numbers of queries. Django's admin shows
the same table in the same run (its list counts the whole table for its pages).

    python bench/lists.py [--small 1000] [--large 100000] [--rounds 40] [--only runs] [--keep FOLDER]

One JSON line at the end. With `--keep` the database stays in that folder, and what is there already isn't made again.

Ratios in one run, not timed tests: they tell of the queries, hardly of the machine.
"""

# ruff: noqa: PLC0415  Django has to be awake before its parts are imported

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import statistics
import sys
import tempfile
import time
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES = {
    "dashboard": "/",
    "services": "/services/",
    "services, one word": "/services/?q=contoso",
    "services, two words": "/services/?q=t+head",
    "services, two words, few": "/services/?q=contoso+bak",
    "services, short name": "/services/?q=svc0001",
    "services, filtered": "/services/?status=warning",
    "services, filtered, few": "/services/?status=error",
    "services being deleted": "/services/?status=deleting",
    "services, page 5": "/services/?page=5",
    "customers": "/customers/",
    "customers, searched": "/customers/?q=northwind",
    "customers, of a channel": "/customers/?parent=channel+17",
    "customers, of a cloud": "/customers/?cloud=gcc-high",
    "channels": "/channels/",
    "channels, searched": "/channels/?q=channel+1",
    "channels, with a limit": "/channels/?bound=set",
    "invitations": "/invitations/",
    "invitations, filtered": "/invitations/?state=sent",
    "invitations, added": "/invitations/?state=added",
    "invitations, one word": "/invitations/?q=contoso",
    "invitations, recipient": "/invitations/?q=ada%40svc0001",
    "runs": "/runs/",
    "runs, filtered": "/runs/?state=failed",
    "runs, of a kind": "/runs/?kind=rotation",
    "runs, one word": "/runs/?q=contoso",
    "runs, short name": "/runs/?q=svc0001",
    "runs, found nowhere": "/runs/?q=zzzz",
    "runs, whole id": "/runs/?q=7d9f1c52-0000-4000-8000-000000000001",
    "connections": "/connections/",
    "connections, status": "/connections/?status=error",
    "connections, suspended": "/connections/?status=suspended",
    "connections, rotation": "/connections/?rotation=failed",
    "connections, drift": "/connections/?drift=less",
    "connections, one word": "/connections/?q=contoso",
    "connections, short name": "/connections/?q=svc0001",
    "leftovers": "/leftovers/",
    "leftovers, cleared": "/leftovers/?state=cleared",
    "leftovers, kind": "/leftovers/?kind=role",
    "leftovers, one word": "/leftovers/?q=contoso",
    "leftovers, whole id": "/leftovers/?q=7d9f1c52-0000-4000-8000-000000000001",
    "alarms": "/alarms/",
    "alarms, filtered": "/alarms/?severity=critical",
    "alarms, cleared": "/alarms/?state=cleared",
    "alarms, kind": "/alarms/?kind=platform",
    "alarms, one word": "/alarms/?q=contoso",
    "imports": "/imports/",
    "imports, filtered": "/imports/?state=stopped",
    "imports, searched": "/imports/?q=services-0",
    "operators": "/operators/",
    "operators, searched": "/operators/?q=ada",
    "operators, role": "/operators/?role=admin",
    "operators, no second factor": "/operators/?state=no_second_factor",
    "activity": "/activity/",
    "activity, one kind": "/activity/?event=connections%3Aconnection%3Amade",
    "activity, rare kind": "/activity/?event=vault%3Asecret%3Adestroyed",
}
SORTS = {
    "services": "short_name full_name customer connection deployment created_at credential validated",
    "customers": "name created_at",
    "channels": "name created_at",
    "invitations": "created expires",
    "runs": "begun",
    "connections": "look",
    "leftovers": "since",
    "alarms": "severity since",
    "imports": "brought file rows",
    "operators": "name organization role seen",
}
"""Every order that a list's heads offer; each is asked for both ways."""
PAGES |= {
    f"{name} by {way}{key}": f"{PAGES[name]}?sort={way}{key}"
    for name, keys in SORTS.items()
    for key in keys.split()
    for way in ("", "-")
}
ADMIN_NEEDS = ["django.template.context_processors.request"]
FULL_PAGES = 600
"""So many customers, and a tenth of it channels, has the small one at least: a page of fifty rows, searched too, takes
longer than one of ten whatever lies behind it."""
GOAL = 1.3
"""The 95th percentile of the large list over that of the small one, at most, where both pages have as many rows."""


def main() -> int:
    """Measure and print; exit code 1 when a list misses the goal or needs more queries with more rows."""
    wanted = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    wanted.add_argument("--small", type=int, default=1000)
    wanted.add_argument("--large", type=int, default=100_000)
    wanted.add_argument("--rounds", type=int, default=40)
    wanted.add_argument("--only", default="", help="the lists whose names begin so")
    wanted.add_argument("--keep", type=Path, help="a folder in which the database stays for the next time")
    given = wanted.parse_args()
    pages = {name: path for name, path in PAGES.items() if name.startswith(given.only)}
    with _folder(given.keep) as folder, _database(folder):
        people = {size: _person(size) or _filled(size) for size in (given.small, given.large)}
        _analyse()
        _as_web()
        clients = [_signed_in(person) for person in people.values()]
        result = {name: _compared(path, *clients, given.rounds) for name, path in pages.items()}
        _as_owner()
        admin = _admin(given.rounds)
    return _told(result, admin)


def _told(result: dict[str, dict[str, Any]], admin: float) -> int:
    print(f"{'list':<28}{'large/small':>12}{'rows':>9}{'queries':>9}{'p95 ms':>9}")
    for name, row in result.items():
        rows = "/".join(map(str, row["rows"]))
        print(f"{name:<28}{row['ratio']:>12.2f}{rows:>9}{row['queries']:>9}{row['p95_ms']:>9.1f}")
    slowest = max((row["p95_ms"] for name, row in result.items() if name.startswith("services")), default=0)
    over = round(admin * 1000 / slowest, 2) if slowest else None
    load = [round(each, 1) for each in os.getloadavg()]
    print(f"Django's admin list of the same table takes {over} times our slowest list of services.")
    print(f"Load of the machine at the end (1, 5, 15 minutes): {load}")
    print(json.dumps({"lists": result, "admin_over_ours": over, "load": load}))
    return 0 if all(map(_as_good, result.values())) else 1


def _as_good(row: dict[str, Any]) -> bool:
    """Say whether the large list keeps to the goal; where its page has more rows all the same, its queries count."""
    small, large = row["compared"]
    return row["same_queries"] and (row["ratio"] <= GOAL or small < large)


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is None:
        with tempfile.TemporaryDirectory(prefix="gangway-bench-") as folder:
            yield Path(folder)
    else:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()


@contextmanager
def _database(folder: Path) -> Iterator[None]:
    """A database of its own with all tables, roles and policies, durable as in production."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "gangway.config.settings.test"
    import django
    from django.conf import settings

    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "django.contrib.admin"]
    django.setup()
    from django.core.management import call_command
    from django.db import connections

    from gangway.config.database import grants, server
    from gangway.vault import keys

    logging.disable(logging.CRITICAL)
    settings.ALLOWED_HOSTS = ["*"]
    with server.supervised(folder / "data") as embedded:
        ADDRESSES.update(owner=embedded.owner.django(), web=embedded.web.django())
        _as_owner()
        keys.new(
            public_dir=settings.GANGWAY.sealing_public_keys_dir, private_dir=settings.GANGWAY.sealing_private_keys_dir
        )
        call_command("migrate", verbosity=0)
        call_command("createcachetable")
        with connections["default"].cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS django_admin_log")  # the admin's own, which its lists don't need
        grants.grant(web=ADDRESSES["web"]["USER"], worker=embedded.worker.django()["USER"])
        yield
        connections.close_all()


ADDRESSES: dict[str, dict[str, Any]] = {}


def _as_owner() -> None:
    _as(ADDRESSES["owner"])


def _as_web() -> None:
    """From here on as the web process asks: by a role that row-level security binds."""
    _as(ADDRESSES["web"])


def _as(address: dict[str, Any]) -> None:
    from django.db import connection

    connection.close_pool() if hasattr(connection, "close_pool") else connection.close()
    connection.close()
    connection.settings_dict.update(address)


def _person(services: int) -> UUID | None:
    """Whoever administrates the provider with so many services, if an earlier run made it."""
    from gangway.organizations.people_queries import person_by_address

    return person_by_address(_address(services))


def _address(services: int) -> str:
    return f"ann{services}@example.org"


def _filled(services: int) -> UUID:
    """Make a provider with so many services, in a tenth as many customers; its administrator's id."""
    from gangway.audit.record import Actor
    from gangway.cli.seed import make_samples
    from gangway.foundation.sealed import SealedText
    from gangway.organizations import actions
    from gangway.organizations.roles import Role
    from gangway.organizations.scope import within_everything

    name, by = f"of {services}", Actor.system("bench")
    customers, channels = max(services // 10, FULL_PAGES), max(services // 500, FULL_PAGES // 10)
    begun = time.monotonic()
    provider = make_samples(services, customers, channels, name)
    print(f"Made {services:,} services and what goes with them in {time.monotonic() - begun:.0f} s.")
    with within_everything("a bench of its own"):
        person = actions.create_operator(
            email=_address(services),
            name="Ann",
            password=SealedText(f"a long one for {uuid4()}"),
            organization_id=provider,
            role=Role.ADMIN,
            by=by,
        )
        actions.enroll_totp(person, by=by)
    return person


def _analyse() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _signed_in(person: UUID) -> Any:
    """A browser of this person. Django's own test client would give it the session's key in place of its secret."""
    from django.conf import settings
    from django.contrib.auth import get_user_model, login
    from django.http import HttpRequest
    from django.test import Client

    from gangway.accounts.sessions import SessionStore

    request, store, client = HttpRequest(), SessionStore(), Client()
    request.session = store
    login(request, get_user_model().objects.get(pk=person), settings.AUTHENTICATION_BACKENDS[0])
    store.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = store.secret or ""
    return client


def _compared(path: str, small: Any, large: Any, rounds: int) -> dict[str, Any]:
    """Ask both in turn, so that whatever else the machine does hits both.

    Questions are counted twice, and the fewer taken: once a minute a session notes that it is used.
    """
    queries = [min(_queries(client, path) for _time in range(2)) for client in (small, large)]
    rows = [_rows(client, path) for client in (small, large)]
    with _pages_of(rows[0] if 0 < rows[0] < rows[1] else None):
        compared = [_rows(client, path) for client in (small, large)]
        turns = [[_timed(client, path) for client in (small, large)] for _round in range(rounds)]
    at = [_p95(list(times)) for times in zip(*turns, strict=True)]
    return {
        "ratio": round(at[1] / at[0], 2),
        "p95_ms": round(at[1] * 1000, 1),
        "rows": rows,
        "compared": compared,
        "queries": queries[1],
        "same_queries": queries[0] == queries[1],
    }


@contextmanager
def _pages_of(rows: int | None) -> Iterator[None]:
    """Let pages be as long as the small one's where that isn't full: more rows take longer by themselves."""
    from gangway.organizations import pages

    usual = pages.PAGE_SIZE
    pages.PAGE_SIZE = rows or usual  # type: ignore[misc]
    yield
    pages.PAGE_SIZE = usual  # type: ignore[misc]


def _rows(client: Any, path: str) -> int:
    """How many rows the page shows, its head not counted; of the dashboard and the log, how many lines."""
    page: bytes = client.get(path).content
    lines = re.findall(rb'<ol class="gw-(?:needs|timeline)".*?</ol>', page, re.DOTALL)
    return page.partition(b"<tbody>")[2].count(b"<tr>") + sum(each.count(b"<li>") for each in lines)


def _timed(client: Any, path: str) -> float:
    start = time.perf_counter()
    answer = client.get(path)
    took = time.perf_counter() - start
    if answer.status_code != HTTPStatus.OK:
        raise SystemExit(f"{path} answered {answer.status_code}")
    return took


def _queries(client: Any, path: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as asked:
        _timed(client, path)
    if any("COUNT(*)" in query["sql"] and "LIMIT" not in query["sql"] for query in asked.captured_queries):
        raise SystemExit(f"{path} counts the whole")
    return len(asked.captured_queries)


def _admin(rounds: int) -> float:
    """The 95th percentile of Django's own list of the same table, drawn as its users meet it, bound by no policy."""
    from django.conf import settings
    from django.contrib.admin import AdminSite, ModelAdmin
    from django.test import RequestFactory, override_settings
    from django.urls import path

    from gangway.organizations.scope import within_everything
    from gangway.services.models import Service

    class Person:
        is_active = is_staff = is_authenticated = True
        pk = id = 1

        def has_perm(self, *_args: object) -> bool:
            return True

        def has_usable_password(self) -> bool:
            return True

        def get_username(self) -> str:
            return "Ann"

        has_module_perms = has_perm

    class Listed(ModelAdmin):  # type: ignore[type-arg]
        list_display = ("short_name", "full_name", "organization", "connection_status", "created_at")
        list_per_page = 50
        list_select_related = ("organization",)

    site = AdminSite()
    site.register(Service, Listed)
    addresses = sys.modules["bench_admin"] = ModuleType("bench_admin")
    addresses.urlpatterns = [path("admin/", site.urls)]  # type: ignore[attr-defined]
    templates = [{**settings.TEMPLATES[0], "OPTIONS": {"context_processors": ADMIN_NEEDS}, "APP_DIRS": True}]
    templates[0]["OPTIONS"].setdefault("builtins", [])
    times = []
    with (
        within_everything("the admin knows no scope"),
        override_settings(ROOT_URLCONF="bench_admin", TEMPLATES=templates),
    ):
        for _round in range(rounds):
            request = RequestFactory().get("/admin/services/service/")
            request.user = Person()  # type: ignore[assignment]
            request._messages = []  # type: ignore[attr-defined]  # noqa: SLF001  its template asks for them
            start = time.perf_counter()
            answer = site._registry[Service].changelist_view(request).render()  # noqa: SLF001
            times.append(time.perf_counter() - start)
            if answer.content.count(b'class="action-select"') != Listed.list_per_page:
                raise SystemExit("Django's admin listed something else")
    return _p95(times)


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


if __name__ == "__main__":
    sys.exit(main())
