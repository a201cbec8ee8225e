"""The mail that tells the operator what a customer's registration waits for, and who was asked."""

from typing import Final

from gangway.notifications.messages.mail import Message

MESSAGE: Final = Message(
    template="operator_waiting",
    subject="Waiting for another administrator: {customer}, service {service}",
    needs=frozenset({"customer", "service", "done_by", "remaining", "roles", "asked", "deadline", "page"}),
)
"""`asked`: a sentence on who was asked to finish it, or that nobody was yet; `page` stands behind sign-in."""
