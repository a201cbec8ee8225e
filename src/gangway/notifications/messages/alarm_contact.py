"""The mail that tells a customer's contacts what ends or doesn't work, and what they can do. Its only link is fixed."""

from typing import Final

from gangway.notifications.messages.mail import Message

MESSAGE: Final = Message(
    template="alarm_contact",
    subject="{customer}: {headline}",
    needs=frozenset({"headline", "list", "address", "customer", "provider", "reply_to", "phone", "safe"}),
)
