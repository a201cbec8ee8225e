"""A connection to a provider's own mail server. Its address is somebody's wish: only public ones, unless allowed.

The name is resolved by the very connection that is used. What is sent to it is encrypted, and its certificate checked.
"""

import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from django.core.mail.backends.smtp import EmailBackend

from gangway.foundation.sealed import SealedText
from gangway.notifications.channels.inside import NotPublic, is_public, lies_inside
from gangway.notifications.channels.trust import trusted
from gangway.notifications.states import Encryption

SECONDS: Final = 20


@dataclass(frozen=True, slots=True)
class Server:
    """What a connection needs. `inside`: hosts that may be private, and may be spoken to in the clear."""

    host: str
    port: int
    encryption: Encryption
    user: str
    password: SealedText
    inside: frozenset[str]
    extra_ca_file: Path | None = None


def connection_to(server: Server, *, seconds: int = SECONDS) -> EmailBackend:
    """Return what Django sends mails by; it connects when it is used, and waits so long for each answer."""
    return _OwnServer(server, seconds)


def is_refused(host: str, *, inside: frozenset[str]) -> bool:
    """Whether a host, as it is written, is one that we don't connect to."""
    return host not in inside and lies_inside(host)


class _Public(smtplib.SMTP):
    """Connects to public addresses only; a single private one among them is enough to refuse."""

    inside: frozenset[str] = frozenset()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        if host not in self.inside and not all(is_public(ip_address(one[4][0])) for one in found):
            raise NotPublic
        return _first_of([str(one[4][0]) for one in found], port, timeout)


class _PublicTls(smtplib.SMTP_SSL, _Public):
    """The same with TLS from the first byte on: `SMTP_SSL` wraps the socket that `_Public` opens."""


class _OwnServer(EmailBackend):
    """Django's own way to send, by our connections and with our trust."""

    def __init__(self, server: Server, seconds: int) -> None:
        super().__init__(
            host=server.host,
            port=server.port,
            username=server.user,
            password=server.password.reveal(),
            use_tls=server.encryption is Encryption.STARTTLS,
            use_ssl=server.encryption is Encryption.IMPLICIT,
            timeout=seconds,
        )
        self._server = server

    def open(self) -> bool | None:
        """Connect and sign in; what was opened is closed when that fails, which Django leaves to chance."""
        try:
            return super().open()
        except Exception:
            with suppress(OSError):
                self.close()
            raise

    @property
    def connection_class(self) -> Callable[..., smtplib.SMTP]:  # type: ignore[override]  # it is only called
        """Make connections that know which hosts may lie inside."""
        kind = _PublicTls if self._server.encryption is Encryption.IMPLICIT else _Public

        def make(host: str, port: int, **options: Any) -> smtplib.SMTP:
            made = kind.__new__(kind)
            made.inside = self._server.inside
            made.__init__(host, port, **options)  # type: ignore[misc]  # it connects at once
            return made

        return make

    @property
    def ssl_context(self) -> ssl.SSLContext:
        """Trust the system's authorities and, where one is named, the settings' own."""
        return trusted(self._server.extra_ca_file)


def _first_of(addresses: list[str], port: int, timeout: float) -> socket.socket:
    """Connect to the first of the addresses that answers; raises OSError as the last one did."""
    for address in addresses[:-1]:
        try:
            return socket.create_connection((address, port), timeout)
        except OSError:
            continue
    return socket.create_connection((addresses[-1], port), timeout)
