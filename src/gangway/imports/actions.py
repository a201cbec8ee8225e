"""What people do with a file of many: bring it, start it, stop it, discard it.

Bringing one writes nothing but the import itself. Web seals the secrets while it reads, so the file is kept nowhere.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.foundation.sealed import SealedText
from gangway.imports.checking import Checked, check_all
from gangway.imports.errors import NothingToImport, NotYetAgain
from gangway.imports.models import Import, Row
from gangway.imports.reading import rows_of
from gangway.imports.rows import FORGET, WORK, locked, move, place_of, tell
from gangway.imports.states import ImportState, Kind, RowState
from gangway.invitations.errors import TooFarAhead
from gangway.invitations.terms import LONGEST_LIFE
from gangway.jobs.actions import defer
from gangway.organizations.place_queries import place
from gangway.vault.actions import seal_many

LASTS: Final = timedelta(hours=24)
"""From reading to starting, and from starting to the last row."""
MOST_WAITING: Final = 5
"""Imports of one person that are neither started nor discarded."""
LONGEST_NAME: Final = 100


def read_file(
    *,
    organization_id: UUID,
    kind: Kind,
    file_name: str,
    raw: bytes,
    finish_by_itself: bool,
    days: int | None = None,
    knowingly: bool = False,
    by: Actor,
    now: datetime,
) -> UUID:
    """Look at every row of a file and keep what came of it; gives the import's id. Call it inside a scope.

    `organization_id`: a provider or channel; what the file makes stands below it. `days`: how long its links are good
    for, if not as long as the provider's usually are. `knowingly`: addresses outside the customers' domains are meant.
    Raises `FileRefused`, `NotYetAgain`, `NoSuchOrganization`, and `TooFarAhead` at "days".
    """
    if days is not None and not 1 <= days <= LONGEST_LIFE:
        raise TooFarAhead(field="days")
    home, rows = place(organization_id), rows_of(raw, kind)
    waiting = Import.objects.filter(by_id=by.id, state=ImportState.CHECKED.value)
    if waiting.count() >= MOST_WAITING:
        raise NotYetAgain
    checked = check_all(rows, kind, organization_id=home.id, knowingly=knowingly, now=now)
    with transaction.atomic():
        whole = Import(
            organization_id=home.id,
            kind=kind.value,
            state=ImportState.CHECKED.value,
            file_name=_plain(file_name),
            rows_total=len(rows),
            finish_by_itself=finish_by_itself,
            knowingly=knowingly,
            days=days if kind is Kind.NEW else None,
            by_id=by.id,
            by_name=by.name[:200],
            created_at=now,
            expires_at=now + LASTS,
        )
        whole.save(force_insert=True)
        made = _rows(whole, checked, now=now)
        wrong = sum(row.state == RowState.WRONG for row in made)
        record(
            Event.IMPORT_CHECKED,
            by=by,
            organization_id=home.id,
            subject=f"import:{whole.pk}",
            data={"kind": kind.value, "file": whole.file_name, "rows": len(made), "wrong": wrong},
        )
    return whole.pk


@transaction.atomic
def start(*, import_id: UUID, by: Actor, now: datetime) -> None:
    """*Start import*: have a worker go through the rows that can be imported, for whoever starts it.

    Raises `NoSuchImport`, `ImportMoved`, `NothingToImport`.
    """
    whole = locked(import_id)
    ready = whole.rows.filter(state=RowState.READY.value).count()
    if whole.state == ImportState.CHECKED and not ready:
        raise NothingToImport
    move(whole, ImportState.RUNNING, now=now)
    whole.started_at, whole.expires_at = now, now + LASTS
    whole.by_id, whole.by_name = by.id, by.name[:200]
    whole.save(update_fields=["started_at", "expires_at", "by_id", "by_name"])
    tell(Event.IMPORT_STARTED, whole, by=by, data={"rows": ready})
    defer(WORK, lock=f"import:{import_id}", queueing_lock=f"import:{import_id}", import_id=str(import_id))


@transaction.atomic
def stop(*, import_id: UUID, by: Actor, now: datetime) -> None:
    """*Stop*: what was done stays; rows whose turn hasn't come are left out. Raises `NoSuchImport`, `ImportMoved`."""
    _end(import_id, ImportState.STOPPED, Event.IMPORT_STOPPED, by=by, now=now)


@transaction.atomic
def discard(*, import_id: UUID, by: Actor, now: datetime) -> None:
    """Throw away what was never started. Raises `NoSuchImport`, `ImportMoved`."""
    _end(import_id, ImportState.DISCARDED, Event.IMPORT_DISCARDED, by=by, now=now)


def _end(import_id: UUID, to: ImportState, event: Event, *, by: Actor, now: datetime) -> None:
    whole = locked(import_id)
    move(whole, to, now=now)
    left = whole.rows.filter(state=RowState.READY.value).update(state=RowState.LEFT_OUT.value, changed_at=now)
    tell(event, whole, by=by, data={"left_out": left})
    defer(FORGET, queueing_lock=f"{FORGET}:{import_id}", import_id=str(import_id))


def _rows(whole: Import, checked: Iterable[Checked], *, now: datetime) -> list[Row]:
    """Write the rows down, and seal the secrets of those that can be imported."""
    pairs = [(_row(whole, one, now=now), one.secret) for one in checked]
    sealed = [(row, secret) for row, secret in pairs if secret and row.state == RowState.READY]
    ids = seal_many([(place_of(row), SealedText(secret.reveal().strip())) for row, secret in sealed])
    for (row, _secret), sealed_id in zip(sealed, ids, strict=True):
        row.sealed_id = sealed_id
    return Row.objects.bulk_create([row for row, _secret in pairs], batch_size=500)


def _row(whole: Import, one: Checked, *, now: datetime) -> Row:
    return Row(
        id=uuid4(),
        organization_id=whole.organization_id,
        whole=whole,
        number=one.number,
        state=(RowState.WRONG if one.faults else RowState.READY).value,
        values=one.values,
        faults=one.faults,
        makes_customer=one.makes_customer,
        changed_at=now,
    )


def _plain(file_name: str) -> str:
    return "".join(sign for sign in file_name if sign.isprintable())[:LONGEST_NAME]
