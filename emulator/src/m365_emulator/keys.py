"""The signing key of the emulated Entra ID: RSA 2048, derived from the seed, so that no private key ships.

The key pair, its certificate and its signatures are the same for the same seed, hence so are all tokens. Whoever
knows the seed knows the key: right for an emulator, wrong for anything else.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Iterator

_exponent = 65537
_small_primes = [n for n in range(3, 2000, 2) if all(n % d for d in range(3, math.isqrt(n) + 1, 2))]


class BadToken(Exception):
    """A token that this cloud did not sign, or that is not a token at all."""


@dataclass(slots=True)
class SigningKey:
    """One key pair with the certificate that Entra would publish for it; ``kid`` is the certificate's thumbprint."""

    private: rsa.RSAPrivateKey
    certificate: x509.Certificate
    kid: str

    def public_jwk(self, issuer: str) -> dict[str, Any]:
        """The key as Entra's JWKS lists it."""
        numbers = self.private.public_key().public_numbers()
        return {
            "kty": "RSA",
            "use": "sig",
            "kid": self.kid,
            "x5t": self.kid,
            "n": _encode(numbers.n.to_bytes(256)),
            "e": _encode(numbers.e.to_bytes(3)),
            "x5c": [base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()],
            "cloud_instance_name": "microsoftonline.com",
            "issuer": issuer,
        }


@dataclass(slots=True)
class Keys:
    """The newest key signs; older ones still verify. ``rotate`` adds one."""

    seed: str
    generation: int = 1
    made: dict[int, SigningKey] = field(default_factory=dict)

    def rotate(self) -> None:
        self.generation += 1

    def jwks(self, issuer: str) -> dict[str, Any]:
        return {"keys": [key.public_jwk(issuer) for key in self._all()]}

    def sign(self, claims: dict[str, Any], *, v1: bool) -> str:
        """A compact RS256 JWT. Version 1 tokens carry ``x5t`` beside ``kid`` in their header."""
        key = self._key(self.generation)
        header = {"typ": "JWT", "alg": "RS256", **({"x5t": key.kid} if v1 else {}), "kid": key.kid}
        signed = f"{_encode(_json(header))}.{_encode(_json(claims))}"
        return f"{signed}.{_encode(key.private.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def verify(self, token: str) -> dict[str, Any]:
        """The claims of a token that one of our keys signed. Raises :class:`BadToken`. Looks at no times."""
        try:
            signed, _, signature = token.rpartition(".")
            header, claims = (json.loads(_decode(part)) for part in signed.split("."))
            if header["alg"] != "RS256":
                raise BadToken
            key = next(key for key in self._all() if key.kid == header["kid"])
            key.private.public_key().verify(_decode(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        except (ValueError, KeyError, TypeError, AttributeError, StopIteration, InvalidSignature) as error:
            raise BadToken from error
        return dict(claims)

    def dump(self) -> dict[str, Any]:
        return {"seed": self.seed, "generation": self.generation}

    def _all(self) -> Iterator[SigningKey]:
        return (self._key(number) for number in range(self.generation, 0, -1))

    def _key(self, number: int) -> SigningKey:
        if number not in self.made:
            self.made[number] = _derive(f"{self.seed}/{number}")
        return self.made[number]


@lru_cache(maxsize=16)
def _derive(name: str) -> SigningKey:
    """Half a second of arithmetic, and always the same: a reset begins with the keys that were made before."""
    p, q = _prime(f"{name}/p"), _prime(f"{name}/q")
    d = pow(_exponent, -1, math.lcm(p - 1, q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p, q, d, d % (p - 1), d % (q - 1), rsa.rsa_crt_iqmp(p, q), rsa.RSAPublicNumbers(_exponent, p * q)
    )
    private = numbers.private_key()
    certificate = _certificate(private, name)
    return SigningKey(private, certificate, _encode(certificate.fingerprint(hashes.SHA1())))  # noqa: S303 x5t is SHA-1


def _prime(name: str) -> int:
    """The first probable prime after a point that the name chooses, with its two highest bits set."""
    start = int.from_bytes(hashlib.shake_256(name.encode()).digest(128)) | (3 << 1022) | 1
    return next(number for number in range(start, start + (1 << 20), 2) if _is_prime(number))


def _is_prime(number: int) -> bool:
    if any(number % small == 0 for small in _small_primes) or (number - 1) % _exponent == 0:
        return False
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    return all(_passes(number, base, odd, twos) for base in _small_primes[:12])


def _passes(number: int, base: int, odd: int, twos: int) -> bool:
    """One round of Miller and Rabin's test."""
    value = pow(base, odd, number)
    if value in (1, number - 1):
        return True
    for _ in range(twos - 1):
        value = value * value % number
        if value == number - 1:
            return True
    return False


def _certificate(private: rsa.RSAPrivateKey, name: str) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "accounts.accesscontrol.windows.net (emulated)")])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(int.from_bytes(hashlib.sha256(name.encode()).digest()[:16]) | 1)
        .not_valid_before(datetime(2025, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2045, 1, 1, tzinfo=UTC))
        .sign(private, hashes.SHA256())
    )


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
