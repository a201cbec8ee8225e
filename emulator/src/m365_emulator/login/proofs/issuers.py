"""Asks another issuer for its configuration and its keys, over HTTPS (or plain HTTP on this machine)."""

from __future__ import annotations

import json
import re
import ssl
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa

from m365_emulator.errors import EntraError
from m365_emulator.login.proofs import assertions

if TYPE_CHECKING:
    from pathlib import Path

    from m365_emulator.world import World

_patience = 5.0
_largest = 1 << 20
_own = re.compile(r"https://(sts\.windows\.net|login\.microsoftonline\.com)/([0-9a-f-]{36})/(v2\.0)?")
_loopback = frozenset({"localhost", "127.0.0.1", "::1"})


def is_own(world: World, issuer: str) -> bool:
    """Whether this cloud issued it itself: nobody needs to be asked then."""
    return _own_tenant(world, issuer) != ""


def same(world: World, one: str, other: str) -> bool:
    """Whether two issuers are one: letter by letter, or both this cloud's own for the same tenant."""
    return one == other or (_own_tenant(world, one) == _own_tenant(world, other) != "")


def _own_tenant(world: World, issuer: str) -> str:
    prefix = f"{world.settings.origin}/"
    if issuer.startswith(prefix):
        return issuer.removeprefix(prefix).partition("/")[0].lower()
    found = _own.fullmatch(issuer)
    return found.group(2) if found is not None else ""


def ask(issuer: str, trust_ca: Path | None) -> list[dict[str, Any]]:
    """The issuer's signing keys (JWKS rows). Blocks for at most some seconds. Raises EntraError 50166."""
    opener = _opener(trust_ca)
    try:
        found = _get(opener, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != issuer:
            raise _failed(issuer, f"its configuration names another issuer, '{found.get('issuer')}'")
        rows = _get(opener, str(found["jwks_uri"]))["keys"]
        return [dict(row) for row in rows if row.get("kty") == "RSA"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _failed(issuer, str(error)) from error


def public_key(row: dict[str, Any]) -> rsa.RSAPublicKey | None:
    """The key of a JWKS row; None when the row is no RSA key."""
    try:
        numbers = (int.from_bytes(assertions.decode(str(row[name]))) for name in ("e", "n"))
        return rsa.RSAPublicNumbers(*numbers).public_key()
    except (KeyError, ValueError):
        return None


def _opener(trust_ca: Path | None) -> urllib.request.OpenerDirector:
    """Trusts the machine's authorities and the one of ``--trust-ca``; uses no proxy, follows no redirect."""
    context = ssl.create_default_context()
    if trust_ca is not None:
        context.load_verify_locations(trust_ca)
    handlers = (
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPSHandler(context=context),
        _NoRedirect(),
    )
    return urllib.request.build_opener(*handlers)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def _get(opener: urllib.request.OpenerDirector, address: str) -> dict[str, Any]:
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _loopback):
        message = f"'{address}' is not an https address"
        raise ValueError(message)
    with opener.open(address, timeout=_patience) as answer:
        return dict(json.loads(answer.read(_largest)))


def _failed(issuer: str, why: str) -> EntraError:
    return EntraError(50166, f"Request to External OIDC endpoint failed. The issuer is '{issuer}': {why}.")
