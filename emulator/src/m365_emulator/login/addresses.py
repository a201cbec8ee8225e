"""Redirect addresses: which are registered, on which platform, and the rule for this machine's own (loopback)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from m365_emulator.addresses import split
from m365_emulator.errors import EntraError

if TYPE_CHECKING:
    from m365_emulator.login.clients import Client

_loopback = re.compile(r"(localhost|127\.0\.0\.1)(:\d{1,5})?")
_platforms = ("web", "publicClient", "spa")


def check(client: Client, given: str) -> str:
    """The address, if it is registered. Loopback addresses may use any port. Raises EntraError 50011, 500113."""
    if not any(_registered(client, kind) for kind in _platforms):
        raise EntraError(500113, "No reply address is registered for the application.")
    if platform(client, given):
        return given
    raise EntraError(
        50011,
        f"The redirect URI '{given}' specified in the request does not match the redirect URIs configured for the "
        f"application '{client.app_id}'. Make sure the redirect URI sent in the request matches one added to your "
        "application.",
    )


def usual(client: Client) -> str:
    """One of the registered addresses, the first, for a client that names none (OpenID Connect, redirect_uri)."""
    return next((address for kind in _platforms for address in _registered(client, kind)), "")


def platform(client: Client, given: str) -> str:
    """``web``, ``publicClient`` or ``spa``; empty for an address that is not registered.

    An address that is registered as it stands goes before one that differs in its port.
    """
    known = {kind: _registered(client, kind) for kind in _platforms}
    for kind, addresses in known.items():
        if given in addresses:
            return kind
    for kind, addresses in known.items():
        if _without_port(given) in {_without_port(address) for address in addresses if _is_loopback(address)}:
            return kind
    return ""


def _registered(client: Client, kind: str) -> list[str]:
    addresses: list[str] = (client.application.body.get(kind) or {}).get("redirectUris") or []
    return addresses


def _is_loopback(address: str) -> bool:
    parts = split(address)
    return parts.scheme == "http" and _loopback.fullmatch(parts.netloc) is not None


def _without_port(address: str) -> str:
    parts = split(address)
    return parts._replace(netloc=parts.hostname or "").geturl().rstrip("/") if _is_loopback(address) else address
