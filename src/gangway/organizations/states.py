"""States of this room."""

from enum import StrEnum


class HostSeen(StrEnum):
    """What a worker saw in a host name's DNS."""

    NOT_YET = "not_yet"
    """Nobody has looked so far."""
    RIGHT = "right"
    """The record with our token."""
    NOTHING = "nothing"
    """No such record."""
    OTHER = "other"
    """A record, but not with this token."""
    SILENCE = "silence"
    """The name server doesn't answer."""
