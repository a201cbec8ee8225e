"""One file for each message, and the table that finds it by its kind."""

from collections.abc import Mapping
from typing import Final

from gangway.notifications.messages import completion, handoff, invitation, operator_ready, operator_waiting, reminder
from gangway.notifications.messages.mail import Mail, Message
from gangway.notifications.states import MessageKind

MESSAGES: Final[Mapping[MessageKind, Message]] = {
    MessageKind.INVITATION: invitation.MESSAGE,
    MessageKind.COMPLETION: completion.MESSAGE,
    MessageKind.HANDOFF: handoff.MESSAGE,
    MessageKind.REMINDER: reminder.MESSAGE,
    MessageKind.OPERATOR_READY: operator_ready.MESSAGE,
    MessageKind.OPERATOR_WAITING: operator_waiting.MESSAGE,
}

__all__ = ["MESSAGES", "Mail", "Message"]
