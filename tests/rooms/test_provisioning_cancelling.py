"""A cancel that was asked for is never lost, whatever else the run comes to; nothing of ours that breaks loops."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from gangway.foundation import clock
from gangway.jobs.testing import run_until_idle
from gangway.jobs.threads import in_database
from gangway.microsoft.errors import AuthorityEnded
from gangway.microsoft.patience import OutOfPatience
from gangway.organizations.scope import within
from gangway.provisioning import actions, conduct, opening, rotating, undoing, waiting
from gangway.provisioning.engine.course import Ending
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.teardown import TornDown
from gangway.provisioning.errors import NotWaiting, RunUnderWay
from gangway.provisioning.models import Run
from gangway.provisioning.states import RunKind, RunState
from gangway.vault.errors import SealBroken
from gangway.vault.models import Sealed
from tests.rooms import factories_services
from tests.rooms.factories_provisioning import BY, Work, make_work

pytestmark = pytest.mark.django_db


def cancel(work: Work) -> None:
    with within(work.customer.path):
        actions.cancel_run(run_id=work.run_id, by=BY, now=clock.now())


def locks(asked: CaptureQueriesContext) -> list[str]:
    """The tables that were locked, in their order: within a statement that in which it names them."""
    named = [row["sql"].split("FOR UPDATE OF ")[1] for row in asked if "FOR UPDATE OF " in row["sql"]]
    return [table.strip('"') for tables in named for table in tables.split(", ")]


def end_well(opened: opening.Opened) -> None:
    with transaction.atomic():
        opening.close(opened, Ending(Observation(), (), None, gone="no"), now=clock.now())


@pytest.fixture
def work() -> Work:
    work = make_work()
    work.start("t")
    return work


@pytest.fixture
def taken_back(monkeypatch) -> list[bool]:
    """Whether the run still held its token whenever something of it was taken back."""
    seen: list[bool] = []

    async def take_back(opened: opening.Opened) -> TornDown:
        seen.append(opened.token is not None)
        return TornDown()

    monkeypatch.setattr(undoing, "take_back", take_back)
    return seen


@pytest.mark.parametrize("comes_to", [AuthorityEnded(), SealBroken(), OutOfPatience(fault=None), None])
def test_whoever_cancels_while_a_run_comes_to_rest_has_it_taken_back(work, taken_back, monkeypatch, comes_to):
    async def meanwhile(opened: opening.Opened, _limit: object) -> None:
        await in_database(cancel, work)
        if comes_to is None:
            await in_database(end_well, opened)
        raise comes_to

    monkeypatch.setattr(conduct, "_set_up", meanwhile)
    run_until_idle()
    assert (work.run().state, taken_back) == (RunState.CANCELLED, [True])
    assert work.row().token_sealed_id is None


def test_a_worker_that_died_while_it_took_back_is_followed_after_the_deadline_too(work, taken_back, settings):
    with within(work.customer.path):
        Run.objects.update(state=RunState.RUNNING.value, started_at=clock.now(), cancel_asked_at=clock.now())
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"run_deadline_seconds": 0})
    run_until_idle()
    assert (work.run().state, taken_back) == (RunState.CANCELLED, [True])


def test_a_cancel_of_an_earlier_try_does_not_end_the_next_one(work):
    with within(work.customer.path):
        Run.objects.update(state=RunState.NEEDS_SIGN_IN.value, token_sealed_id=None, cancel_asked_at=clock.now())
    work.resume("t2")
    assert work.row().cancel_asked_at is None


@pytest.mark.parametrize("state", ["queued", "copying"])
def test_a_run_does_not_go_on_while_another_one_is_at_work_on_its_registration(work, state):
    with within(work.customer.path):
        Run.objects.update(state=RunState.WAITING.value, token_sealed_id=None)
        now = clock.now()
        about = {"organization_id": work.customer.id, "registration_id": work.registration_id, "queued_at": now}
        about |= {"copying_since": now, "look_at": now, "service_id": work.service_id, "created_at": now}
        Run.objects.create(**about, kind=RunKind.ROTATION.value, state=state)
    with pytest.raises(RunUnderWay):
        work.resume("t2")
    assert work.run().state is RunState.WAITING


@pytest.mark.parametrize("trouble", [SealBroken(), ZeroDivisionError()])
def test_what_breaks_while_it_takes_back_ends_the_run_and_is_told(work, monkeypatch, trouble):
    async def broken(_opened: opening.Opened) -> TornDown:
        raise trouble

    monkeypatch.setattr(undoing, "take_back", broken)
    with within(work.customer.path):
        Run.objects.update(cancel_asked_at=clock.now())
    run_until_idle()
    assert work.run().state is RunState.CANCELLED
    assert work.run().error.code == getattr(trouble, "code", "provisioning:run:broke")


def test_a_token_that_cannot_be_opened_fails_the_run_although_giving_up_breaks_too(work, monkeypatch):
    async def broken(_opened: opening.Opened) -> None:
        raise ZeroDivisionError

    Sealed.objects.filter(pk=work.row().token_sealed_id).update(ciphertext=b"changed")
    monkeypatch.setattr(undoing, "give_up", broken)
    run_until_idle()
    assert (work.run().state, work.run().error.code) == (RunState.FAILED, "vault:seal:broken")


def test_what_breaks_while_a_rotation_is_rolled_back_does_not_keep_it_from_ending(work, monkeypatch, settings):
    async def broken(_opened: opening.Opened) -> None:
        raise ZeroDivisionError

    with within(work.customer.path):
        Run.objects.update(kind=RunKind.ROTATION.value, wanted={"credential": str(work.service_id)})
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"run_deadline_seconds": 0})
    monkeypatch.setattr(rotating, "take_back", broken)
    run_until_idle()
    assert (work.run().state, work.run().error.code) == (RunState.FAILED, "provisioning:run:too_long")


def test_a_further_services_credential_that_is_cancelled_at_its_end_is_taken_back(work, taken_back, monkeypatch):
    async def meanwhile(_opened: opening.Opened) -> None:
        await in_database(cancel, work)

    with within(work.customer.path):
        Run.objects.update(kind=RunKind.CREDENTIAL.value)
    monkeypatch.setattr(rotating, "rotate", meanwhile)
    run_until_idle()
    assert (work.run().state, taken_back) == (RunState.CANCELLED, [True])


def test_a_run_that_is_asked_for_again_forgets_a_cancel_of_its_earlier_try(work):
    about = {"registration_id": work.registration_id, "service_id": work.service_id, "by": BY, "now": clock.now()}
    with within(work.customer.path):
        Run.objects.update(state=RunState.PROVED.value, token_sealed_id=None)
        audit = Run.objects.filter(pk=actions.start_audit(**about))
        audit.update(state=RunState.FAILED.value, cancel_asked_at=clock.now())
        actions.start_audit(**about)
        assert audit.get().cancel_asked_at is None


def test_a_wait_is_locked_after_its_registration_and_its_run(work):
    with within(work.customer.path), CaptureQueriesContext(connection) as asked, pytest.raises(NotWaiting):
        waiting.locked(work.run_id)
    assert locks(asked) == ["provisioning_registration", "provisioning_run", "provisioning_waiting"]


def test_a_registration_is_always_locked_before_its_runs_and_a_first_run_before_the_one_beside_it(work):
    beside = Work(work.customer, factories_services.plan(work.customer))
    beside.start("t", name="voice1-QoE", after=work.run_id)
    with CaptureQueriesContext(connection) as asked:
        cancel(beside)
    assert locks(asked)[:4] == ["provisioning_registration", "provisioning_run"] * 2
