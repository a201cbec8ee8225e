"""One mail to the mail server. Its answers become two errors: *delayed* (try again) and *refused* (don't)."""

import smtplib
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from email.header import Header
from email.message import Message
from email.mime.image import MIMEImage
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from gangway.notifications.channels.inside import NotPublic
from gangway.notifications.channels.smtp import Server, connection_to
from gangway.notifications.errors import MailDelayed, MailRefused, MailServerTrouble
from gangway.notifications.messages.dress import Picture
from gangway.notifications.messages.mail import Mail, one_line

_PERMANENT: Final = range(500, 600)
_NO_ANSWER: Final = (
    (smtplib.SMTPServerDisconnected, "The mail server hung up."),
    (smtplib.SMTPNotSupportedError, "The mail server lacks something that our settings ask for."),
    (TimeoutError, "The mail server doesn't answer in time."),
)
_UNREACHABLE: Final = "The mail server can't be reached."
LONGEST_QUOTED: Final = 160


class _Letter(EmailMultiAlternatives):
    """A mail whose subject begins on its own line, whatever signs it has.

    Django encodes it in pieces that are as long as a whole line, so that the first would begin on the next one, and
    the subject with a blank.
    """

    def message(self, **more: Any) -> Message:  # type: ignore[override]
        """Encode the subject so that its first piece leaves room for the header's name."""
        made: Message = super().message(**more)
        subject = str(self.subject)
        if not subject.isascii():
            made.replace_header("Subject", Header(subject, "utf-8", header_name="Subject").encode(linesep=""))
        return made


def send(
    mail: Mail,
    *,
    to: str,
    sender: str,
    reply_to: str,
    message_id: UUID,
    server: Server | None = None,
    quoting: bool = False,
) -> None:
    """Hand one mail to the mail server; raises `MailDelayed` and `MailRefused`, both in plain words.

    `sender` is written as "Name <address>".
    `server`: the provider's own, in place of the platform's; its own troubles are `MailServerTrouble`. `quoting`: say
    what the server said, too. The Message-ID follows from `message_id`, so a repeat carries the same one. No answer is
    waited for longer than Django's EMAIL_TIMEOUT.
    """
    message = _Letter(
        subject=mail.subject,
        body=mail.text,
        from_email=sender,
        to=[to],
        reply_to=[reply_to] if reply_to else None,
        headers={"Message-ID": f"<{message_id}@{urlsplit(settings.GANGWAY.public_url).hostname}>"},
        connection=connection_to(server) if server else None,
    )
    message.attach_alternative(mail.html, "text/html")
    if mail.dress.logo:
        _attach(message, mail.dress.logo)
    with _in_our_words(server, quoting=quoting):
        message.send()


def open_and_close(server: Server, *, seconds: int) -> None:
    """Sign in to a provider's own server and leave again, sending nothing; raises `MailServerTrouble` in plain words.

    No answer is waited for longer than `seconds`.
    """
    with _in_our_words(server, quoting=False):
        door = connection_to(server, seconds=seconds)
        door.open()
        door.close()


@contextmanager
def _in_our_words(server: Server | None, *, quoting: bool) -> Iterator[None]:
    """Turn what the mail server says into `MailDelayed` and `MailRefused`; a provider's own raises its troubles."""
    try:
        yield
    except NotPublic as error:
        raise MailServerTrouble("Its name leads into a private network.") from error
    except UnicodeError:
        trouble = MailServerTrouble if server else MailDelayed
        raise trouble("The mail server can't be signed in to with signs that are not ASCII.") from None
    except (smtplib.SMTPException, OSError) as error:
        raise _in_words(error, own=server is not None, said=_said(error, server) if quoting else "") from error


def _attach(message: EmailMultiAlternatives, logo: Picture) -> None:
    """Let the logo travel within the mail, where its HTML shows it: nothing is loaded when it is read."""
    part = MIMEImage(logo.data, logo.media_type.partition("/")[2])
    part["Content-ID"] = "<logo>"
    part.add_header("Content-Disposition", "inline", filename=f"logo.{logo.media_type.partition('/')[2]}")
    message.mixed_subtype = "related"  # type: ignore[attr-defined]  # of EmailMessage, unknown to its types
    message.attach(part)


def _in_words(error: smtplib.SMTPException | OSError, *, own: bool, said: str) -> MailDelayed | MailRefused:
    """Say what happened; `said`: the server's own text, which may quote the mail and is told of test mails only."""
    trouble = MailServerTrouble if own else MailDelayed
    match error:
        case smtplib.SMTPRecipientsRefused():
            codes = [code for code, _ in error.recipients.values()]
            return _refused("doesn't accept this address", max(codes, default=0), said)
        case smtplib.SMTPAuthenticationError():
            return trouble(f"The mail server refuses our sign-in (answer {error.smtp_code}).")
        case smtplib.SMTPSenderRefused() if own:
            return trouble(f"The mail server doesn't let us send from our address (answer {error.smtp_code}).{said}")
        case smtplib.SMTPSenderRefused():
            return _refused("doesn't let us send from our address", error.smtp_code, said)
        case smtplib.SMTPResponseException():
            return _refused("doesn't take this mail", error.smtp_code, said)
        case ssl.SSLCertVerificationError():
            return trouble(f"The mail server's certificate can't be trusted: {error.verify_message}.")
    return trouble(next((words for kind, words in _NO_ANSWER if isinstance(error, kind)), _UNREACHABLE))


def _refused(what: str, code: int, said: str) -> MailDelayed | MailRefused:
    sentence = f"The mail server {what} (answer {code}).{said}"
    return MailRefused(sentence) if code in _PERMANENT else MailDelayed(sentence)


def _said(error: smtplib.SMTPException | OSError, server: Server | None) -> str:
    """Quote the server's answer on one line; never one that repeats the password, in whatever dress."""
    answers = [error.smtp_error] if isinstance(error, smtplib.SMTPResponseException) else []
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        answers = [text for _code, text in error.recipients.values()]
    told = " ".join(each.decode("utf-8", "replace") if isinstance(each, bytes) else str(each) for each in answers)
    bare = "".join(told.split()).casefold()
    if not bare or any("".join(each.split()).casefold() in bare for each in _dresses(server)):
        return ""
    return f" It said: {one_line(told)[:LONGEST_QUOTED]}"


def _dresses(server: Server | None) -> list[str]:
    """Return the password that we signed in with, ours or the provider's, in every form in which it went out."""
    user = server.user if server else settings.EMAIL_HOST_USER
    password = server.password.reveal() if server else settings.EMAIL_HOST_PASSWORD
    if not password:
        return []
    sent = (password, f"\0{user}\0{password}")
    return [password, *(b64encode(each.encode()).decode().rstrip("=") for each in sent)]
