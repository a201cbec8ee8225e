"""The mail that announces to a customer's contacts when a credential is renewed by itself."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from gangway.notifications.messages.mail import Message

MESSAGE: Final = Message(
    template="rotation_ahead",
    subject=_("{customer}: the credential of {service} is renewed on {when}"),
    needs=frozenset({"customer", "service", "registration", "tenant", "when", "ends", "provider", "reply_to"}),
)
