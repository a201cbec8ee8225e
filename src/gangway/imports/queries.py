"""Reads of this room. Everything returned is a plain frozen value; call them inside a scope."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Count, QuerySet

from gangway.foundation.errors import WhoActs
from gangway.foundation.words import is_meant
from gangway.imports.errors import NoSuchImport
from gangway.imports.models import Import, Row
from gangway.imports.states import DOWNLOADED, ImportState, Kind, RowState, Wait
from gangway.organizations.pages import Page, both_ways, every, page_of

SORTS: Final = both_ways(brought="created_at", file="file_name", rows="rows_total")
OVER: Final = frozenset({RowState.INVITED, RowState.PROVED, RowState.FAILED, RowState.LEFT_OUT})


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One import in a list."""

    id: UUID
    kind: Kind
    state: ImportState
    file_name: str
    organization_name: str
    rows_total: int
    by_name: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ImportView:
    """One import with how many of its rows are how far."""

    row: ImportRow
    counts: Mapping[RowState, int]
    finish_by_itself: bool
    days: int | None
    """How long its links are good for; None: as the provider's terms say when each goes out."""
    why: str
    expires_at: datetime
    goes_on_at: datetime | None
    waits_for: Wait | None
    rows_kept: bool
    """Whether its rows are still there; they are removed some time after its end."""

    @property
    def ready(self) -> int:
        """How many rows can be imported."""
        return self.counts.get(RowState.READY, 0)

    @property
    def done(self) -> int:
        """How many of those that can be imported have come to an end."""
        return sum(self.counts.get(state, 0) for state in OVER)

    @property
    def to_do(self) -> int:
        """How many rows are worked through in all: without those that the dry run found wrong."""
        return self.row.rows_total - self.left_out

    @property
    def left_out(self) -> int:
        """How many rows the dry run found wrong: nothing is done with them."""
        return self.counts.get(RowState.WRONG, 0)

    @property
    def is_over(self) -> bool:
        """Whether nothing of it will change any more by itself."""
        return self.row.state is not ImportState.RUNNING and not self.counts.get(RowState.PROVING)


@dataclass(frozen=True, slots=True)
class RowView:
    """One row: its cells (never a secret), what will happen or has happened, and what is wrong at which column."""

    number: int
    state: RowState
    values: Mapping[str, str]
    faults: Mapping[str, list[str]]
    makes_customer: bool
    invitation_id: UUID | None
    what: str
    cure: str
    acts: WhoActs | None


def imports(*, search: str = "", state: str = "", kind: str = "", sort: str = "", page: int = 1) -> Page[ImportRow]:
    """Return the scope's imports; `search` finds a part of the file's name or its person's.

    `state` and `kind`: an ImportState, a Kind, or empty; `sort`: a key of `SORTS`, else the newest first.
    """
    return page_of(_found(search, state, kind, sort), page, _import)


def every_import(
    *, search: str = "", state: str = "", kind: str = "", sort: str = "", among: Collection[UUID] | None = None
) -> Iterator[ImportRow]:
    """Give all that `imports` would show on its pages, or those of them with these ids, for an export."""
    return every(_found(search, state, kind, sort), _import, among=among)


def _found(search: str, state: str, kind: str, sort: str) -> QuerySet[Import]:
    rows = Import.objects.all()
    if wanted := search.strip():
        named = rows.values_list("pk", "file_name", "by_name")
        rows = rows.filter(pk__in=[key for key, *texts in named if is_meant(wanted, *texts)])
    if state in set(ImportState):
        rows = rows.filter(state=state)
    if kind in set(Kind):
        rows = rows.filter(kind=kind)
    return rows.select_related("organization").order_by(*SORTS.get(sort, SORTS["-brought"]))


def one_import(import_id: UUID) -> ImportView:
    """Return an import of the scope. Raises `NoSuchImport`."""
    row = _get(import_id)
    by_state = row.rows.order_by().values_list("state").annotate(number=Count("pk"))
    counts = {RowState(state): number for state, number in by_state}
    return ImportView(
        row=_import(row),
        counts=counts,
        finish_by_itself=row.finish_by_itself,
        days=row.days,
        why=row.why,
        expires_at=row.expires_at,
        goes_on_at=row.goes_on_at,
        waits_for=Wait(row.waits_for) if row.waits_for else None,
        rows_kept=bool(counts),
    )


def rows_of_import(import_id: UUID, *, state: str = "", page: int = 1) -> Page[RowView]:
    """Return the rows of an import of the scope as they stand in the file. Raises `NoSuchImport`."""
    rows = _get(import_id).rows.order_by("number")
    return page_of(rows.filter(state=state) if state in set(RowState) else rows, page, _row)


def rows_to_mend(import_id: UUID) -> Iterator[RowView]:
    """Give the rows that can be imported once more when they are mended: nothing was planned for them.

    Raises `NoSuchImport`.
    """
    return every(_to_mend(_get(import_id)).order_by("number"), _row)


def has_rows_to_mend(import_id: UUID) -> bool:
    """Say whether there are such rows. Raises `NoSuchImport`."""
    return _to_mend(_get(import_id)).exists()


def _to_mend(whole: Import) -> QuerySet[Row]:
    return whole.rows.filter(state__in=[state.value for state in DOWNLOADED], invitation_id__isnull=True)


def _get(import_id: UUID) -> Import:
    row = Import.objects.select_related("organization").filter(pk=import_id).first()
    if row is None:
        raise NoSuchImport
    return row


def _import(row: Import) -> ImportRow:
    return ImportRow(
        id=row.pk,
        kind=Kind(row.kind),
        state=ImportState(row.state),
        file_name=row.file_name,
        organization_name=row.organization.name,
        rows_total=row.rows_total,
        by_name=row.by_name,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )


def _row(row: Row) -> RowView:
    return RowView(
        number=row.number,
        state=RowState(row.state),
        values=row.values,
        faults=row.faults,
        makes_customer=row.makes_customer,
        invitation_id=row.invitation_id,
        what=row.problem.get("what", ""),
        cure=row.problem.get("cure", ""),
        acts=WhoActs(row.problem["acts"]) if row.problem else None,
    )
