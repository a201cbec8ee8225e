"""A connection from the pool is looked at before it is used: free of charge while it lives; a dead one is replaced."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, connections

from gangway.config.database.engine import alive
from gangway.config.database.engine.base import DatabaseWrapper
from gangway.foundation import clock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pooled() -> Iterator[Any]:
    """A connection with a pool of one, as web and worker have."""
    told = copy.deepcopy(connections["default"].settings_dict)
    told["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 1, "timeout": 10}
    wrapper: Any = DatabaseWrapper(told, alias="pooled")
    yield wrapper
    wrapper.close()
    wrapper.close_pool()


def backend(wrapper: Any) -> int:
    """The server process behind it; the connection goes back to the pool after."""
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        number = int(cursor.fetchone()[0])
    wrapper.close()
    return number


def end(number: int) -> None:
    """What a server that restarts does to its connections; returns when it is done."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [number])
        assert cursor.fetchone()[0]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Connections whose server was asked whether it is there."""
    made: list[object] = []
    ask = alive.ConnectionPool.check_connection

    def check(resting: Any) -> None:
        made.append(resting)
        ask(resting)

    monkeypatch.setattr(alive.ConnectionPool, "check_connection", staticmethod(check))
    return made


def test_a_connection_that_rested_shortly_is_used_without_a_question(pooled, asked):
    first = backend(pooled)
    asked.clear()
    assert backend(pooled) == first
    assert not asked


def test_a_connection_whose_server_ended_is_replaced_before_it_is_used(pooled):
    first = backend(pooled)
    end(first)
    assert backend(pooled) != first


def test_after_a_long_rest_the_server_is_asked(pooled, asked, monkeypatch):
    first = backend(pooled)
    asked.clear()
    later = clock.ticks() + alive.LONG_REST
    monkeypatch.setattr(clock, "ticks", lambda: later)
    assert backend(pooled) == first
    assert len(asked) == 1


def test_a_connection_that_was_cut_in_silence_is_replaced_after_a_long_rest(pooled, monkeypatch):
    first = backend(pooled)
    monkeypatch.setattr(alive, "_has_something_to_say", lambda _connection: False)
    end(first)
    later = clock.ticks() + alive.LONG_REST
    monkeypatch.setattr(clock, "ticks", lambda: later)
    assert backend(pooled) != first
