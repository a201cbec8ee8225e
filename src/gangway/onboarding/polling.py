"""The loop that looks after waiting sign-ins: one per worker, thousands of rows, no job per sign-in.

    lease what is due → poll each, a bounded number at once → hold the pending ones until their next poll

Three things go on side by side: looking for rows that are due, polling those that are held, and lengthening leases.
Between two polls a sign-in is a row with a lease and a place in memory: nothing is written down while nothing changes,
and nothing is lost when a worker dies, for its leases end. How long a sign-in rests is what Microsoft told: never
earlier, and later only by this loop's tick.
"""

import asyncio
import os
import socket
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID, uuid4

import structlog
from django.conf import settings

from gangway.foundation import clock
from gangway.jobs.registry import loop
from gangway.jobs.threads import in_database
from gangway.microsoft.cloud import Cloud
from gangway.microsoft.transport import shared
from gangway.onboarding import leases
from gangway.onboarding.held import Held
from gangway.onboarding.states import SignInState
from gangway.onboarding.visits import Visitor

AT_ONCE: Final = 300
"""Visits at the same time."""
TAKEN_AT_ONCE: Final = 200
"""Rows leased in one go: a dead worker's codes must all be opened anew, and the first needn't wait for the last."""
MOST_HELD: Final = 20_000
"""Sign-ins that one loop holds; what is due beyond them is left to others."""
BEAT: Final = 0.1
"""Seconds between two looks at what is held."""
TICK: Final = 0.25
"""Seconds between two looks for rows that are due, while there are some."""
IDLE_TICK: Final = 1.0
"""Seconds between two looks when none was due at the last one."""
EXTEND_SECONDS: Final = 8
"""Seconds between two extensions of the leases: a worker that dies leaves them for at least 17 seconds more."""
LONGEST_HELD: Final = 10
"""An interval longer than this is written down, so that whoever takes a dead worker's rows can't be too early."""

log = structlog.get_logger(__name__)


class Rounds:
    """One loop's rounds. A slow visit holds up no other: each runs by itself; what is done is given back together."""

    def __init__(self, visitor: Visitor) -> None:
        """Make rounds with this visitor; its owner's name is on the leases."""
        self.visitor = visitor
        self.held = Held()
        self._running: set[asyncio.Task[None]] = set()
        self._pending: dict[int, list[UUID]] = defaultdict(list)
        self._broken: set[UUID] = set()
        self._writing = asyncio.Lock()  # two statements over many rows would wait for each other crosswise

    async def once(self) -> bool:
        """Give back what has changed, lease what is due and begin to visit it; says whether there was something."""
        await self._give_back()
        taken = []
        if len(self._running) < AT_ONCE and len(self.held) < MOST_HELD:
            taken = await in_database(leases.take, owner=self.visitor.owner, now=clock.now(), limit=TAKEN_AT_ONCE)
        self._broken.difference_update(due.id for due in taken)
        await self.visitor.prepare(taken)
        for due in taken:
            if due.state is not SignInState.CODE_READY:
                self.begin([due])
            elif due.id not in self.held:  # else its lease ran out here, while the database was away
                self.held.keep(due, until=clock.ticks())
        self.poll()
        return bool(taken or self._running)

    def poll(self) -> None:
        """Begin to poll what is held and due, as much as may go on at once."""
        room = max(AT_ONCE - len(self._running), 0)
        self.begin(self.held.whose_time_has_come(clock.ticks(), limit=room))

    def begin(self, taken: list[leases.Due]) -> None:
        """Begin to visit sign-ins that this loop has leased."""
        for due in taken:
            task = asyncio.create_task(self._visit(due))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def extend(self) -> None:
        """Keep the leases of what is held; what somebody has ended meanwhile is let go."""
        async with self._writing:
            before, broken, owner = self.held.ids(), frozenset(self._broken), self.visitor.owner
            still = await in_database(leases.extend, owner=owner, but=broken, now=clock.now())
        gone = before - still
        self.held.let_go(gone)
        self.visitor.forget(gone)

    async def visits_over(self) -> None:
        """Wait until all visits that have begun are over."""
        if self._running:
            await asyncio.wait(self._running)

    async def finish(self) -> None:
        """Let begun visits end and give back all. A visit ends by itself within `VISIT_SECONDS`."""
        await self.visits_over()
        for due in self.held.all():
            self._pending[due.interval_seconds].append(due.id)
        await self._give_back()

    async def _visit(self, due: leases.Due) -> None:
        """Visit one; a fault of ours must not stop the other visits: the lease runs out and it is tried again."""
        try:
            interval = await self.visitor.visit(due)
        except Exception:
            log.exception("sign_in_visit_failed", sign_in=str(due.id))
            self._broken.add(due.id)
            return
        if interval is None:
            return
        if interval == due.interval_seconds <= LONGEST_HELD and not due.failures:
            self.held.keep(due, until=clock.ticks() + interval)
        else:
            self._pending[interval].append(due.id)

    async def _give_back(self) -> None:
        pending, self._pending = self._pending, defaultdict(list)
        for interval, sign_in_ids in pending.items():
            async with self._writing:
                await in_database(
                    leases.put_back,
                    sign_in_ids=sign_in_ids,
                    owner=self.visitor.owner,
                    next_poll_at=clock.now() + timedelta(seconds=interval),
                    interval_seconds=interval,
                )


@loop("onboarding:poll_sign_ins")
async def run(stop: asyncio.Event) -> None:
    """Make rounds until `stop` is set; then let visits end and give back what is leased."""
    rounds = Rounds(await new_visitor())
    try:
        await asyncio.gather(_look(rounds, stop), _poll(rounds, stop), _extend(rounds, stop))
    finally:
        await rounds.finish()
        await in_database(leases.release, owner=rounds.visitor.owner)


async def _look(rounds: Rounds, stop: asyncio.Event) -> None:
    while not stop.is_set():
        busy = await _without_falling(rounds.once)
        await _rest(stop, TICK if busy else IDLE_TICK)


async def _poll(rounds: Rounds, stop: asyncio.Event) -> None:
    while not stop.is_set():
        rounds.poll()
        await _rest(stop, BEAT)


async def _extend(rounds: Rounds, stop: asyncio.Event) -> None:
    while not stop.is_set():
        await _without_falling(rounds.extend)
        await _rest(stop, EXTEND_SECONDS)


async def visit_one(sign_in_id: UUID) -> None:
    """Visit one sign-in now, from a job: so a person who has just pressed the button waits for no tick."""
    rounds = Rounds(await new_visitor())
    owner, now = rounds.visitor.owner, clock.now()
    due = await in_database(leases.take_one, sign_in_id=sign_in_id, owner=owner, now=now)
    rounds.begin([due] if due else [])
    await rounds.finish()


async def new_visitor() -> Visitor:
    """Make a visitor for this process's event loop, with a name of its own on its leases."""
    owner = f"{socket.gethostname()[:30]}:{os.getpid()}:{uuid4().hex[:12]}"
    wire = await shared(settings.GANGWAY.extra_ca_file)
    return Visitor(transport=wire, cloud_of=partial(Cloud.of, settings.GANGWAY), owner=owner)


async def _without_falling(work: Callable[[], Awaitable[bool | None]]) -> bool:
    """Do one thing; a database that is away for a while must not end the loop."""
    try:
        return bool(await work())
    except Exception:
        log.exception("sign_in_round_failed")
        return False


async def _rest(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), timeout=seconds)
    except TimeoutError:
        return
