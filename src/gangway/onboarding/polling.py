"""The loop that looks after waiting sign-ins: one per worker, thousands of rows, no job per sign-in.

    lease what is due → visit each, a bounded number at once → give the pending ones back in one update → rest

Between two visits a sign-in is only a row, so nothing is lost when a worker dies, and any number of workers share the
work. How long a row rests is what Microsoft told: never earlier, and later only by this loop's tick.
"""

import asyncio
import os
import socket
from collections import defaultdict
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
from gangway.onboarding.visits import Visitor

AT_ONCE: Final = 200
"""Visits at the same time. Each is leased only when it can start, so no lease is spent on queueing here."""
TICK: Final = 0.25
"""Seconds between looking for sign-ins that are due, while there are some."""
IDLE_TICK: Final = 1.0
"""Seconds between looks when none was due at the last one."""

log = structlog.get_logger(__name__)


class Rounds:
    """One loop's rounds. A slow visit holds up no other: each runs by itself; what is done is given back together."""

    def __init__(self, visitor: Visitor) -> None:
        """Make rounds with this visitor; its owner's name is on the leases."""
        self.visitor = visitor
        self._running: set[asyncio.Task[None]] = set()
        self._pending: dict[int, list[UUID]] = defaultdict(list)

    async def once(self) -> bool:
        """Give back what is pending, lease what is due and begin to visit it; says whether there was something."""
        await self._give_back()
        room = AT_ONCE - len(self._running)
        taken = await in_database(leases.take, owner=self.visitor.owner, now=clock.now(), limit=room) if room else []
        await self.visitor.prepare(taken)
        self.begin(taken)
        return bool(taken or self._running)

    def begin(self, taken: list[leases.Due]) -> None:
        """Begin to visit sign-ins that this loop has leased."""
        for due in taken:
            task = asyncio.create_task(self._visit(due))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def one_done(self) -> None:
        """Wait a tick, or less: while every place is taken, until the first visit is over."""
        await asyncio.wait(self._running, timeout=TICK, return_when=asyncio.FIRST_COMPLETED)

    async def finish(self) -> None:
        """Let begun visits end and give back what is pending. A visit ends by itself within `VISIT_SECONDS`."""
        if self._running:
            await asyncio.wait(self._running)
        await self._give_back()

    @property
    def is_full(self) -> bool:
        """Whether no further visit may begin now."""
        return len(self._running) >= AT_ONCE

    async def _visit(self, due: leases.Due) -> None:
        """Visit one; a fault of ours must not stop the other visits: the lease runs out and it is tried again."""
        try:
            interval = await self.visitor.visit(due)
        except Exception:
            log.exception("sign_in_visit_failed", sign_in=str(due.id))
            return
        if interval is not None:
            self._pending[interval].append(due.id)

    async def _give_back(self) -> None:
        pending, self._pending = self._pending, defaultdict(list)
        for interval, sign_in_ids in pending.items():
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
        while not stop.is_set():
            busy = await _without_falling(rounds)
            if rounds.is_full:
                await rounds.one_done()
            else:
                await _rest(stop, TICK if busy else IDLE_TICK)
    finally:
        await rounds.finish()
        await in_database(leases.release, owner=rounds.visitor.owner)


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


async def _without_falling(rounds: Rounds) -> bool:
    """Make one round; a database that is away for a while must not end the loop."""
    try:
        return await rounds.once()
    except Exception:
        log.exception("sign_in_round_failed")
        return False


async def _rest(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), timeout=seconds)
    except TimeoutError:
        return
