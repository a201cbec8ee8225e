"""A connected service moves to another registration, or gets credentials that somebody types: what is proved counts."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from gangway.audit.record import Actor
from gangway.connections import companions
from gangway.connections.models import Connection
from gangway.connections.queries import connection
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.invitations import relinking
from gangway.invitations.aims import Purpose
from gangway.invitations.errors import AlreadyInvited, NotWhereItStands
from gangway.invitations.standing import open_beside, open_for_connection
from gangway.invitations.states import State
from gangway.jobs.testing import run_until_idle
from gangway.onboarding import actions, deletion, existing, renewal
from gangway.onboarding.existing_errors import NotAsTyped, NotTheTenantInUse
from gangway.onboarding.existing_view import known
from gangway.onboarding.models import Case
from gangway.onboarding.shapes import Step
from gangway.onboarding.typed import Typed
from gangway.onboarding.visits import expectation_of
from gangway.onboarding.withdrawal import withdraw
from gangway.organizations.models import Organization, TenantRow
from gangway.organizations.roles import Kind
from gangway.organizations.scope import within
from gangway.provisioning import tasks
from gangway.provisioning.credential_rows import opened
from gangway.provisioning.farewell import Outcome, parted
from gangway.provisioning.models import GIVEN, MADE, Credential, Leftover, Registration
from gangway.services.queries import service
from tests.rooms import factories_organizations
from tests.rooms.factories_connections import beside, connected
from tests.rooms.factories_existing import CONTOSO, PLAN, ByHand
from tests.rooms.factories_microsoft import FABRIKAM
from tests.rooms.factories_onboarding import ADMINISTRATOR, UPN, Walk
from tests.rooms.factories_organizations import make_customer, make_provider
from tests.rooms.factories_renewal import again, changes, opened_by, registrations, secrets, served
from tests.rooms.factories_web import prove, sit_down, soup
from tests.rooms.test_onboarding_aboard import OLGA, provision, sign_in, state_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
LEFT = "{} rests for a while then. It can't delete itself: an administrator of yours has to delete it after that."


def test_a_service_of_the_customers_own_registration_moves_to_one_of_ours(emulator):
    walked, service_id = served(emulator)
    with within(walked.customer.path):
        Registration.objects.update(origin=GIVEN)
        Credential.objects.update(origin=GIVEN)
        before = connection(service_id).registration_id
    moving = again(walked, service_id)
    sign_in(moving, emulator)
    assert moving.view().keeps_name == ""
    provision(moving, name="gw-second")
    with within(walked.customer.path):
        found = connection(service_id)
        assert (found.registration_id != before, found.is_ours, found.registration_name) == (True, True, "gw-second")
        Credential.objects.filter(state="resting").update(rest_until=clock.now() - timedelta(minutes=1))
    tasks.remove_rested()
    run_until_idle()
    assert sorted(row.state for row in secrets(walked)) == ["proved", "removed"]
    assert len(registrations(emulator)) == 2


@pytest.mark.parametrize("typed_meanwhile", [False, True])
def test_what_a_service_uses_beside_its_connection_moves_with_it_and_the_old_one_rests(emulator, typed_meanwhile):
    walked, service_id = served(emulator, features=("call-quality",))
    with within(walked.customer.path):
        before = companions.companion(service_id, "qoe")
        voice = connection(service_id)
        Registration.objects.filter(pk=voice.registration_id).update(origin=GIVEN)
    moving = again(walked, service_id)
    sign_in(moving, emulator)
    if typed_meanwhile:
        theirs = beside(walked.customer, service_id, origin=GIVEN)
        with within(walked.customer.path):
            Registration.objects.filter(pk=theirs).update(origin=GIVEN)
    provision(moving, name="gw-second")
    with within(walked.customer.path):
        after = companions.companion(service_id, "qoe")
        made = Credential.objects.get(registration__display_name="gw-second-QoE")
        assert (after.registration.id == made.registration_id, after.credential is not None) == (
            not typed_meanwhile,
            True,
        )
        assert made.state == ("resting" if typed_meanwhile else "proved")
        assert Credential.objects.get(pk=before.credential.id).state == "resting"


def rested(walked: Walk) -> None:
    """The rest of what was replaced is over, and workers do what is due."""
    with within(walked.customer.path):
        Credential.objects.filter(state="resting").update(rest_until=clock.now() - timedelta(minutes=1))
    tasks.remove_rested()
    run_until_idle()


def test_a_service_moves_from_a_registration_of_ours_to_a_new_one_and_the_old_one_goes_after_its_rest(emulator):
    walked, service_id = served(emulator, features=("self-rotation", "call-quality"))
    with within(walked.customer.path):
        before, name = connection(service_id).registration_id, service(service_id).short_name
    moving = again(walked, service_id, purpose=Purpose.REPLACE)
    assert changes(moving) == (
        "A new App registration is made; the service moves to it once it is proved.",
        "gw-contoso rests for a while then, and is deleted after that.",
        LEFT.format("gw-contoso-QoE"),
    )
    with within(walked.customer.path), pytest.raises(AlreadyInvited):
        renewal.reinitiate(
            service_id=service_id, recipient=UPN, purpose=Purpose.UPGRADE, level=Kind.PROVIDER, by=OLGA, now=clock.now()
        )
    sign_in(moving, emulator)
    actions.confirm_signed_in(case_id=moving.case_id, by=ADMINISTRATOR, now=clock.now())
    assert (moving.view().keeps_name, moving.view().suggests) == ("", name)
    with within(walked.customer.path):
        Registration.objects.filter(pk=before).update(display_name=name, name_key=name)
    assert moving.view().suggests == f"{name}-2"
    actions.start_provisioning(case_id=moving.case_id, name=f"{name}-2", by=ADMINISTRATOR, now=clock.now())
    run_until_idle()
    assert (moving.view().step, state_of(moving)) == (Step.DONE, State.ADDED)
    with within(walked.customer.path):
        found = connection(service_id)
        assert (found.registration_id != before, found.registration_name) == (True, f"{name}-2")
        assert companions.companion(service_id, "qoe").registration.display_name == f"{name}-2-QoE"
        assert {row.name for row in deletion.deletion(service_id).rests} == {name, "gw-contoso-QoE"}
    assert len(registrations(emulator)) == 4, "both work while the old ones rest"
    client = sit_down(walked.provider)
    prove(client)
    assert "The service moved away from it" in soup(client.get(f"/services/{service_id}/delete/")).main.get_text()
    rested(walked)
    assert {row["displayName"] for row in registrations(emulator)} == {f"{name}-2", f"{name}-2-QoE", "gw-contoso-QoE"}
    with within(walked.customer.path):
        assert Registration.objects.get(pk=before).state == "removed"
        listed = Leftover.objects.filter(cleared_at__isnull=True, kind="application")
        assert [row.name for row in listed] == ["gw-contoso-QoE"], "which has no right to delete itself"
        (left,) = [one for one in parted(service_id, on_end=deletion.ENDED) if one.name == name]
    assert [(line.outcome, line.what) for line in left.lines] == [
        (Outcome.REMOVED, "App registration deleted"),
        (Outcome.STAYS, "Deleted app registration gw-contoso"),
    ]


@pytest.mark.parametrize("fails", [True, False])
def test_what_other_services_use_stays_and_a_move_that_fails_leaves_the_old_one_in_use(emulator, fails):
    walked, service_id = served(emulator)
    further = connected(walked.customer, "voice-2")
    with within(walked.customer.path):
        old = connection(service_id)
        Connection.objects.filter(service_id=further).update(registration_id=old.registration_id)
        Credential.objects.filter(service_id=further).update(registration_id=old.registration_id)
    client, page = sit_down(walked.provider), f"/services/{service_id}/again/"
    assert "stays, as voice-2 uses it" in soup(client.get(page)).select_one("#anew_words").get_text()
    client.post(page, {"recipient": "someone@contoso.com", "anew": "on", "way": "mail"})
    with within(walked.customer.path):
        moving = opened_by(walked, open_for_connection(service_id))
    assert changes(moving)[1] == (
        "gw-contoso stays, as other services use it; this service's credential is removed from it."
    )
    sign_in(moving, emulator)
    if fails:
        with within(walked.customer.path):
            withdraw(invitation_id=moving.invitation_id, by=OLGA, now=clock.now())
    else:
        provision(moving, name="gw-second")
    run_until_idle()
    rested(walked)
    with within(walked.customer.path):
        assert (connection(service_id).registration_id == old.registration_id) is fails
        assert connection(service_id).status == "ok"
        assert Registration.objects.get(pk=old.registration_id).state == "proved"
    assert len(registrations(emulator)) == (1 if fails else 2)


def test_a_service_that_moves_is_expected_in_the_tenant_that_it_is_connected_with(emulator):
    walked, service_id = served(emulator)
    moving = again(walked, service_id, purpose=Purpose.REPLACE)
    sign_in(moving, emulator)
    with within(walked.customer.path):
        row, tenant_id = Case.objects.get(pk=moving.case_id), connection(service_id).tenant_id
        TenantRow.objects.create(organization_id=walked.customer.id, place=1, tenant_id=str(uuid4()))
        Organization.objects.filter(pk=walked.customer.id).update(domain="elsewhere.example")
    expected = expectation_of(row.sign_in_id)
    assert (expected.tenants, expected.is_in(tenant_id, frozenset({"another.example"}))) == ({tenant_id}, True)
    assert expected.domain_wanted == "contoso.onmicrosoft.com"


@pytest.mark.parametrize("at_desk", [False, True])
def test_nobody_types_a_registration_of_another_tenant_for_a_service_that_is_connected(emulator, at_desk):
    """Though it is one of the customer's own tenants: what the service knows of its tenant would be another one's."""
    walked, service_id = served(emulator)
    factories_organizations.add_tenant(walked.customer, tenant_id=FABRIKAM)
    elsewhere = Typed(
        tenant=FABRIKAM, client_id=str(uuid4()), secret=SealedText("Xy~8Q~abcDEFghiJKLmnoPQRstuVWXyz012345")
    )
    do: dict[str, Any] = {"typed": elsewhere, "now": clock.now()}
    if at_desk:
        operator = Actor(kind="person", id=str(walked.operator_id), name="Olga Operator")
        with within(walked.customer.path):
            do["invitation_id"] = renewal.type_in(
                service_id=service_id, level=Kind.PROVIDER, by=operator, now=clock.now()
            )
            with pytest.raises(NotAsTyped) as told:
                existing.start_known(**do, by=operator)
    else:
        do["case_id"] = again(walked, service_id).case_id
        existing.choose_existing(case_id=do["case_id"], by=ADMINISTRATOR, now=clock.now())
        with pytest.raises(NotAsTyped) as told:
            existing.start_existing(**do, by=ADMINISTRATOR)
    assert [(type(fault), fault.field) for fault in told.value.faults] == [(NotTheTenantInUse, "tenant")]


def test_a_service_whose_registration_we_hold_no_record_of_can_be_connected_anew(emulator):
    walked, service_id = served(emulator)
    with within(walked.customer.path):
        Connection.objects.update(registration_id=UUID(int=9), credential_id=UUID(int=8))
        assert connection(service_id).lost
    moving = again(walked, service_id)
    sign_in(moving, emulator)
    provision(moving, name="gw-second")
    with within(walked.customer.path):
        assert connection(service_id).status == "ok"


def test_credentials_that_an_operator_types_count_when_they_are_proved(emulator):
    walked, service_id = served(emulator)
    (old,) = secrets(walked)
    operator = Actor(kind="person", id=str(walked.operator_id), name="Olga Operator")
    with within(walked.customer.path):
        text = opened(old, purpose="a test", by=operator).text.reveal()
        about = connection(service_id)
        invitation_id = renewal.type_in(service_id=service_id, level=Kind.PROVIDER, by=operator, now=clock.now())
        assert (
            renewal.type_in(service_id=service_id, level=Kind.PROVIDER, by=operator, now=clock.now()) == invitation_id
        )
        typed = Typed(tenant=about.tenant_id, client_id=about.application_id, secret=SealedText(f"{text[:-4]}wrong"))
        existing.start_known(invitation_id=invitation_id, typed=typed, by=operator, now=clock.now())
    run_until_idle()
    with within(walked.customer.path):
        assert connection(service_id).credential.id == old.pk
        good = Typed(tenant=about.tenant_id, client_id=about.application_id, secret=SealedText(text))
        existing.start_known(invitation_id=invitation_id, typed=good, by=operator, now=clock.now())
    run_until_idle()
    with within(walked.customer.path):
        found = connection(service_id)
        assert found.credential.id != old.pk
        assert (found.authenticated_by, found.credential.end_from) == ("operator", "typed")
        assert known(invitation_id).renewed == service_id


def test_the_customers_own_registration_for_call_quality_is_typed_proved_and_used_beside_the_connection(emulator):
    walked, service_id = served(emulator)
    hand = ByHand(emulator)
    others = {*PLAN["permissions"], *PLAN["roles"]} - {"User.Read.All"}
    first, second = (hand.make(lacking=tuple(others), more=("CallRecords.Read.All",)) for _ in range(2))
    operator = Actor(kind="person", id=str(walked.operator_id), name="Olga Operator")
    before = secrets(walked)

    def beside() -> Any:
        with within(walked.customer.path):
            return companions.companions(service_id)

    def typed(app_id: str, secret: str) -> Any:
        with within(walked.customer.path):
            invitation_id = renewal.type_in_beside(
                service_id=service_id, profile="qoe", level=Kind.PROVIDER, by=operator, now=clock.now()
            )
            ends_on = (clock.now() + timedelta(days=200)).date()
            what = Typed(tenant=CONTOSO, client_id=app_id, secret=SealedText(secret), ends_on=ends_on)
            existing.start_known(invitation_id=invitation_id, typed=what, by=operator, now=clock.now())
        run_until_idle()
        with within(walked.customer.path):
            return known(invitation_id)

    with within(walked.customer.path):
        calling = connection(service_id).application_id
    assert "secret" in typed(first.app_id, f"{first.secret[:-4]}wrong").existing.faults
    assert "used for something else" in typed(calling, first.secret).existing.faults["client_id"]
    assert beside() == ()
    assert typed(first.app_id, first.secret).renewed == service_id
    (made,) = beside()
    assert (made.registration.app_id, made.registration.is_ours, made.status) == (first.app_id, False, "ok")
    assert typed(second.app_id, second.secret).renewed == service_id
    (moved,) = beside()
    assert (moved.registration.app_id, moved.status) == (second.app_id, "ok")
    with within(walked.customer.path):
        assert [one.pk for one in secrets(walked) if one.origin == MADE] == [one.pk for one in before]
        assert connection(service_id).status == "ok"
        told = deletion.deletion(service_id)
    assert [(one.app_id, one.whole) for one in told.beside] == [(second.app_id, False)]


def test_typing_call_quality_and_inviting_for_the_connection_are_not_in_each_others_way():
    provider = make_provider()
    customer = make_customer(provider)
    service_id = connected(customer)
    client = sit_down(provider)
    prove(client)
    page = client.post(f"/services/{service_id}/quality/type/", follow=True)
    assert "QOE Integration" in soup(page).h1.get_text()
    with within(customer.path):
        beside = open_beside(service_id)
        assert open_for_connection(service_id) is None
    again = soup(client.get(f"/services/{service_id}/again/"))
    assert again.select_one('button[value="mail"]')
    assert "is out" not in soup(client.get(f"/services/{service_id}/configuration/m365/")).get_text()
    with within(customer.path):
        renewal.reinitiate(service_id=service_id, recipient=UPN, level=Kind.PROVIDER, by=OLGA, now=clock.now())
        with pytest.raises(NotWhereItStands):
            relinking.resend(invitation_id=beside, by=OLGA, now=clock.now())
