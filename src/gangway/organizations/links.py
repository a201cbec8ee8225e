"""Links for whom we invite: 256 random bits that leave us once, in a mail or a clipboard; what stays is a hash.

The hash needs no salt and no slow function: nobody can guess 256 bits, with or without the table.
"""

import hashlib
import secrets
from enum import StrEnum
from typing import Final
from uuid import UUID

from gangway.foundation.sealed import SealedText
from gangway.organizations.hosts import public_url

TOKEN_BYTES: Final = 32


class Entrance(StrEnum):
    """Which page such a link opens, by the beginning of its path."""

    WIZARD = "i"
    JOINING = "join"


def new_token() -> SealedText:
    """Return a fresh token, 43 characters that fit into a URL."""
    return SealedText(secrets.token_urlsafe(TOKEN_BYTES))


def hash_of(token: SealedText) -> str:
    """Return what is stored and looked up instead of the token: its SHA-256, in hex."""
    return hashlib.sha256(token.reveal().encode("utf-8", "surrogatepass")).hexdigest()


def url_of(token: SealedText, *, organization_id: UUID, entrance: Entrance = Entrance.WIZARD) -> SealedText:
    """Return the whole address that a person opens, under the host name of the organization or the nearest above."""
    return SealedText(f"{public_url(organization_id)}/{entrance}/{token.reveal()}")
