"""Services at a glance: which need a person, and how many stand how."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from django.db.models import Count, Q, QuerySet

from gangway.services.models import Service
from gangway.services.queries import ServiceRow, row_of
from gangway.services.states import Connection, Lifecycle

DAYS: Final = (0, 7, 30, 60)
"""Bounds of the days left by which credentials are counted: expired below the first."""


@dataclass(frozen=True, slots=True)
class Tallies:
    """How many created services there are by connection, and by the days that their credentials have left.

    `days`: expired, then up to each following bound of `DAYS`, then more; `days_unknown` stands apart.
    """

    connections: Mapping[Connection, int]
    days: tuple[int, ...]
    days_unknown: int
    planned: int


def in_state(status: Connection, *, limit: int) -> tuple[ServiceRow, ...]:
    """Return created services whose connection is in this state, by name."""
    rows = _created().filter(connection_status=status.value).order_by("short_name_key", "id")
    return tuple(row_of(row) for row in rows[:limit])


def ending(*, now: datetime, within: timedelta, limit: int) -> tuple[ServiceRow, ...]:
    """Return created services whose credential has ended, or will within this time; the earliest first."""
    rows = _created().filter(credential_ends_at__lt=now + within).order_by("credential_ends_at", "id")
    return tuple(row_of(row) for row in rows[:limit])


def without(connected: QuerySet[Any], *, limit: int) -> tuple[ServiceRow, ...]:
    """Return created services that aren't among the `connected` ones, by name."""
    rows = _created().exclude(pk__in=connected).order_by("short_name_key", "id")
    return tuple(row_of(row) for row in rows[:limit])


def tallies(*, now: datetime) -> Tallies:
    """Count the scope's services in one go."""
    created = Q(lifecycle=Lifecycle.CREATED.value)
    ends = [now + timedelta(days=days) for days in DAYS]
    bounds = [
        Q(credential_ends_at__lt=ends[0]),
        *(Q(credential_ends_at__gte=start, credential_ends_at__lt=end) for start, end in pairwise(ends)),
        Q(credential_ends_at__gte=ends[-1]),
    ]
    counted = Service.objects.aggregate(
        **{status.value: Count("pk", filter=created & Q(connection_status=status.value)) for status in Connection},
        **{f"days{place}": Count("pk", filter=created & bound) for place, bound in enumerate(bounds)},
        days_unknown=Count("pk", filter=created & Q(credential_ends_at__isnull=True)),
        planned=Count("pk", filter=Q(lifecycle=Lifecycle.PLANNED.value)),
    )
    return Tallies(
        connections={status: counted[status.value] for status in Connection},
        days=tuple(counted[f"days{place}"] for place in range(len(bounds))),
        days_unknown=counted["days_unknown"],
        planned=counted["planned"],
    )


def _created() -> QuerySet[Service]:
    return Service.objects.filter(lifecycle=Lifecycle.CREATED.value).select_related("organization__parent")
