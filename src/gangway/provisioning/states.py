"""The states of this room, the allowed moves, and nothing else.

run           queued → running ┬→ proved
                         │     ├→ cancelled      (at work: what it made is taken back)
                         ↑     ├→ copying        (Microsoft's copies don't agree yet)      → any end, queued, cancelled
                         │     ├→ waiting        (somebody with more rights must finish)  → queued, cancelled;
                         │     │                  copying (all of it has come), failed (its time is over)
                         │     ├→ needs_sign_in  (the person's authority ended)           → queued, cancelled
                         │     └→ failed                                                  → queued, cancelled
registration  making → proved → broken → proved;  any → removed
credential    announced → made → proved → resting → removed;  any → removed
step          planned → intended → done, failed → undone (when the run is cancelled at work)
"""

from enum import StrEnum
from typing import Final


class RunKind(StrEnum):
    """What a run is for. All are the same engine: set-up, repair and upgrade reach a plan, an audit only compares.

    A tear-down reaches absence; a rotation puts a new credential in the place of one that goes on resting for a while.
    `credential`: a further service of a registration gets one of its own, by the registration's right.
    """

    SETUP = "setup"
    REPAIR = "repair"
    UPGRADE = "upgrade"
    AUDIT = "audit"
    TEARDOWN = "teardown"
    ROTATION = "rotation"
    CREDENTIAL = "credential"


class RunState(StrEnum):
    """Where a run stands. `needs_sign_in`, `waiting` and `failed` keep all progress: the same run goes on later.

    `copying`: nothing is contradicted, and we look again by ourselves until it is proved or its deadline has passed.
    """

    QUEUED = "queued"
    RUNNING = "running"
    COPYING = "copying"
    WAITING = "waiting"
    NEEDS_SIGN_IN = "needs_sign_in"
    PROVED = "proved"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RegistrationState(StrEnum):
    """Whether a registration can be used."""

    MAKING = "making"
    PROVED = "proved"
    BROKEN = "broken"
    REMOVED = "removed"


class CredentialState(StrEnum):
    """`announced`: its name was written down before it was asked for; `made`: its text is sealed.

    `resting`: another one took its place; it still works until its rest is over, then it is removed by its key id.
    """

    ANNOUNCED = "announced"
    MADE = "made"
    PROVED = "proved"
    RESTING = "resting"
    REMOVED = "removed"


class LeftoverKind(StrEnum):
    """What can be left in a tenant, each with its own place in Microsoft's portal."""

    APPLICATION = "application"
    DELETED_APPLICATION = "deleted_application"
    PRINCIPAL = "principal"
    CREDENTIAL = "credential"
    PERMISSION = "permission"
    ROLE = "role"
    SIGN_IN_APPLICATION = "sign_in_application"


class StepState(StrEnum):
    """`intended` is committed before Microsoft is called."""

    PLANNED = "planned"
    INTENDED = "intended"
    DONE = "done"
    FAILED = "failed"
    UNDONE = "undone"


_RESTARTABLE: Final = frozenset({RunState.QUEUED, RunState.CANCELLED})

RUN_MOVES: Final = {
    RunState.QUEUED: frozenset({RunState.RUNNING, RunState.FAILED, RunState.CANCELLED}),
    RunState.RUNNING: frozenset(
        {
            RunState.RUNNING,
            RunState.COPYING,
            RunState.WAITING,
            RunState.NEEDS_SIGN_IN,
            RunState.PROVED,
            RunState.FAILED,
            RunState.CANCELLED,
        }
    ),
    RunState.COPYING: frozenset(
        {
            RunState.QUEUED,
            RunState.WAITING,
            RunState.NEEDS_SIGN_IN,
            RunState.PROVED,
            RunState.FAILED,
            RunState.CANCELLED,
        }
    ),
    RunState.WAITING: _RESTARTABLE | {RunState.COPYING, RunState.FAILED},
    RunState.NEEDS_SIGN_IN: _RESTARTABLE,
    RunState.FAILED: _RESTARTABLE,
    RunState.PROVED: frozenset(),
    RunState.CANCELLED: frozenset(),
}

LIVING: Final = frozenset({RunState.QUEUED, RunState.RUNNING})
"""A worker has it, or will."""

RESTING: Final = frozenset({RunState.WAITING, RunState.NEEDS_SIGN_IN, RunState.FAILED})
"""It goes on when somebody signs in."""

UNENDED: Final = frozenset({RunState.WAITING, RunState.NEEDS_SIGN_IN})
"""It rests and will go on: since when is known, but it has no end yet."""

HOLDING: Final = LIVING | {RunState.COPYING}
"""It may keep the delegated token: what is left to do with it is the goodbye."""

NEIGHBOURS: Final = HOLDING | {RunState.WAITING, RunState.NEEDS_SIGN_IN}
"""States in which another run of the tenant may still need the sign-in application."""
