"""The mail that asks a customer's administrator to connect their Microsoft 365. It never carries a code."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from gangway.notifications.messages.mail import Message

MESSAGE: Final = Message(
    template="invitation",
    subject=_("{provider} asks you to connect {customer}'s Microsoft 365 for Teams calling"),
    subjects={
        "renew": _("{provider} asks you to renew the connection of {customer}'s Microsoft 365"),
        "repair": _("{provider} asks you for what is missing in {customer}'s Microsoft 365"),
        "move": _("{provider} asks you to bring {customer}'s App registration up to date"),
        "replace": _("{provider} asks you for a new App registration in {customer}'s Microsoft 365"),
        "upgrade": _("{provider} asks you to take part in upgrading {customer}'s Teams calling"),
    },
    needs=frozenset(
        {
            "provider",
            "operator",
            "customer",
            "service",
            "licence",
            "matching_phrase",
            "minutes",
            "start_role",
            "finish_roles",
            "expires",
            "reply_to",
        }
    ),
    has_link=True,
)
"""`start_role` can start, `finish_roles` must finish; `expires` is a time with its zone; `reply_to` may be
empty. No telephone number: a forged mail would bring its own, so ours points to the contract."""
