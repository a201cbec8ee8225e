"""Keys to sign with, derived from the workers' private sealing keys: nothing more to make, to keep or to back up."""

from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gangway.vault import keys
from gangway.vault.errors import VaultClosed

AUDIT = b"gangway audit checkpoints"


def newest_number(folder: Path | None) -> int:
    """Return the number of the newest private key here. Raises `VaultClosed` where there is none."""
    found = keys.numbers(folder, "private") if folder else []
    if not found:
        raise VaultClosed(key_number="")
    return found[-1]


def signing_key(folder: Path | None, number: int, purpose: bytes) -> Ed25519PrivateKey:
    """Derive the key of one purpose. Raises `VaultClosed` when the private sealing key isn't within reach."""
    keys.private(folder, number)
    material = (folder / f"{number}.private").read_bytes() if folder else b""
    return Ed25519PrivateKey.from_private_bytes(HKDF(SHA256(), 32, salt=None, info=purpose).derive(material))


def is_signed(folder: Path | None, purpose: bytes, number: int, text: bytes, signature: bytes) -> bool:
    """Say whether the key of this number and purpose signed the text; not when that key isn't here any more."""
    try:
        signing_key(folder, number, purpose).public_key().verify(signature, text)
    except (InvalidSignature, VaultClosed):
        return False
    return True
