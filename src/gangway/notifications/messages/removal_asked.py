"""The mail that asks a customer's contacts to have somebody sign in, so that what remains in their tenant goes.

The address in it is the fixed one of their own view: there is no link to lose, and nothing secret.
"""

from typing import Final

from django.utils.translation import gettext_lazy as _

from gangway.notifications.messages.mail import Message

MESSAGE: Final = Message(
    template="removal_asked",
    subject=_("{customer}: please sign in to remove what remains of {service}"),
    needs=frozenset({"customer", "service", "tenant", "list", "address", "provider", "reply_to", "phone", "safe"}),
)
