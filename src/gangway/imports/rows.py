"""Finding and moving this room's rows: lock, compare with the table of moves, change."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.imports.errors import ImportMoved, NoSuchImport
from gangway.imports.models import Import, Row
from gangway.imports.states import ALIVE, MOVES, ImportState
from gangway.vault.places import Place

WORK: Final = "imports:work"
FORGET: Final = "imports:forget"


def locked(import_id: UUID) -> Import:
    """Return an import of the scope, held until the transaction ends. Raises `NoSuchImport`."""
    whole = Import.objects.select_for_update(of=("self",)).filter(pk=import_id).first()
    if whole is None:
        raise NoSuchImport
    return whole


def move(whole: Import, to: ImportState, *, now: datetime, why: str = "") -> None:
    """Move a locked import on. Raises `ImportMoved`."""
    if to not in MOVES[ImportState(whole.state)]:
        raise ImportMoved
    whole.state, whole.why, whole.goes_on_at, whole.waits_for = to.value, why, None, ""
    whole.ended_at = None if to in ALIVE else now
    whole.save(update_fields=["state", "why", "goes_on_at", "waits_for", "ended_at"])


def tell(event: Event, whole: Import, *, by: Actor, data: Mapping[str, int | str]) -> None:
    """Write down what happened to an import."""
    record(event, by=by, organization_id=whole.organization_id, subject=f"import:{whole.pk}", data=data)


def place_of(row: Row) -> Place:
    """Where a row's secret is sealed until its turn comes."""
    return Place(row.organization_id, "imports.row.credential", row.pk)
