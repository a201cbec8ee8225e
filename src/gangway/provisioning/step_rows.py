"""The rows of a run's steps, read once and written together: under the tenant's lease nobody else writes them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection

from gangway.organizations.scope import check_writable
from gangway.provisioning.models import StepRecord

COLUMNS: Final = (
    *("organization_id", "run_id", "number", "kind", "key", "label"),
    *("state", "attempt", "intent_at", "done_at", "seconds", "request_id", "words", "result"),
)
WRITE: Final = """
    INSERT INTO provisioning_steprecord (
        organization_id, run_id, number, kind, key, label,
        state, attempt, intent_at, done_at, seconds, request_id, words, result
    )
    SELECT
        organization_id, run_id, number, kind, key, label,
        state, attempt, intent_at, done_at, seconds, request_id, words, result
    FROM jsonb_populate_recordset(NULL::provisioning_steprecord, %s)
    ON CONFLICT (run_id, key) DO UPDATE SET
        state = EXCLUDED.state,
        attempt = EXCLUDED.attempt,
        intent_at = EXCLUDED.intent_at,
        done_at = EXCLUDED.done_at,
        seconds = EXCLUDED.seconds,
        request_id = EXCLUDED.request_id,
        words = EXCLUDED.words,
        result = EXCLUDED.result
"""
"""New rows, and what a step's row learns in its life; the rest stands from the beginning.

Written out: each journal write ends with it, and Django takes far longer to put it together.
"""


@dataclass
class StepRows:
    """The steps of one run, by their keys. Sync, in the scope and transaction of the caller.

    `told`: words for the people who watch may stand beside them. `none_yet`: the run is begun for the first time.
    """

    run_id: UUID
    told: bool = True
    none_yet: bool = False
    _rows: dict[str, StepRecord] | None = field(default=None, repr=False)
    _changed: dict[str, StepRecord] = field(default_factory=dict, repr=False)

    def all(self) -> dict[str, StepRecord]:
        """All rows; the database is asked once, and not at all while there can't be any."""
        if self._rows is None:
            there = () if self.none_yet else StepRecord.objects.filter(run_id=self.run_id)
            self._rows = {row.key: row for row in there}
        return self._rows

    def write(self, rows: Iterable[StepRecord]) -> None:
        """Take up new and changed rows, for the end of the transaction."""
        found = {row.key: row for row in rows}
        self._changed.update(found)
        self.all().update(found)

    def flush(self) -> None:
        """Write what was changed, in one statement. Raises OutOfScope."""
        if self._changed:
            check_writable(row.organization_id for row in self._changed.values())
            rows = [{name: getattr(row, name) for name in COLUMNS} for row in self._changed.values()]
            with connection.cursor() as cursor:
                cursor.execute(WRITE, [json.dumps(rows, default=_plain)])
        self._changed = {}

    def remove(self, keys: Iterable[str]) -> None:
        """Take away rows of what isn't planned any more."""
        gone = list(keys)
        for key in gone:
            del self.all()[key]
            self._changed.pop(key, None)
        if gone:
            StepRecord.objects.filter(run_id=self.run_id, key__in=gone).delete()

    def forget(self) -> None:
        """Ask the database again: a transaction was rolled back, so what is known here may be wrong."""
        self._rows, self._changed, self.told, self.none_yet = None, {}, True, False


def _plain(value: object) -> str:
    """Ids and times, as PostgreSQL reads them; a step's result holds nothing but plain values."""
    if isinstance(value, UUID | datetime):
        return str(value)
    raise TypeError(f"a step holds no {type(value).__name__}")
