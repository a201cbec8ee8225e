"""The mail to a person when somebody with their password gave one wrong code after the other as second factor."""

from typing import Final

from gangway.notifications.messages.mail import Message

MESSAGE: Final = Message(
    template="wrong_codes",
    subject="Wrong codes at your sign-in",
    needs=frozenset({"name", "asked_from", "when"}),
)
