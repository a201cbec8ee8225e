"""Looks that wait to be written down: they go with the journal's next write, or soon by themselves.

They only tell people what was seen and nothing is decided by them, so the calls that follow need not wait for them.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.db import DatabaseError

from gangway.provisioning.engine.ports import Looked
from gangway.provisioning.errors import LeaseLost, RunCancelled

SOON: Final = 0.25
"""Seconds that a look waits for company."""


@dataclass
class Looks:
    """The looks of one run that are not written yet."""

    waiting: list[Looked] = field(default_factory=list)
    _writer: "asyncio.Task[None] | None" = None

    def add(self, looks: Sequence[Looked], *, write: Callable[[], Awaitable[None]]) -> None:
        """Keep them for the next write; if none comes soon, `write` is called."""
        self.waiting += looks
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(_soon(write))

    def leave(self) -> None:
        """Nothing is written by itself any more."""
        if self._writer is not None:
            self._writer.cancel()

    @contextlib.contextmanager
    def taken(self) -> Iterator[list[Looked]]:
        """Those that wait, for a transaction; they wait on when it is rolled back."""
        taken, self.waiting = self.waiting, []
        try:
            yield taken
        except BaseException:
            self.waiting = taken + self.waiting
            raise


async def _soon(write: Callable[[], Awaitable[None]]) -> None:
    await asyncio.sleep(SOON)
    with contextlib.suppress(LeaseLost, RunCancelled, DatabaseError):  # the journal's next write finds out by itself
        await write()
