"""Whose data it is: each way by which django-scopes lets a query or a write slip through is closed."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event
from time import monotonic

import pytest
from asgiref.sync import async_to_sync
from django.db import connection, models, transaction

from gangway.jobs.threads import callers_thread, in_database
from gangway.organizations.errors import OutOfScope, ScopeForbidden, ScopeMissing
from gangway.organizations.scope import OwnedModel, within, within_everything
from gangway.services.models import Service
from tests.rooms.factories_organizations import make_channel, make_customer, make_provider
from tests.rooms.factories_services import plan

pytestmark = pytest.mark.django_db

OUTSIDE = {
    "all": lambda: list(Service.objects.all()),
    "filter": lambda: Service.objects.filter(short_name="x"),
    "exclude": lambda: Service.objects.exclude(short_name="x"),
    "exists": Service.objects.exists,
    "count": Service.objects.count,
    "explain": Service.objects.explain,
    "get": Service.objects.get,
    "create": Service.objects.create,
    "bulk_create": lambda: Service.objects.bulk_create([Service()]),
    "bulk_update": lambda: Service.objects.bulk_update([Service()], ["full_name"]),
    "update": lambda: Service.objects.update(full_name="x"),
    "delete": lambda: Service.objects.all().delete(),
    "raw": lambda: Service.objects.raw("select 1"),
    "none": Service.objects.none,
    "using": lambda: Service.objects.using("default").exists(),
    "base manager": Service._base_manager.exists,
    "default manager": Service._default_manager.exists,
    "union": Service.objects.union,
    "refresh": lambda: Service().refresh_from_db(),
}


@pytest.mark.parametrize("way", OUTSIDE.values(), ids=OUTSIDE.keys())
def test_no_query_outside_a_scope(way):
    with pytest.raises(ScopeMissing):
        way()


@pytest.mark.parametrize("name", ["aexists", "acount", "afirst", "aget"])
def test_no_async_query_outside_a_scope(name):
    async def ask():
        await getattr(Service.objects, name)()

    with pytest.raises(ScopeMissing):
        async_to_sync(ask)()


def test_no_async_iteration_of_an_exclusion_outside_a_scope():
    async def ask():
        return [row async for row in Service.objects.exclude(short_name="x")]

    with pytest.raises(ScopeMissing):
        async_to_sync(ask)()


@pytest.mark.parametrize("path", [None, "", "/", "x/", "no-slash"])
def test_an_empty_scope_is_forbidden(path):
    with pytest.raises(ScopeForbidden), within(path):
        pass


def test_everything_needs_a_reason():
    with pytest.raises(ScopeForbidden), within_everything(""):
        pass


def test_a_scope_covers_what_is_below_it_and_nothing_beside_it():
    provider = make_provider()
    channel, sister = make_channel(provider), make_channel(provider)
    ours, theirs = plan(make_customer(channel)), plan(make_customer(sister))
    with within(provider.path):
        assert set(Service.objects.values_list("pk", flat=True)) == {ours, theirs}
    with within(channel.path):
        assert set(Service.objects.values_list("pk", flat=True)) == {ours}


def test_work_that_runs_out_of_time_inside_a_scope_leaves_none_behind():
    path = make_provider().path
    let_go = Event()

    async def look() -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(None) as deadline:

            def hold() -> None:
                with within(path):
                    loop.call_soon_threadsafe(deadline.reschedule, loop.time())
                    assert let_go.wait(10)

            try:
                await in_database(hold)
            finally:
                let_go.set()

    with callers_thread(), pytest.raises(TimeoutError):
        async_to_sync(look)()
    with pytest.raises(ScopeMissing):
        Service.objects.all()


def test_the_scope_ends_with_its_block_even_after_an_error():
    provider = make_provider()
    with pytest.raises(KeyError), within(provider.path):
        raise KeyError
    with pytest.raises(ScopeMissing):
        Service.objects.exists()


def test_saving_into_another_organization_is_refused():
    one, other = make_customer(), make_customer()
    mine = plan(one)
    with within(one.path):
        service = Service.objects.get(pk=mine)
        service.organization_id = other.id
        with pytest.raises(OutOfScope):
            service.save()


def test_saving_or_deleting_somebody_elses_row_is_refused():
    one, other = make_customer(), make_customer()
    with within_everything("test"):
        theirs = Service.objects.get(pk=plan(other))
    with within(one.path):
        with pytest.raises(OutOfScope):
            theirs.save()
        with pytest.raises(OutOfScope):
            theirs.delete()


@pytest.mark.parametrize("values", ["organization", "organization_id"])
def test_bulk_writes_into_another_organization_are_refused(values):
    one, other = make_customer(), make_customer()
    plan(one)
    with within_everything("test"):
        theirs = Service.objects.get(pk=plan(other))
    change = {values: theirs.organization if values == "organization" else other.id}
    with within(one.path):
        with pytest.raises(OutOfScope):
            Service.objects.update(**change)
        with pytest.raises(OutOfScope):
            Service.objects.bulk_create([theirs])


def test_raw_sql_is_refused_inside_a_scope_too():
    with within(make_provider().path), pytest.raises(ScopeForbidden):
        Service.objects.raw("select * from services_service")


def test_every_owned_model_goes_through_the_scope_and_has_no_way_in_from_its_organization():
    owned = _owned(OwnedModel)
    assert len(owned) >= 6
    for model in owned:
        with pytest.raises(ScopeMissing):
            model._base_manager.exists()
        key = model._meta.get_field("organization")
        assert key.remote_field.hidden, model


@pytest.mark.django_db(transaction=True)
def test_a_scoped_update_compares_again_after_waiting_for_somebody_elses_change():
    """PostgreSQL looks at the row's own columns again, but not at a subquery: the scope must leave them outside one."""
    customer = make_customer()
    made = plan(customer, full_name="before")
    with ThreadPoolExecutor(1) as pool, within(customer.path):
        with transaction.atomic():
            assert rename(made, "before", "mine") == 1
            second = pool.submit(in_scope_of, customer, partial(rename, made, "before", "theirs"))
            wait_until_somebody_waits_for_a_lock()
        assert second.result(timeout=10) == 0
        assert Service.objects.get(pk=made).full_name == "mine"


def rename(service_id, before, after):
    return Service.objects.filter(pk=service_id, full_name=before).update(full_name=after)


def in_scope_of(customer, function):
    try:
        with within(customer.path):
            return function()
    finally:
        connection.close()


def wait_until_somebody_waits_for_a_lock():
    deadline = monotonic() + 10
    with connection.cursor() as cursor:
        while monotonic() < deadline:
            cursor.execute("select 1 from pg_locks where not granted and pid <> pg_backend_pid()")
            if cursor.fetchone():
                return
    pytest.fail("nobody waited for a lock")


def _owned(base: type[models.Model]) -> set[type[models.Model]]:
    found = set()
    for model in base.__subclasses__():
        found |= {model} if not model._meta.abstract else set()
        found |= _owned(model)
    return found
