"""Which replaced credentials stay in the tenant for now, though their rest is over. Sync.

A service's connection stands above this room: whether it is used, and whether anything may be changed, the rooms above
say.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID


class Resting(NamedTuple):
    """Whose it is, where its customer stands in the tree, and since when it rests."""

    service_id: UUID
    path: str
    since: datetime


Hold = Callable[[Collection[Resting], datetime], frozenset[Resting]]
"""(what rests, now) → what of it isn't taken away by itself now."""
HOLDS: Final[list[Hold]] = []


def on_rest(hold: Hold) -> None:
    """Have it asked before what rested is taken away; call it when the application is ready."""
    if hold not in HOLDS:
        HOLDS.append(hold)


def held_back(resting: Collection[Resting], *, now: datetime) -> frozenset[Resting]:
    """Return what isn't taken away by itself now; the deletion of its service takes it along."""
    return frozenset[Resting]().union(*(hold(resting, now) for hold in HOLDS))
