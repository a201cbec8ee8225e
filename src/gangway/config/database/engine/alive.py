"""Whether a connection that rested in the pool still lives, asked so that it costs nothing as a rule.

A server that ends says so, or its socket does: something can be read where nothing should be. That is looked up without
a round trip. Only where it is so, and after a long rest, in which a wall between us may have cut the line without
telling either side, the server itself is asked.
"""

import select
from typing import Any, Final

from psycopg import Error
from psycopg_pool import ConnectionPool

from gangway.foundation import clock

LONG_REST: Final = 20.0
"""Seconds after which silence proves nothing."""


def let_rest(connection: Any) -> None:
    """Remember since when it isn't used."""
    connection.rests_since = clock.ticks()


def is_alive(connection: Any) -> bool:
    """Tell whether the next statement will reach the server, as far as anybody can know."""
    rested = clock.ticks() - getattr(connection, "rests_since", float("-inf"))
    try:
        if rested < LONG_REST and not _has_something_to_say(connection):
            return True
        ConnectionPool.check_connection(connection)
    except Error:
        return False
    return True


def _has_something_to_say(connection: Any) -> bool:
    watch = select.poll()
    watch.register(connection.fileno(), select.POLLIN)
    return bool(watch.poll(0))
