"""The mail that tells a customer's contacts what ends or doesn't work, and what they can do. It has no link."""

from typing import Final

from gangway.notifications.messages.mail import Message

MESSAGE: Final = Message(
    template="alarm_contact",
    subject="{customer}: {headline}",
    needs=frozenset({"headline", "list", "customer", "provider", "reply_to", "phone", "safe"}),
)
