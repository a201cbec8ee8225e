"""What a registration holds and what its plan said: as planned, covered by something wider, left out, too much."""

from uuid import uuid4

import pytest

from gangway.connections.rights import Seen, rows_of
from gangway.foundation import clock
from gangway.organizations.scope import within
from gangway.provisioning import beyond, queries
from gangway.provisioning.engine.surplus import Beyond, Surplus
from gangway.provisioning.models import Registration
from tests.rooms.factories_organizations import make_customer, make_provider

pytestmark = pytest.mark.django_db

FOUND = Beyond(
    surplus=(
        Surplus("permission", "Group.Read.All", "1", covers=("GroupMember.Read.All",)),
        Surplus("role", "Teams Administrator", "2", "/administrativeUnits/3"),
    ),
    instead={"GroupMember.Read.All": "Group.Read.All"},
    skipped=("TeamsUserConfiguration.Read.All",),
)
PROVED = ("Organization.Read.All", "User.Read.All", "GroupMember.Read.All", "Application.ReadWrite.OwnedBy")


@pytest.fixture
def about():
    provider = make_provider()
    customer = make_customer(provider)
    asked, _ = queries.pin(features=["self-rotation", "teams-reading", "automatic-domain"])
    plan = queries.with_declined(asked, ["automatic-domain"])
    with within(customer.path):
        row = Registration(
            pk=uuid4(),
            organization_id=customer.id,
            provider_id=provider.id,
            tenant_id="t",
            display_name="voice",
            name_key="voice",
            plan=plan,
            state="making",
            created_at=clock.now(),
            proofs={f"grant:{value}": "read_back" for value in PROVED},
            beyond=beyond.kept(FOUND),
        )
        row.save(force_insert=True)
        yield queries.registration(row.pk)


def test_what_is_wider_is_as_planned_and_says_so(about):
    rows = {right.name: right for right in about.permissions}
    assert rows["GroupMember.Read.All"].state == "as_planned"
    assert "Covered by Group.Read.All" in rows["GroupMember.Read.All"].proof_words
    assert rows["RoleManagement.Read.Directory"].state == "unknown"


def test_what_microsoft_does_not_offer_is_left_out_and_not_missing(about):
    (row,) = [right for right in about.permissions if right.name == "TeamsUserConfiguration.Read.All"]
    assert row.state == "left_out"
    assert "does not offer it in this tenant" in row.proof_words


def test_what_is_too_much_is_a_row_of_its_own(about):
    assert [(row.name, row.state) for row in about.surplus] == [
        ("Group.Read.All", "more_than_needed"),
        ("Teams Administrator", "more_than_needed"),
    ]
    assert "covers GroupMember.Read.All" in about.surplus[0].proof_words
    assert "/administrativeUnits/3" in about.surplus[1].proof_words


def test_what_was_declined_is_told(about):
    assert [feature.key for feature in about.declined] == ["automatic-domain"]


def test_the_table_of_a_connection_compares_with_the_last_token(about):
    granted = ["Organization.Read.All", "Group.Read.All", "Application.ReadWrite.OwnedBy", "CallRecords.Read.All"]
    rows = {row.name: row.state for row in rows_of(about, [Seen(clock.now(), frozenset(granted))])}
    assert rows["GroupMember.Read.All"] == "as_planned"
    assert rows["User.Read.All"] == "missing"
    assert rows["TeamsUserConfiguration.Read.All"] == "left_out"
    assert rows["Group.Read.All"] == rows["CallRecords.Read.All"] == rows["Teams Administrator"] == "more_than_needed"


def test_without_a_token_the_table_tells_what_was_read_back(about):
    rows = {row.name: row.state for row in rows_of(about, [])}
    assert (rows["User.Read.All"], rows["RoleManagement.Read.Directory"]) == ("as_planned", "unknown")
    assert rows["Group.Read.All"] == "more_than_needed"
