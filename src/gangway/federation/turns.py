"""Whose turn it is: which key signs, and which ones must be published. Pure logic.

A new key is published a day before it signs, since Microsoft keeps an issuer's keys for a while. An old one stays
published until no token that it signed can still be good.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

LEAD: Final = timedelta(hours=24)
"""How long a key is published before it signs."""

AFTER: Final = timedelta(minutes=15)
"""Longer than any token of ours lives (five minutes), with the five that clocks may differ."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key, without its private half."""

    id: UUID
    modulus: str
    exponent: str
    made_at: datetime
    signs_from: datetime
    withdrawn_at: datetime | None = None

    @property
    def jwk(self) -> dict[str, str]:
        """The public half as a JSON Web Key."""
        kid = str(self.id)
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": self.modulus, "e": self.exponent}


def signing(keys: Sequence[Key], now: datetime) -> Key | None:
    """The key that signs now: the one whose turn began last."""
    turns = [key for key in _living(keys) if key.signs_from <= now]
    return max(turns, key=lambda key: key.signs_from, default=None)


def published(keys: Sequence[Key], now: datetime) -> list[Key]:
    """The keys that others must be able to read now: those to come, the one that signs, those that just stopped."""
    living = sorted(_living(keys), key=lambda key: key.signs_from)
    following = [*living[1:], None]
    return [
        key
        for key, successor in zip(living, following, strict=False)
        if successor is None or successor.signs_from + AFTER > now
    ]


def begins(keys: Sequence[Key], now: datetime, *, at_once: bool) -> datetime:
    """When a new key's turn begins: at once when nothing signs now, else after it was published for a day."""
    return now if at_once or signing(keys, now) is None else now + LEAD


def _living(keys: Sequence[Key]) -> list[Key]:
    return [key for key in keys if key.withdrawn_at is None]
