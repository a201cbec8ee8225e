"""The mail that tells a customer's contacts what was removed with a service and what stays; the same signed below."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from gangway.notifications.messages.mail import Message

MESSAGE: Final = Message(
    template="service_gone",
    subject=_("{service} of {customer} is deleted: what was removed, and what stays"),
    needs=frozenset({"customer", "service", "list", "signed", "provider", "reply_to", "phone", "safe"}),
)
