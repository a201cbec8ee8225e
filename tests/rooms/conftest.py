"""Pages are asked for as the database role that serves them: every test of a page is a test of the second wall too."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test.client import ClientHandler
from psycopg import sql

from tests.conftest import Roles
from tests.contract.tenant import Tenant
from tests.emulator.conftest import Emulator, running
from tests.rooms.factories_existing import ByHand, Made


@pytest.fixture(scope="session")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """The emulated Microsoft of all files; each test's own fixture sets it back."""
    with running(tmp_path_factory.mktemp("emulator")) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def kept(process: Emulator) -> Iterator[Tenant]:
    """Contoso in it, with a connection to the control door that is kept open."""
    tenant = Tenant(process)
    yield tenant
    tenant.close()


@pytest.fixture
def emulator(process: Emulator, settings: Any) -> Emulator:
    """The emulator, fresh; and the product's settings pointing at it."""
    process.control("POST", "reset")
    settings.GANGWAY = django_settings.GANGWAY.model_copy(update=_addresses(process))
    return process


@pytest.fixture
def tenant(kept: Tenant, settings: Any) -> Tenant:
    """Contoso in it, as fresh; the same settings, and our waits for what Microsoft copies are short."""
    kept.reset()
    changed = {**_addresses(kept.emulator), "propagation_deadline_seconds": 4}
    settings.GANGWAY = django_settings.GANGWAY.model_copy(update=changed)
    return kept


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ByHand]:
    """An administrator who makes registrations by hand, in an emulated Microsoft of the file's own."""
    with running(tmp_path_factory.mktemp("emulator")) as emulator:
        yield ByHand(emulator)


@pytest.fixture(scope="module")
def whole(by_hand: ByHand) -> Made:
    """One registration with everything; tests that change one make their own."""
    return by_hand.make()


@pytest.fixture
def typed_for_real(by_hand: ByHand, settings: Any) -> None:
    """What is typed is tried at that Microsoft."""
    settings.GANGWAY = django_settings.GANGWAY.model_copy(update=_addresses(by_hand.emulator))


def _addresses(emulator: Emulator) -> dict[str, Any]:
    return {
        "cloud_login_url": emulator.url,
        "cloud_graph_url": emulator.url,
        "extra_ca_file": Path(emulator.ca_file),
    }


@pytest.fixture(autouse=True)
def pages_run_as_web(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Django's test client run each request as the role web."""
    if request.node.get_closest_marker("django_db"):
        roles: Roles = request.getfixturevalue("database_roles")
        monkeypatch.setattr(ClientHandler, "__call__", _as(roles.web, ClientHandler.__call__))


def _as(role: str, handle: Callable[..., Any]) -> Callable[..., Any]:
    def handled(*args: Any, **kwargs: Any) -> Any:
        with database_role(role):
            return handle(*args, **kwargs)

    return handled


@contextmanager
def database_role(role: str) -> Iterator[None]:
    """Be one of the two roles for a while, on this test's own connection."""
    _run(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
    try:
        yield
    finally:
        _run(sql.SQL("RESET ROLE"))


def _run(statement: sql.Composable) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
