"""Microsoft's directory is many copies that agree after a while. This decides what a reader may see already.

Nothing lags unless a fault asks for it (effects ``lag_reads``, ``lag_seconds``, ``usable_after_seconds`` and
``tokens_after_seconds``, by kind of object); then the same requests lag in the same way every time.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from m365_emulator.clock import Clock
    from m365_emulator.faults import Faults


@dataclass(slots=True)
class Written:
    """What still hides a fresh object: a number of reads, a moment, and the moment when tokens know of it."""

    reads_left: int
    visible_at: float
    in_tokens_at: float


@dataclass(slots=True)
class Replica:
    """Who may see what yet.

    Kinds are ``application``, ``servicePrincipal``, ``appRoleAssignment``, ``oauth2PermissionGrant``,
    ``roleAssignment``, ``passwordCredential`` and ``keyCredential``; ids are the object's id (a credential's key id).
    """

    clock: Clock
    faults: Faults
    fresh: dict[str, Written] = field(default_factory=dict)

    def wrote(self, kind: str, object_id: str) -> None:
        """Say that an object was just made, so that a fault in force can hide it for a while."""
        lag = self.faults.lag_of(kind)
        if lag is None:
            return
        now = self.clock.seconds()
        in_tokens = lag.usable_after_seconds if kind == "passwordCredential" else lag.tokens_after_seconds
        self.fresh[f"{kind}/{object_id}"] = Written(lag.lag_reads, now + lag.lag_seconds, now + in_tokens)

    def sees(self, kind: str, object_id: str) -> bool:
        """Whether a read sees the object yet. Each call counts as one read."""
        written = self.fresh.get(f"{kind}/{object_id}")
        if written is None:
            return True
        if written.reads_left > 0:
            written.reads_left -= 1
            return False
        return self.clock.seconds() >= written.visible_at

    def in_tokens(self, kind: str, object_id: str) -> bool:
        """Whether a new token knows of this grant or role yet."""
        written = self.fresh.get(f"{kind}/{object_id}")
        return written is None or self.clock.seconds() >= written.in_tokens_at

    def usable(self, key_id: str) -> bool:
        """Whether the token endpoint knows this secret yet."""
        return self.in_tokens("passwordCredential", key_id)

    def dump(self) -> dict[str, Any]:
        return {key: asdict(written) for key, written in self.fresh.items()}
