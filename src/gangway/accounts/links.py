"""Links for operators: 256 random bits that leave us once, in a mail; what stays is a hash."""

import hashlib
import secrets
from typing import Final
from uuid import UUID

from gangway.foundation.sealed import SealedText
from gangway.organizations.hosts import public_url

TOKEN_BYTES: Final = 32


def new_token() -> SealedText:
    """Return a fresh token, 43 characters that fit into a URL."""
    return SealedText(secrets.token_urlsafe(TOKEN_BYTES))


def hash_of(token: SealedText) -> str:
    """Return what is stored and looked up instead of the token: its SHA-256, in hex."""
    return hashlib.sha256(token.reveal().encode("utf-8", "surrogatepass")).hexdigest()


def url_of(token: SealedText, *, organization_id: UUID) -> SealedText:
    """Return the whole address that a person opens, under the host name of the organization or the nearest above."""
    return SealedText(f"{public_url(organization_id)}/join/{token.reveal()}")
