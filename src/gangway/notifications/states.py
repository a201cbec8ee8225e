"""How far a message has come, and which messages there are."""

from enum import StrEnum
from typing import Final


class DeliveryState(StrEnum):
    """The state of one message. A mail server that took it over is all that *sent* says."""

    QUEUED = "queued"
    RETRYING = "retrying"
    SENT = "sent"
    FAILED = "failed"
    BOUNCED = "bounced"
    """Refused for good: by our mail server at once, or by the recipient's later on."""


class Encryption(StrEnum):
    """How we speak with a mail server."""

    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    NONE = "none"


class Finding(StrEnum):
    """What was seen of one record in a sender's DNS."""

    GOOD = "ok"
    LOOK = "warning"
    """It works, and could be better."""
    WRONG = "wrong"
    UNKNOWN = "unknown"
    """Name servers didn't answer, or nobody outside can see it."""


class MessageKind(StrEnum):
    """One member for each file in `messages/`."""

    INVITATION = "invitation"
    COMPLETION = "completion"
    INVITATION_REMINDER = "invitation_reminder"
    SERVICE_CREATED = "service_created"
    OPERATOR_NOTICE = "operator_notice"
    HANDOFF = "handoff"
    REMINDER = "reminder"
    OPERATOR_READY = "operator_ready"
    OPERATOR_WAITING = "operator_waiting"
    OPERATOR_INVITATION = "operator_invitation"
    PASSWORD_RESET = "password_reset"  # noqa: S105  the name of a message
    ADDRESS_LINK = "address_link"
    SIGN_IN_CHANGED = "sign_in_changed"
    WRONG_CODES = "wrong_codes"
    IMPORT_ENDED = "import_ended"
    ALARM = "alarm"
    ALARM_CONTACT = "alarm_contact"
    ROTATION_AHEAD = "rotation_ahead"
    REMOVAL_ASKED = "removal_asked"
    SERVICE_GONE = "service_gone"
    TEST = "test"


UNSENT: Final = (DeliveryState.QUEUED, DeliveryState.RETRYING)
WITHDRAWN: Final = "Withdrawn before it was sent."
"""What stands as the error of a message that nobody wanted to go out any more."""
