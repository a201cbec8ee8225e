"""The mail that somebody sends to themselves from the settings, to see whether and how our mails arrive."""

from typing import Final

from gangway.notifications.messages.mail import Message

MESSAGE: Final = Message(
    template="test",
    subject="Test mail of {organization}",
    needs=frozenset({"name", "organization", "pages", "when"}),
)
