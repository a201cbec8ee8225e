"""The words of this room: what alarms there are, how bad, how far.

alarm   open → acknowledged → cleared;  open → cleared;  acknowledged → open (it became worse)
notice  waiting → sending → sent, failed;  sending → waiting (it came into no mail)
        waiting, sending → dropped (its alarm was over before it was time, or is back; its webhook is gone)
"""

from enum import StrEnum
from typing import Final

OVER: Final = 0
"""The turn of a notice that an alarm is over; the others count from 1."""


class Severity(StrEnum):
    """How soon somebody must act: whenever they like, before it is too late, now."""

    NOTICE = "notice"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Its place among them, the worst last."""
        return list(Severity).index(self)


class Kind(StrEnum):
    """What an alarm is about. Of one subject, at most one of each kind is open."""

    CREDENTIAL_ENDS = "credential_ends"
    ROLES_END = "roles_end"
    CONNECTION = "connection"
    ROTATION = "rotation"
    NEEDS_CUSTOMER = "needs_customer"
    DRIFT = "drift"
    DISCONNECTED = "disconnected"
    UNEXPECTED = "unexpected"
    TENANT_TWICE = "tenant_twice"
    UNDELIVERED = "undelivered"
    NOBODY_TOLD = "nobody_told"
    PLATFORM = "platform"


class AlarmState(StrEnum):
    """Where an alarm stands, by who has seen to it."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLEARED = "cleared"


class NoticeState(StrEnum):
    """How far one notice to one address has come."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


class Audience(StrEnum):
    """Whom a notice speaks to: those who look after the connection, or the customer's own people."""

    OPERATOR = "operator"
    CONTACT = "contact"
    MACHINE = "machine"


class Happened(StrEnum):
    """One line of an alarm's history."""

    RAISED = "raised"
    REPEATED = "repeated"
    WORSE = "worse"
    ACKNOWLEDGED = "acknowledged"
    CLEARED = "cleared"


ABOUT_TELLING: Final = frozenset({Kind.UNDELIVERED, Kind.NOBODY_TOLD})
"""Alarms about telling: when they can't be told, no further one is raised, they stand on the page."""

NAMES_SOMEBODY: Final = frozenset({Kind.UNDELIVERED, Kind.DISCONNECTED})
"""Alarms whose words hold an address. The history, which nobody can change, doesn't repeat them: they can be erased."""
