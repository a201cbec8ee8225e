"""The mail that reminds of what remains, with a fresh link. How to have no more of them stands in it."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from gangway.notifications.messages.handoff import NEEDS
from gangway.notifications.messages.mail import Message

MESSAGE: Final = Message(
    template="reminder",
    subject=_("Still missing: a part of connecting {customer}'s Microsoft 365 with {provider}"),
    subjects=dict.fromkeys(
        ("renew", "repair", "move", "replace", "upgrade"),
        _("Still missing: a part of a change of {customer}'s Microsoft 365 with {provider}"),
    ),
    needs=NEEDS - {"asked_by", "done", "minutes"},
    has_link=True,
)
"""The values of the first mail, without those that a reminder has no place for."""
