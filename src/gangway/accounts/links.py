"""Links for operators: 256 random bits that leave us once, in a mail; what stays is a hash."""

import hashlib
import secrets
from typing import Final

from django.conf import settings

from gangway.foundation.sealed import SealedText

TOKEN_BYTES: Final = 32


def new_token() -> SealedText:
    """Return a fresh token, 43 characters that fit into a URL."""
    return SealedText(secrets.token_urlsafe(TOKEN_BYTES))


def hash_of(token: SealedText) -> str:
    """Return what is stored and looked up instead of the token: its SHA-256, in hex."""
    return hashlib.sha256(token.reveal().encode("utf-8", "surrogatepass")).hexdigest()


def url_of(token: SealedText) -> SealedText:
    """Return the whole address that a person opens."""
    return SealedText(f"{str(settings.GANGWAY.public_url).rstrip('/')}/join/{token.reveal()}")
