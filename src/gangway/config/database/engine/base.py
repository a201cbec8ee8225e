"""Tells PostgreSQL the scope of every statement, in the same message as the statement: no round trip of its own.

The scope is a setting of the transaction (`SET LOCAL gangway.scope`), never of the connection. So a connection that
goes back to a pool, ours or one between us and the server, carries nobody's scope along, and a statement that comes by
any other way finds none, hence no rows. Inside a transaction it is told again only when it has changed, or after a
rollback to a savepoint took it back.

A transaction begins in the message of its first statement, too: psycopg, which would begin it by itself with a round
trip of its own, is never told of it.
"""

from collections.abc import Iterable
from typing import Any, Final

from django.db.backends.postgresql import base
from psycopg import sql
from psycopg.pq import TransactionStatus

from gangway.config.database.engine import alive

SCOPED: Final = ("select", "insert", "update", "delete", "with", "explain", "(")
"""How statements about rows begin; others (CREATE, LISTEN, VACUUM …) know no scope and may want to stand alone."""
BEGIN: Final = "BEGIN; "
"""Without a level: Django's setting for it would have to be said here."""


_Cursor: Any = base.Cursor
_DatabaseWrapper: Any = base.DatabaseWrapper


class ScopedCursor(_Cursor):  # type: ignore[misc]  # the stubs know psycopg 2
    """Puts before a statement what the database doesn't know yet: that a transaction begins, and the scope."""

    wrapper: "DatabaseWrapper | None" = None
    """Django's own questions to a bare connection (is it alive? its time zone?) know none, and no scope."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        """Run one statement in the scope of the caller."""
        ahead = self.wrapper.ahead_of(_text(query, self)) if self.wrapper else ""
        if not self.wrapper or not ahead:
            return super().execute(query, params, **options)
        super().execute(ahead + _text(query, self), params, **options)
        self.set_result(-1)
        self.wrapper.has_been_told()
        return self

    def executemany(self, query: Any, params_seq: Iterable[Any], **options: Any) -> Any:
        """Run a statement for many values; these travel as prepared statements, so what is told goes ahead of them."""
        ahead = self.wrapper.ahead_of(_text(query, self)) if self.wrapper else ""
        if not self.wrapper or not ahead:
            return super().executemany(query, params_seq, **options)
        if self.wrapper.autocommit:
            for params in params_seq:
                self.execute(query, params)
            return None
        super().execute(ahead)
        self.wrapper.has_been_told()
        return super().executemany(query, params_seq, **options)

    def copy(self, statement: Any, params: Any = None, **options: Any) -> Any:
        """Begin the transaction, if one is wanted, before rows stream in: no statement travels with them."""
        ahead = self.wrapper.ahead_of(_text(statement, self)) if self.wrapper and not self.wrapper.autocommit else ""
        if self.wrapper and ahead:
            super().execute(ahead)
            self.wrapper.has_been_told()
        return super().copy(statement, params, **options)


class DatabaseWrapper(_DatabaseWrapper):  # type: ignore[misc]  # likewise
    """Django's connection, which remembers what this transaction was told."""

    told: str = ""

    def get_connection_params(self) -> dict[str, Any]:
        """Give what a connection is made with: our cursor among it."""
        return {**super().get_connection_params(), "cursor_factory": ScopedCursor}

    def create_cursor(self, name: str | None = None) -> Any:
        """Make a cursor that knows this connection."""
        cursor = super().create_cursor(name)
        cursor.wrapper = self
        return cursor

    def ahead_of(self, statement: str) -> str:
        """Return what must go before this statement; empty when the database knows everything already."""
        begins = not self.autocommit and self.connection.pgconn.transaction_status == TransactionStatus.IDLE
        known = "" if self.autocommit or begins else self.told
        wanted = _scope()
        tells = wanted != known and (begins or statement.lstrip().lower().startswith(SCOPED))
        return BEGIN * begins + f"SET LOCAL gangway.scope = '{wanted}'; " * tells

    def has_been_told(self) -> None:
        """Remember the scope for the rest of the transaction; without one it has ended with the statement."""
        self.told = "" if self.autocommit else _scope()

    def _set_autocommit(self, autocommit: bool) -> None:  # noqa: ARG002, FBT001  the signature is Django's
        """Never let psycopg begin a transaction, in a message of its own: our cursor does."""
        self.told = ""
        if not self.connection.autocommit:
            super()._set_autocommit(autocommit=True)

    def _commit(self) -> Any:
        self.told = ""
        return super()._commit()

    def _rollback(self) -> Any:
        self.told = ""
        return super()._rollback()

    def _savepoint_rollback(self, sid: str) -> None:
        super()._savepoint_rollback(sid)
        self.told = UNKNOWN

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Make a connection, or take one from the pool that lives; the pool replaces those that don't."""
        connection = super().get_new_connection(conn_params)
        while self.pool and not alive.is_alive(connection):
            self.pool.putconn(connection)
            connection = super().get_new_connection(conn_params)
        return connection

    def _close(self) -> Any:
        self.told = ""
        if self.connection is not None:
            alive.let_rest(self.connection)
        return super()._close()


UNKNOWN: Final = "?"
"""What was told before the savepoint may hold again or not; the next statement says it anew."""


def _text(query: Any, cursor: Any) -> str:
    return query.as_string(cursor) if isinstance(query, sql.Composable) else str(query)


def _scope() -> str:
    from gangway.organizations.scope import told  # noqa: PLC0415  models stand behind it; engines load before models

    return told()
