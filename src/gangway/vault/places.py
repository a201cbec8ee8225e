"""Where a sealed text belongs: organization, field and row are bound into the seal itself."""

from dataclasses import dataclass
from uuid import UUID

VERSION = b"gangway sealed text 1"


@dataclass(frozen=True, slots=True)
class Place:
    """One field of one row of one organization; `field` reads like "onboarding.sign_in.device_code"."""

    organization_id: UUID
    field: str
    row_id: UUID

    def info(self) -> bytes:
        """Give the bytes HPKE binds as `info`: each part with its length before it, so no two places give the same."""
        parts = (VERSION, self.organization_id.bytes, self.field.encode(), self.row_id.bytes)
        return b"".join(len(part).to_bytes(2, "big") + part for part in parts)
