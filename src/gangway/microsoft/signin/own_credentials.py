"""What a registration signs in with: a secret, a certificate, or a token of an issuer that it trusts.

Certificate and issuer sign a short assertion for every sign-in; the private key is opened in a worker and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gangway.foundation.ids import AppId, ObjectId
from gangway.foundation.sealed import SealedText
from gangway.microsoft.errors import KeyUnusable

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFE: Final = timedelta(minutes=5)
"""How long an assertion is good; Microsoft takes ten minutes at most."""

GRAPH_PROOF_AUDIENCE: Final = "00000002-0000-0000-c000-000000000000"
"""What a proof of possession is addressed to, when a registration changes its own keys (addKey, removeKey)."""


@dataclass(frozen=True)
class Secret:
    """A text that Microsoft made."""

    text: SealedText


@dataclass(frozen=True)
class Certificate:
    """A key of ours whose certificate the application knows. `thumbprint`: SHA-256, base64url without padding."""

    private_key: SealedText
    thumbprint: str


@dataclass(frozen=True)
class Federated:
    """A token of this platform: the application trusts `issuer` for `subject`. `key_id` names the key in its JWKS."""

    private_key: SealedText
    key_id: str
    issuer: str
    subject: str
    audience: str


OwnCredential = Secret | Certificate | Federated


def form_of(credential: OwnCredential, *, app_id: AppId, token_url: str, now: datetime) -> dict[str, str]:
    """The members of a token request that prove the application. Raises KeyUnusable."""
    if isinstance(credential, Secret):
        return {"client_secret": credential.text.reveal()}
    if isinstance(credential, Certificate):
        assertion = signed_by_certificate(credential, app_id=app_id, token_url=token_url, now=now)
    else:
        assertion = signed_by_issuer(credential, now=now)
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion.reveal()}


def signed_by_certificate(credential: Certificate, *, app_id: AppId, token_url: str, now: datetime) -> SealedText:
    """The application's own assertion for one token endpoint: PS256 with the certificate's SHA-256 thumbprint."""
    claims = {"iss": app_id, "sub": app_id, "aud": token_url, **_times(now)}
    return _signed(claims, credential.private_key, algorithm="PS256", header={"x5t#S256": credential.thumbprint})


def signed_by_issuer(credential: Federated, *, now: datetime) -> SealedText:
    """A token of ours for one registration. RS256: Entra takes nothing else from other issuers."""
    claims = {"iss": credential.issuer, "sub": credential.subject, "aud": credential.audience, **_times(now)}
    return _signed(claims, credential.private_key, algorithm="RS256", header={"kid": credential.key_id})


def proof_of_possession(credential: Certificate, *, application: ObjectId, now: datetime) -> SealedText:
    """What addKey and removeKey want to see: signed by a certificate that the application already has."""
    claims = {"iss": application, "aud": GRAPH_PROOF_AUDIENCE, **_times(now)}
    return _signed(claims, credential.private_key, algorithm="RS256", header={"x5t#S256": credential.thumbprint})


def _times(now: datetime) -> dict[str, Any]:
    begins = int(now.timestamp())
    return {"jti": str(uuid4()), "iat": begins, "nbf": begins, "exp": begins + int(LIFE.total_seconds())}


def _signed(claims: Mapping[str, Any], key: SealedText, *, algorithm: str, header: dict[str, Any]) -> SealedText:
    """The cause of a failure is dropped: it could tell something of the key."""
    try:
        return SealedText(jwt.encode(dict(claims), _opened(key), algorithm=algorithm, headers=header))
    except (jwt.PyJWTError, ValueError, TypeError):
        raise KeyUnusable from None


def _opened(key: SealedText) -> RSAPrivateKey:
    """Whether its numbers are prime isn't tested again for every sign-in: it was made here and comes out of a seal."""
    private = load_pem_private_key(key.reveal().encode(), None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(private, RSAPrivateKey):
        raise TypeError("not an RSA key")
    return private
