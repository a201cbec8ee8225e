"""The JWT in ``client_assertion``: taken apart, its times and its signature checked. No trust is decided here."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from m365_emulator.clock import graph_time
from m365_emulator.errors import EntraError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from m365_emulator.login.clients import Client
    from m365_emulator.world import World

kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
skew = 300.0
_far_away = 4e9
_paddings: dict[str, padding.AsymmetricPadding] = {
    "RS256": padding.PKCS1v15(),
    "PS256": padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH),
}


@dataclass(frozen=True, slots=True)
class Assertion:
    """A JWT that was read but not believed yet; ``text`` is the whole of it."""

    text: str
    header: dict[str, Any]
    claims: dict[str, Any]

    @property
    def audiences(self) -> list[str]:
        given = self.claims.get("aud", [])
        return [given] if isinstance(given, str) else [str(one) for one in given]

    @property
    def issuer(self) -> str:
        return str(self.claims.get("iss", ""))

    @property
    def subject(self) -> str:
        return str(self.claims.get("sub", ""))


def read(form: Mapping[str, str]) -> Assertion:
    """The assertion of a token request. Raises EntraError 900144 for another type, 50027 for what is no JWT."""
    if form.get("client_assertion_type") != kind:
        raise EntraError(
            900144,
            f"The request body must contain the following parameter: 'client_assertion_type' with the value '{kind}'.",
        )
    text = form["client_assertion"]
    try:
        header, claims, _ = (part for part in text.split("."))
        parts = (json.loads(decode(part)) for part in (header, claims))
        return Assertion(text, *(dict(part) for part in parts))
    except (ValueError, TypeError, binascii.Error) as error:
        raise EntraError(50027, "JWT token is invalid or malformed.", error="invalid_client", status=401) from error


def is_own(given: Assertion, client: Client) -> bool:
    """Whether the application signed it itself, as with a certificate; otherwise another issuer vouches for it."""
    return not given.issuer.startswith(("https://", "http://")) or given.issuer == client.app_id


def check_times(world: World, given: Assertion) -> None:
    """Raises EntraError 700024 outside of ``nbf`` to ``exp``; five minutes are forgiven."""
    now = world.clock.seconds()
    starts, ends = _seconds(given, "nbf"), _seconds(given, "exp")
    if "exp" in given.claims and starts - skew <= now < ends + skew:
        return
    raise EntraError(
        700024,
        f"Client assertion is not within its valid time range. Current time: {graph_time(world.clock.now())}, "
        f"assertion valid from {_shown(starts)}, expiry time of assertion {_shown(ends)}. Review the documentation at "
        "https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
    )


def lives(given: Assertion, now: float) -> bool:
    """Whether ``now`` (seconds since 1970) is between ``nbf`` and ``exp``, to the second."""
    return _seconds(given, "nbf") <= now < _seconds(given, "exp")


def is_signed_by(given: Assertion, key: rsa.RSAPublicKey, *, algorithms: tuple[str, ...]) -> bool:
    """Whether this key made the signature, by one of the algorithms that the caller accepts."""
    algorithm = str(given.header.get("alg"))
    if algorithm not in algorithms:
        return False
    signed, _, signature = given.text.rpartition(".")
    try:
        key.verify(decode(signature), signed.encode(), _paddings[algorithm], hashes.SHA256())
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True


def decode(text: str) -> bytes:
    """Base64url without its padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _seconds(given: Assertion, claim: str) -> float:
    value = given.claims.get(claim, 0)
    return float(value) if isinstance(value, int | float) else 0.0


def _shown(seconds: float) -> str:
    return graph_time(datetime.fromtimestamp(min(max(seconds, 0.0), _far_away), UTC))
