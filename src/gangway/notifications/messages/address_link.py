"""The mail with the link by which a person confirms another e-mail address for their account.

Where the address has an account already ("taken"), it says so to its owner in place of the link.
"""

from typing import Final

from gangway.notifications.messages.mail import Message

MESSAGE: Final = Message(
    template="address_link",
    subject="Confirm your e-mail address for the Operation Center",
    needs=frozenset({"name", "asked_by"}),
    has_link=True,
    subjects={"taken": "Somebody typed your e-mail address at the Operation Center"},
)
