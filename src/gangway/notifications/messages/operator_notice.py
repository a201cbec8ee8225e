"""The mail that tells the operator that an invitation needs them: it failed, bounced, was reported, or is asked for."""

from typing import Final

from gangway.notifications.messages.mail import Message

MESSAGE: Final = Message(
    template="operator_notice",
    subject="{news}: {customer}, service {service}",
    needs=frozenset({"news", "customer", "service", "what", "next", "page"}),
)
"""`news` in two or three words, `what` in a sentence or some lines, `next` what the operator can do; `page` stands
behind sign-in."""
