"""What workers do for this room."""

from typing import Final

from gangway.accounts import tidying
from gangway.foundation import clock
from gangway.jobs.registry import task
from gangway.jobs.schedule import every

FORGET: Final = "accounts:forget_sessions"


@task(name=FORGET, deadline_seconds=600)
def forget_sessions() -> None:
    """Remove sessions that are over, and wishes for another address that nobody may confirm any more."""
    tidying.forget_sessions(now=clock.now())
    tidying.forget_wanted_addresses(now=clock.now())


every(24 * 3600, FORGET)
