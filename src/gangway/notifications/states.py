"""How far a message has come, and which messages there are."""

from enum import StrEnum
from typing import Final


class DeliveryState(StrEnum):
    """The state of one message. A mail server that took it over is all that *sent* says."""

    QUEUED = "queued"
    RETRYING = "retrying"
    SENT = "sent"
    FAILED = "failed"


class MessageKind(StrEnum):
    """One member for each file in `messages/`."""

    INVITATION = "invitation"
    COMPLETION = "completion"
    OPERATOR_READY = "operator_ready"


UNSENT: Final = (DeliveryState.QUEUED, DeliveryState.RETRYING)
