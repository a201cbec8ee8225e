"""Services: planned with a reserved name, created or given up, found again; and two people wanting one name."""

from functools import partial
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from gangway.audit.queries import activity
from gangway.audit.record import Actor
from gangway.organizations.errors import NoSuchOrganization
from gangway.organizations.scope import within, within_everything
from gangway.organizations.search import matching
from gangway.services import actions, queries
from gangway.services.errors import (
    InvalidFullName,
    InvalidLicence,
    InvalidName,
    InvalidUsers,
    NameTaken,
    NoSuchService,
    ServiceMoved,
)
from gangway.services.licences import LicenceType
from gangway.services.models import Service
from gangway.services.queries import Sought
from gangway.services.samples import add_services
from gangway.services.states import Connection, Deployment, Lifecycle
from tests.rooms.factories_organizations import SETUP, make_channel, make_customer, make_provider
from tests.rooms.factories_services import plan
from tests.rooms.races import race

pytestmark = pytest.mark.django_db
GIVEN = {"full_name": "", "short_name": "contoso", "licence_type": "hosted_pro", "licensed_users": 25, "by": SETUP}


def test_samples_are_made_as_many_as_were_asked_for():
    provider = make_provider()
    customer = make_customer(provider)
    with within_everything("a test"):
        made = add_services(provider_id=provider.id, customers=[(customer.id, "Contoso")], number=20)
    with within(customer.path):
        assert Service.objects.count() == len(made) == 20
        assert [one.id for one in made if one.is_planned] == [Service.objects.get(lifecycle="planned").id]


def test_planned_service_has_what_was_typed():
    customer = make_customer(make_channel(make_provider(name="SP"), name="Reseller"), name="Contoso")
    made = plan(customer, short_name="Conto-1", full_name="  Contoso voice ", users=500)
    with within(customer.path):
        view = queries.service(made)
    assert (view.short_name, view.full_name, view.licence, view.licensed_users) == (
        "Conto-1",
        "Contoso voice",
        LicenceType.HOSTED_PRO,
        500,
    )
    assert (view.customer_name, view.channel_name, view.provider_name) == ("Contoso", "Reseller", "SP")
    assert (view.lifecycle, view.connection, view.deployment) == (
        Lifecycle.PLANNED,
        Connection.UNKNOWN,
        Deployment.NONE,
    )


def test_full_name_is_the_short_name_when_nothing_is_typed():
    customer = make_customer()
    made = plan(customer, short_name="Conto-1")
    with within(customer.path):
        assert queries.service(made).full_name == "Conto-1"


@pytest.mark.parametrize(
    ("change", "error", "field"),
    [
        ({"short_name": "a.b"}, InvalidName, "short_name"),
        ({"full_name": "x" * 201}, InvalidFullName, "full_name"),
        ({"full_name": "a\nb"}, InvalidFullName, "full_name"),
        ({"full_name": "a\x00b"}, InvalidFullName, "full_name"),
        ({"full_name": "Contoso\u202eecivres"}, InvalidFullName, "full_name"),
        ({"full_name": "Contoso https://evil.example"}, InvalidFullName, "full_name"),
        ({"full_name": "Contoso WWW.evil.example"}, InvalidFullName, "full_name"),
        ({"licence_type": "hosted_essentials"}, InvalidLicence, "licence_type"),
        ({"licensed_users": 0}, InvalidUsers, "licensed_users"),
        ({"licensed_users": 501}, InvalidUsers, "licensed_users"),
        ({"licensed_users": True}, InvalidUsers, "licensed_users"),
    ],
)
def test_each_error_stands_at_its_field_and_nothing_is_kept(change, error, field):
    customer = make_customer()
    with within(customer.path):
        with pytest.raises(error) as caught:
            actions.plan_service(customer_id=customer.id, **{**GIVEN, **change})
        assert caught.value.field == field
        assert queries.services().rows == ()


def test_nobody_plans_for_a_customer_outside_the_scope():
    one, other = make_customer(), make_customer()
    with within(one.path), pytest.raises(NoSuchOrganization):
        actions.plan_service(customer_id=other.id, **GIVEN)


@pytest.mark.parametrize("again", ["contoso", "CONTOSO", "\uff43\uff4f\uff4e\uff54\uff4f\uff53\uff4f"])
def test_short_name_is_unique_within_the_provider_whatever_its_case(again):
    provider = make_provider()
    plan(make_customer(make_channel(provider)), short_name="contoso")
    with pytest.raises(NameTaken) as caught:
        plan(make_customer(provider), short_name=again)
    assert caught.value.field == "short_name"
    assert not queries.name_is_free(provider.id, again)


def test_another_provider_may_use_the_name():
    plan(make_customer(), short_name="contoso")
    other = make_provider()
    assert queries.name_is_free(other.id, "contoso")
    plan(make_customer(other), short_name="contoso")


def test_name_is_free_again_after_the_service_was_given_up():
    provider = make_provider()
    customer = make_customer(provider)
    first = plan(customer, short_name="contoso")
    with within(customer.path):
        actions.abandon_service(service_id=first, by=SETUP)
    assert queries.name_is_free(provider.id, "contoso")
    plan(customer, short_name="contoso")


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_want_one_name_at_once_one_gets_it_and_one_is_told():
    provider = make_provider()
    customers = [make_customer(provider) for _ in range(4)]
    results = race(*(partial(plan, customer, short_name="contoso") for customer in customers))
    losers = [result for result in results if isinstance(result, Exception)]
    assert len(losers) == 3
    assert all(isinstance(loser, NameTaken) and loser.field == "short_name" for loser in losers)


def test_the_database_refuses_too_many_users_by_itself():
    customer = make_customer()
    made = plan(customer)
    with within(customer.path), pytest.raises(IntegrityError), transaction.atomic():
        Service.objects.filter(pk=made).update(licensed_users=501)


def test_created_service_stays_created():
    customer = make_customer()
    made = plan(customer)
    with within(customer.path):
        actions.create_service(service_id=made, by=SETUP)
        assert queries.service(made).lifecycle is Lifecycle.CREATED
        for move in (actions.create_service, actions.abandon_service):
            with pytest.raises(ServiceMoved):
                move(service_id=made, by=SETUP)


@pytest.mark.parametrize("action", [actions.create_service, actions.abandon_service])
def test_unknown_service_is_told(action):
    with within(make_customer().path), pytest.raises(NoSuchService):
        action(service_id=uuid4(), by=SETUP)


def test_statuses_follow_what_was_read_and_only_changes_are_recorded():
    customer = make_customer()
    made = plan(customer)
    with within(customer.path):
        for _ in range(2):
            actions.set_connection(service_id=made, status=Connection.WARNING, reason="It ends in 5 days.")
            actions.set_deployment(service_id=made, status=Deployment.READY)
        view = queries.service(made)
    assert (view.connection, view.connection_reason, view.deployment) == (
        Connection.WARNING,
        "It ends in 5 days.",
        Deployment.READY,
    )
    events = [row.event for row in activity(organization_path=customer.path, subject=f"service:{made}")]
    assert events == [
        "services:service:deployment_changed",
        "services:service:connection_changed",
        "services:service:planned",
    ]


def test_activity_names_who_did_it_and_from_where():
    customer = make_customer()
    olga = Actor(kind="person", id="7", name="Olga", address="192.0.2.7", request_id="r-1")
    with within(customer.path):
        actions.plan_service(customer_id=customer.id, **{**GIVEN, "by": olga})
    (row,) = activity(organization_path=customer.path, limit=1)
    assert (row.actor_name, row.actor_address, row.request_id) == ("Olga", "192.0.2.7", "r-1")
    assert row.data == {"short_name": "contoso", "full_name": "contoso", "licence": "hosted_pro", "users": 25}


@pytest.mark.parametrize(
    ("search", "found"),
    [("", True), ("CONTO", True), ("voice cont", True), ("northwind", True), ("conto-9", True), ("onto", False)],
)
def test_services_are_found_by_their_names_and_their_customers(search, found):
    customer = make_customer(name="Northwind")
    plan(customer, short_name="Conto-9", full_name="Contoso voice")
    with within(customer.path):
        assert bool(queries.services(Sought(search=search)).rows) is found


def test_services_are_filtered_by_status_and_licence():
    customer = make_customer()
    first, second, gone = plan(customer), plan(customer), plan(customer)
    with within(customer.path):
        actions.create_service(service_id=first, by=SETUP)
        actions.set_connection(service_id=first, status=Connection.OK, reason="")
        actions.abandon_service(service_id=gone, by=SETUP)
        assert ids(queries.services()) == {first, second}
        assert ids(queries.services(Sought(status="ok"))) == {first}
        assert ids(queries.services(Sought(status="planned"))) == {second}
        assert ids(queries.services(Sought(status="nonsense"))) == set()
        assert ids(queries.services(Sought(licence="hosted_pro"))) == {first, second}
        assert ids(queries.services(Sought(licence="hosted_essentials_plus"))) == set()
        assert ids(queries.services(Sought(deployment="none"))) == {first, second}
        assert ids(queries.services(Sought(deployment="ready"))) == set()


def test_services_are_filtered_by_the_organization_they_stand_below():
    provider = make_provider()
    customer, sister = make_customer(provider), make_customer(provider)
    first, second = plan(customer), plan(sister)
    with within(provider.path):
        assert ids(queries.services(Sought(below=str(provider.id)))) == {first, second}
        assert ids(queries.services(Sought(below=str(sister.id)))) == {second}
    with within(customer.path):
        for elsewhere in (str(sister.id), "nonsense"):
            assert ids(queries.services(Sought(below=elsewhere))) == set()


@pytest.mark.parametrize(("sort", "names"), [("short_name", "aaa Bbb ccc"), ("-short_name", "ccc Bbb aaa")])
def test_services_are_sorted_without_regard_to_case(sort, names):
    customer = make_customer()
    for name in ("Bbb", "ccc", "aaa"):
        plan(customer, short_name=name)
    with within(customer.path):
        assert [row.short_name for row in queries.services(Sought(sort=sort)).rows] == names.split()


def test_a_list_costs_two_queries_its_keys_and_its_rows(django_assert_num_queries):
    customer = make_customer()
    for _ in range(5):
        plan(customer)
    with within(customer.path), django_assert_num_queries(2):
        assert len(queries.services(Sought(search="svc")).rows) == 5


def test_search_is_answered_by_indexes():
    plan(make_customer())
    with within_everything("test"), connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        condition = matching("contoso", begins=("short_name_key", "full_name_key"))
        explained = Service.objects.filter(condition).order_by().explain()
    for index in ("services_words", "services_short_prefix", "services_full_prefix"):
        assert index in explained


def ids(page):
    return {row.id for row in page.rows}
