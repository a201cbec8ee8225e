"""Housekeeping: what an invitation that is over has begun is let go of, and one customer holds up nobody else."""

from datetime import timedelta
from typing import Any

import pytest

from gangway.foundation import clock
from gangway.invitations.models import Invitation
from gangway.invitations.states import State
from gangway.jobs.testing import run_until_idle
from gangway.onboarding import actions, freezing, tasks, tidying, unexpected
from gangway.onboarding.errors import StillBeingStopped
from gangway.onboarding.models import Case
from gangway.onboarding.states import CaseState
from gangway.organizations.scope import within
from gangway.provisioning import actions as provisioning
from gangway.provisioning import sign_in_application
from gangway.provisioning.errors import OnlyByHand
from gangway.provisioning.leftover_list import leftovers
from gangway.provisioning.models import Registration, Run
from gangway.provisioning.states import RunKind, RunState
from tests.rooms.factories_onboarding import ADMINISTRATOR, Walk, signed_in, walk

pytestmark = pytest.mark.django_db


def test_one_chore_that_breaks_holds_up_no_other(monkeypatch):
    done: list[str] = []

    def breaks(**_when: Any) -> None:
        raise KeyError("a mistake of ours")

    monkeypatch.setattr(tidying, "close_withdrawn_cases", breaks)
    monkeypatch.setattr(unexpected, "clear_answered", lambda **_when: done.append("the last"))
    with pytest.raises(ExceptionGroup) as raised:
        tasks.abandon()
    assert [type(error) for error in raised.value.exceptions] == [KeyError]
    assert done == ["the last"]


def begun(name: str = "gw-contoso", **wanted: Any) -> Walk:
    """Somebody pressed *Start Provisioning*, and no worker has begun."""
    walked = walk(**wanted)
    start(walked, name)
    return walked


def start(walked: Walk, name: str = "gw-contoso") -> None:
    signed_in(walked)
    actions.confirm_signed_in(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    actions.start_provisioning(case_id=walked.case_id, name=name, by=ADMINISTRATOR, now=clock.now())


def expired(case_state: CaseState, name: str = "gw-contoso") -> Walk:
    """A run made an application and rests; its case came to this, and the invitation's time is over."""
    walked = begun(name)
    with within(walked.customer.path):
        Run.objects.update(state=RunState.NEEDS_SIGN_IN.value, token_sealed_id=None)
        Registration.objects.update(app_id="5a4db0c1-0000-4000-8000-00000000000a")
        Case.objects.update(state=case_state.value)
        Invitation.objects.update(state=State.EXPIRED.value)
    return walked


def runs(walked: Walk) -> set[tuple[str, str]]:
    with within(walked.customer.path):
        return set(Run.objects.values_list("kind", "state"))


@pytest.mark.parametrize("came_to", [CaseState.NEEDS_SIGN_IN, CaseState.ABANDONED])
def test_what_an_expired_invitation_has_begun_is_taken_back_whatever_became_of_its_case(came_to):
    walked = expired(came_to)
    tidying.close_withdrawn_cases(now=clock.now())
    assert runs(walked) == {("setup", "cancelled"), ("teardown", "queued")}
    assert walked.view().state is CaseState.ABANDONED


def test_a_registration_that_is_at_work_holds_up_no_other_and_is_let_go_of_later():
    busy, other = expired(CaseState.FAILED), expired(CaseState.FAILED, "gw-other")
    with within(busy.customer.path):
        audit = Run.objects.get()
        audit.pk, audit.kind, audit.state, audit.on_end = None, RunKind.AUDIT.value, RunState.RUNNING.value, ""
        audit.save()
    tidying.close_withdrawn_cases(now=clock.now())
    assert ("teardown", "queued") in runs(other)
    assert runs(busy) == {("setup", "needs_sign_in"), ("audit", "running")}
    with within(busy.customer.path):
        Run.objects.filter(pk=audit.pk).update(state=RunState.PROVED.value)
    tidying.close_withdrawn_cases(now=clock.now())
    assert ("teardown", "queued") in runs(busy)


def test_after_a_report_that_stopped_a_run_somebody_can_sign_in_and_begin_again():
    walked = begun(features=("call-quality",))
    freezing.report_by_case(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    with within(walked.customer.path), pytest.raises(StillBeingStopped):
        freezing.unfreeze(invitation_id=walked.invitation_id, by=ADMINISTRATOR, now=clock.now())
    run_until_idle()
    with within(walked.customer.path):
        freezing.unfreeze(invitation_id=walked.invitation_id, by=ADMINISTRATOR, now=clock.now())
    assert (walked.view().state, runs(walked)) == (CaseState.FAILED, {("setup", "cancelled")})
    assert "was taken back" in walked.view().problem.cure
    actions.sign_in_again(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    start(walked)
    assert runs(walked) == {("setup", "cancelled"), ("setup", "queued")}


def test_who_signed_in_and_never_started_leaves_the_sign_in_application_on_the_list_until_a_run_removes_it():
    walked = walk()
    signed_in(walked)
    with within(walked.customer.path):
        client, about = Case.objects.values_list("sign_in__client_id", "signer").get()
        Case.objects.update(touched_at=clock.now() - tidying.IDLE_FOR - timedelta(seconds=1))
    tidying.abandon_idle_cases(now=clock.now())
    with within(walked.customer.path):
        (listed,) = leftovers(search=about["tenant_id"]).rows
        assert (listed.app_id, listed.tenant_name, listed.run_id) == (client, about["tenant_name"], None)
        assert listed.name.endswith("-token")
        with pytest.raises(OnlyByHand):
            provisioning.try_again(leftover_id=listed.id, by=ADMINISTRATOR, now=clock.now())
    start(walked)
    with within(walked.customer.path):
        sign_in_application.note(Run.objects.get(), "yes", by=ADMINISTRATOR, now=clock.now())
        assert not leftovers().rows
        Run.objects.update(state=RunState.CANCELLED.value, token_sealed_id=None)
        Case.objects.update(state=CaseState.FAILED.value)
        Invitation.objects.update(state=State.EXPIRED.value)
    tidying.close_withdrawn_cases(now=clock.now())
    with within(walked.customer.path):
        assert walked.view().state is CaseState.ABANDONED
        assert not leftovers().rows
