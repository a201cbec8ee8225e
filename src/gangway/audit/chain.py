"""What is hashed, and how: the one description of an entry's digest, of a link, and of a checkpoint's signed text.

Canonical form: JSON with sorted keys, no blanks, UTF-8; times in UTC with microseconds. Everything is SHA-256.

    commitment = H(salt ‖ json([actor name, actor address, personal data]))
    digest     = H(json(["gangway-audit-1", at, event, organization, subject, actor kind, actor id, request id, data,
                         commitment in hex]))
    link n     = H(link n-1 ‖ n ‖ entry id ‖ digest)          numbers as 8 bytes, highest first; link 0 is 32 zeros

The database's trigger computes the links (migration 0002); `verify` computes all three again.
"""

import hashlib
import json
from datetime import UTC
from typing import Any, Final
from uuid import UUID

from gangway.audit.models import Entry

FIRST: Final = bytes(32)
"""What the first entry is linked to."""
FORMAT: Final = "gangway-audit-1"


def canonical(value: Any) -> bytes:
    """Write a plain value in the one way that is hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def commitment_of(entry: Entry) -> bytes:
    """Return the salted digest of what is personal in an entry."""
    return hashlib.sha256(
        bytes(entry.salt) + canonical([entry.actor_name, entry.actor_address, entry.personal])
    ).digest()


def digest_of(entry: Entry) -> bytes:
    """Return the digest of everything in an entry that isn't personal, and of the commitment to what is."""
    told = [
        FORMAT,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.event,
        entry.organization_id.hex,
        entry.subject,
        entry.actor_kind,
        entry.actor_id,
        entry.request_id,
        entry.data,
        bytes(entry.commitment).hex(),
    ]
    return hashlib.sha256(canonical(told)).digest()


def link(before: bytes, sequence: int, entry_id: int, digest: bytes) -> bytes:
    """Return the hash up to one entry, as the trigger computes it."""
    return hashlib.sha256(before + sequence.to_bytes(8) + entry_id.to_bytes(8) + digest).digest()


def checkpoint_text(organization_id: UUID, sequence: int, hashed: bytes) -> bytes:
    """Return what a checkpoint's signature is over."""
    return canonical(["gangway-audit-checkpoint-1", organization_id.hex, sequence, hashed.hex()])
