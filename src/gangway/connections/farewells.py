"""The last paper about a service: what was taken away and what stays, signed so that a customer can keep it as proof.

A worker signs with a key that is derived from the newest private sealing key, as it signs the activity log.
"""

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.connections.models import Farewell
from gangway.vault import signing

PURPOSE: Final = b"gangway farewells"
MARK: Final = "-----SIGNATURE-----"
ORIGINAL: Final = "-----SIGNED TEXT-----"
"""Stands above what is signed, where the same stands before it in another language."""


@dataclass(frozen=True, slots=True)
class SignedFarewell:
    """The text with its signature, as it is handed out."""

    text: str
    made_at: datetime

    @property
    def words(self) -> str:
        """The text alone, for a page."""
        return self.text.partition(MARK)[0].rstrip()

    def below(self, told: str) -> str:
        """The text with its signature, below the same in another language."""
        return f"{told}\n\n{ORIGINAL}\n{self.text}"


@transaction.atomic
def sign_farewell(*, service_id: UUID, organization_id: UUID, text: str, by: Actor, now: datetime) -> None:
    """Sign and keep what became of a service; once is enough. Worker only. Raises `VaultClosed`."""
    if Farewell.objects.filter(service_id=service_id).exists():
        return
    folder = settings.GANGWAY.sealing_private_keys_dir
    number = signing.newest_number(folder)
    key = signing.signing_key(folder, number, PURPOSE)
    Farewell.objects.create(
        organization_id=organization_id,
        service_id=service_id,
        text=text,
        key_number=number,
        signature=key.sign(text.encode()),
        public_key=key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw),
        made_at=now,
    )
    subject, facts = f"service:{service_id}", {"key": number}
    record(Event.FAREWELL_SIGNED, by=by, organization_id=organization_id, subject=subject, data=facts)


def farewell(service_id: UUID) -> SignedFarewell | None:
    """Return the signed text about a service that is gone; None while there is none. Call it inside a scope."""
    row = Farewell.objects.filter(service_id=service_id).first()
    if row is None:
        return None
    marks = {
        "Key": str(row.key_number),
        "Public key (Ed25519)": base64.b64encode(bytes(row.public_key)).decode(),
        "Signature": base64.b64encode(bytes(row.signature)).decode(),
    }
    signed = "\n".join(f"{name}: {value}" for name, value in marks.items())
    return SignedFarewell(f"{row.text}\n{MARK}\n{signed}\n", row.made_at)


def is_ours(text: str) -> bool:
    """Say whether a worker of this platform signed a farewell that somebody hands in. Needs the private keys."""
    original = text.replace("\r\n", "\n").rpartition(f"\n{ORIGINAL}\n")[2]
    body, mark, signed = original.partition(f"\n{MARK}\n")
    facts = dict(line.split(": ", 1) for line in signed.splitlines() if ": " in line)
    try:
        signature, number = base64.b64decode(facts["Signature"], validate=True), int(facts["Key"])
    except (KeyError, ValueError):
        return False
    folder = settings.GANGWAY.sealing_private_keys_dir
    return bool(mark) and signing.is_signed(folder, PURPOSE, number, body.encode(), signature)
