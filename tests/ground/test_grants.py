"""What the database itself refuses to web and worker, asked as those very roles."""

import json

import psycopg
import pytest
from django.db import connection
from psycopg import sql

from gangway.config.database import grants
from tests.conftest import Roles
from tests.rooms.factories_organizations import make_provider

AUDIT = (
    "INSERT INTO audit_entry (at, event, subject, actor_kind, actor_id, actor_name, actor_address, request_id, data,"
    " personal, salt, commitment, digest, who_words, organization_id)"
    " VALUES (now(), 'x', 'x', 'system', '', '', '', '', '{}', '{}', '', '', '', '', %s)"
)
DEFER = (
    "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('default', 'ground:note', 0, NULL, NULL, %s::jsonb, NULL)]"
    "::procrastinate_job_to_defer_v1[])"
)


@pytest.fixture
def roles(database_roles: Roles, transactional_db: None) -> Roles:
    """The two roles, granted a second time: it must be repeatable."""
    grants.grant(web=database_roles.web, worker=database_roles.worker)
    return database_roles


def run_as(role: str, statement: str, *values: object, scope: str = "") -> None:
    with psycopg.connect(**connection_parameters()) as own:
        own.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        own.execute("SELECT set_config('gangway.scope', %s, true)", [scope])
        own.execute(statement, values or None)


def connection_parameters() -> dict[str, object]:
    parameters = connection.get_connection_params()
    return {key: parameters[key] for key in ("dbname", "user", "password", "host", "port")}


def test_audit_is_append_only_for_both(roles: Roles) -> None:
    place = make_provider()
    for role in roles:
        run_as(role, AUDIT, place.id, scope=place.path)
        for forbidden in ("UPDATE audit_entry SET event = 'y'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                run_as(role, forbidden)


def test_only_workers_may_ask_the_database_to_cut_the_log(roles: Roles) -> None:
    place = make_provider()
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run_as(roles.web, "SELECT audit_cut(%s, 1)", place.id)
    with pytest.raises(psycopg.errors.RaiseException, match="not signed"):
        run_as(roles.worker, "SELECT audit_cut(%s, 1)", place.id)


def test_only_workers_may_have_names_emptied_and_only_those_that_the_log_says_are_erased(roles: Roles) -> None:
    place = make_provider()
    forget = "SELECT audit_forget(%s, 'service:x', ARRAY['y'])"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run_as(roles.web, forget, place.id)
    with pytest.raises(psycopg.errors.RaiseException, match="no entry says"):
        run_as(roles.worker, forget, place.id)


def test_only_workers_may_have_a_history_emptied_and_only_of_a_service_whose_people_are_forgotten(roles: Roles) -> None:
    forget = "SELECT invitations_forget('00000000-0000-4000-8000-000000000000')"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run_as(roles.web, forget)
    with pytest.raises(psycopg.errors.RaiseException, match="not forgotten"):
        run_as(roles.worker, forget)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE invitations_move SET note = ''",
        "DELETE FROM invitations_move",
        "DELETE FROM vault_sealed",
        "UPDATE connections_farewell SET text = ''",
        "DELETE FROM connections_farewell",
    ],
)
def test_what_has_happened_stays_for_both(roles: Roles, statement: str) -> None:
    for role in roles:
        run_as(role, "UPDATE vault_sealed SET ciphertext = NULL, destroyed_at = now()")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            run_as(role, statement)


def test_web_signs_no_farewell(roles: Roles) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run_as(roles.web, "INSERT INTO connections_farewell SELECT * FROM connections_farewell")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO federation_issuerkey SELECT * FROM federation_issuerkey",
        "UPDATE federation_issuerkey SET withdrawn_at = now()",
        "DELETE FROM federation_issuerkey",
    ],
)
def test_who_can_add_a_key_can_be_everybody(roles: Roles, statement: str) -> None:
    """So web reads the platform's public keys, and nothing more."""
    web, worker = roles
    run_as(web, "SELECT * FROM federation_issuerkey")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run_as(web, statement)
    run_as(worker, statement)


def test_web_defers_jobs_but_changes_none_and_sees_no_worker(roles: Roles) -> None:
    web, worker = roles
    run_as(web, DEFER, json.dumps({"word": "x"}))
    forbidden = (
        "UPDATE procrastinate_jobs SET status = 'doing'",
        "DELETE FROM procrastinate_jobs",
        "SELECT * FROM procrastinate_workers",
        "SELECT * FROM jobs_schedule",
        "DELETE FROM procrastinate_events",
    )
    for statement in forbidden:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            run_as(web, statement)
        run_as(worker, statement)


@pytest.mark.parametrize(
    "statement",
    ["CREATE TABLE own (x int)", "DROP TABLE audit_entry", "DELETE FROM django_migrations", "TRUNCATE vault_sealed"],
)
def test_neither_changes_the_schema_or_the_list_of_migrations(roles: Roles, statement: str) -> None:
    for role in roles:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            run_as(role, statement)


def test_missing_role_is_named_with_the_statement_to_type(transactional_db: None) -> None:
    with pytest.raises(grants.DatabaseRoleMissing, match="nobody_here") as missing:
        grants.grant(web="nobody_here", worker="nobody_here")
    assert 'CREATE ROLE "nobody_here"' in missing.value.cure
