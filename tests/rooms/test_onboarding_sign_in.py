"""Signing in: asked by a person, polled by a loop, over in exactly one way, and nothing secret left behind."""

from typing import Any

import pytest
from django.core import mail

from gangway.audit import queries as audit
from gangway.foundation import clock
from gangway.foundation.errors import WhoActs
from gangway.foundation.ids import ObjectId, TenantId
from gangway.invitations import actions as invitations
from gangway.invitations import queries as invited
from gangway.invitations.models import Invitation
from gangway.invitations.states import State
from gangway.jobs.testing import run_until_idle
from gangway.microsoft.errors import Unavailable
from gangway.microsoft.signin.tokens import Identity
from gangway.microsoft.wire import Answer
from gangway.onboarding import actions, queries
from gangway.onboarding.errors import (
    GuestName,
    LinkClosed,
    NoSignInApplication,
    NotAPrincipalName,
    NotNow,
    TooManySignIns,
)
from gangway.onboarding.models import SignIn, SignInApplication
from gangway.onboarding.shapes import NextMove, Part, Step
from gangway.onboarding.stages import sign_in, tenant
from gangway.onboarding.states import CaseState, SignInState
from gangway.organizations.details import Tenant
from gangway.organizations.scope import within, within_everything
from gangway.provisioning.actions import PARTNER
from gangway.provisioning.engine.preflight import Preflight, StepResult
from gangway.provisioning.leftover_list import leftovers
from gangway.provisioning.states import LeftoverKind
from gangway.vault.models import Sealed
from tests.rooms.factories_onboarding import (
    ACCESS_TOKEN,
    ADMINISTRATOR,
    DEVICE_CODE,
    HOME,
    OTHER_TENANT,
    PENDING,
    UPN,
    USER_CODE,
    Microsoft,
    Walk,
    facts,
    loop,
    make_due,
    refused,
    round_trip,
    signed_in,
    walk,
)

pytestmark = pytest.mark.django_db


def state_of_invitation(walked: Walk) -> State:
    with within(walked.customer.path):
        return invited.invitation(walked.invitation_id).state


def latest(walked: Walk) -> SignIn:
    with within_everything("test"):
        return SignIn.objects.filter(case_id=walked.case_id).order_by("-created_at", "-pk")[0]


def poll(walked: Walk, *answers: Answer, **script: Any) -> None:
    """Start a sign-in and let Microsoft answer its polls with these."""
    microsoft = Microsoft(polls=list(answers), **script)
    follow(walked, microsoft, rounds=len(answers) + 2)


def follow(walked: Walk, microsoft: Microsoft, *, rounds: int) -> None:
    sign_in_id, going = walked.start(), loop(microsoft)
    for _ in range(rounds):
        make_due(sign_in_id)
        round_trip(going)


NO_UPN = [
    "",
    "grace",
    "grace@",
    "@contoso.com",
    "gr ace@contoso.com",
    "grace@contoso",
    "a@b@c.com",
    "\u202egrace@contoso.com",
]


@pytest.mark.parametrize("upn", NO_UPN)
def test_what_is_no_principal_name_is_said_at_its_field(upn):
    with pytest.raises(NotAPrincipalName) as told:
        walk().start(upn)
    assert told.value.field == "upn"


def test_a_guests_name_is_refused_at_its_field():
    with pytest.raises(GuestName) as told:
        walk().start("grace_contoso.com#EXT#@fabrikam.onmicrosoft.com")
    assert told.value.field == "upn"


def test_a_link_starts_only_so_many_sign_ins_in_a_short_time():
    walked, begun = walk(), clock.now()
    for _ in range(sign_in.MOST_STARTS):
        walked.start(now=begun)
    before = latest(walked).pk
    with pytest.raises(TooManySignIns) as told:
        walked.start(now=begun)
    assert told.value.field == "upn"
    assert latest(walked).pk == before
    walked.start(now=begun + sign_in.STARTS_COUNT_FOR)


def test_starting_defers_the_job_and_shows_the_code_page():
    walked = walk()
    walked.start()
    view = walked.view()
    assert (view.state, view.step, view.sign_in.state) == (CaseState.SIGNING_IN, Step.CODE, SignInState.ASKED)
    assert not view.sign_in.is_over


def test_without_a_sign_in_application_the_provider_must_act():
    walked = walk()
    with within_everything("test"):
        SignInApplication.objects.all().delete()
    with pytest.raises(NoSignInApplication) as told:
        walked.start()
    assert told.value.acts is WhoActs.OPERATOR


def test_the_code_is_shown_only_where_it_is_asked_for():
    walked = walk()
    poll(walked, PENDING)
    view = walked.view()
    assert queries.user_code(walked.case_id) == USER_CODE
    assert view.sign_in.has_code
    assert USER_CODE not in repr(view)
    assert 0 < view.sign_in.seconds_left <= 900


def test_codes_and_tokens_stand_nowhere_in_clear():
    walked = walk()
    poll(walked, PENDING)
    row = latest(walked)
    assert USER_CODE not in repr(row.__dict__)
    assert DEVICE_CODE not in repr(row.__dict__)
    assert ACCESS_TOKEN not in repr(row.__dict__)


def test_whoever_signs_in_as_expected_is_shown_with_tenant_and_roles():
    walked = walk()
    signed_in(walked)
    view = walked.view()
    assert (view.state, view.step) == (CaseState.SIGNED_IN, Step.SIGNED_IN)
    assert (view.signer.upn, view.signer.tenant_name, view.signer.roles) == (UPN, "Contoso", ("Global Administrator",))
    assert view.signer.can_everything
    assert state_of_invitation(walked) is State.SIGNED_IN


@pytest.mark.parametrize("publisher", ["Sailmaker Voice AG", "", None])
def test_whom_microsoft_shows_as_the_verified_publisher_is_told_before_the_next_sign_in(publisher):
    walked, script = walk(), Microsoft(signer=facts(publisher=publisher))
    assert walked.view().offer.sign_in_application.publisher_seen_at is None
    signed_in(walked, script)
    about = walked.view().offer.sign_in_application
    assert (about.publisher, about.publisher_seen_at is None) == (publisher or "", publisher is None)


def test_what_the_account_can_do_is_kept_with_the_case_and_shown():
    walked = walk()
    step = StepResult("consent", "Consent to the permissions", "activate", "Not active.", "Activate it in PIM.")
    told = facts(preflight=Preflight((step,), ("Teams Phone licences left: 5.",)))
    signed_in(walked, Microsoft(signer=told))
    signer = walked.view().signer
    assert signer.parts == (Part("consent", step.label, "activate", step.words, step.cure),)
    assert signer.notes == ("Teams Phone licences left: 5.",)


def test_the_code_is_wiped_and_the_device_code_destroyed_once_somebody_signed_in():
    walked = walk()
    signed_in(walked)
    row = latest(walked)
    assert (row.user_code, row.device_code_id, row.identity_id) == ("", None, None)
    assert queries.user_code(walked.case_id) == ""
    living = Sealed.objects.filter(ciphertext__isnull=False, place__startswith="onboarding.")
    assert [sealed.place for sealed in living] == ["onboarding.sign_in.token"]


def test_a_new_start_replaces_the_old_one():
    walked = walk()
    poll(walked, PENDING)
    first = latest(walked).pk
    walked.start()
    with within_everything("test"):
        old = SignIn.objects.get(pk=first)
        living = SignIn.objects.filter(case_id=walked.case_id, state__in=["asked", "code_ready", "checking"]).count()
    assert (old.state, old.user_code, old.device_code_id, living) == (SignInState.REPLACED, "", None, 1)


REFUSED = [
    (refused("authorization_declined", 65004), {}, SignInState.DECLINED, NextMove.START_AGAIN),
    (refused("expired_token", 70020), {}, SignInState.EXPIRED, NextMove.START_AGAIN),
    (refused("bad_verification_code", 70018), {}, SignInState.FAILED, NextMove.START_AGAIN),
    (refused("interaction_required", 53003), {}, SignInState.BLOCKED, NextMove.START_AGAIN),
    (refused("invalid_client", 7000218, 401), {}, SignInState.FAILED, NextMove.ASK_PROVIDER),
    (refused("invalid_grant", 90094), {}, SignInState.FAILED, NextMove.START_AGAIN),
    (None, {"claims": {"tid": HOME}}, SignInState.OWN_TENANT, NextMove.START_AGAIN),
    (None, {"claims": {"tid": "9188040d-6c67-4c5b-b112-36a304b66dad"}}, SignInState.PERSONAL, NextMove.START_AGAIN),
    (None, {"claims": {"idp": "https://sts.windows.net/x/"}}, SignInState.GUEST, NextMove.START_AGAIN),
    (None, {"signer": facts(user_type="Guest")}, SignInState.GUEST, NextMove.START_AGAIN),
    (None, {"signer": facts(user_type=PARTNER, upn="")}, SignInState.FAILED, NextMove.START_AGAIN),
    (None, {"signer": facts(domains=("fabrikam.com",))}, SignInState.WRONG_TENANT, NextMove.START_AGAIN),
    (None, {"signer": facts(upn="avery.apps@contoso.com")}, SignInState.WRONG_PERSON, NextMove.CONFIRM_PERSON),
    (None, {"claims": {"aud": "somebody else"}}, SignInState.FAILED, NextMove.START_AGAIN),
]


@pytest.mark.parametrize(("answer", "script", "state", "move"), REFUSED, ids=lambda value: str(value)[:24])
def test_every_refusal_says_what_happened_and_what_to_do_next(answer, script, state, move):
    walked, microsoft = walk(), Microsoft(**script)
    microsoft.polls = [answer or microsoft.granted()]
    follow(walked, microsoft, rounds=3)
    view = walked.view()
    assert (view.step, view.sign_in.state, view.sign_in.is_over) == (Step.CODE, state, True)
    problem = view.sign_in.problem
    assert problem.next_move is move
    assert problem.what
    assert problem.cure
    assert problem.reference == str(view.sign_in.id)


@pytest.mark.parametrize("script", [{"claims": {"tid": HOME}}, {"signer": facts(domains=("fabrikam.com",))}])
def test_a_refused_signers_token_is_destroyed(script):
    walked, microsoft = walk(), Microsoft(**script)
    microsoft.polls = [microsoft.granted()]
    follow(walked, microsoft, rounds=3)
    assert latest(walked).token_id is None
    assert not Sealed.objects.filter(ciphertext__isnull=False, place__startswith="onboarding.").exists()


def test_microsofts_own_marks_are_kept_for_the_it_team():
    walked = walk()
    poll(walked, refused("interaction_required", 53003))
    details = dict(walked.view().sign_in.problem.details)
    assert (details["AADSTS"], details["Correlation ID"]) == ("53003", "correlation-1")


def test_the_customers_known_domain_decides_over_the_typed_one():
    walked, microsoft = walk(domain="fabrikam.com"), Microsoft()
    microsoft.polls = [microsoft.granted()]
    follow(walked, microsoft, rounds=3)
    problem = walked.view().sign_in.problem
    assert problem.code == "onboarding:sign_in:wrong_tenant"
    assert "fabrikam.com" in problem.what
    assert "Contoso" in problem.what
    with within(walked.customer.path):
        (left,) = leftovers().rows
        assert (left.kind, left.tenant_id) == (LeftoverKind.SIGN_IN_APPLICATION, facts().tenant_id)


def test_another_person_can_be_confirmed_knowingly():
    walked, microsoft = walk(), Microsoft(signer=facts(upn="avery.apps@contoso.com"))
    microsoft.polls = [microsoft.granted()]
    follow(walked, microsoft, rounds=3)
    actions.confirm_other_person(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    view = walked.view()
    assert (view.state, view.signer.other_than_named) == (CaseState.SIGNED_IN, UPN)
    assert view.administrator_upn == "avery.apps@contoso.com"
    assert latest(walked).token_id is not None


def test_nobody_can_be_confirmed_who_was_not_asked_about():
    walked = walk()
    poll(walked, PENDING)
    with pytest.raises(NotNow):
        actions.confirm_other_person(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())


def test_declining_is_seen_by_the_operator_and_can_be_taken_back():
    walked = walk()
    poll(walked, refused("authorization_declined", 65004))
    assert state_of_invitation(walked) is State.DECLINED
    run_until_idle()
    (told,) = [sent for sent in mail.outbox if sent.subject.startswith("Declined at Microsoft")]
    assert f"Whoever came by the invitation for {UPN} declined" in " ".join(told.body.split())
    walked.start()
    assert state_of_invitation(walked) is State.OPENED


def test_nobody_is_said_to_have_declined_by_a_name_that_was_only_typed():
    walked = walk()
    with within_everything("a test"):
        Invitation.objects.filter(pk=walked.invitation_id).update(recipient="ada@contoso.com")
    poll(walked, refused("authorization_declined", 65004))
    run_until_idle()
    (told,) = [sent for sent in mail.outbox if sent.subject.startswith("Declined at Microsoft")]
    assert ("ada@contoso.com" in told.body, UPN in told.body) == (True, False)


def test_of_one_who_declines_again_and_again_the_operator_is_told_once():
    walked = walk()
    for _ in range(2):
        poll(walked, refused("authorization_declined", 65004))
        assert state_of_invitation(walked) is State.DECLINED
    run_until_idle()
    assert len([sent for sent in mail.outbox if sent.subject.startswith("Declined at Microsoft")]) == 1


def test_starting_again_keeps_the_case():
    walked = walk()
    poll(walked, refused("expired_token", 70020))
    actions.sign_in_again(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    view = walked.view()
    assert (view.id, view.step, view.administrator_upn) == (walked.case_id, Step.WHO, UPN)


def test_silence_is_shown_with_the_time_of_the_next_try_and_resumed():
    walked, microsoft = walk(), Microsoft(polls=[PENDING])
    follow(walked, microsoft, rounds=2)
    microsoft.silent = True
    make_due(latest(walked).pk)
    round_trip(loop(microsoft))
    silent = walked.view().sign_in
    assert (silent.state, silent.problem.next_move) == (SignInState.CODE_READY, NextMove.WAIT)
    assert silent.problem.retry_at > clock.now()
    microsoft.silent = False
    make_due(latest(walked).pk)
    round_trip(loop(microsoft))
    assert walked.view().sign_in.problem is None


def test_silence_before_the_code_is_waited_out_too():
    walked, microsoft = walk(), Microsoft(polls=[PENDING], silent=True)
    follow(walked, microsoft, rounds=2)
    assert (latest(walked).state, latest(walked).failures) == (SignInState.ASKED, 2)
    microsoft.silent = False
    make_due(latest(walked).pk)
    round_trip(loop(microsoft))
    assert (latest(walked).state, latest(walked).failures) == (SignInState.CODE_READY, 0)


def test_a_grant_survives_that_graph_is_away_while_the_signer_is_read():
    walked, microsoft = walk(), Microsoft(signer=Unavailable())
    microsoft.polls = [microsoft.granted()]
    follow(walked, microsoft, rounds=3)
    assert latest(walked).state == SignInState.CHECKING
    microsoft.signer = facts()
    make_due(latest(walked).pk)
    round_trip(loop(microsoft))
    assert latest(walked).state == SignInState.GRANTED
    assert microsoft.count("/token") == 1, "a device code is traded only once"


def test_a_code_that_stays_pending_past_its_time_is_over(monkeypatch):
    walked, microsoft = walk(), Microsoft(polls=[PENDING])
    follow(walked, microsoft, rounds=2)
    monkeypatch.setenv("GANGWAY_CLOCK_OFFSET_SECONDS", "1000")
    round_trip(loop(microsoft))
    assert latest(walked).state == SignInState.EXPIRED


def test_withdrawing_ends_a_living_session_at_once():
    walked = walk()
    poll(walked, PENDING)
    with within(walked.customer.path):
        invitations.revoke(invitation_id=walked.invitation_id, by=ADMINISTRATOR, now=clock.now())
    assert walked.view().step is Step.CLOSED
    assert "withdrawn" in walked.view().closed
    with pytest.raises(LinkClosed):
        walked.start()


def test_a_grant_for_a_withdrawn_invitation_is_thrown_away():
    walked, microsoft = walk(), Microsoft()
    microsoft.polls = [microsoft.granted()]
    sign_in_id, going = walked.start(), loop(microsoft)
    round_trip(going)
    with within(walked.customer.path):
        invitations.revoke(invitation_id=walked.invitation_id, by=ADMINISTRATOR, now=clock.now())
    for _ in range(3):
        make_due(sign_in_id)
        round_trip(going)
    row = latest(walked)
    assert (row.state, row.token_id) == (SignInState.REPLACED, None)


def test_each_move_leaves_an_event():
    walked = walk()
    signed_in(walked)
    told = [row.event for row in audit.activity(organization_path=walked.customer.path, limit=50)]
    for event in ("onboarding:case:begun", "onboarding:sign_in:granted", "onboarding:case:signed_in"):
        assert event in told


def test_another_tenant_than_the_customers_known_one_is_refused_before_graph_is_asked():
    expected = tenant.Expected(upn=UPN, domain="", tenant_id=OTHER_TENANT, own_tenants=frozenset())
    identity = Identity(TenantId("c0475050-0000-4000-8000-000000000001"), ObjectId("o"), UPN, "Grace", "")
    assert tenant.refusal_of_identity(identity, expected).state is SignInState.WRONG_TENANT


def test_any_of_the_customers_tenants_will_do_and_none_beside_them():
    """A customer with several tenants: the first on the organization itself, the others in rows of their own."""
    own, more, other = "c0475050-0000-4000-8000-000000000001", "c0475050-0000-4000-8000-000000000002", OTHER_TENANT
    expected = tenant.Expected(UPN, "contoso.com", own, frozenset(), others=(Tenant(more, "contoso.example"),))
    assert expected.tenants == {own, more}
    assert expected.is_in(own, frozenset({"contoso.com"}))
    assert expected.is_in(more, frozenset({"contoso.example"}))
    assert not expected.is_in(more, frozenset({"contoso.com.evil.example"}))
    assert not expected.is_in(other, frozenset({"contoso.example"}))
    by_domain = tenant.Expected(UPN, "contoso.com", own, frozenset(), others=(Tenant("", "contoso.example"),))
    assert by_domain.tenants == frozenset()
    assert by_domain.is_in(more, frozenset({"contoso.example"}))
    assert not by_domain.is_in(more, frozenset({"fabrikam.com"}))
    identity = Identity(TenantId(other), ObjectId("o"), UPN, "Grace", "")
    assert "domain contoso.com or contoso.example." in tenant.refusal_of_identity(identity, expected).what
