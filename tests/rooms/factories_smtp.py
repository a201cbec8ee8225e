"""A mail server in this process, with a certificate and people of its own."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from m365_emulator.tls import TlsFiles

USER, PASSWORD = "connect", "a-password-of-the-mail-server"


class Inbox:
    """What the server does with mails: keep them, or answer as it is told."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, EmailMessage]] = []
        self.answer = ""
        """To MAIL FROM; empty: fine."""
        self.to_recipient = ""

    async def handle_MAIL(  # noqa: N802  aiosmtpd's names
        self, _server: Any, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a sender, or not."""
        envelope.mail_from = address
        return self.answer or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a recipient, or not."""
        envelope.rcpt_tos.append(address)
        return self.to_recipient or "250 OK"

    async def handle_DATA(self, _server: Any, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the mail with its envelope's sender."""
        mail = BytesParser(policy=default).parsebytes(envelope.original_content or b"")
        self.mails.append((envelope.mail_from or "", mail))  # type: ignore[arg-type]
        return "250 kept"


class Running(Controller):
    """Tells the port that was free."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail_server(files: TlsFiles, *, encrypted: bool = True, implicit: bool = False) -> Iterator[tuple[Inbox, int]]:
    """Run one on a free port of localhost; gives its inbox and the port. It takes no mail without TLS and a sign-in."""

    def known(_server: Any, _session: Session, _envelope: Envelope, _way: str, given: LoginPassword) -> AuthResult:
        return AuthResult(success=(given.login, given.password) == (USER.encode(), PASSWORD.encode()), handled=False)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    options: dict[str, Any] = {"authenticator": known, "auth_require_tls": encrypted and not implicit}
    if implicit:
        options |= {"ssl_context": context}
    elif encrypted:
        options |= {"tls_context": context, "require_starttls": True, "auth_required": True}
    inbox = Inbox()
    running = Running(inbox, hostname="127.0.0.1", port=0, **options)
    running.start()
    try:
        yield inbox, running.port
    finally:
        running.stop()
