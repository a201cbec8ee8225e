"""One file for each message, and the table that finds it by its kind."""

from collections.abc import Mapping
from typing import Final

from gangway.notifications.messages import completion, invitation, operator_ready
from gangway.notifications.messages.mail import Mail, Message
from gangway.notifications.states import MessageKind

MESSAGES: Final[Mapping[MessageKind, Message]] = {
    MessageKind.INVITATION: invitation.MESSAGE,
    MessageKind.COMPLETION: completion.MESSAGE,
    MessageKind.OPERATOR_READY: operator_ready.MESSAGE,
}

__all__ = ["MESSAGES", "Mail", "Message"]
