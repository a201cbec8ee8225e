"""A Django mail backend that answers as it is told, for tests of what follows."""

from collections.abc import Sequence

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.locmem import EmailBackend


class RefusingBackend(BaseEmailBackend):
    """Raises `settings.REFUSING_WITH` while it is set; else keeps mails as Django's locmem backend does."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Refuse, or keep."""
        answer = getattr(settings, "REFUSING_WITH", None)
        if answer is not None:
            raise answer
        return EmailBackend().send_messages(list(email_messages))
