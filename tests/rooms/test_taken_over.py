"""A customer is put below another reseller: this one reads no name of the other's people, and these hear no more."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth import get_user_model

from gangway.accounts.actions import invite_operator
from gangway.alarms import actions as alarms
from gangway.alarms.models import Notice
from gangway.alarms.states import Kind, NoticeState, Severity
from gangway.alarms.telling import send_due
from gangway.audit.record import Actor
from gangway.connections import actions as connections
from gangway.connections import policy
from gangway.connections.models import Connection
from gangway.connections.states import AuthenticatedBy
from gangway.foundation import clock
from gangway.invitations import actions as invitations
from gangway.invitations import queries as invited
from gangway.invitations.states import State
from gangway.notifications.models import Message
from gangway.onboarding.case_view import asker_of
from gangway.organizations.changing import move_customer
from gangway.organizations.queries import seat
from gangway.organizations.roles import Role
from gangway.organizations.scope import within, within_everything
from gangway.organizations.taken_over import BEFORE
from gangway.organizations.told import answerable
from tests.rooms.factories_connections import connected
from tests.rooms.factories_invitations import PLAN
from tests.rooms.factories_organizations import (
    SETUP,
    Place,
    make_channel,
    make_customer,
    make_operator,
    make_provider,
)
from tests.rooms.factories_services import plan
from tests.rooms.factories_web import sit_down

pytestmark = pytest.mark.django_db
RITA = "Rita Rival"


class Moved:
    """A customer with what Rita of the reseller before did and heard, and then below another one."""

    def __init__(self) -> None:
        self.provider = make_provider(reply_to="help@sp2.example")
        before, self.after = make_channel(self.provider), make_channel(self.provider)
        self.customer = make_customer(before)
        rita = make_operator(before, name=RITA)
        self.address = get_user_model().objects.get(pk=rita).email
        self.rita = Actor("person", str(rita), RITA)
        with within(self.provider.path):
            invite_operator(
                email="cleo@contoso.example",
                name="Cleo",
                organization_id=self.customer.id,
                role=Role.MONITOR,
                seat=seat(make_operator(self.provider, name=RITA)),
                by=self.rita,
                now=clock.now(),
            )
        self.service_id = connected(self.customer)
        with within(self.customer.path):
            self._work()
        with within(self.provider.path):
            move_customer(customer_id=self.customer.id, to=self.after.id, by=SETUP)

    def _work(self) -> None:
        now, by = clock.now(), self.rita
        self.alarm_id = self._alarm("one")
        alarms.acknowledge(self.alarm_id, by=by, now=now)
        alarms.clear(self._alarm("two"), why="Seen to.", by=by, now=now)
        connections.validate_connection(service_id=self.service_id, by=by, now=now)
        Connection.objects.update(user_name=self.address, authenticated_by=AuthenticatedBy.OPERATOR.value)
        begins, ends = now + timedelta(days=1), now + timedelta(days=2)
        policy.add_freeze(self.customer.id, begins=begins, ends=ends, why="", by=by, now=now)
        self.invitation_id = invitations.issue_invitation(
            service_id=plan(self.customer),
            recipient="ada@contoso.example",
            plan=PLAN,
            plan_fingerprint="sha256:1",
            by=by,
            now=now,
        ).invitation_id

    def _alarm(self, subject: str) -> UUID:
        with within_everything("workers raise alarms"):
            return alarms.raise_alarm(
                organization_id=self.customer.id,
                kind=Kind.CONNECTION,
                subject=f"service:{uuid4()}",
                about=subject,
                severity=Severity.WARNING,
                words="It fails.",
                cure="Look at it.",
                by=SETUP,
                now=clock.now(),
            )

    def read_by(self, where: Place, role: Role = Role.ADMIN) -> str:
        """Return all that somebody there reads about the customer, as one text."""
        browser, pages = (
            sit_down(where, role=role),
            [
                f"/alarms/{self.alarm_id}/",
                "/alarms/",
                "/alarms/?state=cleared",
                "/operators/",
                f"/invitations/{self.invitation_id}/",
                f"/services/{self.service_id}/configuration/m365/",
                f"/services/{self.service_id}/health/",
                f"/connections/rotation/{self.customer.id}/",
            ],
        )
        files: Any = browser.get("/alarms/export.csv?state=cleared")
        return " ".join([*(browser.get(page).content.decode() for page in pages), files.content.decode()])


@pytest.fixture
def moved() -> Moved:
    return Moved()


@pytest.mark.parametrize(("level", "role"), [("after", Role.ADMIN), ("customer", Role.OPERATOR)])
def test_no_person_of_the_reseller_before_is_named_on_what_moved_along(moved: Moved, level: str, role: Role) -> None:
    told = moved.read_by(getattr(moved, level), role)
    assert [each for each in (RITA, moved.address) if each in told] == []
    assert BEFORE in told


def test_the_providers_people_go_on_reading_who_it_was(moved: Moved) -> None:
    told = moved.read_by(moved.provider)
    assert RITA in told
    assert moved.address in told
    assert BEFORE not in told


def test_whoever_invited_before_hears_no_more_of_it_and_is_no_contact(moved: Moved) -> None:
    with within(moved.after.path):
        about = invited.invitation(moved.invitation_id)
        (told,) = answerable(about.created_by_id, moved.customer.id)
        assert (told.organization_id, told.email == moved.address) == (moved.provider.id, False)
        assert asker_of(about).operator_email == ""


def test_what_waited_to_be_told_is_told_to_nobody_of_the_reseller_before(moved: Moved) -> None:
    send_due(now=clock.now() + timedelta(days=1))
    with within_everything("a test"):
        assert {one.state for one in Notice.objects.filter(to=moved.address)} == {NoticeState.DROPPED.value}
        assert not Message.objects.filter(to=moved.address).exists()


def test_what_is_done_after_the_move_has_its_name(moved: Moved) -> None:
    nina, now = Actor("person", str(UUID(int=7)), "Nina New"), clock.now()
    with within(moved.after.path):
        invitations.revoke(invitation_id=moved.invitation_id, by=nina, now=now)
        by = [row.actor_name for row in invited.history(moved.invitation_id) if row.state is State.REVOKED]
        begins, ends = now + timedelta(days=3), now + timedelta(days=4)
        policy.add_freeze(moved.customer.id, begins=begins, ends=ends, why="", by=nina, now=now)
        frozen_by = [one.by_name for one in policy.freezes_of(moved.customer.id)]
    assert (by, frozen_by) == (["Nina New"], [BEFORE, "Nina New"])
    with within_everything("a test"):
        assert RITA in [row.actor_name for row in invited.history(moved.invitation_id)]
