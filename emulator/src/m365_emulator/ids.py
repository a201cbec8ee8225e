"""Ids, secrets and codes that follow from the seed: the same seed and the same requests give the same bytes.

Every kind of value has a stream of its own with its own counter, so that a new kind of value, or one request more
in the log, does not move the ids of everything else.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

_letters_of_secrets = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-"
_letters_of_codes = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass(slots=True)
class Ids:
    """``seed`` is any text; ``counters`` tells how many values each stream has given."""

    seed: str
    counters: Counter[str] = field(default_factory=Counter)

    def uuid(self, stream: str = "object") -> str:
        """The next id of a stream, in the shape of a version 4 UUID."""
        return str(uuid.UUID(bytes=self._next(stream, 16), version=4))

    def named(self, name: str) -> str:
        """The id of something that the seed names: always the same for the same name."""
        return str(uuid.UUID(bytes=_bytes(self.seed, "named", name, 16), version=4))

    def secret(self) -> str:
        """A client secret as Entra makes them: 40 characters, ``8Q~`` as the fourth to sixth."""
        text = _spell(self._next("secret", 37), _letters_of_secrets)
        return f"{text[:3]}8Q~{text[3:]}"

    def user_code(self) -> str:
        """A code for the device login page: nine capital letters and digits, none that look alike."""
        return _spell(self._next("user-code", 9), _letters_of_codes)

    def opaque(self, size: int, stream: str) -> str:
        """A token of ``size`` bytes in URL-safe base64 without padding."""
        return base64.urlsafe_b64encode(self._next(stream, size)).rstrip(b"=").decode()

    def number(self, low: int, high: int, stream: str) -> int:
        """A whole number from ``low`` to ``high``, both possible."""
        return low + int.from_bytes(self._next(stream, 8)) % (high - low + 1)

    def dump(self) -> dict[str, Any]:
        return {"seed": self.seed, "counters": dict(self.counters)}

    def _next(self, stream: str, size: int) -> bytes:
        self.counters[stream] += 1
        return _bytes(self.seed, stream, str(self.counters[stream]), size)


def _bytes(seed: str, stream: str, position: str, size: int) -> bytes:
    return hashlib.shake_256(f"{seed}\0{stream}\0{position}".encode()).digest(size)


def _spell(raw: bytes, letters: str) -> str:
    return "".join(letters[byte % len(letters)] for byte in raw)
