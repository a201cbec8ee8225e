"""To retry is a decision: after which failures, and how long to wait before each new attempt."""

import asyncio
from dataclasses import dataclass

import procrastinate
from procrastinate import jobs
from procrastinate.exceptions import JobAborted


@dataclass(frozen=True, slots=True)
class RetryDecision(procrastinate.BaseRetryStrategy):
    """Retry after the failures named in `on`, waiting `waits[n]` seconds before attempt n + 2, then give up.

    A job that was cut off because its worker was asked to stop always goes back to the queue, whatever stands here.
    """

    waits: tuple[int, ...] = ()
    on: tuple[type[Exception], ...] = (Exception,)

    def get_retry_decision(self, *, exception: BaseException, job: jobs.Job) -> procrastinate.RetryDecision | None:
        """Answer procrastinate: when to try again, or None for never."""
        if isinstance(exception, (asyncio.CancelledError, JobAborted)):
            return procrastinate.RetryDecision()
        if not isinstance(exception, self.on) or job.attempts >= len(self.waits):
            return None
        return procrastinate.RetryDecision(retry_in={"seconds": self.waits[job.attempts]})


NEVER = RetryDecision()
"""One attempt; what failed stays failed (a worker's stop is not a failure)."""
