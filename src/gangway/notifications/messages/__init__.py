"""One file for each message, and the table that finds it by its kind."""

from collections.abc import Mapping
from typing import Final

from gangway.notifications.messages import (
    completion,
    handoff,
    invitation,
    operator_invitation,
    operator_ready,
    operator_waiting,
    password_reset,
    reminder,
    sign_in_changed,
    test,
)
from gangway.notifications.messages.mail import Mail, Message
from gangway.notifications.states import MessageKind

MESSAGES: Final[Mapping[MessageKind, Message]] = {
    MessageKind.INVITATION: invitation.MESSAGE,
    MessageKind.COMPLETION: completion.MESSAGE,
    MessageKind.HANDOFF: handoff.MESSAGE,
    MessageKind.REMINDER: reminder.MESSAGE,
    MessageKind.OPERATOR_READY: operator_ready.MESSAGE,
    MessageKind.OPERATOR_WAITING: operator_waiting.MESSAGE,
    MessageKind.OPERATOR_INVITATION: operator_invitation.MESSAGE,
    MessageKind.PASSWORD_RESET: password_reset.MESSAGE,
    MessageKind.SIGN_IN_CHANGED: sign_in_changed.MESSAGE,
    MessageKind.TEST: test.MESSAGE,
}

__all__ = ["MESSAGES", "Mail", "Message"]
