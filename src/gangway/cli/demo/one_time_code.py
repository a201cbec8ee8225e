"""The six digits that an authenticator app shows (RFC 6238: HMAC-SHA1, 30 seconds), from the key it was given."""

from __future__ import annotations

import base64
import time

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

DIGITS = 6
SECONDS = 30


def current(key: str) -> str:
    """The code that is good now, for a key in base32."""
    padded = key + "=" * (-len(key) % 8)
    totp = TOTP(base64.b32decode(padded), DIGITS, SHA1(), SECONDS, enforce_key_length=False)  # noqa: S303 (the standard's)
    return totp.generate(int(time.time())).decode()


def wait_for_next() -> None:
    """Wait until the next code begins, at most 30 seconds: each code is good once."""
    time.sleep(SECONDS - time.time() % SECONDS)
