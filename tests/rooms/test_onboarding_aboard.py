"""The whole way aboard against the emulator as a real process: sign in, make it, prove it, add it, validate it."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from django.core import mail
from django.test import Client

from gangway.connections import actions as connections
from gangway.connections import queries as connected
from gangway.foundation import clock
from gangway.invitations import actions as invitations
from gangway.invitations import queries as invited
from gangway.invitations.states import State
from gangway.jobs.testing import run_until_idle
from gangway.jobs.threads import in_database
from gangway.notifications.models import Message
from gangway.notifications.states import MessageKind
from gangway.onboarding import actions, checking, deletion, queries, tidying
from gangway.onboarding.disconnections import fixed_address
from gangway.onboarding.errors import (
    AlreadyAdded,
    NotAVerifiedDomain,
    NotNow,
    NotReady,
    NotReadyToAdd,
    NotValidated,
    SignInTooOld,
)
from gangway.onboarding.models import SignIn
from gangway.onboarding.shapes import NextMove, Step
from gangway.onboarding.states import CaseState, OperatorStep, SignInState
from gangway.onboarding.withdrawal import withdraw
from gangway.organizations.scope import within
from gangway.provisioning.journal_store import RunJournal
from gangway.provisioning.models import Leftover, Registration
from gangway.provisioning.states import RunState
from gangway.services.queries import service
from gangway.services.states import Connection, Deployment, Lifecycle
from tests.emulator.conftest import avery, grace
from tests.rooms.factories_aboard import (
    OLGA,
    OTTO,
    aboard,
    add,
    finished,
    provision,
    sign_in,
    state_of,
    tokens_kept,
)
from tests.rooms.factories_existing import CONTOSO
from tests.rooms.factories_invitations import link
from tests.rooms.factories_onboarding import ADMINISTRATOR, issue, walk
from tests.rooms.factories_web import put_into_wizard
from tests.rooms.races import race

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

EVERYTHING = {"Organization.Read.All", "User.Read.All", "GroupMember.Read.All", "RoleManagement.Read.Directory"}
ROLES = {"Teams Telephony Administrator", "Skype for Business Administrator"}


def test_the_administrators_way_ends_with_what_was_granted_by_whom_until_when(emulator):
    walked = aboard(emulator)
    view = walked.view()
    assert (view.state, view.step) == (CaseState.DONE, Step.DONE)
    assert state_of(walked) is State.AUTHENTICATED
    assert set(view.done.permissions) == EVERYTHING
    assert set(view.done.roles) == ROLES
    assert (view.done.granted_by, view.done.tenant_name) == (grace[0], "Contoso")
    assert view.done.credential_expires_at > clock.now()
    assert view.done.application_id
    assert view.done.undo
    assert view.done.sign_in_application_removed == "yes"
    assert view.done.own_view == fixed_address(walked.customer.id)


def test_what_was_for_the_set_up_only_or_left_out_is_not_told_as_granted(emulator):
    walked = aboard(emulator, features={"voice", "automatic-domain"})
    with within(walked.customer.path):
        about = Registration.objects.get()
        Registration.objects.update(beyond=about.beyond | {"skipped": ["GroupMember.Read.All"]})
    done = walked.view().done
    assert set(done.permissions) == EVERYTHING - {"GroupMember.Read.All"}
    told = dict(done.not_there)
    assert set(told) == {"Domain.ReadWrite.All", "User.ReadWrite.All", "GroupMember.Read.All"}
    assert "Taken away again" in told["Domain.ReadWrite.All"]
    assert "left out" in told["GroupMember.Read.All"]
    client = Client()
    put_into_wizard(client, walked.case_id)
    assert "Taken away again" in client.get("/wizard/done/").text
    with within(walked.customer.path):
        kept = Message.objects.get(kind=MessageKind.COMPLETION.value).context["granted"].splitlines()
    assert "- Organization.Read.All" in kept
    assert "- Domain.ReadWrite.All" not in kept
    assert any(line.startswith("- Domain.ReadWrite.All: Only for the set-up.") for line in kept)


def test_nothing_secret_of_the_sign_in_is_left_when_it_is_done(emulator):
    aboard(emulator)
    assert tokens_kept() == []


def test_both_sides_are_told_by_mail(emulator):
    walked = aboard(emulator)
    subjects = [message.subject for message in mail.outbox]
    (told,) = [message.body for message in mail.outbox if "is connected with" in message.subject]
    assert fixed_address(walked.customer.id) in told.splitlines()
    assert any(subject.startswith("Ready to add") for subject in subjects)


def test_the_operator_adds_validates_and_creates_the_service(emulator):
    walked = aboard(emulator)
    onboarding_id, step = add(walked), {"by": OLGA, "now": clock.now()}
    with within(walked.customer.path):
        before = queries.onboarding(onboarding_id)
        assert (before.step, before.registration.display_name) == (OperatorStep.REGISTRATION, "gw-contoso")
        assert (before.signer_upn, before.tenant_name) == (grace[0], "Contoso")
        actions.validate(onboarding_id=onboarding_id, **step)
        assert queries.validation(onboarding_id).state == "queued"
        run_until_idle()
        checked = queries.validation(onboarding_id)
        assert (checked.state, checked.status) == ("done", "ok")
        actions.accept_validation(onboarding_id=onboarding_id, **step)
        settings_page = queries.onboarding(onboarding_id)
        assert settings_page.m365_domain == "contoso.onmicrosoft.com"
        assert settings_page.domains == ("contoso.onmicrosoft.com", "contoso.com")
        actions.save_microsoft_settings(onboarding_id=onboarding_id, domain="contoso.com", **step)
        read = {item.key: item.state for item in queries.onboarding(onboarding_id).prerequisites}
        assert set(read) == {"domains", "licences", "permissions", "roles"}
        actions.accept_prerequisites(onboarding_id=onboarding_id, **step)
        summary = queries.onboarding(onboarding_id)
        assert (summary.step, summary.may_finish, summary.blockers) == (OperatorStep.SUMMARY, True, ())
        service_id = actions.finish(onboarding_id=onboarding_id, **step)
        made = service(service_id)
        assert (made.lifecycle, made.connection, made.deployment) == (
            Lifecycle.CREATED,
            Connection.OK,
            Deployment.READY,
        )
        assert actions.finish(onboarding_id=onboarding_id, **step) == service_id


def test_m365_configuration_shows_who_authenticated_and_the_days_left(emulator):
    walked = aboard(emulator)
    service_id = finished(walked)
    with within(walked.customer.path):
        shown = connected.connection(service_id)
    assert (shown.user_name, shown.tenant_name, shown.m365_domain) == (grace[0], "Contoso", "contoso.onmicrosoft.com")
    assert 360 <= shown.days_left <= 366
    assert set(shown.roles) == ROLES
    assert {grant.state for grant in shown.grants} == {"as_planned"}
    assert (shown.status, len(shown.history)) == ("ok", 1)


def test_validate_authentication_is_one_at_a_time_and_kept_as_history(emulator):
    walked = aboard(emulator)
    service_id = finished(walked)
    with within(walked.customer.path):
        first = connections.validate_connection(service_id=service_id, by=OLGA, now=clock.now())
        assert connections.validate_connection(service_id=service_id, by=OTTO, now=clock.now()) == first
        assert connected.connection(service_id).running.id == first
        run_until_idle()
        assert connected.validation(first).status == "ok"
        assert len(connected.connection(service_id).history) == 2


def test_a_registration_deleted_in_the_tenant_is_an_error_and_says_why(emulator):
    walked = aboard(emulator)
    service_id = finished(walked)
    emulator.control("POST", "reset")
    with within(walked.customer.path):
        connections.validate_connection(service_id=service_id, by=OLGA, now=clock.now())
        run_until_idle()
        shown = connected.connection(service_id)
        assert (shown.status, service(service_id).connection) == ("error", Connection.ERROR)
    assert shown.status_words.startswith("Does not work")
    assert shown.last_good_at < shown.last_validated_at


def test_when_microsoft_does_not_answer_nobody_knows_and_the_last_good_time_stays(emulator, settings):
    walked = aboard(emulator)
    service_id = finished(walked)
    silent = {"cloud_login_url": "https://localhost:9", "cloud_graph_url": "https://localhost:9"}
    settings.GANGWAY = settings.GANGWAY.model_copy(update=silent)
    with within(walked.customer.path):
        connections.validate_connection(service_id=service_id, by=OLGA, now=clock.now())
        run_until_idle()
        shown = connected.connection(service_id)
    assert shown.status == "unknown"
    assert shown.last_good_at is not None


def test_adding_again_by_the_winner_goes_on_and_anybody_else_is_told(emulator):
    walked = aboard(emulator)
    onboarding_id = add(walked)
    assert add(walked) == onboarding_id
    with pytest.raises(AlreadyAdded, match="Olga Operator") as told:
        add(walked, OTTO)
    assert (told.value.winner, told.value.onboarding_id) == ("Olga Operator", str(onboarding_id))


def test_only_an_authenticated_invitation_can_be_added(emulator):
    with pytest.raises(NotReadyToAdd):
        add(walk())


def test_a_domain_that_is_not_the_tenants_is_said_at_its_field(emulator):
    walked = aboard(emulator)
    onboarding_id, step = add(walked), {"by": OLGA, "now": clock.now()}
    with within(walked.customer.path):
        actions.validate(onboarding_id=onboarding_id, **step)
        run_until_idle()
        actions.accept_validation(onboarding_id=onboarding_id, **step)
        with pytest.raises(NotAVerifiedDomain) as told:
            actions.save_microsoft_settings(onboarding_id=onboarding_id, domain="fabrikam.com", **step)
    assert told.value.field == "domain"


@pytest.mark.django_db(transaction=True)
def test_of_two_operators_who_press_add_together_one_wins_and_the_other_is_told(emulator):
    walked = aboard(emulator)
    results = race(partial(add, walked, OLGA), partial(add, walked, OTTO))
    won = [result for result in results if isinstance(result, UUID)]
    (lost,) = [result for result in results if isinstance(result, Exception)]
    assert len(won) == 1
    assert isinstance(lost, AlreadyAdded)
    assert lost.winner in {"Olga Operator", "Otto Operator"}


def test_an_application_administrator_does_their_part_and_a_colleague_finishes(emulator):
    walked = walk()
    sign_in(walked, emulator, avery)
    assert not walked.view().signer.can_everything
    assert walked.view().signer.summary
    provision(walked)
    waiting = walked.view()
    assert (waiting.state, waiting.step) == (CaseState.WAITING, Step.WAITING)
    assert waiting.problem.next_move is NextMove.ASK_COLLEAGUE
    assert state_of(walked) is State.WAITING_FOR_ADMINISTRATOR
    assert tokens_kept() == []
    actions.sign_in_again(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    sign_in(walked, emulator)
    assert walked.view().registration_name == "gw-contoso"
    provision(walked)
    assert walked.view().state is CaseState.DONE
    assert state_of(walked) is State.AUTHENTICATED


def test_the_second_person_must_be_of_the_same_tenant(emulator):
    walked = walk()
    sign_in(walked, emulator, avery)
    provision(walked)
    actions.sign_in_again(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    sign_in(walked, emulator, ("gray.global@fabrikam.com", "Fabrikam-Gray-1"))
    assert walked.view().sign_in.state is SignInState.WRONG_TENANT


def test_a_token_that_is_nearly_over_sends_back_to_sign_in_before_anything_is_made(emulator, monkeypatch):
    walked = walk()
    sign_in(walked, emulator)
    actions.confirm_signed_in(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    monkeypatch.setenv("GANGWAY_CLOCK_OFFSET_SECONDS", "7200")
    with pytest.raises(SignInTooOld):
        actions.start_provisioning(case_id=walked.case_id, name="gw-contoso", by=ADMINISTRATOR, now=clock.now())
    assert walked.view().step is Step.WHO
    assert tokens_kept() == []


def test_two_registrations_of_one_customer_in_one_tenant_never_share_a_name(emulator):
    first = aboard(emulator)
    invitation_id = issue(first.customer, first.operator_id)
    case_id = actions.begin_case(token=link(first.customer, invitation_id), by=ADMINISTRATOR, now=clock.now()).case_id
    actions.choose_new(case_id=case_id, by=ADMINISTRATOR, now=clock.now())
    walked = replace(first, invitation_id=invitation_id, case_id=case_id)
    sign_in(walked, emulator)
    actions.confirm_signed_in(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    with pytest.raises(Exception, match="name") as told:
        actions.start_provisioning(case_id=walked.case_id, name="GW-Contoso", by=ADMINISTRATOR, now=clock.now())
    assert told.value.field == "name"
    assert walked.view().step is Step.NAME


def test_a_name_that_microsoft_refuses_comes_back_at_its_field(emulator):
    emulator.control("PATCH", f"tenants/{CONTOSO}/policies", json={"refuseMicrosoftInNames": True})
    walked = walk()
    sign_in(walked, emulator)
    provision(walked, "MicrosoftVoice")
    failed = walked.view()
    assert (failed.state, failed.problem.next_move) == (CaseState.FAILED, NextMove.START_AGAIN)
    assert failed.name_error
    sign_in(walked, emulator)
    actions.confirm_signed_in(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    asked_again = walked.view()
    assert (asked_again.step, asked_again.registration_name) == (Step.NAME, "MicrosoftVoice")
    assert asked_again.name_error
    actions.start_provisioning(case_id=walked.case_id, name="gw-contoso", by=ADMINISTRATOR, now=clock.now())
    run_until_idle()
    assert walked.view().done.registration_name == "gw-contoso"


def test_revoking_by_whatever_way_stops_what_was_begun_and_tells_nobody(emulator):
    walked = walk()
    sign_in(walked, emulator)
    actions.confirm_signed_in(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    actions.start_provisioning(case_id=walked.case_id, name="gw-contoso", by=ADMINISTRATOR, now=clock.now())
    with within(walked.customer.path):
        invitations.revoke(invitation_id=walked.invitation_id, by=OLGA, now=clock.now())
    mail.outbox.clear()
    run_until_idle()
    assert (state_of(walked), walked.view().step) == (State.REVOKED, Step.CLOSED)
    assert tokens_kept() == []
    assert mail.outbox == []
    with within(walked.customer.path):
        assert [row.kind for row in Leftover.objects.all()] == ["sign_in_application"], "the sign-in put it there"
    assert walked.view().run.state is RunState.CANCELLED


def test_what_was_made_for_a_service_that_is_deleted_after_add_is_taken_back_or_listed(emulator):
    walked = aboard(emulator)
    add(walked)
    with within(walked.customer.path):
        service_id = invited.invitation(walked.invitation_id).service_id
        typed = service(service_id).short_name
        deletion.delete_service(service_id=service_id, typed=typed, by=OLGA, now=clock.now())
    run_until_idle()
    with within(walked.customer.path):
        assert service(service_id).lifecycle is Lifecycle.ABANDONED
        assert {"application", "principal", "credential"} <= {row.kind for row in Leftover.objects.all()}


def test_withdrawing_while_a_run_is_at_work_leaves_nothing_in_the_tenant(emulator, monkeypatch):
    walked = walk()
    sign_in(walked, emulator)
    actions.confirm_signed_in(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    actions.start_provisioning(case_id=walked.case_id, name="gw-contoso", by=ADMINISTRATOR, now=clock.now())
    original = RunJournal.proved

    async def withdrawn_meanwhile(self, *args, **following):
        await in_database(withdraw_now)
        await original(self, *args, **following)

    def withdraw_now():
        with within(walked.customer.path):
            assert withdraw(invitation_id=walked.invitation_id, by=OLGA, now=clock.now())

    monkeypatch.setattr(RunJournal, "proved", withdrawn_meanwhile)
    run_until_idle()
    tidying.close_withdrawn_cases(now=clock.now())
    assert (state_of(walked), walked.view().run.state.value) == (State.REVOKED, "cancelled")
    assert (tokens_kept(), names_there(emulator)) == ([], [])


def names_there(emulator):
    """Unique names of ours in any tenant, living or deleted."""
    tenants = emulator.control("GET", "state")["tenants"]
    rows = [row for tenant in tenants for part in ("objects", "deleted") for row in tenant[part].values()]
    names = [str(row["body"].get("uniqueName") or "") for row in rows]
    return [name for name in names if name.startswith("gangway-")]


def test_withdrawing_a_case_that_waits_cancels_its_run_and_lets_go(emulator):
    walked = walk()
    sign_in(walked, emulator, avery)
    provision(walked)
    with within(walked.customer.path):
        invitations.revoke(invitation_id=walked.invitation_id, by=OLGA, now=clock.now())
    tidying.close_withdrawn_cases(now=clock.now())
    view = walked.view()
    assert (view.state, view.run.state.value) == (CaseState.ABANDONED, "cancelled")


def test_a_validation_without_a_worker_ends_and_can_be_asked_again(emulator):
    walked = aboard(emulator)
    onboarding_id = add(walked)
    with within(walked.customer.path):
        actions.validate(onboarding_id=onboarding_id, by=OLGA, now=clock.now())
    checking.begin(onboarding_id=onboarding_id)
    checking.give_up(now=clock.now() + timedelta(minutes=6))
    with within(walked.customer.path):
        assert queries.validation(onboarding_id).state == "failed"
        with pytest.raises(NotValidated):
            actions.accept_validation(onboarding_id=onboarding_id, by=OLGA, now=clock.now())
        actions.validate(onboarding_id=onboarding_id, by=OTTO, now=clock.now())
        run_until_idle()
        assert queries.validation(onboarding_id).status == "ok"


def test_credentials_that_do_not_work_stop_the_operator_with_the_reason(emulator):
    walked = aboard(emulator)
    onboarding_id, step = add(walked), {"by": OLGA, "now": clock.now()}
    emulator.control("POST", "reset")
    with within(walked.customer.path):
        actions.validate(onboarding_id=onboarding_id, **step)
        run_until_idle()
        with pytest.raises(NotValidated):
            actions.accept_validation(onboarding_id=onboarding_id, **step)
        with pytest.raises(NotReady):
            actions.finish(onboarding_id=onboarding_id, **step)
        assert queries.onboarding(onboarding_id).blockers


def test_a_step_cannot_be_skipped(emulator):
    walked = aboard(emulator)
    onboarding_id, step = add(walked), {"by": OLGA, "now": clock.now()}
    with within(walked.customer.path):
        with pytest.raises(NotNow):
            actions.save_microsoft_settings(onboarding_id=onboarding_id, domain="contoso.com", **step)
        with pytest.raises(NotNow):
            actions.accept_prerequisites(onboarding_id=onboarding_id, **step)


def test_a_stronger_sign_in_that_microsoft_wants_midway_is_asked_for_and_the_run_goes_on(emulator):
    walked = walk()
    sign_in(walked, emulator)
    match = {"method": "POST", "path": "/v1.0/roleManagement/directory/roleAssignments", "times": 1}
    claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'
    effect = {"status": 401, "code": "InvalidAuthenticationToken", "claims": claims}
    emulator.control("PUT", "faults/step up", json={"match": match, "effect": effect})
    provision(walked)
    assert walked.view().state is CaseState.NEEDS_SIGN_IN
    assert "stronger or a newer sign-in" in walked.view().problem.what
    to_both = {sent.subject.partition(":")[0]: sent for sent in mail.outbox}
    assert "Somebody must sign in again" in to_both
    to_grace = to_both["Still missing"]
    assert to_grace.to == [ADMINISTRATOR.name]
    assert "Sign in again; what was made so far is kept." in to_grace.body
    assert "/i/" in to_grace.body
    actions.sign_in_again(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    sign_in(walked, emulator)
    with within(walked.customer.path):
        assert SignIn.objects.get(pk=walked.view().sign_in.id).claims == claims
    provision(walked)
    assert walked.view().state is CaseState.DONE
