"""The SMTP side: takes every mail for everybody, and never sends one on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiosmtpd.smtp import SMTP, Envelope, Session

if TYPE_CHECKING:
    from mail_catcher.inbox import Inbox


class Catch:
    """What aiosmtpd calls when a mail is complete."""

    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 (aiosmtpd's name and signature)
        source = envelope.original_content or b""
        message = self.inbox.catch(sender=envelope.mail_from or "", recipients=envelope.rcpt_tos, source=source)
        return f"250 Caught as number {message.number}"


def server(inbox: Inbox) -> SMTP:
    """One conversation with a client; asyncio asks for one per connection."""
    return SMTP(Catch(inbox), enable_SMTPUTF8=True, hostname="localhost", ident="mail catcher")
