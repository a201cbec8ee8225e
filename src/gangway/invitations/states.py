"""Where an invitation may be, and the one table of how it moves."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """One word for where an invitation is; both sides see the same."""

    QUEUED = "queued"
    SENT = "sent"
    OPENED = "opened"
    """Somebody pressed Continue; merely loading the page changes nothing."""
    SIGNED_IN = "signed_in"
    PROVISIONING = "provisioning"
    WAITING_FOR_ADMINISTRATOR = "waiting_for_administrator"
    AUTHENTICATED = "authenticated"
    """The registration was made and proved: the operator may press Add."""
    ADDED = "added"
    FAILED = "failed"
    DECLINED = "declined"
    EXPIRED = "expired"
    REVOKED = "revoked"

    @property
    def words(self) -> str:
        """What pages call this state."""
        return _WORDS[self]


_WORDS: Final[Mapping[State, str]] = {
    State.QUEUED: "Waiting to be sent",
    State.SENT: "Waiting for the customer",
    State.OPENED: "Opened",
    State.SIGNED_IN: "Signing in",
    State.PROVISIONING: "Making it",
    State.WAITING_FOR_ADMINISTRATOR: "Waiting for another administrator",
    State.AUTHENTICATED: "Ready to add",
    State.ADDED: "Added",
    State.FAILED: "Needs attention",
    State.DECLINED: "Declined",
    State.EXPIRED: "Expired",
    State.REVOKED: "Withdrawn",
}

_ENDS: Final = frozenset({State.EXPIRED, State.REVOKED})

MOVES: Final[Mapping[State, frozenset[State]]] = {
    State.QUEUED: frozenset({State.SENT, State.OPENED}) | _ENDS,
    State.SENT: frozenset({State.OPENED}) | _ENDS,
    State.OPENED: frozenset({State.SIGNED_IN, State.DECLINED}) | _ENDS,
    State.SIGNED_IN: frozenset({State.OPENED, State.PROVISIONING, State.DECLINED}) | _ENDS,
    State.PROVISIONING: frozenset(
        {State.SIGNED_IN, State.WAITING_FOR_ADMINISTRATOR, State.AUTHENTICATED, State.FAILED, State.REVOKED}
    ),
    State.WAITING_FOR_ADMINISTRATOR: frozenset(
        {State.OPENED, State.SIGNED_IN, State.PROVISIONING, State.AUTHENTICATED, State.FAILED, State.REVOKED}
    ),
    State.AUTHENTICATED: frozenset({State.ADDED, State.REVOKED}),
    State.ADDED: frozenset(),
    State.FAILED: frozenset({State.OPENED, State.SIGNED_IN, State.PROVISIONING}) | _ENDS,
    State.DECLINED: frozenset({State.OPENED, State.SIGNED_IN}) | _ENDS,
    State.EXPIRED: frozenset(),
    State.REVOKED: frozenset(),
}
"""From each state, where it may go. What a run is making, waits for or has made doesn't expire under it: a wait has a
time of its own, and fails when that is over."""

ENDED: Final = frozenset(state for state, onward in MOVES.items() if not onward)
EXPIRABLE: Final = frozenset(state for state, onward in MOVES.items() if State.EXPIRED in onward)
CONSUMED: Final = frozenset({State.AUTHENTICATED, State.ADDED})
"""The link has done its work: it opens nothing any more."""
PENDING: Final = frozenset(State) - ENDED
DEVICE_AUTHENTICATED: Final = CONSUMED


def sources_of(target: State) -> frozenset[State]:
    """Return the states from which one may come to `target`."""
    return frozenset(state for state, onward in MOVES.items() if target in onward)
