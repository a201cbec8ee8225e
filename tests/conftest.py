"""What every test needs: Django with the role *test* (`gangway.config.settings.test`) and a database it may change."""

import gc
import os
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from django.conf import settings
from django.contrib.auth import base_user
from django.db import connection, connections
from django.http import HttpRequest
from django.template.base import Template
from django.test import Client
from django_scopes.state import state
from psycopg import sql

from gangway.accounts.sessions import SessionStore
from gangway.config.database import grants, server
from gangway.config.database.address import Address
from gangway.foundation.sealed import SealedText
from gangway.organizations import scope
from gangway.vault import keys
from tests import migrated

gc.set_threshold(50_000, 20, 100)  # Django and its tests make much and drop it soon: looking so often costs a tenth
TESTS: Final = Path(__file__).parent
COUNTED = re.compile(r": (\d+) points.* (\d+) orphans$")


WAITING: Final = ("ground", "journeys")
"""What starts whole programs waits for them half of its time."""
LONGEST: Final = "test_look.py"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Have processes that share the work do what waits beside what computes, the longest first."""
    if hasattr(config, "workerinput"):
        items[:] = mixed(items)


def mixed(items: list[pytest.Item]) -> list[pytest.Item]:
    """Put a file that waits after every few others, until none is left; each kind keeps its order."""
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    waiting = [path for path in files if path.relative_to(TESTS).parts[0] in WAITING]
    waiting.sort(key=lambda path: path.name != LONGEST)
    others = [path for path in files if path not in waiting]
    places = {path: float(number) for number, path in enumerate(others)}
    every = 0.6 * len(others) / max(len(waiting), 1)  # in the last part of the others there is hardly any work
    places |= {path: every * number - 0.5 for number, path in enumerate(waiting)}
    return [item for path in sorted(files, key=places.__getitem__) for item in files[path]]


@pytest.fixture(scope="session", autouse=True)
def data_folder() -> Iterator[Path]:
    """The run's own data folder with a first sealing key; this process may open what is sealed, as a worker may."""
    folder: Path = settings.GANGWAY.data_dir
    keys.new(public_dir=settings.GANGWAY.sealing_public_keys_dir, private_dir=settings.GANGWAY.sealing_private_keys_dir)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session", autouse=True)
def browsers_hold_secrets() -> Iterator[None]:
    """Django's test client puts a session's key into the cookie; here the cookie holds what the key is made of."""
    name = settings.SESSION_COOKIE_NAME
    set_cookies = Client._set_login_cookies

    def session(client: Client) -> SessionStore:
        cookie = client.cookies.get(name)
        if cookie and cookie.value:
            return SessionStore.of(cookie.value)
        fresh = SessionStore()
        fresh.save()
        client.cookies[name] = fresh.secret
        return fresh

    def set_secret(client: Client, request: HttpRequest) -> None:
        set_cookies(client, request)
        client.cookies[name] = request.session.secret

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "session", property(session))
        patch.setattr(Client, "_set_login_cookies", set_secret)
        yield


@pytest.fixture(scope="session", autouse=True)
def passwords_are_hashed_once() -> Iterator[None]:
    """Argon2 is slow on purpose, and set-up gives many people the same password: hash each password once for a run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(base_user, "make_password", cache(base_user.make_password))
        yield


@pytest.fixture(scope="session", autouse=True)
def pages_are_only_rendered(django_test_environment: None) -> Iterator[None]:
    """Django would note with what each template of a page was rendered, also those of each choice of a field.

    That takes a tenth of a page's time; tests read what the page says.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Template, "_render", lambda template, context: template.nodelist.render(context))
        yield


@pytest.fixture(scope="session")
def database_server(data_folder: Path) -> Iterator[Address]:
    """A PostgreSQL for this run: the one of GANGWAY_TEST_DATABASE_URL, else an embedded one that ends with the run."""
    url = os.environ.get("GANGWAY_TEST_DATABASE_URL")
    if url:
        yield Address.parse(SealedText(url))
        return
    migrated.lay(data_folder)
    with server.supervised(data_folder, durable=False) as embedded:
        yield embedded.superuser


@pytest.fixture(scope="session")
def django_db_modify_db_settings(database_server: Address) -> None:
    """Point Django at that server, with a test database of this run's own: a copy where a migrated one lies there."""
    entry = connections["default"].settings_dict
    entry.update(database_server.django())
    entry["TEST"]["NAME"] = f"test_{os.getpid()}"
    if "GANGWAY_TEST_DATABASE_URL" not in os.environ:
        entry["TEST"]["TEMPLATE"] = database_server.name


@pytest.fixture(autouse=True)
def jobs_end_with_their_test(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """Take away the jobs of a test that commits: their tables are nobody's models, so Django doesn't empty them."""
    yield
    marker = request.node.get_closest_marker("django_db")
    if marker is not None and marker.kwargs.get("transaction"):
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_events")
            cursor.execute("DELETE FROM procrastinate_jobs")


@pytest.fixture(autouse=True)
def scopes_end_with_their_test() -> Iterator[None]:
    """Name the test that leaves a scope open, not the next one that needs none."""
    yield
    left = scope.told()
    state.set(None)
    assert not left, f"this test left the scope {left} open"


class Roles(NamedTuple):
    """The database roles of this run."""

    web: str
    worker: str


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[Roles]:
    """Give the test database its roles, rights and policies, as `gangway migrate` does; the roles go with the run."""
    roles = Roles(f"test_{os.getpid()}_web", f"test_{os.getpid()}_worker")
    with django_db_blocker.unblock():
        _for_each(roles, "CREATE ROLE {}")
        grants.grant(web=roles.web, worker=roles.worker)
        connection.close()
    yield roles
    with django_db_blocker.unblock():
        _for_each(roles, "DROP OWNED BY {0}; DROP ROLE {0}")
        connection.close()


def _for_each(roles: Roles, statement: str) -> None:
    with connection.cursor() as cursor:
        for role in roles:
            cursor.execute(sql.SQL(statement).format(sql.Identifier(role)))


@pytest.fixture
def database_roles(django_db_setup: Roles) -> Roles:
    """The names of the roles web and worker in the test database."""
    return django_db_setup


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what the interruption tables counted: the count is part of the proof."""
    sections = [text for report in terminalreporter.getreports("passed") for _name, text in report.sections]
    told = dict.fromkeys(line for text in sections for line in text.splitlines() if COUNTED.search(line))
    if told:
        found = [COUNTED.search(line) for line in told]
        points, orphans = (sum(int(one[group]) for one in found if one) for group in (1, 2))
        terminalreporter.section(f"interrupted at {points} points, {orphans} orphans left")
        for line in told:
            terminalreporter.line(line)
