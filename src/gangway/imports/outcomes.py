"""What came of the rows that wait for a worker: a proof, as an operator's typing has one, or whose a domain is."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from gangway.foundation.errors import GangwayError, WhoActs
from gangway.imports.cells import column_of, words_of
from gangway.imports.columns import FIELDS, ROW
from gangway.imports.models import Import, Row
from gangway.imports.states import Kind, RowState
from gangway.invitations.queries import invitation
from gangway.invitations.states import State
from gangway.onboarding.existing_errors import NotAsTyped
from gangway.onboarding.existing_view import known
from gangway.onboarding.shapes import ExistingView
from gangway.onboarding.states import CaseState

WITHDRAWN: Final = {
    "what": "It was withdrawn before it was proved.",
    "cure": "Import the row again, if it shall be connected all the same.",
    "acts": WhoActs.OPERATOR.value,
}
NOT_SENT: Final = {
    "what": "domain: Microsoft knows no tenant with this domain in the customer's cloud, so no link went out.",
    "cure": "Correct the domain, or the cloud, on the customer's page; then send the invitation, which is a draft.",
    "acts": WhoActs.OPERATOR.value,
}
WAITED_FOR: Final = timedelta(minutes=10)


def proves(row: Row, whole: Import) -> bool:
    """Whether a row that was done just now waits for a worker: its credential is proved, or whose its domain is."""
    if whole.kind == Kind.EXISTING:
        return True
    return row.invitation_id is not None and bool(invitation(row.invitation_id).held_for)


def settle(import_id: UUID, *, now: datetime) -> bool:
    """Write down how the proofs of an import have ended; says whether some go on. Within the import's scope."""
    going = list(Row.objects.filter(whole_id=import_id, state=RowState.PROVING.value).select_related("whole"))
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
    state, problem = _came(row) if row.whole.kind == Kind.EXISTING else _sent(row, now=now)
    if state is RowState.PROVING:
        return False
    with transaction.atomic():
        rows = Row.objects.filter(pk=row.pk, state=RowState.PROVING.value)
        rows.update(state=state.value, problem=problem, changed_at=now)
    return True


def _sent(row: Row, *, now: datetime) -> tuple[RowState, dict[str, str]]:
    """What came of a link that waits until it is known whose its domain is.

    Where Microsoft is silent for long the row is done: the invitation's page says what it waits for.
    """
    try:
        about = invitation(row.invitation_id) if row.invitation_id else None
    except GangwayError:
        about = None
    if about is None:
        return RowState.FAILED, WITHDRAWN
    if about.held_for:
        return (RowState.PROVING if now - row.changed_at < WAITED_FOR else RowState.INVITED), {}
    if about.state is State.DRAFT and about.doubted_at is not None:
        return RowState.FAILED, NOT_SENT
    return RowState.INVITED, {}


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
