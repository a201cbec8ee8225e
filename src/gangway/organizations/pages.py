"""One page of a long list, read without counting the whole."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Generic, TypeVar

from django.db import models

Row = TypeVar("Row")
Model = TypeVar("Model", bound=models.Model)

PAGE_SIZE: Final = 50
PORTION: Final = 1000
"""Rows of an export that are read at once."""
MOST_NAMED: Final = 1000
"""So many things a search names one by one; more stand so close in any list of theirs that a page is soon full."""
LAST_PAGE: Final = 100
"""Nobody turns more pages than this: searching is quicker, for the person and for the database."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows of one page, counted from 1. `has_next` is known from one row more than is shown."""

    rows: tuple[Row, ...]
    number: int
    has_next: bool

    @property
    def has_previous(self) -> bool:
        """Whether there is a page before this one."""
        return self.number > 1


def both_ways(**columns: str) -> dict[str, tuple[str, str]]:
    """Return the orders that a list offers by these columns: the name of each, and with a minus turned round."""
    up = {name: (column, "id") for name, column in columns.items()}
    return up | {f"-{name}": (f"-{column}", "-id") for name, column in columns.items()}


def page_of(
    rows: models.QuerySet[Model], number: int, shape: Callable[[Model], Row], *, keys_first: bool = False
) -> Page[Row]:
    """Return page `number` of an ordered queryset, each row given its shape; numbers out of bounds are drawn in.

    `keys_first`: find out which rows stand on the page before anything is joined to them. One question more, and for a
    list that has to be sorted much less work: else PostgreSQL joins every row that matches, and throws nearly all away.
    """
    bounded = max(1, min(number, LAST_PAGE))
    start = (bounded - 1) * PAGE_SIZE
    wanted = rows[start : start + PAGE_SIZE + 1]
    found = _by_keys(rows, wanted) if keys_first else list(wanted)
    more = len(found) > PAGE_SIZE and bounded < LAST_PAGE
    return Page(rows=tuple(shape(row) for row in found[:PAGE_SIZE]), number=bounded, has_next=more)


def _by_keys(rows: models.QuerySet[Model], wanted: models.QuerySet[Model]) -> list[Model]:
    return _of_keys(rows, list(wanted.values_list("pk", flat=True)))


def _of_keys(rows: models.QuerySet[Model], keys: list[Any]) -> list[Model]:
    found = rows.in_bulk(keys)
    return [found[key] for key in keys if key in found]


def one_of(rows: models.QuerySet[Any], *, at: str) -> models.Q:
    """Return the condition for rows that have one of these `rows` at the field `at`, for a list that is searched.

    They are looked up first, by their own indexes, and named; that is one question. Of many, each row of the list is
    asked about its own, in the list's order, until its page is full: that is soon, since they are many. For this it is
    a scalar subquery, which PostgreSQL never turns into a join; it would collect and sort all that match.
    """
    keys = list(rows.order_by().values_list("pk", flat=True)[: MOST_NAMED + 1])
    if len(keys) <= MOST_NAMED:
        return models.Q((f"{at}__in", keys))
    its_own = rows.order_by().filter(pk=models.OuterRef(f"{at}_id")).annotate(is_meant=models.Value(value=True))
    return models.Q(models.Subquery(its_own.values("is_meant"), output_field=models.BooleanField()))


def every(
    rows: models.QuerySet[Model], shape: Callable[[Model], Row], *, among: Collection[object] | None = None
) -> Iterator[Row]:
    """Give all rows of an ordered queryset, or those of them with these keys, for an export.

    Their keys are sorted once and the rows read in portions: to skip what was given already, PostgreSQL would have to
    find and sort all of it again for each portion.
    """
    meant = rows if among is None else rows.filter(pk__in=among)
    for keys in batched(iter(list(meant.values_list("pk", flat=True)))):
        yield from map(shape, _of_keys(rows, keys))


def batched(rows: Iterator[Row], size: int = PORTION) -> Iterator[list[Row]]:
    """Give rows in portions, for what is looked up for many of them at once."""
    while some := list(islice(rows, size)):
        yield some
