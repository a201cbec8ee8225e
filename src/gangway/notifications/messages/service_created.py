"""The mail that tells the administrator that the service they connected was created."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from gangway.notifications.messages.mail import Message

MESSAGE: Final = Message(
    template="service_created",
    subject=_("{provider} has created the service {service} for {customer}"),
    needs=frozenset(
        {
            "provider",
            "customer",
            "service",
            "licence",
            "users",
            "tenant",
            "domain",
            "registration_name",
            "created_at",
            "reply_to",
        }
    ),
)
"""What was granted stands in the completion mail; this one says that it is in use now."""
