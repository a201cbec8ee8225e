"""Certificates of an application: its list of public keys.

The list is set as a whole (PATCH): that is how a person's sign-in gives an application its first certificate, and every
entry that isn't named disappears. `addKey` and `removeKey` change one entry, but want a proof signed by a certificate
that the application has already: that is how a registration rotates its own, with no permission at all.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from gangway.foundation.ids import KeyId, ObjectId
from gangway.foundation.sealed import SealedText
from gangway.microsoft.graph.calls import Call, nothing
from gangway.microsoft.graph.shapes import CertificateKey

TIMES: Final = "%Y-%m-%dT%H:%M:%SZ"


def entry(*, key_id: KeyId, display_name: str, key: str, starts_at: datetime, ends_at: datetime) -> CertificateKey:
    """A new entry: `key` is the certificate in base64, `key_id` our own choice."""
    row = {
        "keyId": key_id,
        "displayName": display_name,
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
        "key": key,
        "startDateTime": starts_at.astimezone(UTC).strftime(TIMES),
        "endDateTime": ends_at.astimezone(UTC).strftime(TIMES),
    }
    return CertificateKey(key_id=key_id, display_name=display_name, ends_at=ends_at, row=row)


def set_certificates(
    application: ObjectId, *, keep: Iterable[CertificateKey], add: CertificateKey | None = None
) -> Call[None]:
    """Set the list: what is kept keeps its key, which Graph knows by the entry's id."""
    rows = [_kept(known.row) for known in keep] + ([dict(add.row)] if add else [])
    return Call("PATCH", f"/applications/{application}", nothing, body={"keyCredentials": rows})


def add_certificate(application: ObjectId, added: CertificateKey, *, proof: SealedText) -> Call[None]:
    """Add one entry as the application itself. Never repeat it blindly."""
    body = {"keyCredential": dict(added.row), "passwordCredential": None, "proof": proof.reveal()}
    return Call("POST", f"/applications/{application}/addKey", nothing, body=body)


def remove_certificate(application: ObjectId, key_id: KeyId, *, proof: SealedText) -> Call[None]:
    """Take one entry away as the application itself; Missing when it is gone already."""
    body = {"keyId": key_id, "proof": proof.reveal()}
    return Call("POST", f"/applications/{application}/removeKey", nothing, body=body)


def _kept(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "key": None}
