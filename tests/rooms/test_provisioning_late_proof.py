"""A proof that is written down when the time of its run is over: it counts, and nothing stays as if under way."""

import asyncio
from dataclasses import replace
from threading import Event
from time import sleep

import pytest
from asgiref.sync import async_to_sync
from django.db import transaction

from gangway.foundation import clock
from gangway.foundation.ids import ObjectId
from gangway.jobs.testing import run_until_idle
from gangway.jobs.threads import callers_thread, in_database
from gangway.organizations.scope import within
from gangway.provisioning import conduct, lease, opening, undoing
from gangway.provisioning.drawing import blueprint_of, journal_of
from gangway.provisioning.engine.goodbye import WORDS
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.ports import Proofs
from gangway.provisioning.engine.settling import NOT_SEEN
from gangway.provisioning.engine.steps.farewell import RemoveSignInApplication
from gangway.provisioning.engine.steps.removal import RemovePermission
from gangway.provisioning.errors import Broke, TookTooLong
from gangway.provisioning.journal_store import RunJournal
from gangway.provisioning.models import Registration
from gangway.provisioning.states import RunState, StepState
from tests.rooms.factories_provisioning import Work, make_work
from tests.rooms.races import race
from tests.rooms.test_provisioning_lease import wait_for_somebody_who_waits

pytestmark = pytest.mark.django_db


@pytest.fixture
def work() -> Work:
    work = make_work()
    work.start("t")
    return work


def prove(work: Work) -> None:
    with within(work.customer.path):
        Registration.objects.filter(pk=work.registration_id).update(state="proved", proved_at=clock.now())


async def intend_goodbye(opened: opening.Opened) -> None:
    """The last that the journal heard of a run whose time is over."""
    journal = journal_of(opened, blueprint_of(opened))
    await journal.show(())
    await journal.intend([RemoveSignInApplication()])


def ended(work: Work) -> tuple[RunState, str, str]:
    """How the run ended, and what is said of its goodbye."""
    run = work.run()
    (step,) = [step for step in run.steps if step.kind == RemoveSignInApplication.kind]
    return run.state, step.state, step.words


TAKES_AWAY = RemovePermission("assignment", "Application.ReadWrite.All", principal=ObjectId("principal"))
WELL = (RunState.PROVED, StepState.FAILED, WORDS["unknown"])


def test_what_is_proved_when_its_time_is_over_ends_well_and_says_what_nobody_looked_at(work, monkeypatch):
    async def prove_and_wait(opened: opening.Opened, _limit: object) -> None:
        await intend_goodbye(opened)
        await in_database(prove, work)
        raise TimeoutError

    monkeypatch.setattr(conduct, "_set_up", prove_and_wait)
    run_until_idle()
    assert ended(work) == WELL


def test_what_nobody_heard_the_end_of_is_unknown_once_nobody_is_at_it(work, monkeypatch):
    stood: list[object] = []

    async def break_off(opened: opening.Opened, _limit: object) -> None:
        await intend_goodbye(opened)
        stood.append((await in_database(ended, work))[1])
        raise Broke

    monkeypatch.setattr(conduct, "_set_up", break_off)
    run_until_idle()
    stood.append(ended(work)[1])
    assert (work.run().state, stood) == (RunState.FAILED, [StepState.INTENDED, "unknown"])


def test_a_list_of_steps_without_the_goodbye_is_no_hindrance(work, monkeypatch):
    async def prove_and_wait(opened: opening.Opened, _limit: object) -> None:
        needed = replace(opened, needed_by_others=True)
        await journal_of(needed, blueprint_of(needed)).show(())
        await in_database(prove, work)
        raise TimeoutError

    monkeypatch.setattr(conduct, "_set_up", prove_and_wait)
    run_until_idle()
    assert ended(work) == WELL


@pytest.mark.parametrize(("error", "expected"), [(TookTooLong(), RunState.PROVED), (Broke(), RunState.FAILED)])
def test_a_proof_that_comes_after_the_verdict_counts_unless_something_broke(work, monkeypatch, error, expected):
    async def take_too_long(opened: opening.Opened, _limit: object) -> None:
        await intend_goodbye(opened)
        raise error

    async def prove_meanwhile(_opened: opening.Opened) -> None:
        await in_database(prove, work)

    monkeypatch.setattr(conduct, "_set_up", take_too_long)
    monkeypatch.setattr(undoing, "give_up", prove_meanwhile)
    run_until_idle()
    assert work.run().state is expected


@pytest.mark.django_db(transaction=True)
def test_whether_it_is_proved_is_read_after_what_is_being_written():
    work = make_work()
    work.start("any")
    opened = opening.open_run(work.run_id, owner="a", now=clock.now())
    has_the_lease = Event()

    def write() -> str:
        """As the journal does: the lease first."""
        with within(work.customer.path), transaction.atomic():
            lease.hold(opened.lease, now=clock.now())
            has_the_lease.set()
            wait_for_somebody_who_waits()
            prove(work)
        return "written"

    def look() -> bool:
        has_the_lease.wait(10)
        return opening.is_proved(opened, now=clock.now())

    assert race(write, look) == ["written", True]


def test_what_a_lost_worker_began_to_take_away_and_nobody_looked_at_is_not_still_under_way(work, monkeypatch):
    async def prove_and_wait(opened: opening.Opened, _limit: object) -> None:
        journal = journal_of(opened, blueprint_of(opened))
        await journal.intend([TAKES_AWAY], planned=[TAKES_AWAY])
        await in_database(prove, work)
        raise TimeoutError

    monkeypatch.setattr(conduct, "_set_up", prove_and_wait)
    run_until_idle()
    (step,) = [step for step in work.run().steps if step.kind == TAKES_AWAY.kind]
    assert (work.run().state, step.state, step.words) == (RunState.PROVED, StepState.FAILED, NOT_SEEN)


def test_what_is_seen_gone_after_the_proof_was_taken_away_by_whoever_was_here_before(work):
    opened = opening.open_run(work.run_id, owner="a", now=clock.now())
    journal, stands = journal_of(opened, blueprint_of(opened)), lambda: work.run().steps[0].state
    with callers_thread():
        async_to_sync(journal.intend)([TAKES_AWAY], planned=[TAKES_AWAY])
        async_to_sync(journal.show)((), looked=False)
        assert stands() is StepState.INTENDED
        async_to_sync(journal.show)(())
        assert stands() is StepState.DONE


@pytest.fixture
def slow(monkeypatch) -> list[int]:
    """Every write takes a while before it has the lease; gives how many were under way at once."""
    real, under_way, most = RunJournal._hold, [], []

    def hold(journal: RunJournal) -> None:
        under_way.append(1)
        most.append(len(under_way))
        sleep(0.3)
        under_way.pop()
        real(journal)

    monkeypatch.setattr(RunJournal, "_hold", hold)
    return most


def begun() -> tuple[opening.Opened, RunJournal]:
    work = make_work()
    work.start("any")
    opened = opening.open_run(work.run_id, owner="a", now=clock.now())
    return opened, journal_of(opened, blueprint_of(opened))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("slow")
def test_whose_time_is_over_while_a_proof_is_on_its_way_into_the_journal_goes_on_when_it_is_written():
    opened, journal = begun()

    async def take_too_long() -> bool:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await journal.proved(Observation(), Proofs({}))
        return await in_database(opening.is_proved, opened, now=clock.now())

    assert asyncio.run(take_too_long())


@pytest.mark.django_db(transaction=True)
def test_of_two_who_write_into_one_journal_the_second_one_begins_when_the_first_one_has_ended(slow):
    _opened, journal = begun()

    async def both() -> None:
        await asyncio.gather(journal.tell("It takes longer."), journal.show(()))

    asyncio.run(both())
    assert slow == [1, 1]
