"""Organizations as places: their fields, contacts and bounds; moved, taken out of use; and many adding at once."""

from dataclasses import replace
from functools import partial
from uuid import uuid4

import pytest

from gangway.audit.models import Entry
from gangway.audit.queries import activity
from gangway.organizations import changing, place_queries
from gangway.organizations import queries as organizations
from gangway.organizations.actions import create_organization
from gangway.organizations.details import Bounds, Contact, Details, Tenant, domains_of
from gangway.organizations.errors import (
    AlreadyMade,
    InvalidAddress,
    InvalidField,
    InvalidOrganizationName,
    NoSuchOrganization,
    NotEmpty,
    QuotaUsedUp,
    WrongPlace,
)
from gangway.organizations.roles import Kind
from gangway.organizations.scope import within, within_everything
from gangway.services import actions as services
from gangway.services import queries as service_queries
from gangway.services.errors import CustomerHasServices, InvalidUsers, PoolUsedUp
from gangway.services.pool import pool
from tests.rooms.factories_organizations import SETUP, make_channel, make_customer, make_provider
from tests.rooms.factories_services import plan
from tests.rooms.races import race

pytestmark = pytest.mark.django_db
TENANT = "11111111-2222-4333-8444-555555555555"


def bound(place, **bounds):
    with within(place.path):
        changing.change_bounds(organization_id=place.id, bounds=Bounds(**bounds), by=SETUP)


def add_customer(channel, name="Another"):
    with within(channel.path):
        return create_organization(kind=Kind.CUSTOMER, name=name, short_name="", parent_id=channel.id, by=SETUP)


MANY = [Contact("", f"c{number}@x.org") for number in range(11)]


def test_fields_are_kept_in_one_spelling_and_found_again():
    customer = make_customer(name="Contoso")
    given = Details(domain=" Contoso.COM ", tenant_id=TENANT.upper(), reply_to="IT@Contoso.com", description="a  b")
    with within(customer.path):
        changing.change_details(organization_id=customer.id, name="Contoso Ltd", details=given, by=SETUP)
        view = place_queries.place(customer.id)
        found = place_queries.places(Kind.CUSTOMER, search="contoso.com")
        entry = activity(organization_path=customer.path)[0]
    assert view.name == "Contoso Ltd"
    assert view.details == Details(domain="contoso.com", tenant_id=TENANT, reply_to="it@contoso.com", description="a b")
    assert [row.id for row in found.rows] == [customer.id]
    assert [(each.field, each.before, each.after) for each in entry.changes] == [
        ("description", "", "a b"),
        ("domain", "", "contoso.com"),
        ("name", "Contoso", "Contoso Ltd"),
        ("reply_to", "", "it@contoso.com"),
        ("tenant_id", "", TENANT),
    ]


def test_every_change_says_what_was_and_what_is_and_nothing_is_said_of_none():
    """What may tell of a person stands beside the chain, where it can be erased."""
    customer = make_customer()
    contacts = [Contact("Ann", "ann@x.org", "12")]
    with within(customer.path):
        for _again in range(2):
            details = Details(entra_group_id=TENANT, reply_to="a@x.org")
            changing.change_details(organization_id=customer.id, name="C", details=details, cloud="dod", by=SETUP)
            changing.change_bounds(organization_id=customer.id, bounds=Bounds(users=3, grace_percent=5), by=SETUP)
            changing.change_contacts(organization_id=customer.id, contacts=contacts, by=SETUP)
            changing.change_tenants(organization_id=customer.id, tenants=[Tenant("", "x.org")], by=SETUP)
        told = activity(organization_path=customer.path)[:-1]
        kept = [*Entry.objects.filter(organization_id=customer.id).order_by("id")][1:]
    changes = {each.field: (each.before, each.after) for row in told for each in row.changes}
    assert len(told) == 4
    assert changes.pop("name")[1] == "C"
    assert changes == {
        "cloud": ("public", "dod"),
        "entra_group_id": ("", TENANT),
        "most_users": (None, 3),
        "grace_percent": (10, 5),
        "contacts": ("", "Ann <ann@x.org> 12"),
        "more_tenants": ("", "x.org"),
        "reply_to": ("", "a@x.org"),
    }
    assert not [row.data for row in kept if "Ann" in str(row.data) or "a@x.org" in str(row.data)]


@pytest.mark.parametrize(
    ("field", "typed", "error"),
    [
        ("domain", "not a domain", InvalidField),
        ("domain", "contoso", InvalidField),
        ("tenant_id", "1234", InvalidField),
        ("entra_group_id", "group", InvalidField),
        ("reply_to", "nobody", InvalidAddress),
        ("description", "x" * 501, InvalidField),
        ("information", "a\x00b", InvalidField),
        ("support_phone", "0" * 41, InvalidField),
    ],
)
def test_what_breaks_a_rule_is_told_at_its_field_and_changes_nothing(field, typed, error):
    customer = make_customer(name="Contoso")
    with within(customer.path):
        with pytest.raises(error) as told:
            changing.change_details(
                organization_id=customer.id, name="Other", details=replace(Details(), **{field: typed}), by=SETUP
            )
        assert place_queries.place(customer.id).name == "Contoso"
    assert told.value.field == field


@pytest.mark.parametrize("name", ["نرم\u200cگو", "ශ\u0dca\u200dරී ටෙලිකොම්", "क\u094d\u200dष सेवा"])
def test_name_and_words_may_hold_the_signs_that_its_script_joins_letters_by(name):
    customer = make_customer()
    with within(customer.path):
        changing.change_details(organization_id=customer.id, name=name, details=Details(description=name), by=SETUP)
        about = place_queries.place(customer.id)
        assert (about.name, about.details.description) == (name, name)
        plain = name.replace("\u200c", "").replace("\u200d", "")
        assert place_queries.is_called(customer.id, plain), "whoever types it without them finds it"


@pytest.mark.parametrize(
    "name",
    [
        *(" ", "Contoso https://evil.example", "Contoso www.evil.example"),
        *("Con\u200dtoso", "नम\u200d", "a\u202eb", "\u3164", "Con\u034ftoso"),
    ],
)
def test_name_must_be_one(name):
    customer = make_customer()
    with within(customer.path), pytest.raises(InvalidOrganizationName):
        changing.change_details(organization_id=customer.id, name=name, details=Details(), by=SETUP)


def test_the_log_tells_which_of_many_contacts_changed_however_long_their_names_are():
    customer = make_customer()
    many = [Contact(f"{number} {'n' * 190}", f"{number}{'m' * 50}@contoso.com", "1" * 40) for number in range(10)]
    other = [*many[:-1], replace(many[-1], phone="2")]
    with within(customer.path):
        changing.change_contacts(organization_id=customer.id, contacts=many, by=SETUP)
        changing.change_contacts(organization_id=customer.id, contacts=other, by=SETUP)
        (change,) = activity(organization_path=customer.path, limit=1)[0].changes
    assert change.before != change.after
    assert str(change.after).endswith("@contoso.com> 2")


def test_contacts_are_replaced_and_each_address_stands_once():
    customer = make_customer()
    first = [Contact("Ann", "ann@contoso.com", "1"), Contact("Ann again", "ANN@contoso.com"), Contact("", "b@x.org")]
    with within(customer.path):
        changing.change_contacts(organization_id=customer.id, contacts=first, by=SETUP)
        assert [contact.email for contact in place_queries.place(customer.id).contacts] == [
            "ann@contoso.com",
            "b@x.org",
        ]
        changing.change_contacts(organization_id=customer.id, contacts=[Contact("", "c@x.org")], by=SETUP)
        assert [contact.email for contact in place_queries.place(customer.id).contacts] == ["c@x.org"]
        with pytest.raises(InvalidAddress):
            changing.change_contacts(organization_id=customer.id, contacts=[Contact("", "nobody")], by=SETUP)
        with pytest.raises(InvalidField):
            changing.change_contacts(organization_id=customer.id, contacts=MANY, by=SETUP)


def test_moving_a_customer_moves_all_that_belongs_to_it():
    provider = make_provider()
    north, south = make_channel(provider, name="North"), make_channel(provider, name="South")
    customer = make_customer(north)
    service = plan(customer)
    with within(provider.path):
        changing.move_customer(customer_id=customer.id, to=south.id, by=SETUP)
    with within(south.path):
        assert service_queries.service(service).channel_name == "South"
        assert organizations.customer(customer.id).channel_name == "South"
    with within(north.path), pytest.raises(NoSuchOrganization):
        organizations.customer(customer.id)


def test_customer_never_leaves_its_provider_and_stands_below_no_customer():
    here, there = make_provider(), make_provider()
    customer, other = make_customer(here), make_customer(here)
    with within(here.path):
        with pytest.raises(NoSuchOrganization):
            changing.move_customer(customer_id=customer.id, to=there.id, by=SETUP)
        with pytest.raises(WrongPlace):
            changing.move_customer(customer_id=customer.id, to=other.id, by=SETUP)


def test_channel_has_no_more_customers_than_its_quota():
    provider = make_provider()
    channel = make_channel(provider)
    bound(channel, customers=1)
    add_customer(channel)
    with pytest.raises(QuotaUsedUp):
        add_customer(channel)
    with within(provider.path), pytest.raises(QuotaUsedUp) as told:
        changing.move_customer(customer_id=make_customer(provider).id, to=channel.id, by=SETUP)
    assert told.value.field == "to"


@pytest.mark.django_db(transaction=True)
def test_of_many_customers_added_at_once_only_the_quota_comes_in():
    channel = make_channel(make_provider())
    bound(channel, customers=3)
    results = race(*(partial(add_customer, channel, f"Customer {number}") for number in range(8)))
    assert sum(isinstance(result, QuotaUsedUp) for result in results) == 5
    with within(channel.path):
        assert len(place_queries.places(Kind.CUSTOMER).rows) == 3


@pytest.mark.django_db(transaction=True)
def test_of_many_services_planned_at_once_only_the_pool_is_given_away():
    provider = make_provider()
    customers = [make_customer(make_channel(provider)) for _ in range(6)]
    bound(provider, users=100, grace_percent=10)
    results = race(*(partial(plan, customer, users=30) for customer in customers))
    refused = [result for result in results if isinstance(result, PoolUsedUp)]
    assert len(refused) == 3
    assert pool(provider.id).used == 90


def test_pool_knows_what_is_left_with_grace_and_when_it_warns():
    provider = make_provider()
    customer = make_customer(provider)
    assert pool(provider.id).left is None
    bound(provider, users=100, warning_percent=90, grace_percent=10)
    service = plan(customer, users=89)
    assert not pool(provider.id).warns
    with within(customer.path):
        services.change_users(service_id=service, licensed_users=105, by=SETUP)
        counted = pool(provider.id)
        assert (counted.used, counted.left, counted.warns, counted.in_grace) == (105, 5, True, True)
        with pytest.raises(PoolUsedUp) as told:
            services.change_users(service_id=service, licensed_users=111, by=SETUP)
        assert (told.value.field, "5" in told.value.what) == ("licensed_users", False)
        with pytest.raises(InvalidUsers):
            services.change_users(service_id=service, licensed_users=501, by=SETUP)
    with within(provider.path), pytest.raises(PoolUsedUp, match="5 licensed users left"):
        services.change_users(service_id=service, licensed_users=111, by=SETUP)


def test_with_an_exhausted_pool_what_is_there_can_still_be_made_smaller():
    provider = make_provider()
    customer = make_customer(provider)
    service = plan(customer, users=100)
    bound(provider, users=50)
    with within(customer.path):
        services.change_users(service_id=service, licensed_users=90, by=SETUP)
        with pytest.raises(PoolUsedUp):
            services.change_users(service_id=service, licensed_users=91, by=SETUP)


def test_given_up_service_gives_its_users_back():
    provider = make_provider()
    customer = make_customer(provider)
    bound(provider, users=100, grace_percent=0)
    service = plan(customer, users=100)
    with within(customer.path):
        services.abandon_service(service_id=service, by=SETUP)
    assert pool(provider.id).left == 100


def test_customer_with_a_living_service_stays():
    customer = make_customer()
    service = plan(customer)
    with within(customer.path):
        with pytest.raises(CustomerHasServices):
            services.remove_customer(customer_id=customer.id, by=SETUP)
        assert place_queries.place(customer.id).id == customer.id
        services.abandon_service(service_id=service, by=SETUP)
        services.remove_customer(customer_id=customer.id, by=SETUP)
        with pytest.raises(NoSuchOrganization):
            place_queries.place(customer.id)
        with pytest.raises(NoSuchOrganization):
            plan(customer)


@pytest.mark.django_db(transaction=True)
def test_service_planned_while_its_customer_is_removed_is_never_left_alone():
    for _turn in range(5):
        customer = make_customer()

        def remove(customer=customer):
            with within(customer.path):
                services.remove_customer(customer_id=customer.id, by=SETUP)

        planned, removed = race(partial(plan, customer), remove)
        assert isinstance(planned, NoSuchOrganization) != isinstance(removed, CustomerHasServices)


def test_channel_with_customers_stays():
    provider = make_provider()
    channel = make_channel(provider)
    customer = add_customer(channel)
    with within(provider.path):
        with pytest.raises(NotEmpty):
            changing.take_out_of_use(organization_id=channel.id, by=SETUP)
        services.remove_customer(customer_id=customer, by=SETUP)
        changing.take_out_of_use(organization_id=channel.id, by=SETUP)
        assert place_queries.places(Kind.CHANNEL).rows == ()
        with pytest.raises(WrongPlace):
            changing.take_out_of_use(organization_id=provider.id, by=SETUP)


def test_channels_say_how_many_customers_they_have():
    provider = make_provider()
    channel = make_channel(provider)
    bound(channel, customers=7)
    add_customer(channel)
    with within(provider.path):
        (row,) = place_queries.places(Kind.CHANNEL).rows
        choices = place_queries.parents_for_customers(provider.id)
    assert (row.below, row.most_customers) == (1, 7)
    assert [choice.id for choice in choices] == [provider.id, channel.id]


@pytest.mark.parametrize(
    ("bounds", "field"),
    [
        ({"customers": -1}, "customers"),
        ({"users": 1_000_001}, "users"),
        ({"warning_percent": 0}, "warning_percent"),
        ({"grace_percent": 101}, "grace_percent"),
    ],
)
def test_bounds_have_bounds(bounds, field):
    provider = make_provider()
    with pytest.raises(InvalidField) as told:
        bound(provider, **bounds)
    assert told.value.field == field


def test_a_customer_whose_first_domain_is_unknown_is_known_by_its_others():
    first, more = "contoso.com", [Tenant(TENANT, ""), Tenant("", "contoso.net")]
    assert (domains_of(first, more), domains_of("", more)) == (("contoso.com", "contoso.net"), ("contoso.net",))


@pytest.mark.django_db(transaction=True)
def test_of_two_that_send_the_same_form_at_once_one_makes_it_also_when_it_fills_the_quota():
    channel, key = make_channel(make_provider()), uuid4()
    bound(channel, customers=1)

    def send():
        with within(channel.path):
            return create_organization(
                kind=Kind.CUSTOMER, name="Twice", short_name="", parent_id=channel.id, by=SETUP, once=key
            )

    assert sorted(type(each).__name__ for each in race(send, send)) == ["AlreadyMade", "UUID"]
    with within(channel.path):
        assert [row.id for row in place_queries.places(Kind.CUSTOMER).rows] == [key]


@pytest.mark.django_db(transaction=True)
def test_of_two_that_add_the_same_provider_at_once_one_makes_it():
    make_provider()
    key = uuid4()

    def send():
        with within_everything("a test adds a provider"):
            return create_organization(
                kind=Kind.PROVIDER, name="Twice", short_name="twice", parent_id=None, by=SETUP, once=key
            )

    assert sorted(type(each).__name__ for each in race(send, send)) == ["AlreadyMade", "UUID"]
    with within_everything("a test looks"), pytest.raises(AlreadyMade):
        create_organization(kind=Kind.PROVIDER, name="Twice", short_name="t2", parent_id=None, by=SETUP, once=key)
