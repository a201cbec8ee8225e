"""Polling: rows leased in batches, visited by one loop only, never earlier than told, by another one after a death."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from asgiref.sync import async_to_sync

from gangway.audit.models import Entry
from gangway.foundation import clock
from gangway.jobs.registry import LOOPS
from gangway.jobs.threads import callers_thread, in_database
from gangway.microsoft.wire import Answer, Asked
from gangway.onboarding import actions, leases, polling
from gangway.onboarding.models import SignIn
from gangway.onboarding.states import SignInState
from gangway.onboarding.visits import FIRST_WAIT, LONGEST_WAIT
from gangway.organizations.scope import within_everything
from tests.rooms.factories_onboarding import (
    ADMINISTRATOR,
    PENDING,
    Microsoft,
    later,
    loop,
    make_due,
    refused,
    round_trip,
    walk,
)
from tests.rooms.races import race


def row_of(sign_in_id: UUID) -> SignIn:
    with within_everything("test"):
        return SignIn.objects.get(pk=sign_in_id)


def waiting(count: int) -> list[UUID]:
    """Sign-ins whose code is out, each due now."""
    script, started = Microsoft(polls=[PENDING]), [walk().start() for _ in range(count)]
    for sign_in_id in started:
        make_due(sign_in_id)
    round_trip(loop(script))
    for sign_in_id in started:
        make_due(sign_in_id)
    return started


@pytest.mark.django_db(transaction=True)
def test_two_loops_at_the_same_moment_share_the_rows_and_none_gets_one_twice():
    started, now = waiting(6), clock.now()
    taken = race(*(partial(leases.take, owner=f"loop-{number}", now=now, limit=4) for number in range(3)))
    ids = [due.id for batch in taken for due in batch]
    assert sorted(ids, key=str) == sorted(started, key=str)


@pytest.mark.django_db
def test_a_leased_row_is_nobody_elses_until_the_lease_ends():
    (sign_in_id,), now = waiting(1), clock.now()
    assert [due.id for due in leases.take(owner="first", now=now, limit=10)] == [sign_in_id]
    assert leases.take(owner="second", now=now + timedelta(seconds=leases.LEASE_SECONDS - 1), limit=10) == []
    late = leases.take(owner="second", now=now + timedelta(seconds=leases.LEASE_SECONDS + 1), limit=10)
    assert [due.id for due in late] == [sign_in_id]


@pytest.mark.django_db
def test_a_row_is_not_taken_before_its_time():
    (sign_in_id,) = waiting(1)
    due_at = row_of(sign_in_id).next_poll_at
    assert leases.take(owner="loop", now=due_at - timedelta(seconds=1), limit=10) == []
    assert len(leases.take(owner="loop", now=due_at, limit=10)) == 1


@pytest.mark.django_db
def test_the_longest_waiting_come_first_and_no_more_than_asked():
    started = waiting(3)
    taken = leases.take(owner="loop", now=clock.now(), limit=2)
    assert [due.id for due in taken] == started[:2]


@pytest.mark.django_db
def test_late_news_of_a_loop_that_was_thought_dead_change_nothing():
    (sign_in_id,), now = waiting(1), clock.now()
    leases.take(owner="dead", now=now, limit=1)
    leases.take(owner="living", now=now + timedelta(seconds=leases.LEASE_SECONDS + 1), limit=1)
    leases.put_back(sign_in_ids=[sign_in_id], owner="dead", next_poll_at=now, interval_seconds=5)
    assert row_of(sign_in_id).lease_owner == "living"


@pytest.mark.django_db
def test_pending_rests_for_the_interval_and_slow_down_makes_it_longer():
    (sign_in_id,) = waiting(1)
    round_trip(loop(Microsoft(polls=[PENDING])))
    first = row_of(sign_in_id)
    assert timedelta(seconds=4) < first.next_poll_at - clock.now() <= timedelta(seconds=5)
    make_due(sign_in_id)
    round_trip(loop(Microsoft(polls=[refused("slow_down", 70016)])))
    slower = row_of(sign_in_id)
    assert slower.interval_seconds == 10
    assert timedelta(seconds=9) < slower.next_poll_at - clock.now() <= timedelta(seconds=10)
    assert (slower.lease_owner, slower.lease_until) == ("", None)


@pytest.mark.django_db
def test_a_second_round_before_the_time_asks_microsoft_nothing():
    waiting(1)
    script = Microsoft(polls=[PENDING])
    for _ in range(5):
        round_trip(loop(script))
    assert script.count("/token") == 1


@pytest.mark.django_db
def test_the_device_code_is_opened_once_per_loop_however_often_it_polls():
    (sign_in_id,), going = waiting(1), loop(Microsoft(polls=[PENDING]))
    for _ in range(4):
        make_due(sign_in_id)
        round_trip(going)
    assert Entry.objects.filter(event="vault:secret:revealed").count() == 1


@pytest.mark.django_db
def test_waits_grow_while_microsoft_is_silent_and_its_own_wish_comes_first():
    (sign_in_id,), script = waiting(1), Microsoft(polls=[PENDING], silent=True)
    waits = []
    for _ in range(6):
        make_due(sign_in_id)
        round_trip(loop(script))
        waits.append(round((row_of(sign_in_id).next_poll_at - clock.now()).total_seconds()))
    assert waits == [FIRST_WAIT, 10, 20, 40, LONGEST_WAIT, LONGEST_WAIT]
    make_due(sign_in_id)
    round_trip(loop(Microsoft(polls=[Answer(503, None, {"retry-after": "90"})])))
    assert 88 < (row_of(sign_in_id).next_poll_at - clock.now()).total_seconds() <= 90


@pytest.mark.django_db
def test_a_fault_of_ours_in_one_visit_does_not_stop_the_others():
    broken, good = waiting(2)
    with within_everything("test"):
        SignIn.objects.filter(pk=broken).update(device_code_id=UUID(int=7))
    round_trip(loop(Microsoft(polls=[PENDING])))
    assert row_of(broken).lease_owner == "loop-1", "it is tried again when the lease ends"
    assert row_of(good).lease_owner == ""


@pytest.mark.django_db
def test_between_two_polls_nothing_is_written_and_the_lease_is_kept(monkeypatch):
    (sign_in_id,), going = waiting(1), loop(Microsoft(polls=[PENDING]))
    before = in_one_loop(going.once, going.visits_over)
    assert (before, row_of(sign_in_id).lease_owner) == ([True, None], "loop-1")
    with later(monkeypatch, leases.LEASE_SECONDS - 1):
        in_one_loop(going.extend)
    with later(monkeypatch, leases.LEASE_SECONDS + 1):
        assert leases.take(owner="second", now=clock.now(), limit=10) == []


@pytest.mark.django_db
def test_a_held_sign_in_that_somebody_ended_is_polled_no_more():
    walked, script = walk(), Microsoft(polls=[PENDING])
    sign_in_id, going = walked.start(), loop(script)
    make_due(sign_in_id)
    round_trip(going)
    make_due(sign_in_id)
    in_one_loop(going.once, going.visits_over)
    actions.tell_blocked(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    in_one_loop(going.extend)
    assert len(going.held) == 0


@pytest.mark.django_db(transaction=True)
def test_the_loop_starts_a_sign_in_whose_job_got_lost_and_stops_when_told(monkeypatch):
    walked, script = walk(), Microsoft(polls=[PENDING])
    sign_in_id = walked.start()
    make_due(sign_in_id)
    async_to_sync(run_until)(script, sign_in_id, SignInState.CODE_READY, monkeypatch)
    row = row_of(sign_in_id)
    assert (row.state, row.lease_owner) == (SignInState.CODE_READY, "")


def in_one_loop(*steps: Callable[[], Awaitable[object]]) -> list[object]:
    async def story() -> list[object]:
        return [await step() for step in steps]

    with callers_thread():
        return async_to_sync(story)()


async def run_until(script: Microsoft, sign_in_id: UUID, state: SignInState, monkeypatch: pytest.MonkeyPatch) -> None:
    async def visitor() -> object:
        return loop(script).visitor

    monkeypatch.setattr(polling, "new_visitor", visitor)
    stop = asyncio.Event()
    running = asyncio.create_task(LOOPS["onboarding:poll_sign_ins"](stop))
    async with asyncio.timeout(10):
        while (await in_database(row_of, sign_in_id)).state != state:  # noqa: ASYNC110 - another process would, too
            await asyncio.sleep(0.05)
        stop.set()
        await running


@pytest.mark.django_db(transaction=True)
def test_a_slow_answer_holds_up_nobody_else():
    slow, quick = waiting(2)

    class OneIsSlow(Microsoft):
        held: asyncio.Event

        async def send(self, asked: Asked) -> Answer:
            if not self.asked and asked.url.endswith("/token"):
                self.asked.append(asked.url)
                await self.held.wait()
                return PENDING
            return await super().send(asked)

    async def story() -> None:
        script = OneIsSlow(polls=[PENDING])
        script.held = asyncio.Event()
        going = loop(script)
        async with asyncio.timeout(10):
            while script.count("/token") < 2:
                await going.once()
                await asyncio.sleep(0.02)
            await going.once()
            script.held.set()
            await going.finish()

    async_to_sync(story)()
    assert {row_of(slow).lease_owner, row_of(quick).lease_owner} == {""}


@pytest.mark.django_db
def test_a_job_that_runs_twice_asks_for_one_code():
    sign_in_id = walk().start()
    first = leases.take_one(sign_in_id=sign_in_id, owner="job-1", now=clock.now())
    assert first is not None
    assert leases.take_one(sign_in_id=sign_in_id, owner="job-2", now=clock.now()) is None
