"""Services at a glance: which need a person, and how many stand how."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from django.db.models import Q, QuerySet, Value

from gangway.services.models import Service
from gangway.services.queries import ServiceRow, row_of
from gangway.services.states import Connection, Lifecycle

DAYS: Final = (0, 7, 30, 60)
"""Bounds of the days left by which credentials are counted: expired below the first."""
MOST_COUNTED: Final = 200
"""A greater number is told as "more than": to count a hundred thousand rows takes five hundred times as long."""


@dataclass(frozen=True, slots=True)
class Tallies:
    """How many created services there are by connection, and by the days that their credentials have left.

    `days`: expired, then up to each following bound of `DAYS`, then more; `days_unknown`: nobody knows, or never. A
    number beyond `MOST_COUNTED` only says that there are more.
    """

    connections: Mapping[Connection, int]
    days: tuple[int, ...]
    days_unknown: int
    planned: int


def in_state(status: Connection, *, limit: int) -> tuple[ServiceRow, ...]:
    """Return created services whose connection is in this state, the newest first, as an index has them."""
    rows = _created().filter(connection_status=status.value).order_by("-created_at", "id")
    return tuple(row_of(row) for row in rows[:limit])


def ending(*, now: datetime, within: timedelta, limit: int) -> tuple[ServiceRow, ...]:
    """Return created services whose credential has ended, or will within this time; the earliest first."""
    rows = _created().filter(credential_ends_at__lt=now + within).order_by("credential_ends_at", "id")
    return tuple(row_of(row) for row in rows[:limit])


def without(connected: QuerySet[Any], *, limit: int, after: int = 0) -> tuple[ServiceRow, ...]:
    """Return created services that aren't among the `connected` ones, by name: so many, `after` so many others."""
    rows = _created().exclude(pk__in=connected).order_by("short_name_key", "id")
    return tuple(row_of(row) for row in rows[after : after + limit])


def tallies(*, now: datetime) -> Tallies:
    """Count the scope's services in one go, each number up to a bound: a page never waits for a whole large list."""
    created, planned = (_living(state) for state in (Lifecycle.CREATED, Lifecycle.PLANNED))
    ends = [now + timedelta(days=days) for days in DAYS]
    bounds = [
        Q(credential_ends_at__lt=ends[0]),
        *(Q(credential_ends_at__gte=start, credential_ends_at__lt=end) for start, end in pairwise(ends)),
        Q(credential_ends_at__gte=ends[-1]),
        Q(credential_ends_at__isnull=True),
    ]
    states = [created.filter(connection_status=status.value) for status in Connection]
    numbers = iter(_counted([*states, *map(created.filter, bounds), planned]))
    return Tallies(
        connections={status: next(numbers) for status in Connection},
        days=tuple(next(numbers) for _bound in bounds[:-1]),
        days_unknown=next(numbers),
        planned=next(numbers),
    )


def _living(state: Lifecycle) -> QuerySet[Service]:
    return Service.objects.filter(lifecycle=state.value).order_by()


def _counted(groups: Sequence[QuerySet[Service]]) -> list[int]:
    """Count each group as far as anybody tells, all in one query."""
    first, *others = (
        group.annotate(place=Value(place)).values_list("place", flat=True)[: MOST_COUNTED + 1]
        for place, group in enumerate(groups)
    )
    found = Counter(first.union(*others, all=True))
    return [found[place] for place in range(len(groups))]


def _created() -> QuerySet[Service]:
    return Service.objects.filter(lifecycle=Lifecycle.CREATED.value).select_related("organization__parent")
