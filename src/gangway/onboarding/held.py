"""The sign-ins that a polling loop keeps between two polls, each with the moment of its next one."""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from gangway.onboarding.leases import Due


@dataclass(slots=True)
class Held:
    """Sign-ins by the time of their next poll, in seconds of a clock that never jumps."""

    _kept: dict[UUID, tuple[float, Due]] = field(default_factory=dict)
    _in_order: list[tuple[float, UUID]] = field(default_factory=list)

    def __len__(self) -> int:
        """Count them."""
        return len(self._kept)

    def __contains__(self, sign_in_id: UUID) -> bool:
        """Say whether this one is kept."""
        return sign_in_id in self._kept

    def keep(self, due: Due, *, until: float) -> None:
        """Keep a sign-in until then."""
        self._kept[due.id] = (until, due)
        heapq.heappush(self._in_order, (until, due.id))

    def whose_time_has_come(self, now: float, *, limit: int) -> list[Due]:
        """Take out up to `limit`, the longest waiting first."""
        found: list[Due] = []
        while self._in_order and self._in_order[0][0] <= now and len(found) < limit:
            until, sign_in_id = heapq.heappop(self._in_order)
            kept = self._kept.get(sign_in_id)
            if kept is not None and kept[0] == until:  # else it was let go meanwhile
                del self._kept[sign_in_id]
                found.append(kept[1])
        return found

    def all(self) -> list[Due]:
        """Take out all, whatever their time."""
        kept, self._kept = self._kept, {}
        self._in_order = []
        return [due for _, due in kept.values()]

    def ids(self) -> set[UUID]:
        """Tell which are kept."""
        return set(self._kept)

    def let_go(self, sign_in_ids: Iterable[UUID]) -> None:
        """Keep these no longer."""
        for sign_in_id in sign_in_ids:
            self._kept.pop(sign_in_id, None)
