"""The mail that hands what remains to another administrator. It never carries a code."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from gangway.notifications.messages.mail import Message

NEEDS: Final = frozenset(
    {
        "provider",
        "asked_by",
        "operator",
        "customer",
        "service",
        "done_by",
        "done",
        "remaining",
        "roles",
        "matching_phrase",
        "minutes",
        "expires",
        "deadline",
        "reply_to",
    }
)

MESSAGE: Final = Message(
    template="handoff",
    subject=_("{asked_by} asks you to finish connecting {customer}'s Microsoft 365 with {provider}"),
    subjects=dict.fromkeys(
        ("renew", "repair", "move", "replace", "upgrade"),
        _("{asked_by} asks you to finish a change of {customer}'s Microsoft 365 with {provider}"),
    ),
    needs=NEEDS,
    has_link=True,
)
"""`done` and `remaining` have one line for each thing; `roles` says who may do it; `expires` is the link's end,
`deadline` the end of the wait itself; `reply_to` may be empty."""
