"""The mail that tells those who look after connections of one alarm, or of many at once."""

from typing import Final

from gangway.notifications.messages.mail import Message

MESSAGE: Final = Message(
    template="alarm",
    subject="[{server}] {headline}",
    needs=frozenset({"headline", "list", "page", "server"}),
)
"""`list`: an entry for each alarm, the worst first; `page` stands behind sign-in."""
