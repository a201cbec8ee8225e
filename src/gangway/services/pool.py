"""The pool of licensed users that a provider bought: how many are in use, and whether more may be.

Counted in the database, one after the other for each provider: whoever wants users waits until the one before is
through, so that two at the same moment can't both have the last ones. Beyond what was acquired a small part more may be
used for a while (grace); from a part of it on, a warning is shown.
"""

import math
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Sum

from gangway.organizations.place_queries import bounds_above
from gangway.organizations.queries import Seat
from gangway.organizations.roles import Kind
from gangway.organizations.scope import Door, current_path, through
from gangway.services.errors import PoolUsedUp
from gangway.services.models import Service
from gangway.services.states import HOLDS_ITS_NAME

_LOCK = 0x67616E67
"""Names this room's advisory locks; any number that nobody else uses."""
PROVIDERS_DEPTH: Final = 2
"""So many organizations stand in the path of a provider: the system and itself."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Licensed users of a provider. `acquired` is None when there is no bound; then nothing else matters."""

    used: int
    acquired: int | None
    warning_percent: int
    grace_percent: int

    @property
    def most(self) -> int | None:
        """How many may be used, grace included."""
        return None if self.acquired is None else self.acquired * (100 + self.grace_percent) // 100

    @property
    def left(self) -> int | None:
        """How many more a service may be given now, grace included."""
        return None if self.most is None else max(self.most - self.used, 0)

    @property
    def warns(self) -> bool:
        """Whether it is time to acquire more."""
        return self.acquired is not None and self.used >= math.ceil(self.acquired * self.warning_percent / 100)

    @property
    def in_grace(self) -> bool:
        """Whether more is used than was acquired."""
        return self.acquired is not None and self.used > self.acquired


def pool(provider_id: UUID) -> Pool:
    """Return the pool of a provider, whoever below it asks. Raises NoSuchOrganization."""
    bounds = bounds_above(provider_id)
    return Pool(_used(provider_id), bounds.users, bounds.warning_percent, bounds.grace_percent)


def pool_seen_by(seat: Seat, provider_id: UUID) -> Pool | None:
    """Return the pool to the provider's own people and those above; None to resellers and customers, whose it isn't."""
    return pool(provider_id) if seat.organization_kind in {Kind.SYSTEM, Kind.PROVIDER} else None


def take(provider_id: UUID, users: int, *, field: str = "licensed_users") -> None:
    """Make sure, until the caller's transaction ends, that so many more users fit. Raises PoolUsedUp at `field`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, str(provider_id)])
    left = pool(provider_id).left
    if left is not None and users > left:
        raise used_up(left, field=field)


def used_up(left: int, *, field: str) -> PoolUsedUp:
    """Make the refusal; it tells the number to the same people as `pool_seen_by` does, by the scope they are in."""
    path = current_path()
    knows = path is None or path.count("/") <= PROVIDERS_DEPTH
    return PoolUsedUp(left=left if knows else None, field=field)


def _used(provider_id: UUID) -> int:
    living = [state.value for state in HOLDS_ITS_NAME]
    with through(Door.SHORT_NAMES):
        rows = Service.objects.filter(provider_id=provider_id, lifecycle__in=living)
        return int(rows.aggregate(users=Sum("licensed_users"))["users"] or 0)
