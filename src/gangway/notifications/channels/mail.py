"""One mail to the mail server. Its answers become two errors: *delayed* (try again) and *refused* (don't)."""

import smtplib
from email.mime.image import MIMEImage
from email.utils import formataddr, parseaddr
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from gangway.notifications.errors import MailDelayed, MailRefused
from gangway.notifications.messages.dress import Picture
from gangway.notifications.messages.mail import Mail, one_line

_PERMANENT: Final = range(500, 600)
_NO_ANSWER: Final = (
    (smtplib.SMTPServerDisconnected, "The mail server hung up."),
    (smtplib.SMTPNotSupportedError, "The mail server lacks something that our settings ask for."),
    (TimeoutError, "The mail server doesn't answer in time."),
)
_UNREACHABLE: Final = "The mail server can't be reached."


def send(mail: Mail, *, to: str, sender_name: str, reply_to: str, message_id: UUID) -> None:
    """Hand one mail to the mail server; raises `MailDelayed` and `MailRefused`, both in plain words.

    The Message-ID follows from `message_id`, so a repeat carries the same one. No answer is waited for longer than
    Django's EMAIL_TIMEOUT.
    """
    message = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        from_email=_sender(sender_name),
        to=[to],
        reply_to=[reply_to] if reply_to else None,
        headers={"Message-ID": f"<{message_id}@{urlsplit(settings.GANGWAY.public_url).hostname}>"},
    )
    message.attach_alternative(mail.html, "text/html")
    if mail.dress.logo:
        _attach(message, mail.dress.logo)
    try:
        message.send()
    except (smtplib.SMTPException, OSError) as error:
        raise _in_words(error) from error


def _attach(message: EmailMultiAlternatives, logo: Picture) -> None:
    """Let the logo travel within the mail, where its HTML shows it: nothing is loaded when it is read."""
    part = MIMEImage(logo.data, logo.media_type.partition("/")[2])
    part["Content-ID"] = "<logo>"
    part.add_header("Content-Disposition", "inline", filename=f"logo.{logo.media_type.partition('/')[2]}")
    message.mixed_subtype = "related"
    message.attach(part)


def _sender(name: str) -> str:
    """Return the platform's own address under the provider's name."""
    own_name, address = parseaddr(settings.GANGWAY.mail_from)
    return formataddr((one_line(name) or own_name, address))


def _in_words(error: smtplib.SMTPException | OSError) -> MailDelayed | MailRefused:
    """Say what happened without repeating the server's own text, which may quote the mail."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            codes = [code for code, _ in error.recipients.values()]
            return _refused("doesn't accept this address", max(codes, default=0))
        case smtplib.SMTPAuthenticationError():
            return MailDelayed("The mail server refuses our sign-in.")
        case smtplib.SMTPSenderRefused():
            return _refused("doesn't let us send from our address", error.smtp_code)
        case smtplib.SMTPResponseException():
            return _refused("doesn't take this mail", error.smtp_code)
    return MailDelayed(next((words for kind, words in _NO_ANSWER if isinstance(error, kind)), _UNREACHABLE))


def _refused(what: str, code: int) -> MailDelayed | MailRefused:
    sentence = f"The mail server {what} (answer {code})."
    return MailRefused(sentence) if code in _PERMANENT else MailDelayed(sentence)
