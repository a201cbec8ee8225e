"""The second wall: PostgreSQL itself shows and takes only rows of the scope that the statement was told.

Every table is one of three: *owned* (it has `organization_id`: a row is there if its organization lies at or below
the scope), the *organizations* themselves (by their path), or *open*, with a reason, in its room's `open_tables`. A
table that is none of them stops `gangway migrate`. Without a scope nothing is there; "*" is everything, for the worker
role alone, which has the tables of `open_to_workers` without a word; `door:<name>` lets web read, never write, the
tables that rooms name for that `Door` in `doors`. The owner is not bound.

For plans: an owned row costs one look-up of its organization by key, so a page's query still walks its own index and
pays for the rows it looks at. Workers, who look at few rows by many statements, have that look-up as a function: its
plan is made once on each connection, not anew for each table of each statement. See `docs/why/two-walls.md`.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from django.apps import apps
from django.db import connection
from psycopg import sql

from gangway.config.database.errors import TableWithoutWall
from gangway.organizations.scope import EVERYTHING, Door

ORGANIZATIONS: Final = "organizations_organization"
OWNER_COLUMN: Final = "organization_id"

OPEN_TABLES: Final[Mapping[str, str]] = {
    "account_emailaddress": "signing in looks a person up before there is a scope",
    "account_emailconfirmation": "a confirmation's key is its own ticket",
    "auth_group": "names of rights, of nobody; unused",
    "auth_group_permissions": "names of rights, of nobody; unused",
    "auth_permission": "names of rights, of nobody; unused",
    "config_cache": "counts of attempts, under keys that name no organization",
    "django_content_type": "names of tables",
    "django_migrations": "names of migrations",
    "django_session": "a session's random key is its own ticket",
    "mfa_authenticator": "signing in needs a person's factors before there is a scope; keys are encrypted",
    "procrastinate_events": "when jobs began and ended; no customer's data",
    "procrastinate_jobs": "arguments are ids; web adds and can't change",
    "procrastinate_periodic_defers": "when periodic jobs ran; workers only",
    "procrastinate_workers": "heartbeats; workers only",
}
"""Tables of others' packages that belong to no organization, and why that is right; rooms name their own themselves."""

_TOLD: Final = "nullif(current_setting('gangway.scope', true), '')"
BELOW: Final = "organizations_is_below_scope"
"""Whether an organization lies at or below the scope that was told: for workers, and by their own right."""
_LOOKS_UP: Final = f"""
CREATE OR REPLACE FUNCTION public.{BELOW}(wanted uuid) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE COST 3000
AS $$ BEGIN
    RETURN EXISTS (
        SELECT FROM public.{ORGANIZATIONS} o WHERE o.id = wanted AND pg_catalog.starts_with(o.path, {_TOLD})
    );
END $$
"""
"""The cost is about what PostgreSQL reckons for the look-up where it stands in the policy itself."""
_COMMANDS: Final[Mapping[str, str]] = {
    "SELECT": "USING ({})",
    "INSERT": "WITH CHECK ({})",
    "UPDATE": "USING ({0}) WITH CHECK ({0})",
    "DELETE": "USING ({})",
}


def build(*, web: str, worker: str) -> None:
    """Put the policies on every table there is, in place of all earlier ones. Raises `TableWithoutWall`."""
    tables = owned_tables()
    _require_all_known(tables)
    _run(_LOOKS_UP)
    _run("GRANT EXECUTE ON FUNCTION {} TO {}", BELOW, worker)
    for table in (*tables, ORGANIZATIONS):
        _clear(table)
        for kind, role in (("web", web), ("worker", worker)):
            for command in _COMMANDS:
                _policy(table, kind, role, command)


def owned_tables() -> list[str]:
    """List the tables with a column that says whose the row is."""
    return _ask(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attname = %s ORDER BY 1",
        OWNER_COLUMN,
    )


def open_tables() -> dict[str, str]:
    """Give every table without a wall, and the reason."""
    named = {table: why for app in apps.get_app_configs() for table, why in getattr(app, "open_tables", {}).items()}
    return {**OPEN_TABLES, **named}


def _require_all_known(owned: Iterable[str]) -> None:
    everything = _ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    unknown = sorted(set(everything) - {*owned, ORGANIZATIONS, *open_tables()})
    both = sorted(set(owned) & set(open_tables()))
    if unknown or both:
        raise TableWithoutWall(f"Nobody said whose rows stand in: {', '.join(unknown or both)}.")


def _clear(table: str) -> None:
    """Switch the wall on and take away what stood there, by an older version or by hand."""
    _run("ALTER TABLE {} ENABLE ROW LEVEL SECURITY", table)
    for policy in _ask("SELECT policyname FROM pg_policies WHERE schemaname = 'public' AND tablename = %s", table):
        _run("DROP POLICY {1} ON {0}", table, policy)


def _policy(table: str, kind: str, role: str, command: str) -> None:
    openers = _openers(kind, table, reading=command == "SELECT")
    if kind == "worker" and table in _open_to_workers():
        condition = "true"
    elif table == ORGANIZATIONS:
        condition = _of_organizations(openers, reading=command == "SELECT")
    else:
        condition = _of_owned(kind, table, openers)
    clause = _COMMANDS[command].format(condition)
    _run(f"CREATE POLICY {{1}} ON {{0}} FOR {command} TO {{2}} {clause}", table, f"{kind}_{command.lower()}", role)


def _openers(kind: str, table: str, *, reading: bool) -> list[str]:
    """List what may be told in place of a path so that every row of this table is there."""
    doors = [f"door:{door.value}" for door in Door if kind == "worker" or table in _behind(door)]
    return [EVERYTHING] * (kind == "worker") + doors * reading


def _open_to_workers() -> set[str]:
    return {table for app in apps.get_app_configs() for table in getattr(app, "open_to_workers", ())}


def _behind(door: Door) -> set[str]:
    return {table for app in apps.get_app_configs() for table in getattr(app, "doors", {}).get(door.value, ())}


def _of_organizations(openers: list[str], *, reading: bool) -> str:
    """Compare the beginning of the path; what opens everything is the empty beginning.

    Written as a function, not as an operator: PostgreSQL then guesses a third of all rows and keeps to a page's own
    index, where it would guess one in two hundred for an operator's unknown operand. Those above can be read too: a
    join to a customer's provider would lose the customer's own row otherwise.
    """
    start = f"CASE WHEN {_TOLD} = ANY ({_array(openers)}) THEN '' ELSE {_TOLD} END"
    below = f"starts_with(path, {start})"
    ids = f"string_to_array(rtrim({_TOLD}, '/'), '/')::uuid[]"
    return f"{below} OR id = ANY (CASE WHEN {_TOLD} ~ '^[0-9a-f]{{{{32}}}}/' THEN {ids} END)" if reading else below


def _of_owned(kind: str, table: str, openers: list[str]) -> str:
    """Look the row's organization up by key: a scalar subquery is never turned into a walk over all of them.

    For a list's many rows it is four times as fast as a function; for a worker's few its planning is what costs.
    """
    below = f"starts_with(o.path, {_TOLD})"
    look = f"(SELECT true FROM {ORGANIZATIONS} o WHERE o.id = {table}.{OWNER_COLUMN} AND {below})"  # noqa: S608 names
    mine = f"public.{BELOW}({OWNER_COLUMN})" if kind == "worker" else look
    return f"{_TOLD} = ANY ({_array(openers)}) OR {mine}" if openers else mine


def _array(texts: list[str]) -> str:
    return "ARRAY[" + ", ".join(f"'{text}'" for text in texts) + "]::text[]"


def _ask(question: str, *values: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        return [row[0] for row in cursor.fetchall()]


def _run(statement: str, *names: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
