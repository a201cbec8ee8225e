"""The mail that tells a person that their own way of signing in was changed, so that a thief can't do it unseen."""

from typing import Final

from gangway.notifications.messages.mail import Message

MESSAGE: Final = Message(
    template="sign_in_changed",
    subject="Your sign-in was changed: {what}",
    needs=frozenset({"name", "what", "asked_from", "when"}),
)
