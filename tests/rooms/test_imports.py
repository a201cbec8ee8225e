"""Many at once, looked at first: the dry run writes nothing, and each fault stands at its column."""

import pytest
from django.core import mail

from gangway.audit.record import Actor
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.imports import checking, queries, working
from gangway.imports.models import Row
from gangway.imports.reading import RawRow
from gangway.imports.states import Kind
from gangway.invitations.errors import TooFarAhead
from gangway.invitations.queries import pending
from gangway.jobs.testing import run_until_idle
from gangway.organizations.changing import change_bounds
from gangway.organizations.details import Bounds
from gangway.organizations.models import Organization, TenantRow
from gangway.organizations.scope import within, within_everything
from tests.rooms.factories_imports import SECRET, Desk, known, new, secrets_kept
from tests.rooms.factories_onboarding import CLIENT, HOME, register
from tests.rooms.factories_organizations import (
    SETUP,
    make_channel,
    make_customer,
    make_operator,
    make_provider,
)
from tests.rooms.factories_services import plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    provider = make_provider()
    register(provider)
    return Desk(provider, Actor(kind="person", id=str(make_operator(provider)), name="Olga Operator"))


def test_links_of_an_import_are_good_for_its_own_days_else_for_the_providers(desk):
    for days, ones in ((3, "short"), (None, "usual")):
        desk.start(desk.bring(new(ones, customer=ones), days=days))
    run_until_idle()
    with within(desk.provider.path):
        lives = {row.short_name: row.days for row in pending().rows}
    assert lives == {"short": 3, "usual": 7}
    with pytest.raises(TooFarAhead):
        desk.bring(new("long"), days=91)


def test_an_address_at_a_domain_that_nobody_knows_of_the_customer_is_asked_about_for_the_whole_file(desk):
    make_customer(desk.provider, name="Contoso", domain="contoso.com")
    rows = [
        new("one", email="ada@fabrikam.example"),
        new("two", email="ada@it.contoso.com"),
        new("three", customer="Fabrikam", domain="fabrikam.com", email="gray@contoso.com"),
        new("four", customer="Fabrikam", email="gray@fabrikam.com"),
        new("five", customer="Nobody knows"),
    ]
    first, *others = desk.faults(desk.bring(*rows, knowingly=False))
    assert first["email"][0].startswith("fabrikam.example is none of the domains of this customer: contoso.com.")
    assert "tick the box" in " ".join(first["email"])
    assert [bool(one) for one in others] == [False, True, False, False]
    assert desk.faults(desk.bring(*rows)) == [{}] * 5


@pytest.mark.parametrize(("knowingly", "state"), [(False, "failed"), (True, "proving")])
def test_a_row_is_asked_about_its_address_when_its_turn_comes_too(desk, knowingly, state):
    """The row that is let through then waits for whose its domain is."""
    import_id = desk.bring(new("one", email="ada@fabrikam.example"), knowingly=knowingly)
    make_customer(desk.provider, name="Contoso", domain="contoso.com")
    desk.start(import_id)
    run_until_idle()
    assert desk.states(import_id) == [state]
    with within(desk.provider.path):
        (row,) = queries.rows_of_import(import_id).rows
    assert ("know of this customer (contoso.com)" in row.what) is not knowingly


def test_a_dry_run_writes_nothing_but_the_import(desk):
    import_id = desk.bring(new("one"), new("two", customer="Fabrikam"))
    run_until_idle()
    assert desk.states(import_id) == ["ready", "ready"]
    assert desk.names() == []
    assert mail.outbox == []
    with within(desk.provider.path):
        assert not Organization.objects.filter(kind="customer").exists()
        assert [row.makes_customer for row in queries.rows_of_import(import_id).rows] == [True, True]


FAULTS = {
    "customer": ({"customer": ""}, "This is missing."),
    "channel": ({"channel": "Nobody"}, "We know no channel of this name."),
    "short_name": ({"short_name": "a.b c"}, "A dot cannot be used."),
    "full_name": ({"full_name": "x" * 201}, "A full name has at most 200 characters"),
    "licence": ({"licence": "Gold"}, "Choose Hosted Essentials+ or Hosted Pro."),
    "users": ({"users": "501"}, "A service has 1 to 500 licensed users."),
    "no number": ({"users": "2e1"}, "This isn't a whole number."),
    "email": ({"email": "ada"}, "e-mail address"),
    "phone": ({"phone": "1" * 41}, "This can't be used here."),
    "domain": ({"domain": "not a domain"}, "domain"),
    "language": ({"language": "Klingon"}, "can't be written in this language"),
    "cloud": ({"cloud": "Cirrus"}, "We know no Microsoft cloud of this name."),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_stands_at_its_column(desk, name):
    changed, words = FAULTS[name]
    (faults,) = desk.faults(desk.bring(new("one", **changed)))
    assert list(faults) == list(changed)
    assert words in " ".join(faults[next(iter(changed))])


@pytest.mark.parametrize("word", ["GCC High", "gcc-high", "GCC High (United States Government)"])
def test_a_customer_is_made_in_the_cloud_that_its_row_names(desk, word):
    import_id = desk.bring(new("one", cloud=word), new("two"))
    desk.start(import_id)
    run_until_idle()
    assert desk.states(import_id) == ["invited", "invited"]
    with within(desk.provider.path):
        assert Organization.objects.get(kind="customer").cloud == "gcc-high"


def test_a_row_names_no_other_cloud_than_its_customer_has(desk):
    make_customer(desk.provider, name="Fabrikam", cloud="china")
    rows = [new("one", cloud="dod"), new("two", cloud="Public"), new("three", cloud="21Vianet", customer="Fabrikam")]
    whole = desk.faults(desk.bring(*rows, new("four", cloud="dod", customer="Fabrikam")))
    faults = [each for each in whole if each]
    assert [list(each) for each in faults] == [["cloud"], ["cloud"]]
    assert all("another Microsoft cloud" in " ".join(each["cloud"]) for each in faults)


TYPED = {
    "tenant": ({"tenant": "Contoso Ltd"}, "neither a tenant ID nor a domain"),
    "own tenant": ({"tenant": HOME}, "platform's own tenant"),
    "own application": ({"client_id": CLIENT}, "platform's own application"),
    "secret": ({"secret": "9f06103a-1111-4222-8333-444455556666"}, "This is the Secret ID, not the secret."),
    "no secret": ({"secret": ""}, "This is missing."),
    "expires_on": ({"expires_on": "2020-01-31"}, "expired already"),
    "no date": ({"expires_on": "soon"}, "This isn't a date."),
}


@pytest.mark.parametrize("name", TYPED)
def test_connections_are_looked_at_as_by_hand(desk, name):
    changed, words = TYPED[name]
    (faults,) = desk.faults(desk.bring(known("one", **changed), kind=Kind.EXISTING))
    assert list(faults) == list(changed)
    assert words in " ".join(faults[next(iter(changed))])
    assert secrets_kept() == 0


def test_all_faults_of_a_row_are_told_at_once(desk):
    (faults,) = desk.faults(desk.bring(new("a", licence="", users="0", email="?")))
    assert set(faults) == {"short_name", "licence", "users", "email"}


def test_a_short_name_counts_once_in_the_file_and_in_the_database(desk):
    plan(make_customer(make_channel(desk.provider)), short_name="taken")
    faults = desk.faults(desk.bring(new("fresh"), new("TAKEN"), new("Fresh")))
    assert [list(one) for one in faults] == [[], ["short_name"], ["short_name"]]
    assert "already has this short name" in faults[1]["short_name"][0]
    assert "A row above" in faults[2]["short_name"][0]


def test_the_pool_is_counted_over_all_rows(desk):
    with within_everything("test set-up"):
        change_bounds(organization_id=desk.provider.id, bounds=Bounds(users=50, grace_percent=0), by=SETUP)
    faults = desk.faults(desk.bring(new("one", users="30"), new("two", users="30"), new("three")))
    assert [list(one) for one in faults] == [[], ["users"], []]
    assert "20 licensed users left" in faults[1]["users"][0]


def test_a_customer_has_the_domain_that_it_is_known_by_or_that_a_row_above_gave_it(desk):
    make_customer(make_channel(desk.provider), name="Contoso", domain="contoso.com")
    known_ones = new("one", domain="Contoso.com"), new("two", domain="contoso.de"), new("three")
    above = new("four", customer="Fabrikam", domain="fabrikam.com"), new("five", customer="fabrikam", domain="f.de")
    import_id = desk.bring(*known_ones, *above)
    faults = desk.faults(import_id)
    assert [list(one) for one in faults] == [[], ["domain"], [], [], ["domain"]]
    assert "domain is contoso.com" in faults[1]["domain"][0]
    assert "A row above" in faults[4]["domain"][0]


def test_rows_of_one_customer_may_name_different_domains_that_it_is_known_by(desk):
    known = make_customer(desk.provider, name="Contoso", domain="contoso.com")
    with within_everything("test set-up"):
        TenantRow.objects.create(organization_id=known.id, place=1, domain="contoso.de")
    both = new("one", domain="contoso.com"), new("two", domain="contoso.de")
    assert [list(one) for one in desk.faults(desk.bring(*both))] == [[], []]


def test_a_domain_that_the_customer_got_after_the_dry_run_is_not_dropped(desk):
    import_id = desk.bring(new("one", domain="contoso.de"))
    make_customer(desk.provider, name="Contoso", domain="contoso.com")
    desk.start(import_id)
    working.go_on(import_id, now=clock.now())
    assert desk.states(import_id) == ["failed"]
    with within(desk.provider.path):
        assert queries.rows_of_import(import_id).rows[0].what.startswith("domain: This customer's")


def test_new_customers_are_counted_against_their_channel(desk):
    channel = make_channel(desk.provider, name="Harbour")
    with within_everything("test set-up"):
        change_bounds(organization_id=channel.id, bounds=Bounds(customers=1), by=SETUP)
    rows = [new(f"one-{number}", channel="harbour", customer=f"C{number // 2}") for number in range(3)]
    assert [list(one) for one in desk.faults(desk.bring(*rows))] == [[], [], ["customer"]]


def test_customers_are_found_by_name_within_the_scope_and_told_apart_by_channel(desk):
    make_customer(name="Contoso")
    north, south = make_channel(desk.provider, name="North"), make_channel(desk.provider, name="South")
    make_customer(north, name="Contoso")
    make_customer(south, name="contoso")
    import_id = desk.bring(new("one"), new("two", channel="North"), new("three", customer="Fabrikam", channel="South"))
    assert [list(one) for one in desk.faults(import_id)] == [["customer"], [], []]
    with within(desk.provider.path):
        assert [row.makes_customer for row in queries.rows_of_import(import_id).rows] == [False, False, True]


@pytest.mark.parametrize(
    ("cell", "looks"),
    [
        (SECRET, True),
        ("ab8Q~abcDEFghiJKLmnoPQRstuVWXyz0123456-_", True),
        ("a8Q~abcDEFghiJKLmnoPQRstuVWXyz0123456-_", True),
        ("Xy~8Q~abcDEFghiJKL mnoPQRstuVWXyz0123456-_", True),
        ("Xy~ 8Q~abcDEFghi\tJKLmnoPQRstuVWXyz0123456-_", True),
        ("Contoso Q~Bridge International Holding Company", False),
        ("Quartier 8 Q-Park, Niederlassung der Muster AG in Nord", False),
        ("8Q~abcDEFghiJKLmnoPQRstuVWXyz0123456", False),
    ],
)
def test_what_looks_like_a_secret_does_so_with_few_signs_before_and_blanks_inside(cell, looks):
    kept = checking._without_secrets(RawRow(1, {"full_name": cell}, SealedText("")))
    assert ("full_name" not in kept) is looks


def test_a_secret_in_another_column_is_neither_kept_nor_shown(desk):
    slipped = known("one", full_name=SECRET, secret="Ab~8Q~abcDEFghiJKLmnoPQRstuVWXyz0123456-_")
    twice = known("two", tenant="some-long-secret-of-another-make", secret="some-long-secret-of-another-make")
    import_id = desk.bring(slipped, twice, kind=Kind.EXISTING)
    faults = desk.faults(import_id)
    assert (list(faults[0]), list(faults[1])) == (["full_name"], ["tenant"])
    with within_everything("test"):
        kept = repr(list(Row.objects.values()))
    assert SECRET not in kept
    assert "some-long-secret" not in kept
