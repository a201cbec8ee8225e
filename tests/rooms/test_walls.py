"""The second wall: what PostgreSQL shows and takes, asked as the roles web and worker with SQL that knows no scope."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.apps import apps
from django.db import connection, models, transaction
from django.db.backends.postgresql import base
from django.db.utils import DataError, ProgrammingError
from django.test.utils import CaptureQueriesContext
from django_scopes import scope, scopes_disabled

from gangway.config.database import grants, walls
from gangway.config.database.errors import TableWithoutWall
from gangway.organizations.actions import create_organization
from gangway.organizations.models import Membership, Operator, Organization
from gangway.organizations.roles import Kind
from gangway.organizations.scope import Door, OwnedQuerySet, through, within, within_everything
from gangway.services.models import Service
from tests.conftest import Roles
from tests.rooms.conftest import database_role
from tests.rooms.factories_organizations import SETUP, Place, make_channel, make_customer, make_operator, make_provider
from tests.rooms.factories_services import plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def web(database_roles: Roles) -> Iterator[None]:
    with database_role(database_roles.web):
        yield


@pytest.fixture
def worker(database_roles: Roles) -> Iterator[None]:
    with database_role(database_roles.worker):
        yield


@pytest.fixture
def two(request: pytest.FixtureRequest) -> tuple[Place, Place]:
    """Two sister customers of one provider with a service each; made before the test takes its role."""
    provider = make_provider()
    ours, theirs = make_customer(provider), make_customer(provider)
    plan(ours)
    plan(theirs)
    return ours, theirs


def ask(question: str, *values: object) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        return [row[0] for row in cursor.fetchall()]


def change(statement: str, *values: object) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


OWNERS = "SELECT DISTINCT organization_id FROM services_service"
OWNED = "SELECT count(*) FROM {}"


def test_without_a_scope_nothing_is_there(two, web):
    shown = [table for table in owned() if ask("SELECT has_table_privilege(%s, 'SELECT')", table) == [True]]
    assert len(shown) >= 10
    assert [table for table in shown if ask(OWNED.format(table)) != [0]] == []


def test_raw_sql_sees_only_the_scope(two, web):
    ours, theirs = two
    with within(ours.path):
        assert ask(OWNERS) == [ours.id]
        assert ask(f"{OWNERS} WHERE organization_id = %s", theirs.id) == []
        above = ours.path.strip("/").split("/")
        assert {key.hex for key in ask("SELECT id FROM organizations_organization")} == set(above)
        assert change("UPDATE organizations_organization SET name = 'x'") == 1


def test_a_parent_sees_what_is_below_it(two, web):
    ours, theirs = two
    with within(ours.path.rsplit("/", 2)[0] + "/"):
        assert set(ask(OWNERS)) == {ours.id, theirs.id}


def test_raw_sql_changes_and_removes_nothing_of_others(two, web):
    ours, theirs = two
    with within(ours.path):
        assert change("UPDATE services_service SET full_name = 'x' WHERE organization_id = %s", theirs.id) == 0
        assert change("DELETE FROM services_service WHERE organization_id = %s", theirs.id) == 0


def test_raw_sql_moves_nothing_to_others(two, web):
    ours, theirs = two
    with within(ours.path), pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        change("UPDATE services_service SET organization_id = %s", theirs.id)


def test_raw_sql_adds_nothing_to_others(two, web):
    ours, theirs = two
    copied = "INSERT INTO organizations_membership (organization_id, operator_id, role, created_at)"
    copied += " VALUES (%s, %s, %s, now())"
    with within(ours.path), pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        change(copied, theirs.id, "00000000-0000-4000-8000-000000000001", "admin")


def test_web_has_no_way_to_everything(two, web):
    with within_everything("a mistake"):
        assert ask(OWNERS) == []


def test_a_worker_may_open_everything_and_only_by_saying_so(two, worker):
    assert ask(OWNERS) == []
    with within_everything("work for everybody"):
        assert {place.id for place in two} <= set(ask(OWNERS))


def test_a_door_shows_web_its_tables_to_read_and_nothing_else(two, web):
    with through(Door.SHORT_NAMES):
        assert {place.id for place in two} <= set(ask(OWNERS))
        assert change("UPDATE services_service SET full_name = 'x'") == 0
        assert ask("SELECT id FROM organizations_organization") == []
    with through(Door.ANCESTORS):
        assert ask(OWNERS) == []


@pytest.mark.parametrize("door", Door)
def test_every_door_opens_something_and_says_why(door):
    named = [getattr(app, "doors", {}).get(door.value, ()) for app in apps.get_app_configs()]
    assert set().union(*named) <= {*owned(), walls.ORGANIZATIONS}
    assert any(named), f"no room names a table in its apps.py: doors = {{{door.value!r}: (…)}}"


# The holes of django-scopes, at the database: the library is switched off and PostgreSQL alone stands there.


def unguarded() -> models.QuerySet[Service]:
    return models.QuerySet(Service)


def numbers(rows: Any) -> int:
    return len(list(rows))


async def walked() -> int:
    return len([row async for row in unguarded().exclude(short_name="nobody")])


HOLES: dict[str, Callable[[], int]] = {
    "exists": lambda: int(unguarded().exists()),
    "aexists": lambda: int(async_to_sync(unguarded().aexists)()),
    "async for exclude": async_to_sync(walked),
    "count": lambda: unguarded().count(),
    "plain queryset": lambda: numbers(unguarded()),
    "raw": lambda: numbers(models.QuerySet(Service).raw("SELECT * FROM services_service")),
    "join from an unscoped model": lambda: numbers(
        Operator.objects.raw(
            "SELECT o.* FROM organizations_operator o JOIN organizations_membership m ON m.operator_id = o.id"
        )
    ),
    "bulk update": lambda: unguarded().update(full_name="x"),
    "union": lambda: numbers(unguarded().union(unguarded())),
}


@pytest.mark.parametrize("hole", HOLES.values(), ids=HOLES.keys())
def test_what_slips_through_the_library_finds_nothing(two, web, hole):
    assert hole() == 0
    with scope(organization=None):
        assert hole() == 0
    with scopes_disabled():
        assert hole() == 0


def test_explain_of_a_careless_query_shows_the_wall(two, web):
    with within(two[0].path):
        assert "organizations_organization" in unguarded().explain()


def test_a_workers_wall_is_planned_once_and_not_with_each_statement(two, worker):
    with within(two[0].path):
        assert walls.BELOW in unguarded().explain()
        assert ask(OWNERS) == [two[0].id]


def test_a_careless_bulk_create_or_save_into_another_organization_is_refused(two, database_roles):
    ours, theirs = two
    person = make_operator(make_provider())
    row = Membership(organization_id=theirs.id, operator_id=person, role="admin", created_at="2026-01-01T00:00Z")
    with database_role(database_roles.web), within(ours.path):
        for way in (
            lambda: models.QuerySet.bulk_create(OwnedQuerySet(Membership), [row]),
            lambda: models.Model.save(row),
        ):
            with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
                way()


# How the scope gets there.


def test_telling_the_scope_costs_no_statement_of_its_own(two, web):
    with CaptureQueriesContext(connection) as seen, within(two[0].path):
        assert ask(OWNERS) == [two[0].id]
        assert ask(OWNERS) == [two[0].id]
    assert len(seen) == 2


def test_scopes_nest_and_end(two, web):
    ours, theirs = two
    with within(ours.path):
        with within(theirs.path):
            assert ask(OWNERS) == [theirs.id]
        assert ask(OWNERS) == [ours.id]
    assert ask(OWNERS) == []


def test_a_rollback_to_a_savepoint_takes_no_scope_along(two, web):
    ours, theirs = two
    with within(ours.path):
        assert ask(OWNERS) == [ours.id]
        with transaction.atomic(), within(theirs.path):
            assert ask(OWNERS) == [theirs.id]
            transaction.set_rollback(True)
        assert ask(OWNERS) == [ours.id]


def test_many_values_at_once_go_with_the_scope(two, web):
    with within(two[0].path), connection.cursor() as cursor:
        cursor.executemany("UPDATE services_service SET full_name = %s", [["x"], ["y"]])
    with within(two[0].path):
        assert ask("SELECT full_name FROM services_service") == ["y"]


def change_both(ours: Place, theirs: Place) -> None:
    with within(ours.path), transaction.atomic():
        change("UPDATE services_service SET full_name = 'x'")
        with within(theirs.path), transaction.atomic():
            change("UPDATE services_service SET full_name = 'y'")
            transaction.set_rollback(True)
        assert ask("SELECT full_name FROM services_service") == ["x"]


@pytest.mark.django_db(transaction=True)
def test_a_transaction_begins_in_the_message_of_its_first_statement(two, web, monkeypatch):
    sent: list[str] = []
    send = base.Cursor.execute
    monkeypatch.setattr(base.Cursor, "execute", lambda own, text, *rest, **more: noted(send, sent, own, text, *rest))
    with within(two[0].path):
        with transaction.atomic():
            pass
        assert sent == []
        with transaction.atomic():
            assert ask(OWNERS) == [two[0].id]
            assert ask(OWNERS) == [two[0].id]
    told = f"SET LOCAL gangway.scope = '{two[0].path}'; "
    assert sent == [f"BEGIN; {told}{OWNERS}", OWNERS]


def noted(send: Callable[..., Any], sent: list[str], own: object, text: str, *rest: object) -> Any:
    sent.append(text)
    return send(own, text, *rest)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kept", [True, False], ids=["kept", "taken back"])
def test_a_transaction_is_kept_or_taken_back_as_a_whole(two, web, kept):
    names = "SELECT full_name FROM services_service"
    with within(two[0].path):
        before = ask(names)
        with transaction.atomic():
            change_both(*two)
            transaction.set_rollback(not kept)
        assert ask(names) == (["x"] if kept else before)
    with within(two[1].path):
        assert not {"x", "y"} & set(ask(names))


@pytest.mark.django_db(transaction=True)
def test_a_transaction_whose_first_statement_is_for_many_values_or_fails_is_one(two, web):
    with within(two[0].path):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany("UPDATE services_service SET full_name = %s", [["x"], ["y"]])
            transaction.set_rollback(True)
        assert "y" not in ask("SELECT full_name FROM services_service")
        with pytest.raises(DataError), transaction.atomic():
            ask("SELECT 1 / 0")
        with transaction.atomic(), pytest.raises(DataError), transaction.atomic():
            ask("SELECT 1 / 0")
        assert ask(OWNERS) == [two[0].id]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("atomic", [False, True], ids=["each by itself", "in a transaction"])
def test_a_connection_that_is_used_again_has_nobodys_scope(two, web, atomic):
    with within(two[0].path), transaction.atomic() if atomic else within(two[0].path):
        assert ask(OWNERS) == [two[0].id]
    raw = connection.connection
    assert raw.execute("SELECT organization_id FROM services_service").fetchall() == []
    assert ask(OWNERS) == []


@pytest.mark.django_db(transaction=True)
def test_threads_see_each_its_own(two, database_roles):
    def seen(place: Place) -> list[Any]:
        try:
            with database_role(database_roles.web), within(place.path):
                return [ask(OWNERS) for _ in range(20)]
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(seen, two))
    assert results == [[[place.id]] * 20 for place in two]


# Nobody is forgotten.


def owned() -> list[str]:
    return walls.owned_tables()


def test_every_table_with_an_organization_has_its_policies(database_roles):
    commands = {"SELECT", "INSERT", "UPDATE", "DELETE"}
    held: dict[str, set[tuple[str, str]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.tablename, r, p.cmd FROM pg_policies p CROSS JOIN unnest(p.roles) r"
            " JOIN pg_tables t USING (schemaname, tablename) WHERE t.rowsecurity"
        )
        for table, role, command in cursor.fetchall():
            held.setdefault(table, set()).add((role, command))
    wanted = {(role, command) for role in database_roles for command in commands}
    missing = [table for table in (*owned(), walls.ORGANIZATIONS) if held.get(table) != wanted]
    assert missing == [], "run grants.grant() after the migration: it puts a policy on every table"


def test_every_other_table_is_on_the_list_with_a_reason():
    for table, why in walls.open_tables().items():
        assert len(why) >= 10, f"{table}: say why every organization may see all of it"
    there = set(connection.introspection.table_names())
    assert sorted(set(walls.open_tables()) - there) == [], "on the list of open tables, but there is no such table"


def test_a_new_table_that_nobody_spoke_for_stops_the_migration_and_says_what_to_do(database_roles):
    change("CREATE TABLE room_forgotten (id int)")
    with pytest.raises(TableWithoutWall, match="room_forgotten") as refused:
        grants.grant(web=database_roles.web, worker=database_roles.worker)
    assert "open_tables" in refused.value.cure


def test_a_new_table_with_an_organization_gets_its_wall_by_itself(database_roles):
    change("CREATE TABLE room_new (organization_id uuid)")
    grants.grant(web=database_roles.web, worker=database_roles.worker)
    ours, theirs = make_provider(), make_provider()
    change("INSERT INTO room_new VALUES (%s), (%s)", ours.id, theirs.id)
    with database_role(database_roles.web), within(ours.path):
        assert ask("SELECT organization_id FROM room_new") == [ours.id]


def test_a_channel_and_its_sister_share_nothing(database_roles):
    provider = make_provider()
    one, other = make_channel(provider), make_channel(provider)
    mine, theirs = make_customer(one), make_customer(other)
    plan(mine)
    plan(theirs)
    with database_role(database_roles.web):
        for channel, customer in ((one, mine), (other, theirs)):
            with within(channel.path):
                assert ask(OWNERS) == [customer.id]


def test_web_adds_organizations_at_every_level_below_its_scope(database_roles):
    provider = make_provider()
    with within_everything("test"):
        top = Organization.objects.get(kind=Kind.SYSTEM.value)
    with database_role(database_roles.web), within(top.path):
        made = create_organization(kind=Kind.PROVIDER, name="New", short_name="new1", parent_id=None, by=SETUP)
        assert Organization.objects.get(pk=made).path.startswith(top.path)
    with database_role(database_roles.web), within(provider.path):
        made = create_organization(kind=Kind.CUSTOMER, name="New", short_name="new2", parent_id=provider.id, by=SETUP)
        assert Organization.objects.get(pk=made).path.startswith(provider.path)


@pytest.mark.django_db(transaction=True)
def test_rows_that_stream_in_first_belong_to_their_transaction():
    columns = "cache_key, value, expires"
    with transaction.atomic():
        with connection.cursor() as cursor, cursor.copy(f"COPY config_cache ({columns}) FROM STDIN") as copy:
            copy.write_row(["k", "v", "2030-01-01"])
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM config_cache WHERE cache_key = 'k'")
        assert cursor.fetchone() == (0,)
