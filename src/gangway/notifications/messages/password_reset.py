"""The mail with the link by which a person who forgot their password chooses another one."""

from typing import Final

from gangway.notifications.messages.mail import Message

MESSAGE: Final = Message(
    template="password_reset",
    subject="Choose a new password for the Operation Center",
    needs=frozenset({"name", "asked_from"}),
    has_link=True,
)
