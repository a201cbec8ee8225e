"""Where an invitation may be, the one table of how it moves, and the one of what may be done with it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from gangway.invitations.aims import Purpose


class State(StrEnum):
    """One word for where an invitation is; both sides see the same."""

    DRAFT = "draft"
    """Written down, looked at, not sent: there is no link yet."""
    QUEUED = "queued"
    SENT = "sent"
    BOUNCED = "bounced"
    """The mail was refused for good; links that left us in another way still open it."""
    OPENED = "opened"
    """Somebody pressed Continue; merely loading the page changes nothing."""
    SIGNED_IN = "signed_in"
    PROVISIONING = "provisioning"
    COPYING = "copying"
    """The person's part is done: Microsoft is copying what was made, and we look again by ourselves."""
    WAITING_FOR_ADMINISTRATOR = "waiting_for_administrator"
    WAITING_FOR_APPROVAL = "waiting_for_approval"
    """Somebody must agree first, such as a change board, until a day that was named."""
    AUTHENTICATED = "authenticated"
    """The registration was made and proved: the operator may press Add."""
    ADDED = "added"
    FAILED = "failed"
    DECLINED = "declined"
    REPORTED = "reported"
    """Somebody who holds a link didn't expect it: frozen until the operator looks."""
    EXPIRED = "expired"
    REVOKED = "revoked"


_ENDS: Final = frozenset({State.EXPIRED, State.REVOKED})
_TO_ANOTHER: Final = frozenset({State.QUEUED})
"""It goes to another address, or once more after the mail was refused."""
_HELD: Final = frozenset({State.REPORTED, State.REVOKED})

MOVES: Final[Mapping[State, frozenset[State]]] = {
    State.DRAFT: frozenset({State.SIGNED_IN}) | _TO_ANOTHER | _ENDS,
    State.QUEUED: frozenset({State.SENT, State.BOUNCED, State.OPENED, State.REPORTED}) | _ENDS,
    State.SENT: frozenset({State.BOUNCED, State.OPENED, State.WAITING_FOR_APPROVAL, State.REPORTED})
    | _TO_ANOTHER
    | _ENDS,
    State.BOUNCED: frozenset({State.OPENED, State.REPORTED}) | _TO_ANOTHER | _ENDS,
    State.OPENED: frozenset({State.SIGNED_IN, State.DECLINED, State.WAITING_FOR_APPROVAL, State.REPORTED})
    | _TO_ANOTHER
    | _ENDS,
    State.SIGNED_IN: frozenset(
        {
            State.DRAFT,
            State.OPENED,
            State.PROVISIONING,
            State.AUTHENTICATED,
            State.DECLINED,
            State.WAITING_FOR_APPROVAL,
            State.REPORTED,
        }
    )
    | _TO_ANOTHER
    | _ENDS,
    State.PROVISIONING: frozenset(
        {State.SIGNED_IN, State.COPYING, State.WAITING_FOR_ADMINISTRATOR, State.AUTHENTICATED, State.FAILED}
    )
    | _HELD,
    State.COPYING: frozenset(
        {State.PROVISIONING, State.WAITING_FOR_ADMINISTRATOR, State.AUTHENTICATED, State.FAILED},
    )
    | _HELD,
    State.WAITING_FOR_ADMINISTRATOR: frozenset(
        {State.OPENED, State.SIGNED_IN, State.PROVISIONING, State.COPYING, State.AUTHENTICATED, State.FAILED}
    )
    | _HELD,
    State.WAITING_FOR_APPROVAL: frozenset({State.OPENED, State.SIGNED_IN, State.DECLINED, State.REPORTED})
    | _TO_ANOTHER
    | _ENDS,
    State.AUTHENTICATED: frozenset({State.ADDED}) | _HELD,
    State.ADDED: frozenset(),
    State.FAILED: frozenset(
        {State.OPENED, State.SIGNED_IN, State.PROVISIONING, State.WAITING_FOR_APPROVAL, State.REPORTED}
    )
    | _TO_ANOTHER
    | _ENDS,
    State.DECLINED: frozenset({State.OPENED, State.SIGNED_IN, State.WAITING_FOR_APPROVAL, State.REPORTED})
    | _TO_ANOTHER
    | _ENDS,
    State.REPORTED: frozenset(
        {
            State.QUEUED,
            State.SENT,
            State.BOUNCED,
            State.OPENED,
            State.COPYING,
            State.WAITING_FOR_ADMINISTRATOR,
            State.WAITING_FOR_APPROVAL,
            State.AUTHENTICATED,
            State.REVOKED,
        }
    ),
    State.EXPIRED: frozenset(),
    State.REVOKED: frozenset(),
}
"""From each state, where it may go. What a run is making, waits for or has made doesn't expire under it: a wait has a
time of its own, and fails when that is over. What was reported stays frozen until a person decides."""


class Doing(StrEnum):
    """What an operator may do with an invitation."""

    ADD = "add"
    SEND = "send"
    RESEND = "resend"
    REPLACE = "replace"
    COPY = "copy"
    EXTEND = "extend"
    READDRESS = "readdress"
    EDIT = "edit"
    REVOKE = "revoke"
    UNFREEZE = "unfreeze"


_LINKS: Final = frozenset({Doing.RESEND, Doing.REPLACE, Doing.COPY, Doing.EXTEND, Doing.REVOKE})

ALLOWED: Final[Mapping[State, frozenset[Doing]]] = {
    State.DRAFT: frozenset({Doing.SEND, Doing.READDRESS, Doing.EDIT, Doing.REVOKE}),
    State.QUEUED: _LINKS | {Doing.READDRESS, Doing.EDIT},
    State.SENT: _LINKS | {Doing.READDRESS, Doing.EDIT},
    State.BOUNCED: _LINKS | {Doing.READDRESS, Doing.EDIT},
    State.OPENED: _LINKS | {Doing.READDRESS, Doing.EDIT},
    State.SIGNED_IN: _LINKS | {Doing.READDRESS, Doing.EDIT},
    State.PROVISIONING: (_LINKS - {Doing.REPLACE}) | {Doing.EDIT},
    State.COPYING: (_LINKS - {Doing.REPLACE, Doing.EXTEND}) | {Doing.EDIT},
    State.WAITING_FOR_ADMINISTRATOR: _LINKS | {Doing.EDIT},
    State.WAITING_FOR_APPROVAL: _LINKS | {Doing.READDRESS, Doing.EDIT},
    State.AUTHENTICATED: frozenset({Doing.ADD, Doing.EDIT, Doing.REVOKE}),
    State.ADDED: frozenset(),
    State.FAILED: _LINKS | {Doing.READDRESS, Doing.EDIT},
    State.DECLINED: _LINKS | {Doing.READDRESS, Doing.EDIT},
    State.REPORTED: frozenset({Doing.UNFREEZE, Doing.REVOKE}),
    State.EXPIRED: frozenset(),
    State.REVOKED: frozenset(),
}
"""What an operator may do with it in each state; *Add* is there where the registration is proved, and nowhere else."""


def allowed_for(state: State, purpose: str) -> frozenset[Doing]:
    """Return what an operator may do in this state: no link ever goes out of what an operator types beside."""
    return ALLOWED[state] & {Doing.REVOKE} if purpose == Purpose.BESIDE else ALLOWED[state]


ENDED: Final = frozenset(state for state, onward in MOVES.items() if not onward)
EXPIRABLE: Final = frozenset(state for state, onward in MOVES.items() if State.EXPIRED in onward)
CONSUMED: Final = frozenset({State.AUTHENTICATED, State.ADDED})
"""The link has done its work: it opens nothing any more."""
DEVICE_AUTHENTICATED: Final = CONSUMED


UNOPENED: Final = frozenset({State.DRAFT, State.QUEUED, State.SENT, State.BOUNCED})
"""Nobody on the other side has read anything but the mail."""


def sources_of(target: State) -> frozenset[State]:
    """Return the states from which one may come to `target`."""
    return frozenset(state for state, onward in MOVES.items() if target in onward)


AWAITABLE: Final = sources_of(State.WAITING_FOR_APPROVAL) - {State.REPORTED}
"""From these one may begin to wait for an approval; what was reported only goes back to such a wait."""
