"""The mail that invites somebody to become an operator. It carries a link that is good once, and never a code."""

from typing import Final

from gangway.notifications.messages.mail import Message

MESSAGE: Final = Message(
    template="operator_invitation",
    subject="{inviter} invites you to the Operation Center of {organization}",
    needs=frozenset({"name", "inviter", "organization", "provider", "role", "expires"}),
    has_link=True,
)
