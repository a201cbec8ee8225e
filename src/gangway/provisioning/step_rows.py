"""The rows of a run's steps, read once and written together: under the tenant's lease nobody else writes them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from gangway.provisioning.models import StepRecord

CHANGES: Final = ("state", "attempt", "intent_at", "done_at", "seconds", "request_id", "words", "result")
"""What a step's row learns in its life; the rest stands from the beginning."""


@dataclass
class StepRows:
    """The steps of one run, by their keys. Sync, in the scope and transaction of the caller.

    `told`: words for the people who watch may stand beside them.
    """

    run_id: UUID
    told: bool = True
    _rows: dict[str, StepRecord] | None = field(default=None, repr=False)

    def all(self) -> dict[str, StepRecord]:
        """All rows; the database is asked once."""
        if self._rows is None:
            self._rows = {row.key: row for row in StepRecord.objects.filter(run_id=self.run_id)}
        return self._rows

    def write(self, rows: Iterable[StepRecord]) -> None:
        """Write new and changed rows, in one statement of each kind."""
        found = {row.key: row for row in rows}
        StepRecord.objects.bulk_create(
            found.values(), update_conflicts=True, unique_fields=["run", "key"], update_fields=list(CHANGES)
        )
        self.all().update(found)

    def remove(self, keys: Iterable[str]) -> None:
        """Take away rows of what isn't planned any more."""
        gone = [self.all().pop(key).pk for key in list(keys)]
        if gone:
            StepRecord.objects.filter(pk__in=gone).delete()

    def forget(self) -> None:
        """Ask the database again: a transaction was rolled back, so what is known here may be wrong."""
        self._rows, self.told = None, True
