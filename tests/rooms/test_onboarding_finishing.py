"""Finishing by itself, freezing and unfreezing, and what both sides are told, with the emulator as a real process."""

import pytest
from django.core import mail

from gangway.foundation import clock
from gangway.invitations import queries as invited
from gangway.invitations.models import Invitation
from gangway.invitations.states import State
from gangway.jobs.testing import run_until_idle
from gangway.onboarding import actions, finishing, freezing, queries
from gangway.onboarding.errors import NotReady, TenantNotTheirs
from gangway.onboarding.stages import verification
from gangway.onboarding.withdrawal import withdraw
from gangway.organizations.changing import change_details, change_tenants
from gangway.organizations.details import Details, Tenant
from gangway.organizations.models import Membership
from gangway.organizations.scope import within, within_everything
from gangway.provisioning.models import Run
from gangway.provisioning.states import RunState
from gangway.services.queries import service
from gangway.services.states import Lifecycle
from tests.emulator.conftest import avery
from tests.rooms.factories_aboard import OLGA, aboard, add, finished, provision, sign_in, state_of
from tests.rooms.factories_onboarding import ADMINISTRATOR, walk
from tests.rooms.factories_web import sit_down

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def finish_by_itself(walked):
    with within_everything("test"):
        Invitation.objects.filter(pk=walked.invitation_id).update(finish_by_itself=True)


def planned(walked):
    with within(walked.customer.path):
        return service(invited.invitation(walked.invitation_id).service_id)


def subjects():
    return [message.subject for message in mail.outbox]


def test_the_service_is_created_without_the_operator_when_the_checks_pass(emulator):
    walked = walk(domain="contoso.com")
    finish_by_itself(walked)
    sign_in(walked, emulator)
    provision(walked)
    run_until_idle()
    assert (planned(walked).lifecycle, state_of(walked)) == (Lifecycle.CREATED, State.ADDED)
    assert any(subject.startswith("The service was created by itself") for subject in subjects())
    assert any("has created the service" in subject for subject in subjects())
    assert not any(subject.startswith("Ready to add") for subject in subjects())
    with within(walked.customer.path):
        assert invited.history(walked.invitation_id)[-1].actor_name == "for Olga Operator"


def test_nothing_is_created_for_somebody_who_may_not_add_services_there_any_more(emulator):
    walked = walk(domain="contoso.com")
    finish_by_itself(walked)
    sign_in(walked, emulator)
    with within_everything("test"):
        Membership.objects.filter(operator_id=walked.operator_id).delete()
    provision(walked)
    run_until_idle()
    assert (planned(walked).lifecycle, state_of(walked)) == (Lifecycle.PLANNED, State.AUTHENTICATED)
    with within(walked.customer.path):
        assert not invited.invitation(walked.invitation_id).finish_by_itself


def test_a_check_that_fails_stops_it_and_the_operator_is_told(emulator, monkeypatch):
    walked = walk(domain="contoso.com")
    finish_by_itself(walked)
    monkeypatch.setattr(finishing, "PASSED", frozenset())
    sign_in(walked, emulator)
    provision(walked)
    run_until_idle()
    finishing.begin_all(now=clock.now())
    assert planned(walked).lifecycle is Lifecycle.PLANNED
    assert sum(subject.startswith("Not finished by itself") for subject in subjects()) == 1


def becomes_known(walked, domain):
    """Somebody at the desk writes the customer's domain down, after its administrator has signed in."""
    details = Details(domain=domain)
    with within(walked.customer.path):
        change_details(organization_id=walked.customer.id, name="Contoso", details=details, by=OLGA)


def test_add_takes_nothing_over_from_a_tenant_that_is_none_of_those_the_customer_is_known_by(emulator):
    walked = aboard(emulator, domain="")
    becomes_known(walked, "fabrikam.com")
    with pytest.raises(TenantNotTheirs, match=r"Contoso, is not the one by which the customer is known: fabrikam\.com"):
        add(walked)
    assert state_of(walked) is State.AUTHENTICATED
    told = sit_down(walked.provider).post(f"/invitations/{walked.invitation_id}/add/", follow=True)
    assert "write it down in the customer&#x27;s Microsoft tenants and press Add again" in told.content.decode()
    assert "revoke the invitation" in told.content.decode()
    with within(walked.customer.path):
        change_tenants(organization_id=walked.customer.id, tenants=[Tenant("", "contoso.com")], by=OLGA)
    assert add(walked) == add(walked)
    assert state_of(walked) is State.ADDED


def test_a_domain_that_becomes_known_after_add_is_compared_before_the_service_is_created(emulator):
    walked = aboard(emulator, domain="")
    onboarding_id = add(walked)
    becomes_known(walked, "fabrikam.com")
    with within(walked.customer.path):
        view = queries.onboarding(onboarding_id)
        assert "Contoso, is not the one by which the customer is known: fabrikam.com" in view.another_tenant
        actions.confirm_tenant(onboarding_id=onboarding_id, by=OLGA, now=clock.now())
        with pytest.raises(NotReady, match=r"fabrikam\.com"):
            actions.finish(onboarding_id=onboarding_id, by=OLGA, now=clock.now())
        change_tenants(organization_id=walked.customer.id, tenants=[Tenant("", "contoso.com")], by=OLGA)
        view = queries.onboarding(onboarding_id)
        assert (view.another_tenant, view.asks_tenant) == ("", False)


@pytest.mark.parametrize("domain", ["", "fabrikam.com"])
def test_nothing_is_connected_by_itself_with_a_tenant_that_is_not_known_as_the_customers(emulator, domain):
    walked = walk(domain="")
    finish_by_itself(walked)
    sign_in(walked, emulator)
    if domain:
        becomes_known(walked, domain)
    provision(walked)
    run_until_idle()
    assert planned(walked).lifecycle is Lifecycle.PLANNED
    assert sum(subject.startswith("Not finished by itself") for subject in subjects()) == 1


def test_the_administrator_is_told_when_the_service_is_created(emulator):
    walked = aboard(emulator, domain="contoso.com")
    finished(walked)
    run_until_idle()
    (told,) = [message for message in mail.outbox if "has created the service" in message.subject]
    assert "contoso.onmicrosoft.com" in told.body


def test_what_was_reported_while_it_waits_goes_on_where_it_stood(emulator):
    walked = walk()
    sign_in(walked, emulator, avery)
    provision(walked)
    assert state_of(walked) is State.WAITING_FOR_ADMINISTRATOR
    freezing.report_by_case(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    assert state_of(walked) is State.REPORTED
    with within(walked.customer.path):
        freezing.unfreeze(invitation_id=walked.invitation_id, by=OLGA, now=clock.now())
    assert state_of(walked) is State.WAITING_FOR_ADMINISTRATOR


def test_what_was_reported_after_it_was_proved_can_be_revoked_and_is_taken_back(emulator):
    walked = aboard(emulator)
    freezing.report_by_case(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    assert state_of(walked) is State.REPORTED
    with within(walked.customer.path):
        assert withdraw(invitation_id=walked.invitation_id, by=OLGA, now=clock.now())
    run_until_idle()
    assert state_of(walked) is State.REVOKED


def test_both_sides_read_that_microsoft_is_copying(emulator):
    walked = walk()
    sign_in(walked, emulator, avery)
    provision(walked)
    with within_everything("test"):
        Invitation.objects.filter(pk=walked.invitation_id).update(state=State.PROVISIONING.value)
        run = Run.objects.get()
        Run.objects.filter(pk=run.pk).update(
            state=RunState.COPYING.value, look_at=clock.now(), copying_since=clock.now()
        )
    verification.run_ended(run_id=run.pk, now=clock.now())
    assert state_of(walked) is State.COPYING
    freezing.report_by_case(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    verification.run_ended(run_id=run.pk, now=clock.now())
    assert state_of(walked) is State.REPORTED
