"""Patience with a cloud that copies slowly: several good reads in a row, under a deadline given by the caller."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from gangway.foundation import clock
from gangway.microsoft.errors import Busy, MicrosoftError, NotHeard
from gangway.microsoft.throttling import Waits

T = TypeVar("T")


class OutOfPatience(MicrosoftError):
    """The deadline passed before Microsoft's answers agreed. The last answer's error, if any, is the cause."""

    code = "microsoft:copies:disagree"


@dataclass(frozen=True)
class Patience:
    """How long and how carefully to wait. `deadline`: seconds from each start; time and sleep are parameters."""

    deadline: float
    good_in_a_row: int = 3
    first_wait: float = 0.5
    longest_wait: float = 15.0
    ticks: Callable[[], float] = field(default=clock.ticks, repr=False)
    sleep: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep, repr=False)

    async def through(self, call: Callable[[], Awaitable[T]], *, lag: Callable[[MicrosoftError], bool]) -> T:
        """The result of `call`, repeated while it fails with an error that `lag` calls a lag, or with Busy.

        Raises OutOfPatience at the deadline, from the last error; Busy and NotHeard themselves, since then nobody said
        anything about copies. Any other error passes at once.
        """
        waits, ends = self._waits(), self.ticks() + self.deadline
        while True:
            try:
                return await call()
            except MicrosoftError as error:
                if not (isinstance(error, Busy) or lag(error)):
                    raise
                await self._wait(waits, ends, error)

    async def until_good(self, look: Callable[[], Awaitable[T]], *, good: Callable[[T], bool]) -> T:
        """What `look` sees once it was good several times in a row; the first bad look starts the row again.

        Raises OutOfPatience at the deadline; errors of `look` pass, so give it a call that is patient itself.
        """
        waits, ends, row = self._waits(), self.ticks() + self.deadline, 0
        while True:
            seen = await look()
            row = row + 1 if good(seen) else 0
            if row >= self.good_in_a_row:
                return seen
            if row:
                waits = self._waits()
            await self._wait(waits, ends, None)

    def _waits(self) -> Waits:
        return Waits(first=self.first_wait, longest=self.longest_wait)

    async def _wait(self, waits: Waits, ends: float, error: MicrosoftError | None) -> None:
        seconds = waits.next(error.wait if isinstance(error, Busy) else None)
        if self.ticks() + seconds > ends:
            if isinstance(error, (Busy, NotHeard)):
                raise error
            raise (OutOfPatience(fault=error.fault) if error else OutOfPatience()) from error
        await self.sleep(seconds)
