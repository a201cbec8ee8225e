"""One call to a provider's webhook, signed as Standard Webhooks says. Its answers become *delayed* and *refused*.

The address is somebody's wish, and a worker stands inside our network: so only https, no redirect, and only public
addresses of the internet. The name is resolved by the very connection that is used, so that a name which means
something else a moment later wins nothing.
"""

import base64
import hashlib
import hmac
import re
import socket
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from gangway.foundation.sealed import SealedText
from gangway.notifications.channels.inside import LOCAL, NotPublic, is_public, lies_inside
from gangway.notifications.channels.trust import trusted
from gangway.notifications.errors import WebhookDelayed, WebhookRefused, WebhookUnfit

SECONDS: Final = 10.0
PREFIX: Final = "whsec_"
FEWEST_BYTES: Final = 24
MOST_BYTES: Final = 64
LONGEST_URL: Final = 500
LONGEST_NAME: Final = 253
LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
AGENT: Final = "Gangway"
GOOD: Final = range(200, 300)
FIRST_OF_THEIRS: Final = 500
NOT_NOW: Final = frozenset({408, 425, 429})
"""Answers that say nothing against the call: it took too long, came too early, or there were too many."""


def check_url(url: str, *, inside: frozenset[str]) -> str:
    """Return the address as it is kept. Raises `WebhookUnfit` at "url". `inside`: hosts that may be private."""
    cleaned = url.strip()
    try:
        parts = urlsplit(cleaned)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise WebhookUnfit(field="url") from None
    plain = parts.scheme == "http" and host in LOCAL & inside
    if len(cleaned) > LONGEST_URL or not cleaned.isascii() or not cleaned.isprintable() or " " in cleaned:
        raise WebhookUnfit(field="url")
    if port == 0 or not _can_be_called(host):
        raise WebhookUnfit(field="url")
    if not (parts.scheme == "https" or plain) or parts.username or parts.password or parts.fragment:
        raise WebhookUnfit(field="url")
    if host not in inside and lies_inside(host):
        raise WebhookUnfit("This address lies inside a private network.", field="url")
    return cleaned


def _can_be_called(host: str) -> bool:
    """Whether it is an address, or a name that could be in the DNS: neither dressed up nor with a dot at its end."""
    try:
        ip_address(host)
    except ValueError:
        return len(host) <= LONGEST_NAME and all(map(_is_label, host.split(".")))
    return "%" not in host


def _is_label(label: str) -> bool:
    if not LABEL.fullmatch(label):
        return False
    try:
        return not label.startswith("xn--") or bool(label.removeprefix("xn--").encode().decode("punycode"))
    except UnicodeError:
        return False


def check_secret(typed: SealedText) -> None:
    """Look whether it is a key for signatures. Raises `WebhookUnfit` at "secret"."""
    try:
        key = _key(typed)
    except ValueError:
        raise WebhookUnfit(_NO_KEY, cure=_MAKE_KEY, field="secret") from None
    if not FEWEST_BYTES <= len(key) <= MOST_BYTES:
        raise WebhookUnfit(_NO_KEY, cure=_MAKE_KEY, field="secret")


def signed(body: bytes, *, message_id: str, at: datetime, secret: SealedText) -> dict[str, str]:
    """Return the headers by which the receiver knows that it is from us, unchanged, and from just now."""
    seconds = str(int(at.timestamp()))
    told = b".".join((message_id.encode(), seconds.encode(), body))
    mark = base64.b64encode(hmac.new(_key(secret), told, hashlib.sha256).digest()).decode()
    return {"webhook-id": message_id, "webhook-timestamp": seconds, "webhook-signature": f"v1,{mark}"}


async def call(
    url: str, body: bytes, headers: dict[str, str], *, inside: frozenset[str], extra_ca_file: Path | None = None
) -> None:
    """Send it once. Raises `WebhookDelayed` (try again) and `WebhookRefused` (don't)."""
    check_url(url, inside=inside)
    connector = aiohttp.TCPConnector(
        resolver=PublicOnly(inside), ssl=trusted(extra_ca_file), force_close=True, limit=1, use_dns_cache=False
    )
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    told = {**headers, "content-type": "application/json", "user-agent": AGENT}
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.post(url, data=body, headers=told, allow_redirects=False) as answer,
        ):
            status = answer.status
    except NotPublic:
        raise WebhookRefused("Its name leads into a private network.") from None
    except aiohttp.ClientConnectorError as error:
        if isinstance(error.os_error, NotPublic):
            raise WebhookRefused("Its name leads into a private network.") from None
        raise WebhookDelayed("It can't be reached.") from error
    except (aiohttp.InvalidURL, UnicodeError) as error:
        raise WebhookRefused("Its address can't be called.") from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise WebhookDelayed("It did not answer in time or not rightly.") from error
    if status in GOOD:
        return
    if status >= FIRST_OF_THEIRS or status in NOT_NOW:
        raise WebhookDelayed(f"It answers {status}.")
    raise WebhookRefused(f"It answers {status}.")


class PublicOnly(AbstractResolver):
    """Resolves names to public addresses only; a single private one among them is enough to refuse."""

    def __init__(self, inside: frozenset[str]) -> None:
        self._inside, self._asks = inside, ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises NotPublic."""
        found = await self._asks.resolve(host, port, family)
        if host.lower() not in self._inside and not all(is_public(ip_address(one["host"])) for one in found):
            raise NotPublic
        return found

    async def close(self) -> None:
        await self._asks.close()


def _key(secret: SealedText) -> bytes:
    text = secret.reveal().strip()
    if not text.startswith(PREFIX):
        raise ValueError
    return base64.b64decode(text.removeprefix(PREFIX), validate=True)


_NO_KEY: Final = "This is no key for signatures."
_MAKE_KEY: Final = "Write whsec_ and then 24 to 64 random bytes in base64: echo whsec_$(openssl rand -base64 32)"
