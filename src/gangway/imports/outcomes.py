"""What came of the rows that a worker proves: asked of the case that an operator's typing would have."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from gangway.foundation.errors import GangwayError, WhoActs
from gangway.imports.cells import column_of, words_of
from gangway.imports.columns import FIELDS, ROW
from gangway.imports.models import Row
from gangway.imports.states import RowState
from gangway.onboarding.existing_errors import NotAsTyped
from gangway.onboarding.existing_view import known
from gangway.onboarding.shapes import ExistingView
from gangway.onboarding.states import CaseState

WITHDRAWN: Final = {
    "what": "It was withdrawn before it was proved.",
    "cure": "Import the row again, if it shall be connected all the same.",
    "acts": WhoActs.OPERATOR.value,
}


def settle(import_id: UUID, *, now: datetime) -> bool:
    """Write down how the proofs of an import have ended; says whether some go on. Within the import's scope."""
    going = list(Row.objects.filter(whole_id=import_id, state=RowState.PROVING.value))
    return sum(_settled(row, now=now) for row in going) < len(going)


def problem_of(error: GangwayError) -> dict[str, str]:
    """Say why a row failed, and at which of its columns."""
    if isinstance(error, NotAsTyped):
        told = [f"{column_of(fault, ROW)}: {' '.join(words_of(fault))}" for fault in error.faults]
        return {"what": " ".join(told), "cure": "", "acts": WhoActs.OPERATOR.value}
    column = column_of(error, "")
    what = f"{column}: {error.what}" if column else error.what
    return {"what": what, "cure": error.cure, "acts": error.acts.value}


def _settled(row: Row, *, now: datetime) -> bool:
    state, problem = _came(row)
    if state is RowState.PROVING:
        return False
    with transaction.atomic():
        rows = Row.objects.filter(pk=row.pk, state=RowState.PROVING.value)
        rows.update(state=state.value, problem=problem, changed_at=now)
    return True


def _came(row: Row) -> tuple[RowState, dict[str, str]]:
    if row.invitation_id is None:
        return RowState.FAILED, WITHDRAWN
    try:
        found = known(row.invitation_id).existing
    except GangwayError:
        return RowState.FAILED, WITHDRAWN
    if found.state is CaseState.DONE:
        return RowState.PROVED, {}
    if found.state is CaseState.PROVING:
        return RowState.PROVING, {}
    return RowState.FAILED, _problem(found)


def _problem(found: ExistingView) -> dict[str, str]:
    """Say why a proof failed: what is wrong with a cell, or what Microsoft said."""
    if found.faults:
        told = [f"{FIELDS.get(field, field)}: {words}" for field, words in found.faults.items()]
        return {"what": " ".join(told), "cure": "", "acts": WhoActs.OPERATOR.value}
    if found.problem is not None:
        return {"what": found.problem.what, "cure": found.problem.cure, "acts": found.problem.acts.value}
    return WITHDRAWN
