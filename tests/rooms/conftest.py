"""Pages are asked for as the database role that serves them: every test of a page is a test of the second wall too."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test.client import ClientHandler
from psycopg import sql

from tests.conftest import Roles


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
