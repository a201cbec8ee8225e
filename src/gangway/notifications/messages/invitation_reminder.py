"""The mail that reminds an administrator before their invitation ends, with a fresh link. It never carries a code."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from gangway.notifications.messages.mail import Message

MESSAGE: Final = Message(
    template="invitation_reminder",
    subject=_("Reminder: {provider} asks you to connect {customer}'s Microsoft 365, until {day}"),
    subjects={
        "renew": _("Reminder: {provider} asks you to renew the connection of {customer}'s Microsoft 365, until {day}"),
        "repair": _("Reminder: {provider} asks you for what is missing in {customer}'s Microsoft 365, until {day}"),
        "move": _("Reminder: {provider} asks you to bring {customer}'s App registration up to date, until {day}"),
        "replace": _(
            "Reminder: {provider} asks you for a new App registration in {customer}'s Microsoft 365, until {day}"
        ),
        "upgrade": _("Reminder: {provider} asks you to take part in upgrading {customer}'s Teams calling, until {day}"),
    },
    needs=frozenset(
        {"provider", "operator", "customer", "service", "day", "expires", "matching_phrase", "minutes", "reply_to"}
    ),
    has_link=True,
)
"""`day` is the day of the end, for the subject; behind the link with `reminders/` they can have no more of these."""
