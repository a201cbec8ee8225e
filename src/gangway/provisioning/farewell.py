"""What was taken away with a service, and what stays in the tenant: by the journal of its tear-downs. Sync.

Call it inside a scope, before our copies are destroyed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from gangway.provisioning.engine.steps.step import REMOVING
from gangway.provisioning.leftovers import TAKEN
from gangway.provisioning.models import GIVEN, MADE, Credential, Leftover, Registration, Run, StepRecord
from gangway.provisioning.states import CredentialState, LeftoverKind, RegistrationState, RunKind, StepState

NAMED: Final[dict[LeftoverKind, str]] = {
    LeftoverKind.APPLICATION: "App registration {name}",
    LeftoverKind.PRINCIPAL: "Enterprise application {name}",
    LeftoverKind.DELETED_APPLICATION: "Deleted app registration {name}",
    LeftoverKind.CREDENTIAL: "Credential {name}",
    LeftoverKind.PERMISSION: "Permission {name}",
    LeftoverKind.ROLE: "Directory role {name}",
    LeftoverKind.SIGN_IN_APPLICATION: "Sign-in application {name}",
}


class Outcome(StrEnum):
    """What became of a thing."""

    REMOVED = "removed"
    STAYS = "stays"
    DESTROYED = "destroyed"
    GONE = "gone"
    CLAIMED = "claimed"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing and what became of it, in words for the customer. `by`: who said that it is gone."""

    outcome: Outcome
    what: str
    id: str = ""
    why: str = ""
    at: datetime | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Parted:
    """One registration that a service signed in with."""

    name: str
    app_id: str
    tenant_id: str
    tenant_name: str
    lines: tuple[Line, ...]


def parted(service_id: UUID, *, on_end: str) -> tuple[Parted, ...]:
    """Each registration of a service that is gone, with what was removed, what stays and why."""
    mine = Credential.objects.filter(service_id=service_id).values("registration_id")
    rows = Registration.objects.filter(pk__in=mine).order_by("created_at")
    return tuple(
        Parted(row.display_name, row.app_id, row.tenant_id, row.tenant_name, _once(_lines(row, service_id, on_end)))
        for row in rows
    )


def _once(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Each thing once: what a run kept stands on the list of leftovers as well, whose later word counts."""
    return tuple({(line.what, line.id): line for line in lines}.values())


def _runs(row: Registration, service_id: UUID, on_end: str) -> QuerySet[Run]:
    """Those that its deletion started; of a registration that is gone also those that took it away, maybe before."""
    runs = Run.objects.filter(registration_id=row.pk, kind=RunKind.TEARDOWN.value)
    if row.state == RegistrationState.REMOVED.value:
        return runs.filter(Q(service_id=service_id) | Q(wanted__whole=True))
    return runs.filter(service_id=service_id, on_end=on_end)


def _lines(row: Registration, service_id: UUID, on_end: str) -> Iterator[Line]:
    mine, is_gone = _runs(row, service_id, on_end), row.state == RegistrationState.REMOVED.value
    done = StepRecord.objects.filter(run__in=mine, state=StepState.DONE.value, kind__startswith=REMOVING)
    for step in done.order_by("done_at"):
        yield Line(Outcome.REMOVED, step.label, at=step.done_at)
    for run in mine.order_by("created_at"):
        for one in (*run.result.get("stays", ()), *run.result.get("kept", ())):
            yield Line(Outcome.STAYS, _named(one["kind"], one["name"]), one["id"], one["why"])
    leftovers = Leftover.objects.filter(registration_id=row.pk, service_id=service_id)
    leftovers = leftovers.exclude(cleared_by_kind=TAKEN.kind, cleared_by_name=TAKEN.name)  # in use again, not gone
    yield from map(_of_leftover, leftovers.order_by("since"))
    if row.origin == MADE and not is_gone and not any(run.wanted.get("whole") for run in mine):
        what = _named(LeftoverKind.APPLICATION, row.display_name)
        yield Line(Outcome.STAYS, what, row.object_id, "Other services sign in with it.")
    for credential in Credential.objects.filter(registration_id=row.pk, service_id=service_id):
        if credential.origin == GIVEN and is_gone:
            what = _named(LeftoverKind.CREDENTIAL, credential.display_name)
            yield Line(
                Outcome.REMOVED, what, credential.key_id, "Somebody typed it in; it goes with the App registration."
            )
        elif credential.origin == GIVEN:
            why = "Somebody typed it in; only the customer removes it. Our copy is destroyed."
            what = _named(LeftoverKind.CREDENTIAL, credential.display_name)
            yield Line(Outcome.STAYS, what, credential.key_id, why)
        elif credential.state != CredentialState.REMOVED.value:
            what = f"Our copy of credential {credential.display_name}"
            yield Line(Outcome.DESTROYED, what, credential.key_id)


def _of_leftover(left: Leftover) -> Line:
    what = _named(left.kind, left.name)
    if left.cleared_at is None:
        return Line(Outcome.STAYS, what, left.object_id, left.why)
    if left.cleared_by_kind == "system":
        return Line(Outcome.GONE, what, left.object_id, at=left.cleared_at)
    return Line(Outcome.CLAIMED, what, left.object_id, at=left.cleared_at, by=left.cleared_by_name)


def _named(kind: str, name: str) -> str:
    return NAMED[LeftoverKind(kind)].format(name=name)
