"""A registration that is there already, by link and at the desk, against the emulator as a real process."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail

from gangway.audit.record import Actor
from gangway.connections import queries as connected
from gangway.federation import actions as federation
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.invitations import queries as invited
from gangway.invitations.states import State
from gangway.jobs.testing import run_until_idle
from gangway.onboarding import actions, existing, proof, tidying
from gangway.onboarding import existing_errors as errors
from gangway.onboarding.errors import NotNow
from gangway.onboarding.shapes import Step
from gangway.onboarding.states import CaseState
from gangway.onboarding.withdrawal import withdraw
from gangway.organizations.scope import within
from gangway.provisioning import actions as provisioning
from gangway.provisioning import proving
from gangway.provisioning.errors import NoSuchCredential
from gangway.provisioning.leaving import going
from gangway.web.onboarding_pages import items_of
from tests.contract.test_features import TEAMS_ADMINISTRATOR
from tests.rooms import factories_federation, factories_organizations
from tests.rooms.factories_existing import CONTOSO, ByHand, Made
from tests.rooms.factories_onboarding import ADMINISTRATOR, later
from tests.rooms.factories_typed import SECRET, Hand, sealed_are_gone, through

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.usefixtures("typed_for_real")]


def test_three_fields_make_it_valid_and_ready_to_add(whole, by_hand):
    hand = Hand.opened()
    hand.start(hand.types(whole))
    assert hand.case.state == CaseState.DONE
    assert hand.state is State.AUTHENTICATED
    about = hand.registration()
    assert (about.tenant_id, about.app_id, about.tenant_name) == (CONTOSO, whole.app_id, "Contoso")
    assert {right.proof for right in about.permissions} == {"token_claim"}
    assert {right.proof for right in about.roles} == {"read_back"}
    assert about.sign_in_application_removed == "no"
    assert hand.row.sealed_id is None


def test_both_sides_are_told_and_the_operator_adds_validates_and_creates(whole):
    hand = Hand.opened(features=("call-quality",))
    hand.start(hand.types(whole))
    run_until_idle()
    told = " ".join(next(letter.body for letter in mail.outbox if "What your own" in letter.body).split())
    assert "Not part of this way: Call quality of Microsoft Teams." in told
    assert len([letter for letter in mail.outbox if "Contoso" in letter.body or "Contoso" in letter.subject]) >= 2
    olga = Actor(kind="person", id=str(hand.walked.operator_id), name="Olga Operator")
    with within(hand.walked.customer.path):
        onboarding_id = actions.add_pending(invitation_id=hand.walked.invitation_id, by=olga, now=clock.now())
        through(onboarding_id, olga)
        service_id = actions.finish(onboarding_id=onboarding_id, by=olga, now=clock.now())
        assert connected.connection(service_id).user_name == ""
        assert connected.connection(service_id).days_left is None


def test_a_domain_stands_for_the_tenant_and_a_worker_finds_its_id(whole):
    hand = Hand.opened(domain="contoso.com")
    hand.start(hand.types(whole, tenant="contoso.onmicrosoft.com"))
    assert hand.case.state == CaseState.DONE
    assert hand.registration().tenant_id == CONTOSO


def test_an_end_that_was_typed_is_kept_as_typed_and_one_that_was_read_counts_more(whole, by_hand):
    hand = Hand.opened()
    hand.start(hand.types(whole, ends_on=date(2030, 5, 31)))
    assert hand.registration().credentials[0].expires_at.date() == date(2030, 5, 31)
    reads_itself = by_hand.make(more=("Application.Read.All",))
    other = Hand.opened()
    other.start(other.types(reads_itself, ends_on=date(2030, 5, 31)))
    credential = other.registration().credentials[0]
    assert credential.expires_at.date() == date(2031, 1, 31)
    assert credential.key_id == reads_itself.key_id
    assert other.registration().display_name == reads_itself.name


REFUSALS = {
    "wrong secret": ({"secret": SealedText(SECRET)}, "secret", errors.SecretNotAccepted),
    "unknown application": (
        {"client_id": "5a4db0c1-0000-4000-8000-0000000000ff"},
        "client_id",
        errors.ApplicationNotFound,
    ),
    "unknown domain": ({"tenant": "nobody.example"}, "tenant", errors.TenantNotFound),
    "unknown tenant": ({"tenant": "5a4db0c1-0000-4000-8000-0000000000fe"}, "tenant", errors.TenantNotFound),
    "another tenant": ({"tenant": "fabrikam.com"}, "client_id", errors.ApplicationNotFound),
}
"""Where nobody knows which tenant is the customer's."""


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_named_in_the_field_where_it_happened(whole, name):
    changed, field, error = REFUSALS[name]
    hand = Hand.opened(domain="")
    hand.start(hand.types(whole, **changed))
    assert hand.case.state == CaseState.TYPING
    assert hand.row.faults == {field: f"{error.what} {error.cure}"}
    assert (hand.row.sealed_id is None) == (field == "secret")
    assert hand.state is State.OPENED


def test_nothing_but_a_wrong_secret_has_to_be_typed_again(whole):
    hand = Hand.opened()
    hand.start(hand.types(whole, client_id="5a4db0c1-0000-4000-8000-0000000000ff"))
    hand.start(hand.types(whole, secret=SealedText("")))
    assert hand.case.state == CaseState.DONE


def test_what_cannot_be_right_is_told_before_anybody_is_asked_and_stays_in_the_form(whole):
    hand = Hand.opened()
    with pytest.raises(errors.NotAsTyped) as told:
        hand.start(hand.types(whole, tenant="?", secret=SealedText("9f06103a-1111-4222-8333-444455556666")))
    assert {type(fault) for fault in told.value.faults} == {errors.NotATenant, errors.SecretIsItsId}
    assert (hand.row.client_id, hand.row.sealed_id) == (whole.app_id, None)
    assert hand.case.state == CaseState.TYPING


def test_an_expired_secret_is_named_as_expired(by_hand):
    made = by_hand.add_secret(by_hand.make(secret=False), ends=_soon(by_hand, seconds=60))
    by_hand.emulator.advance(120)
    hand = Hand.opened()
    hand.start(hand.types(made))
    assert hand.row.faults["secret"].startswith(errors.SecretHasExpired.what)


def _soon(by_hand: ByHand, *, seconds: int) -> str:
    told = by_hand.emulator.control("GET", "clock")["now"]
    return (datetime.fromisoformat(told) + timedelta(seconds=seconds)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_disabled_application_says_where_to_enable_it(by_hand):
    made = by_hand.make()
    by_hand.disable(made)
    hand = Hand.opened()
    hand.start(hand.types(made))
    assert hand.row.faults["client_id"].startswith(errors.ApplicationDisabled.what)


def test_missing_rights_are_named_with_their_consequence_and_checked_again_without_typing(by_hand):
    made = by_hand.make(lacking=("User.Read.All", "Teams Telephony Administrator"), more=("Mail.Read",))
    hand = Hand.opened()
    hand.start(hand.types(made))
    assert hand.case.state == CaseState.TYPING
    items = {item["label"]: item for item in hand.row.items}
    assert "Telephone numbers can't be matched with people." in items["Permission User.Read.All"]["words"]
    assert "Add assignments" in items["Role Teams Telephony Administrator"]["cure"]
    assert items["More than needed"]["words"] == "More than needed: Mail.Read."
    assert hand.case.problem["code"] == "onboarding:existing:incomplete"
    by_hand.permit(made, "User.Read.All")
    by_hand.assign(made, "Teams Telephony Administrator")
    hand.start(hand.types(made, secret=SealedText("")))
    assert hand.case.state == CaseState.DONE


def test_a_role_for_a_part_of_the_tenant_is_no_role_for_all_of_it(by_hand):
    made = by_hand.make(lacking=("Teams Telephony Administrator", "Skype for Business Administrator"))
    unit = by_hand.graph("POST", "/directory/administrativeUnits", {"displayName": "Berlin"})["id"]
    role = {"principalId": made.principal_id, "roleDefinitionId": TEAMS_ADMINISTRATOR}
    scope = {"directoryScopeId": f"/administrativeUnits/{unit}"}
    by_hand.graph("POST", "/roleManagement/directory/roleAssignments", role | scope)
    hand = Hand.opened()
    hand.start(hand.types(made))
    assert hand.case.problem["code"] == "onboarding:existing:incomplete"
    by_hand.graph("POST", "/roleManagement/directory/roleAssignments", role | {"directoryScopeId": "/"})
    hand.start(hand.types(made, secret=SealedText("")))
    assert hand.case.state == CaseState.DONE


@pytest.mark.parametrize("way", ["another kind of credential", "something that cannot be right"])
def test_what_was_missing_is_no_longer_told_when_its_lines_are_gone(by_hand, way):
    made = by_hand.make(lacking=("User.Read.All",))
    hand = Hand.opened()
    hand.start(hand.types(made))
    assert hand.case.problem["code"] == "onboarding:existing:incomplete"
    if way == "another kind of credential":
        case_id, now = hand.walked.case_id, clock.now()
        existing.choose_kind(case_id=case_id, kind="certificate", draft=hand.types(made), by=ADMINISTRATOR, now=now)
    else:
        with pytest.raises(errors.NotAsTyped):
            hand.start(hand.types(made, tenant="?"))
    assert (hand.case.problem, hand.row.items) == ({}, [])


def test_missing_consent_lists_every_permission(by_hand):
    made = by_hand.make(
        lacking=("Organization.Read.All", "User.Read.All", "GroupMember.Read.All", "RoleManagement.Read.Directory")
    )
    hand = Hand.opened()
    hand.start(hand.types(made))
    missing = [item["key"] for item in hand.row.items if item["key"].startswith("permission:")]
    assert len(missing) == 4
    (tenant,) = (item for item in hand.row.items if item["key"] == "tenant")
    assert tenant["words"] == "Microsoft doesn't let the registration read it."
    assert "this account" not in f"{tenant['words']} {tenant['cure']}"
    assert "Add a permission" in tenant["cure"]


def test_conditional_access_for_workload_identities_is_explained_and_nothing_is_lost():
    hand = Hand.opened(domain="")
    wingtip = Made("e8a391e0-0000-4000-8000-000000000003", "", "", "", "Wi38Q~default-seed-wingtip-secret-000001")
    hand.start(hand.types(wingtip, tenant="31296719-0000-4000-8000-000000000001"))
    assert "Conditional Access" in hand.case.problem["what"]
    assert ["AADSTS", "53003"] in hand.case.problem["details"]
    assert hand.row.faults == {}
    assert hand.row.sealed_id is not None


def test_what_is_said_of_a_refused_secret_is_its_word_and_the_fields_own_cure(whole):
    hand = Hand.opened()
    hand.start(hand.types(whole, secret=SealedText(SECRET)))
    (item,) = items_of(hand.walked.view().existing.items)
    assert str(item["pill"].word) == "Refused by Microsoft"
    assert f"{item['words']} {item['cure']}" == hand.row.faults["secret"]


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """The tenants that a token was asked for in with what was typed."""
    tenants: list[str] = []

    async def look(*, tenant_id: str, **more: Any) -> proving.Sight:
        tenants.append(tenant_id)
        return await real(tenant_id=tenant_id, **more)

    real = proving.look
    monkeypatch.setattr(proving, "look", look)
    return tenants


@pytest.mark.parametrize("tenant", [CONTOSO, "contoso.onmicrosoft.com"])
def test_a_secret_is_not_tried_in_a_tenant_that_is_not_the_customers(whole, asked, tenant):
    hand = Hand.opened(domain="fabrikam.com")
    hand.start(hand.types(whole, tenant=tenant))
    assert hand.row.faults["tenant"].startswith("This isn't the tenant with the domain fabrikam.com.")
    assert asked == []
    assert (hand.case.state, hand.state) == (CaseState.TYPING, State.OPENED)
    hand.start(hand.types(whole, tenant=tenant))
    told = [one for one in mail.outbox if one.subject.startswith("Somebody typed a registration of another")]
    assert [tenant in one.body for one in told] == [True], "the operator, once: their domain may be the wrong one"


def test_a_customers_domain_that_no_tenant_has_lets_no_secret_be_tried_anywhere(whole, asked):
    hand = Hand.opened(domain="nobody.example")
    hand.start(hand.types(whole))
    assert hand.row.faults["tenant"].startswith("This isn't the tenant with the domain nobody.example.")
    assert asked == []


def test_any_of_a_customers_tenants_will_do(whole, asked):
    hand = Hand.opened(domain="fabrikam.com")
    factories_organizations.add_tenant(hand.walked.customer, domain="contoso.com")
    hand.start(hand.types(whole))
    assert hand.case.state == CaseState.DONE
    other = Hand.opened(domain="fabrikam.com")
    factories_organizations.add_tenant(other.walked.customer, tenant_id=CONTOSO)
    other.start(other.types(whole, tenant="contoso.com"))
    assert other.case.state == CaseState.DONE
    assert asked == [CONTOSO, CONTOSO]


def test_a_tenant_that_has_not_the_domain_beside_its_id_is_told_by_what_it_reads(whole):
    hand = Hand.opened(domain="")
    factories_organizations.add_tenant(hand.walked.customer, tenant_id=CONTOSO, domain="wide.example")
    hand.start(hand.types(whole))
    assert "Contoso has not the domain wide.example" in hand.row.faults["tenant"]


def test_when_microsoft_does_not_answer_nothing_is_lost(whole, settings):
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"cloud_login_url": "https://127.0.0.1:9"})
    hand = Hand.opened()
    hand.start(hand.types(whole))
    assert hand.case.problem["code"] == "onboarding:existing:no_answer"
    assert hand.row.sealed_id is not None


def test_a_certificate_is_made_by_a_worker_and_nothing_secret_is_typed(by_hand):
    made = by_hand.make(secret=False)
    hand = Hand.opened()
    draft = hand.types(made)
    existing.choose_kind(
        case_id=hand.walked.case_id, kind="certificate", draft=draft, by=ADMINISTRATOR, now=clock.now()
    )
    run_until_idle()
    row = hand.row
    assert (row.client_id, row.kind) == (made.app_id, "certificate")
    assert len(row.about["sha1"]) == 40
    hand.start(hand.types(made, kind="certificate"))
    assert hand.row.faults["secret"].startswith(errors.CertificateNotAccepted.what)
    by_hand.upload(made, row.certificate_der, row.about["name"])
    hand.start(hand.types(made, kind="certificate"))
    assert hand.case.state == CaseState.DONE
    credential = hand.registration().credentials[0]
    assert (credential.kind, credential.expires_at) == ("certificate", row.key_ends_at)


def test_a_federated_credential_needs_no_secret_at_all(by_hand, settings):
    with factories_federation.publishing() as pages:
        settings.GANGWAY = settings.GANGWAY.model_copy(update={"issuer_url": pages.address})
        federation.ensure_key(now=clock.now())
        pages.publish()
        made = by_hand.make(secret=False)
        hand = Hand.opened()
        now = clock.now()
        existing.choose_kind(
            case_id=hand.walked.case_id, kind="federated", draft=hand.types(made), by=ADMINISTRATOR, now=now
        )
        about = hand.row.about
        hand.start(hand.types(made, kind="federated"))
        assert hand.row.faults["secret"].startswith(errors.TrustNotAccepted.what)
        by_hand.trust(made, **about)
        hand.start(hand.types(made, kind="federated"))
        assert hand.case.state == CaseState.DONE
        assert sealed_are_gone()


def test_what_the_customer_gave_is_never_removed_or_rotated_by_us(whole):
    hand = Hand.opened()
    hand.start(hand.types(whole))
    about = hand.registration()
    with within(hand.walked.customer.path):
        service_id = invited.invitation(hand.walked.invitation_id).service_id
        goes = going(registration_id=about.id, service_id=service_id)
        assert (goes.whole, goes.credentials) == (False, ())
        assert len(goes.typed) == 1
        with pytest.raises(NoSuchCredential):
            provisioning.start_rotation(
                registration_id=about.id,
                service_id=service_id,
                credential_id=about.credentials[0].id,
                by=ADMINISTRATOR,
                now=clock.now(),
            )


def test_what_is_sealed_does_not_outlive_the_case(whole, monkeypatch):
    hand = Hand.opened()
    hand.start(hand.types(whole, client_id="5a4db0c1-0000-4000-8000-0000000000ff"))
    assert hand.row.sealed_id is not None
    with later(monkeypatch, 3 * 3600):
        tidying.abandon_idle_cases(now=clock.now())
    assert hand.case.state == CaseState.ABANDONED
    assert sealed_are_gone()
    assert hand.row.client_id == "5a4db0c1-0000-4000-8000-0000000000ff"


def test_withdrawing_what_is_ready_to_add_destroys_our_copy_and_touches_nothing_else(whole):
    hand = Hand.opened()
    hand.start(hand.types(whole))
    with within(hand.walked.customer.path):
        withdraw(invitation_id=hand.walked.invitation_id, by=ADMINISTRATOR, now=clock.now())
    run_until_idle()
    assert sealed_are_gone()
    again = Hand.opened()
    again.start(again.types(whole))
    assert again.case.state == CaseState.DONE


def test_a_look_that_lost_its_worker_gives_the_form_back(whole, monkeypatch):
    hand = Hand.opened()
    now = clock.now()
    existing.start_existing(case_id=hand.walked.case_id, typed=hand.types(whole), by=ADMINISTRATOR, now=now)
    with later(monkeypatch, 600):
        proof.give_up(now=clock.now())
    assert hand.case.problem["code"] == "onboarding:existing:cut_off"
    run_until_idle()
    assert hand.case.state == CaseState.TYPING


def test_choosing_it_stops_when_something_is_being_made_and_can_be_taken_back(whole):
    hand = Hand.opened()
    actions.sign_in_again(case_id=hand.walked.case_id, by=ADMINISTRATOR, now=clock.now())
    assert hand.walked.view().step is Step.WHO
    existing.choose_existing(case_id=hand.walked.case_id, by=ADMINISTRATOR, now=clock.now())
    hand.start(hand.types(whole))
    with pytest.raises((NotNow, actions.GangwayError)):
        existing.choose_existing(case_id=hand.walked.case_id, by=ADMINISTRATOR, now=clock.now())


@pytest.mark.parametrize("way", ["use", "new"])
def test_back_leads_to_where_the_ways_are_chosen_and_keeps_no_typed_secret(whole, way):
    hand = Hand.opened()
    about: dict[str, Any] = {"case_id": hand.walked.case_id, "by": ADMINISTRATOR, "now": clock.now()}
    hand.start(hand.types(whole, client_id="5a4db0c1-0000-4000-8000-0000000000ff"))
    assert hand.row.sealed_id is not None
    if way == "new":
        actions.sign_in_again(**about)
    actions.choose_again(**about)
    assert hand.walked.view().step is Step.CHOOSE
    assert (hand.row.client_id, hand.row.passed_over) == ("5a4db0c1-0000-4000-8000-0000000000ff", True)
    assert sealed_are_gone()
    actions.choose_again(**about)
    existing.choose_existing(**about)
    hand.start(hand.types(whole))
    assert hand.case.state == CaseState.DONE
    with pytest.raises(actions.GangwayError):
        actions.choose_again(**about)
