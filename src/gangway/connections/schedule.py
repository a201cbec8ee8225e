"""When a connection is looked at, warned of and rotated: computed from days left, the customer's wishes, and its id.

Pure. Times of day follow from the connection's own id, so a fleet spreads over the day and each keeps its hour.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

DAY: Final = timedelta(days=1)
DAY_SECONDS: Final = 24 * 3600
SOONEST: Final = timedelta(hours=1)
"""A slot that is nearer than this is left out: it was looked at just now."""
LAST_MOMENT: Final = timedelta(days=2)
"""So long before the end nobody's notice is waited for any more."""
LATE: Final = DAY
"""By so much a notice may be shorter, since workers come a moment late, or were down for some hours."""
OF_ITS_LIFE: Final = 3
"""A short life is renewed when a third of it is left, whatever number of days was wished for."""

LONGEST_WAIT: Final = 7
"""Days between two tries at most."""

THRESHOLDS: Final = (60, 30, 14, 7, 3, 1, 0)
"""Days left at which people are warned; 0 is the end itself. Those beyond half of a life are none of it."""


@dataclass(frozen=True, slots=True)
class Freeze:
    """From one moment to another nothing is changed in the customer's tenant."""

    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a customer wants rotations: at all, how early, with how many days of notice, and when not."""

    rotates: bool = True
    days_before: int = 30
    notice_days: int = 7
    freezes: tuple[Freeze, ...] = ()

    def frozen_around(self, moment: datetime) -> Freeze | None:
        """Return the freeze that a moment lies in, None outside of all.

        Those that touch count as one, and so do those between which no room is left for a change: a moment there too.
        """
        return next((one for one in _joined(self.freezes) if one.begins <= moment < one.ends), None)


def _joined(freezes: Iterable[Freeze]) -> tuple[Freeze, ...]:
    """Return freezes in their order, as one where no more than `SOONEST` lies in between."""
    found: list[Freeze] = []
    for one in sorted(freezes, key=lambda each: each.begins):
        if found and one.begins - found[-1].ends <= SOONEST:
            found[-1] = Freeze(found[-1].begins, max(found[-1].ends, one.ends))
        else:
            found.append(one)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Planned:
    """When it is rotated. `frozen`: never before its end, since a freeze lasts until then; a person must decide."""

    at: datetime | None
    frozen: bool = False


def slot(connection_id: UUID, after: datetime) -> datetime:
    """Return the connection's own time of day, the next one that isn't just now."""
    midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
    moment = midnight + timedelta(seconds=connection_id.int % DAY_SECONDS)
    while moment < after + SOONEST:
        moment += DAY
    return moment


def rotation(
    *,
    ends_at: datetime,
    made_at: datetime,
    wishes: Wishes,
    connection_id: UUID,
    now: datetime,
    promised: datetime | None,
) -> Planned:
    """Return when to rotate what ends then: early enough, announced, and outside of freezes.

    `promised`: the day that contacts were told already, or are told now, which stands unless it is frozen by now. What
    passed unused is done now. A freeze that the day falls into is avoided by going before it, or after it when it has
    begun.
    """
    lead = _lead(ends_at, made_at, wishes)
    spread = timedelta(seconds=connection_id.int % DAY_SECONDS)
    earliest = min(now + timedelta(days=wishes.notice_days), max(latest(ends_at, made_at, wishes), now))
    wanted = promised or max(ends_at - lead - DAY + spread, earliest)
    frozen = wishes.frozen_around(max(wanted, now))
    if frozen is None:
        return Planned(wanted)
    if frozen.begins - SOONEST > earliest:
        return Planned(frozen.begins - SOONEST)
    return outside_freezes(max(wanted, now), ends_at=ends_at, wishes=wishes)


def is_announced_now(planned: datetime, wishes: Wishes, now: datetime) -> bool:
    """Whether the moment to announce what is planned has just come: from then on it stands, as if it were told."""
    return timedelta(0) <= now - (planned - timedelta(days=wishes.notice_days)) <= LATE


def outside_freezes(wanted: datetime, *, ends_at: datetime, wishes: Wishes) -> Planned:
    """Return this moment, or the end of the freeze that it lies in."""
    frozen = wishes.frozen_around(wanted)
    if frozen is None:
        return Planned(wanted)
    if frozen.ends + SOONEST < ends_at:
        return Planned(frozen.ends + SOONEST)
    return Planned(None, frozen=True)


def latest(ends_at: datetime, made_at: datetime, wishes: Wishes) -> datetime:
    """Return the moment until which a planned rotation comes in good time; after it, people are warned all the same."""
    return ends_at - min(LAST_MOMENT, _lead(ends_at, made_at, wishes) / 2)


def _lead(ends_at: datetime, made_at: datetime, wishes: Wishes) -> timedelta:
    return min(timedelta(days=wishes.days_before), (ends_at - made_at) / OF_ITS_LIFE)


def next_try(*, failures: int, ends_at: datetime | None, now: datetime) -> datetime:
    """Return when to try again what failed: ever more rarely, and before half of what is left is over."""
    wait = min(failures, LONGEST_WAIT) * DAY
    if ends_at is not None and ends_at > now:
        wait = min(wait, max((ends_at - now) / 2, SOONEST))
    return now + wait


def _thresholds(ends_at: datetime, made_at: datetime | None) -> tuple[int, ...]:
    if made_at is None:
        return THRESHOLDS
    half = round((ends_at - made_at) / DAY) / 2
    return tuple(days for days in THRESHOLDS if days <= half)


def crossed(ends_at: datetime, made_at: datetime | None, now: datetime) -> tuple[int, ...]:
    """Return the thresholds that are behind us, the most urgent last; all count where nobody knows when it was made."""
    return tuple(days for days in _thresholds(ends_at, made_at) if ends_at - now <= timedelta(days=days))


def next_threshold(ends_at: datetime, made_at: datetime | None, now: datetime) -> datetime | None:
    """Return when the next one is crossed; None when all are."""
    days_ahead = [days for days in _thresholds(ends_at, made_at) if ends_at - now > timedelta(days=days)]
    return min((ends_at - timedelta(days=days) for days in days_ahead), default=None)
