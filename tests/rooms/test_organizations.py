"""The tree of organizations, the people in it, and what is found by searching."""

from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.db import IntegrityError, connection

from gangway.audit.queries import activity
from gangway.foundation.sealed import SealedText
from gangway.notifications.senders import sender_of
from gangway.organizations import actions, queries
from gangway.organizations.changing import take_out_of_use
from gangway.organizations.errors import (
    AddressTaken,
    InvalidAddress,
    InvalidOrganizationName,
    NoSeat,
    NoSuchOrganization,
    NoSuchRole,
    ShortNameTaken,
    WeakPassword,
    WrongPlace,
)
from gangway.organizations.models import Operator, Organization
from gangway.organizations.pages import PAGE_SIZE
from gangway.organizations.roles import Capability, Kind, Role
from gangway.organizations.scope import within, within_everything
from gangway.organizations.search import matching
from tests.rooms.factories_organizations import (
    PASSWORD,
    SETUP,
    make,
    make_channel,
    make_customer,
    make_operator,
    make_provider,
)

pytestmark = pytest.mark.django_db


def test_path_leads_from_the_system_down():
    provider = make_provider()
    channel = make_channel(provider)
    customer = make_customer(channel)
    assert customer.path == f"{actions.system().hex}/{provider.id.hex}/{channel.id.hex}/{customer.id.hex}/"


def test_there_is_one_system_above_all_providers():
    one, other = make_provider(), make_provider()
    assert one.path.split("/")[0] == other.path.split("/")[0] == actions.system().hex


def test_only_the_system_has_no_parent():
    with pytest.raises(IntegrityError), within_everything("test"):
        Organization.objects.filter(pk=make_provider().id).update(parent=None)


@pytest.mark.parametrize(
    ("kind", "parent"), [(Kind.CHANNEL, Kind.CHANNEL), (Kind.CUSTOMER, Kind.CUSTOMER), (Kind.PROVIDER, Kind.PROVIDER)]
)
def test_tree_keeps_its_order(kind, parent):
    above = {Kind.PROVIDER: make_provider, Kind.CUSTOMER: make_customer}
    place = make_channel(make_provider()) if parent is Kind.CHANNEL else above[parent]()
    with pytest.raises(WrongPlace):
        make(kind, parent=place)


def test_channel_without_a_provider_is_refused():
    with pytest.raises(WrongPlace):
        make(Kind.CHANNEL)


def test_nobody_adds_below_an_organization_outside_the_scope():
    provider, other = make_provider(), make_provider()
    with within(provider.path), pytest.raises(NoSuchOrganization):
        actions.create_organization(kind=Kind.CUSTOMER, name="X", short_name="", parent_id=other.id, by=SETUP)


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "a\u202eb"])
def test_name_must_be_readable(name):
    with pytest.raises(InvalidOrganizationName):
        actions.create_organization(kind=Kind.PROVIDER, name=name, short_name="x", parent_id=None, by=SETUP)


def test_two_providers_have_two_short_names():
    make_provider(short_name="sp2")
    with pytest.raises(ShortNameTaken) as caught:
        make_provider(short_name="sp2")
    assert caught.value.field == "short_name"


def test_a_channels_short_name_is_its_own_within_its_provider_while_it_is_there():
    north, south = make_provider(), make_provider()
    first = make_channel(north, short_name="Harbour")
    make_channel(south, short_name="harbour")
    with pytest.raises(ShortNameTaken) as caught:
        make_channel(north, short_name="harbour")
    assert caught.value.field == "short_name"
    with within(north.path):
        take_out_of_use(organization_id=first.id, by=SETUP)
    make_channel(north, short_name="harbour")


def test_customers_may_share_a_short_name():
    provider = make_provider()
    make_customer(provider, short_name="same")
    make_customer(provider, short_name="same")


def test_seat_tells_who_where_and_what():
    provider = make_provider(name="Sandbox Telecom", short_name="sp2")
    channel = make_channel(provider)
    seat = queries.seat(make_operator(channel, role=Role.ADMIN, name="Rosa"))
    assert (seat.name, seat.path, seat.organization_kind, seat.role) == ("Rosa", channel.path, Kind.CHANNEL, Role.ADMIN)
    assert (seat.provider_id, seat.provider_name) == (provider.id, "Sandbox Telecom")
    assert Capability.ADD_SERVICE in seat.capabilities
    assert Capability.DELETE_SERVICE not in seat.capabilities


def test_nobody_has_a_seat_by_signing_in_alone():
    with pytest.raises(NoSeat):
        queries.seat(uuid4())


def test_a_deactivated_person_has_no_seat():
    person = make_operator(make_provider())
    Operator.objects.filter(pk=person).update(is_active=False)
    with pytest.raises(NoSeat):
        queries.seat(person)


def test_operator_signs_in_with_a_verified_address_in_lower_case():
    provider = make_provider()
    with within(provider.path):
        person = actions.create_operator(
            email=" Olga@SP2.example ",
            name="Olga",
            password=PASSWORD,
            organization_id=provider.id,
            role=Role.ADMIN,
            by=SETUP,
        )
    assert EmailAddress.objects.get(user_id=person, verified=True, primary=True).email == "olga@sp2.example"
    assert Operator.objects.get(pk=person).check_password(PASSWORD.reveal())
    assert Operator.objects.get_by_natural_key("OLGA@sp2.example").pk == person


@pytest.mark.parametrize(
    ("change", "error", "field"),
    [
        ({"email": "nobody"}, InvalidAddress, "email"),
        ({"email": "a@b.example\nBcc: x@y.example"}, InvalidAddress, "email"),
        ({"password": SealedText("short")}, WeakPassword, "password"),
        ({"role": Role.OPERATOR_LITE}, NoSuchRole, "role"),
    ],
)
def test_wrong_operator_is_told_at_its_field(change, error, field):
    provider = make_provider()
    given = {"email": "a@b.example", "name": "A", "password": PASSWORD, "role": Role.ADMIN, **change}
    with within(provider.path), pytest.raises(error) as caught:
        actions.create_operator(organization_id=provider.id, by=SETUP, **given)
    assert caught.value.field == field
    assert "short" not in str(caught.value.__cause__)


def test_an_address_belongs_to_one_person():
    provider = make_provider()
    given = {"name": "A", "password": PASSWORD, "organization_id": provider.id, "role": Role.ADMIN, "by": SETUP}
    with within(provider.path):
        actions.create_operator(email="a@b.example", **given)
        with pytest.raises(AddressTaken):
            actions.create_operator(email="A@b.example", **given)


def test_authenticator_key_works_and_is_not_stored_in_clear():
    provider = make_provider()
    person = make_operator(provider)
    with within(provider.path):
        key = actions.enroll_totp(person)
    stored = Authenticator.objects.get(user_id=person, type=Authenticator.Type.TOTP)
    assert key.reveal() not in str(stored.data)
    codes = [format_hotp_value(hotp_value(key.reveal(), counter)) for counter in yield_hotp_counters_from_time()]
    assert TOTP(stored).validate_code(codes[0])


def test_enrolling_again_replaces_the_authenticator():
    provider = make_provider()
    person = make_operator(provider)
    with within(provider.path):
        first, second = actions.enroll_totp(person), actions.enroll_totp(person)
    assert first != second
    assert Authenticator.objects.filter(user_id=person).count() == 1


def test_provider_is_found_from_anywhere_below_it():
    provider = make_provider(name="Sandbox Telecom", reply_to="help@sp2.example", support_phone="+49 30 1234567")
    view = queries.provider_of(make_customer(make_channel(provider)).id)
    assert (view.id, view.name, view.reply_to) == (provider.id, "Sandbox Telecom", "help@sp2.example")
    assert view.server_name == "Sandbox1"


def test_customers_of_the_scope_only():
    provider, other = make_provider(), make_provider()
    channel = make_channel(provider, name="Reseller")
    make_customer(channel, name="Mine", domain="Mine.example")
    make_customer(other, name="Theirs")
    with within(provider.path):
        (row,) = queries.customers().rows
        assert (row.name, row.channel_name, row.domain) == ("Mine", "Reseller", "mine.example")
    with within(other.path), pytest.raises(NoSuchOrganization):
        queries.customer(row.id)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("contoso", True),
        ("CONT", True),
        ("électr", True),
        ("ltd contoso", True),
        ("zweig", True),
        ("contoso.example", True),
        ("ntoso", False),
        ("contoso missing", False),
        ("\x00", True),
        ("'", False),
        ("%", False),
        ("a'b:*|!&()", False),
    ],
)
def test_customers_are_found_by_beginnings(search, found):
    customer = make_customer(name="Contoso Électricité Ltd (Zweig-7)", domain="contoso.example")
    with within(customer.path):
        rows = queries.customers(search=search).rows
    assert [row.id for row in rows] == ([customer.id] if found else [])


def test_long_lists_come_in_pages():
    provider = make_provider()
    for number in range(PAGE_SIZE + 1):
        make_customer(provider, name=f"Customer {number:03}")
    with within(provider.path):
        first, second, beyond = (queries.customers(page=number) for number in (1, 2, 10**9))
    assert (len(first.rows), first.has_next, first.has_previous) == (PAGE_SIZE, True, False)
    assert (len(second.rows), second.has_next, second.has_previous) == (1, False, True)
    assert (beyond.rows, beyond.has_next) == ((), False)


def test_what_was_changed_is_in_the_activity():
    provider = make_provider()
    make_operator(provider, name="Rosa")
    events = [(row.event, row.data["name"]) for row in activity(organization_path=provider.path)]
    assert events[0] == ("organizations:operator:created", "Rosa")
    assert events[1][0] == "organizations:organization:created"


def test_search_is_answered_by_indexes():
    make_customer(name="Contoso")
    with within_everything("test"), connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        rows = Organization.objects.filter(matching("contoso elec", begins=("name_key",)))
        plan = rows.order_by().explain()
    assert "organizations_words" in plan
    assert any(index in plan for index in ("organizations_name_prefix", "organizations_all_by_name"))


def test_a_new_organization_is_told_with_what_it_begins_with():
    provider = make_provider(name="Sandbox Telecom")
    customer = make_customer(provider, domain="contoso.com")
    with within(customer.path):
        (entry,) = activity(organization_path=customer.path)
    told = {(each.field, each.before, each.after) for each in entry.changes}
    assert told >= {("below", None, "Sandbox Telecom"), ("domain", None, "contoso.com"), ("cloud", None, "public")}


def test_customers_of_a_channel_write_to_it_and_call_it_where_it_says_how():
    provider = make_provider(reply_to="help@sp2.example", support_phone="+1 555 0100")
    silent, north = make_channel(provider), make_channel(provider, reply_to="voice@north.example")
    below = {place: queries.provider_of(make_customer(place).id) for place in (provider, silent, north)}
    assert [(one.reply_to, one.support_phone) for one in below.values()] == [
        ("help@sp2.example", "+1 555 0100"),
        ("help@sp2.example", "+1 555 0100"),
        ("voice@north.example", "+1 555 0100"),
    ]
    assert {one.id for one in below.values()} == {provider.id}
    with within(north.path):
        assert sender_of(north.id).reply_to == "voice@north.example"
    assert queries.provider_of(provider.id).reply_to == "help@sp2.example"
