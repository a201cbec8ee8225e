"""What the roles web and worker may do, applied after every migration and the same however often.

Both may read and change rows; neither may change the schema, truncate, or touch the list of migrations. Rooms name
their exceptions in `apps.py`: `append_only_tables` (nobody changes or removes), `append_only_for_web` (only workers
change), `never_removed_tables` (rows may change, but stay), `read_only_for_web` (only workers add and
change), `worker_only_tables` (web sees nothing of them), `worker_only_functions` (web can't call them). Whose rows
they see stands in `walls`.
"""

from collections.abc import Iterable

from django.apps import apps
from django.db import connection, transaction
from psycopg import sql

from gangway.config.database import walls
from gangway.config.database.errors import DatabaseRoleMissing, DatabaseTooOld

OLDEST = 150000
"""PostgreSQL 15, as the server numbers itself."""

READ_ONLY = ("django_migrations",)
NOT_WEBS_TO_CHANGE = ("procrastinate_jobs", "procrastinate_events")
NOT_WEBS_TO_SEE = ("procrastinate_workers", "procrastinate_periodic_defers")


def require_version() -> None:
    """Raise `DatabaseTooOld` unless the server is PostgreSQL 15 or newer."""
    with connection.cursor() as cursor:
        found = cursor.connection.info.server_version
    if found < OLDEST:
        raise DatabaseTooOld(f"This is PostgreSQL {found // 10000}; Gangway needs 15 or newer.")


@transaction.atomic
def grant(*, web: str, worker: str) -> None:
    """Give both roles their rights on all tables there are. Raises `DatabaseRoleMissing` with the statement to type."""
    for role in (web, worker):
        _require_role(role)
        _start_afresh(role)
    _restrict((web, worker), _listed("append_only_tables"), "UPDATE, DELETE, TRUNCATE")
    _restrict((web, worker), _listed("never_removed_tables"), "DELETE, TRUNCATE")
    _restrict((web, worker), (*READ_ONLY, *_listed("read_only_tables")), "INSERT, UPDATE, DELETE, TRUNCATE")
    _restrict((web,), (*_listed("append_only_for_web"), *NOT_WEBS_TO_CHANGE), "UPDATE, DELETE, TRUNCATE")
    _restrict((web,), _listed("read_only_for_web"), "INSERT, UPDATE, DELETE, TRUNCATE")
    _restrict((web,), (*_listed("worker_only_tables"), *NOT_WEBS_TO_SEE), "ALL")
    for function in _listed("worker_only_functions"):
        _execute(sql.SQL("REVOKE EXECUTE ON FUNCTION {} FROM {}").format(sql.Identifier(function), sql.Identifier(web)))
    walls.build(web=web, worker=worker)


def _listed(attribute: str) -> list[str]:
    """Collect what the rooms' `apps.py` say."""
    return [table for app in apps.get_app_configs() for table in getattr(app, attribute, ())]


def _require_role(role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if not cursor.fetchone():
            statement = f"CREATE ROLE \"{role}\" LOGIN PASSWORD '…';"
            raise DatabaseRoleMissing(
                f"The database has no role {role}.", cure=f"create it as a superuser: {statement}"
            )


def _start_afresh(role: str) -> None:
    """Take everything away and give the ordinary rights: what was granted by hand or by an older version is gone."""
    for statement in (
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
        "GRANT USAGE ON SCHEMA public TO {role}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {role}",
    ):
        _execute(sql.SQL(statement).format(role=sql.Identifier(role)))


def _restrict(roles: Iterable[str], tables: Iterable[str], rights: str) -> None:
    for role in roles:
        for table in tables:
            statement = sql.SQL("REVOKE " + rights + " ON {} FROM {}")
            _execute(statement.format(sql.Identifier(table), sql.Identifier(role)))


def _execute(statement: sql.Composed) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
