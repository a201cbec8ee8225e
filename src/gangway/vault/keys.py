"""Numbered recipient key pairs, in files: `<number>.public` for everybody, `<number>.private` for workers only.

The suite is HPKE (RFC 9180) with ML-KEM-768 + X25519, HKDF-SHA256 and AES-256-GCM, as `cryptography` has it. A key is
two keys, a half each in one file. New texts are sealed to the highest number; old numbers open what they sealed.
"""

import base64
import binascii
import functools
import os
from pathlib import Path

from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from gangway.vault.errors import SealingKeyMissing, SealingKeyUnreadable, VaultClosed

SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
TITLE = "gangway sealing key 1"


def new(*, public_dir: Path, private_dir: Path) -> int:
    """Make the next key pair and write both files (the private one 0600 in a 0700 folder); returns its number.

    Raises `FileExistsError` when another process made the same number meanwhile; nothing is ever overwritten.
    """
    public_dir.mkdir(parents=True, exist_ok=True, mode=0o755)
    private_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    number = max([*numbers(public_dir, "public"), *numbers(private_dir, "private")], default=0) + 1
    post_quantum, classic = MLKEM768PrivateKey.generate(), X25519PrivateKey.generate()
    _write(private_dir / f"{number}.private", 0o600, post_quantum.private_bytes_raw(), classic.private_bytes_raw())
    halves = (post_quantum.public_key().public_bytes_raw(), classic.public_key().public_bytes_raw())
    _write(public_dir / f"{number}.public", 0o644, *halves)
    return number


def numbers(folder: Path, kind: str) -> list[int]:
    """List the numbers of the keys of one kind ("public" or "private") in a folder, ascending; none: an empty list."""
    return sorted(int(path.stem) for path in folder.glob(f"*.{kind}") if path.stem.isdecimal())


def newest_public(folder: Path | None) -> tuple[int, hpke.MLKEM768X25519PublicKey]:
    """Load the key new texts are sealed to. Raises `SealingKeyMissing`, `SealingKeyUnreadable`."""
    found = numbers(folder, "public") if folder else []
    if not folder or not found:
        raise SealingKeyMissing
    return found[-1], _public(folder / f"{found[-1]}.public")


def private(folder: Path | None, number: int) -> hpke.MLKEM768X25519PrivateKey:
    """Load the key that opens what was sealed to this number. Raises `VaultClosed`, `SealingKeyUnreadable`."""
    path = folder / f"{number}.private" if folder else None
    try:
        readable = path is not None and path.is_file()
    except OSError:
        readable = False
    if path is None or not readable:
        raise VaultClosed(key_number=str(number))
    return _private(path)


def is_pair(public_dir: Path, private_dir: Path, number: int) -> bool:
    """Say whether both halves of a number belong together; two hosts may each have made a pair of the same number.

    Raises `SealingKeyUnreadable`, `VaultClosed`.
    """
    post_quantum, classic = _halves(private_dir / f"{number}.private")
    opened = MLKEM768PrivateKey.from_seed_bytes(post_quantum), X25519PrivateKey.from_private_bytes(classic)
    return tuple(half.public_key().public_bytes_raw() for half in opened) == _halves(public_dir / f"{number}.public")


@functools.lru_cache(maxsize=64)
def _public(path: Path) -> hpke.MLKEM768X25519PublicKey:
    post_quantum, classic = _halves(path)
    try:
        halves = MLKEM768PublicKey.from_public_bytes(post_quantum), X25519PublicKey.from_public_bytes(classic)
    except ValueError:
        raise SealingKeyUnreadable(file=path.name) from None
    return hpke.MLKEM768X25519PublicKey(*halves)


@functools.lru_cache(maxsize=64)
def _private(path: Path) -> hpke.MLKEM768X25519PrivateKey:
    post_quantum, classic = _halves(path)
    try:
        halves = MLKEM768PrivateKey.from_seed_bytes(post_quantum), X25519PrivateKey.from_private_bytes(classic)
    except ValueError:
        raise SealingKeyUnreadable(file=path.name) from None
    return hpke.MLKEM768X25519PrivateKey(*halves)


def _write(path: Path, mode: int, post_quantum: bytes, classic: bytes) -> None:
    lines = (TITLE, base64.b64encode(post_quantum).decode(), base64.b64encode(classic).decode(), "")
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="ascii") as file:
        file.write("\n".join(lines))


def _halves(path: Path) -> tuple[bytes, bytes]:
    """Read both halves. The cause is dropped: its text could hold a part of the key."""
    try:
        title, post_quantum, classic = path.read_text("ascii").splitlines()
        if title == TITLE:
            return base64.b64decode(post_quantum, validate=True), base64.b64decode(classic, validate=True)
    except PermissionError:
        raise VaultClosed(file=path.name) from None
    except (OSError, ValueError, binascii.Error):
        pass
    raise SealingKeyUnreadable(file=path.name) from None
