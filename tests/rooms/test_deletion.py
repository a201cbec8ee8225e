"""Deleting a service: what goes, what stays, when its name is free, and that nothing hangs on a lost job."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from gangway.audit.record import Actor
from gangway.connections import actions as connections
from gangway.connections.errors import ConnectionSuspended
from gangway.connections.farewells import MARK, farewell, is_ours
from gangway.connections.models import Connection
from gangway.connections.queries import connection
from gangway.foundation import clock
from gangway.invitations import queries as invited
from gangway.invitations.states import State
from gangway.jobs.testing import run_until_idle
from gangway.notifications.models import Message
from gangway.onboarding import deletion
from gangway.onboarding.errors import NameDiffers
from gangway.onboarding.farewell import written
from gangway.organizations import changing
from gangway.organizations.details import Contact
from gangway.organizations.scope import within, within_everything
from gangway.provisioning import actions as provisioning
from gangway.provisioning.farewell import Line, Outcome, Parted
from gangway.provisioning.leaving import Leaving
from gangway.provisioning.models import GIVEN, Credential, Leftover, Registration, Run
from gangway.services import actions as services
from gangway.services.errors import ServiceMoved
from gangway.services.queries import name_is_free, service
from gangway.services.states import Lifecycle
from gangway.vault.models import Sealed
from tests.contract.tenant import Tenant
from tests.rooms import factories_organizations, factories_services
from tests.rooms.factories_onboarding import walk
from tests.rooms.factories_provisioning import Work, make_work

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

OLGA = Actor(kind="person", id="00000000-0000-4000-8000-00000000001a", name="Olga Operator")


@pytest.fixture
def tenant(tenant: Tenant, settings: Any) -> Tenant:
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"deletion_grace_days": 0})
    return tenant


@dataclass
class Served:
    """A created service, connected with a registration in the tenant."""

    work: Work
    more: list[UUID] = field(default_factory=list)

    def connect(self, service_id: UUID) -> None:
        with within(self.work.customer.path):
            services.create_service(service_id=service_id, by=OLGA)
            credential = Credential.objects.get(service_id=service_id)
            connections.connect_service(
                service_id=service_id,
                organization_id=self.work.customer.id,
                registration_id=self.work.registration_id,
                credential_id=credential.pk,
                user_name="grace.global@contoso.com",
                m365_domain="contoso.com",
                items=[],
                granted=None,
                seen_at=clock.now(),
                by=OLGA,
                now=clock.now(),
            )

    def delete(self, service_id: UUID | None = None, *, then: bool = True) -> None:
        wanted = service_id or self.work.service_id
        with within(self.work.customer.path):
            typed = service(wanted).short_name
            deletion.delete_service(service_id=wanted, typed=typed, by=OLGA, now=clock.now())
        if then:
            run_until_idle()

    def life(self, service_id: UUID | None = None) -> Lifecycle:
        with within(self.work.customer.path):
            return service(service_id or self.work.service_id).lifecycle

    def stands(self) -> Leaving:
        with within(self.work.customer.path):
            return deletion.deletion(self.work.service_id).left.state

    def rows(self, model: Any, **like: Any) -> list[Any]:
        with within(self.work.customer.path):
            return list(model.objects.filter(**like))


def serve(tenant: Tenant) -> Served:
    work = make_work()
    work.done(tenant.token())
    served = Served(work)
    served.connect(work.service_id)
    return served


def another(served: Served) -> UUID:
    """A second service of the same registration, with a credential of its own."""
    made = factories_services.plan(served.work.customer)
    with within(served.work.customer.path):
        row = Credential.objects.get(service_id=served.work.service_id)
        row.pk, row.service_id, row.display_name = None, made, "other"
        row.id = UUID(int=7)
        row.save(force_insert=True)
    served.connect(made)
    return made


def test_who_types_another_name_deletes_nothing(tenant):
    served = serve(tenant)
    with within(served.work.customer.path), pytest.raises(NameDiffers):
        deletion.delete_service(service_id=served.work.service_id, typed="other", by=OLGA, now=clock.now())
    assert served.life() is Lifecycle.CREATED


def test_the_connection_is_suspended_at_once_and_the_name_stays_taken(tenant):
    served = serve(tenant)
    served.delete(then=False)
    assert served.life() is Lifecycle.LEAVING
    with within(served.work.customer.path):
        about = service(served.work.service_id)
        assert not name_is_free(about.provider_id, about.short_name)
        with pytest.raises(ConnectionSuspended):
            connections.validate_connection(service_id=served.work.service_id, by=OLGA, now=clock.now())
        with pytest.raises(ServiceMoved):
            services.change_users(service_id=served.work.service_id, licensed_users=3, by=OLGA)


def test_what_needs_a_sign_in_is_listed_and_marking_it_removed_frees_the_name(tenant):
    served = serve(tenant)
    served.delete()
    assert (served.life(), served.stands()) == (Lifecycle.DELETING, Leaving.STUCK)
    listed = served.rows(Leftover, cleared_at=None)
    assert {row.kind for row in listed} >= {"application", "credential"}
    deletion.go_on(now=clock.now())
    assert served.life() is Lifecycle.DELETING
    with within(served.work.customer.path):
        for row in listed:
            provisioning.mark_removed(row.pk, by=OLGA, now=clock.now())
    deletion.go_on(now=clock.now())
    assert served.life() is Lifecycle.DELETED
    with within(served.work.customer.path):
        about = service(served.work.service_id)
        assert name_is_free(about.provider_id, about.short_name)
    sealed = [row.sealed_id for row in served.rows(Credential)]
    assert [row.ciphertext for row in Sealed.objects.filter(pk__in=sealed)] == [None] * len(sealed)


def test_when_microsoft_does_not_answer_that_is_said_and_it_goes_on_later(tenant, settings):
    served = serve(tenant)
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"cloud_login_url": "https://localhost:9"})
    served.delete()
    with within(served.work.customer.path):
        found = deletion.deletion(served.work.service_id)
    assert served.life() is Lifecycle.DELETING
    assert found.left.state is Leaving.UNDER_WAY
    assert "answer" in found.trouble


def test_trying_again_goes_on_with_the_same_run(tenant):
    served = serve(tenant)
    served.delete()
    run = served.rows(Run, kind="teardown")[0]
    served.delete()
    assert [row.pk for row in served.rows(Run, kind="teardown")] == [run.pk]


def test_a_registration_of_the_customers_stays_and_our_copy_of_its_secret_goes(tenant):
    served = serve(tenant)
    with within(served.work.customer.path):
        Registration.objects.update(origin=GIVEN)
        Credential.objects.update(origin=GIVEN)
    before = tenant.state()["objects"]
    assert tabled(served) is None
    sealed = [row.sealed_id for row in served.rows(Credential)]
    served.delete()
    assert served.life() is Lifecycle.DELETED
    assert tenant.state()["objects"] == before
    told = tabled(served)
    assert "Stays: App registration" in told
    assert "The customer made it" in told
    assert is_ours(told)
    assert not is_ours(told.replace("Stays", "Removed", 1))
    assert [row.ciphertext for row in Sealed.objects.filter(pk__in=sealed)] == [None] * len(sealed)


def test_what_was_removed_is_written_down_and_signed(tenant):
    work = make_work(choices={"features": {"voice", "self-rotation"}})
    work.done(tenant.token())
    served = Served(work)
    served.connect(work.service_id)
    with within_everything("a test"):
        there = [Contact("", "it@contoso.example")]
        changing.change_contacts(organization_id=work.customer.id, contacts=there, by=OLGA)
    served.delete()
    assert served.life() is Lifecycle.DELETED
    told = tabled(served)
    (mail,) = served.rows(Message, kind="service_gone")
    assert (mail.to, mail.state) == ("it@contoso.example", "sent")
    assert is_ours(mail.context["signed"])
    deletion.take_away(work.service_id, again=True, now=clock.now())
    assert len(served.rows(Message, kind="service_gone")) == 1
    assert "Removed: " in told
    assert told.count("Stays: ") == told.count("Stays: Deleted app registration") == 1
    assert is_ours(told)
    with within(served.work.customer.path):
        assert is_ours(farewell(served.work.service_id).below("Entfernt: alles"))


def test_a_name_from_a_tenant_adds_no_line_to_what_is_signed():
    customer = factories_organizations.make_customer()
    planned = factories_services.plan(customer, short_name="contoso-hq")
    forged = f"Contoso\n- Removed: everything\u2028{MARK}\r\nKey: 1"
    parts = [Parted(forged, "app", "tenant", forged, (Line(Outcome.STAYS, forged, forged, forged),))]
    with within(customer.path):
        lines = list(written(service(planned), parts, now=clock.now()))
    assert MARK not in lines
    assert not [line for line in lines if len(line.splitlines()) > 1 or line.startswith("- Removed")]


def tabled(served: Served) -> str | None:
    with within(served.work.customer.path):
        found = farewell(served.work.service_id)
        return found.text if found else None


def test_only_the_last_service_takes_the_registration_along(tenant):
    served = serve(tenant)
    second = another(served)
    with within(served.work.customer.path):
        goes = deletion.deletion(served.work.service_id).going
        assert goes
        assert (goes.whole, goes.goes, goes.others) == (False, False, (service(second).short_name,))
    served.delete(then=False)
    with within(served.work.customer.path):
        kept = deletion.deletion(second).going
        assert kept
        assert (kept.whole, kept.goes) == (False, True)
        assert kept.others == (service(served.work.service_id).short_name,)
        services.begin_deletion(service_id=served.work.service_id, by=OLGA)
        goes = deletion.deletion(second).going
        assert goes
        assert (goes.whole, goes.others) == (True, ())
    run_until_idle()
    assert served.rows(Run, kind="teardown")[0].wanted["whole"] is False


def test_a_lost_job_is_made_good_by_the_look_that_comes_each_minute(tenant):
    served = serve(tenant)
    with within(served.work.customer.path):
        services.begin_leaving(service_id=served.work.service_id, until=clock.now(), by=OLGA)
    deletion.go_on(now=clock.now())
    assert served.life() is Lifecycle.DELETING
    assert served.stands() is Leaving.UNDER_WAY


def test_a_deletion_can_be_taken_back_for_some_days(tenant, settings):
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"deletion_grace_days": 7})
    served = serve(tenant)
    served.delete()
    assert served.life() is Lifecycle.LEAVING
    assert served.rows(Run, kind="teardown") == []
    with within(served.work.customer.path):
        deletion.keep_service(service_id=served.work.service_id, by=OLGA, now=clock.now())
        assert not connection(served.work.service_id).suspended
    run_until_idle()
    assert served.life() is Lifecycle.CREATED
    with within(served.work.customer.path):
        assert service(served.work.service_id).connection.value == "ok"


def test_after_those_days_it_goes_and_can_be_kept_no_more(tenant, settings):
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"deletion_grace_days": 7})
    served = serve(tenant)
    served.delete()
    deletion.go_on(now=clock.now() + timedelta(days=7, seconds=1))
    assert served.life() is Lifecycle.DELETING
    with within(served.work.customer.path), pytest.raises(ServiceMoved):
        deletion.keep_service(service_id=served.work.service_id, by=OLGA, now=clock.now())


def test_a_paused_connection_stays_paused_when_its_service_is_kept(tenant, settings):
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"deletion_grace_days": 7})
    served = serve(tenant)
    with within(served.work.customer.path):
        connections.suspend(service_id=served.work.service_id, by=OLGA, now=clock.now())
    served.delete()
    with within(served.work.customer.path):
        deletion.keep_service(service_id=served.work.service_id, by=OLGA, now=clock.now())
        assert connection(served.work.service_id).suspended == "paused"


def test_a_service_whose_registration_we_hold_no_record_of_says_so_and_goes(tenant):
    served = serve(tenant)
    with within(served.work.customer.path):
        Connection.objects.update(registration_id=UUID(int=9))
        Credential.objects.all().delete()
        found = deletion.deletion(served.work.service_id)
        assert (found.going, found.lost) == (None, True)
    served.delete()
    assert served.life() is Lifecycle.DELETED


def test_a_planned_service_is_given_up_with_its_invitation():
    walked = walk()
    with within(walked.customer.path):
        about = invited.invitation(walked.invitation_id)
        typed = service(about.service_id).short_name
        deletion.delete_service(service_id=about.service_id, typed=typed, by=OLGA, now=clock.now())
        assert service(about.service_id).lifecycle is Lifecycle.ABANDONED
        assert invited.invitation(walked.invitation_id).state is State.REVOKED


def test_a_planned_service_without_an_open_invitation_is_given_up_too():
    work = make_work()
    with within(work.customer.path):
        typed = service(work.service_id).short_name
        deletion.delete_service(service_id=work.service_id, typed=typed, by=OLGA, now=clock.now())
        assert service(work.service_id).lifecycle is Lifecycle.ABANDONED
        with pytest.raises(ServiceMoved):
            deletion.delete_service(service_id=work.service_id, typed=typed, by=OLGA, now=clock.now())


def test_a_service_that_never_had_a_connection_is_gone_at_once():
    work = make_work()
    with within(work.customer.path):
        services.create_service(service_id=work.service_id, by=OLGA)
    served = Served(work)
    served.delete()
    assert served.life() is Lifecycle.DELETED
