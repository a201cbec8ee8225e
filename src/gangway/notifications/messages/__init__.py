"""One file for each message, and the table that finds it by its kind."""

from collections.abc import Mapping
from typing import Final

from gangway.notifications.messages import (
    address_link,
    alarm,
    alarm_contact,
    completion,
    handoff,
    import_ended,
    invitation,
    invitation_reminder,
    operator_invitation,
    operator_notice,
    operator_ready,
    operator_waiting,
    password_reset,
    reminder,
    removal_asked,
    rotation_ahead,
    service_created,
    service_gone,
    sign_in_changed,
    test,
    wrong_codes,
)
from gangway.notifications.messages.mail import Mail, Message
from gangway.notifications.states import MessageKind

MESSAGES: Final[Mapping[MessageKind, Message]] = {
    MessageKind.INVITATION: invitation.MESSAGE,
    MessageKind.INVITATION_REMINDER: invitation_reminder.MESSAGE,
    MessageKind.COMPLETION: completion.MESSAGE,
    MessageKind.SERVICE_CREATED: service_created.MESSAGE,
    MessageKind.OPERATOR_NOTICE: operator_notice.MESSAGE,
    MessageKind.HANDOFF: handoff.MESSAGE,
    MessageKind.REMINDER: reminder.MESSAGE,
    MessageKind.OPERATOR_READY: operator_ready.MESSAGE,
    MessageKind.OPERATOR_WAITING: operator_waiting.MESSAGE,
    MessageKind.OPERATOR_INVITATION: operator_invitation.MESSAGE,
    MessageKind.PASSWORD_RESET: password_reset.MESSAGE,
    MessageKind.ADDRESS_LINK: address_link.MESSAGE,
    MessageKind.SIGN_IN_CHANGED: sign_in_changed.MESSAGE,
    MessageKind.WRONG_CODES: wrong_codes.MESSAGE,
    MessageKind.IMPORT_ENDED: import_ended.MESSAGE,
    MessageKind.ALARM: alarm.MESSAGE,
    MessageKind.ALARM_CONTACT: alarm_contact.MESSAGE,
    MessageKind.ROTATION_AHEAD: rotation_ahead.MESSAGE,
    MessageKind.REMOVAL_ASKED: removal_asked.MESSAGE,
    MessageKind.SERVICE_GONE: service_gone.MESSAGE,
    MessageKind.TEST: test.MESSAGE,
}

__all__ = ["MESSAGES", "Mail", "Message"]
