"""What workers do for this room."""

from typing import Final

from gangway.audit.record import Actor
from gangway.federation import actions
from gangway.foundation import clock
from gangway.jobs.registry import task
from gangway.jobs.schedule import every

TEND: Final = "federation:tend"
ROTATE: Final = "federation:rotate_key"


@task(name=ROTATE, deadline_seconds=60)
def rotate_key(*, at_once: int, by: str) -> None:
    """Make the next key of the issuer; `at_once` is 1 for yes."""
    actions.rotate_key(at_once=bool(at_once), by=Actor.system(by), now=clock.now())
    actions.put_away(now=clock.now())


@task(name=TEND, deadline_seconds=60)
def tend() -> None:
    """Make the first key when there is none, and put away what is over."""
    now = clock.now()
    actions.ensure_key(now=now)
    actions.put_away(now=now)


every(3600, TEND)
