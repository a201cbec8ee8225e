"""The mail with the link by which a person confirms another e-mail address for their account."""

from typing import Final

from gangway.notifications.messages.mail import Message

MESSAGE: Final = Message(
    template="address_link",
    subject="Confirm your e-mail address for the Operation Center",
    needs=frozenset({"name", "asked_by"}),
    has_link=True,
)
