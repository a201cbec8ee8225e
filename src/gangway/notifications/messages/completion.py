"""The mail that tells the administrator what was granted, until when, and how to undo it."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from gangway.notifications.messages.mail import Message

MESSAGE: Final = Message(
    template="completion",
    subject=_("{customer}'s Microsoft 365 is connected with {provider}"),
    subjects={
        "renew": _("{customer}: the credential of {service} is renewed"),
        "repair": _("{customer}: {service} has what was missing"),
        "move": _("{customer}: the App registration of {service} is up to date"),
        "replace": _("{customer}: {service} has a new App registration"),
        "upgrade": _("{customer}: {service} is ready for its upgrade"),
    },
    needs=frozenset(
        {
            "provider",
            "customer",
            "service",
            "tenant",
            "registration_name",
            "application_id",
            "signed_in_as",
            "granted",
            "made_at",
            "valid_until",
            "own_view",
            "reply_to",
        }
    ),
)
"""`granted` has one line for each permission and role; `made_at` and `valid_until` are times with their zone.

`renewal`: "itself" where the credential renews itself, "none" where nothing ends; else the provider asks for it.
`beside`: the same lines for each registration made beside it, under its name; `beside_names` are these names.
`left_out`: what the plan wants beside it and only a sign-in makes, where nobody signed in.
`stays`: that the application signed in to stays, what it can do and how to remove it; empty where it went.
`own_view`: where the tenant's administrators sign in later; never a link.
"""
