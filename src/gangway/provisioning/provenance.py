"""Who made a registration, who consented, who gave it its roles, and when: from the journal of its runs. Sync."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from gangway.provisioning.models import GIVEN, Registration, StepRecord
from gangway.provisioning.states import StepState

Part = Literal["created", "consented", "roles"]

STEPS: Final[dict[Part, frozenset[str]]] = {
    "created": frozenset({"create_application", "restore_application"}),
    "consented": frozenset({"grant_permission"}),
    "roles": frozenset({"assign_role"}),
}
"""Kinds of steps that do each part."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """One part of a registration. `who`: empty when it was not done by a sign-in here; then `at` is when we saw it."""

    part: Part
    who: str
    at: datetime | None
    by_customer: bool = False
    """Whether the customer did it without us."""


def provenance(registration_id: UUID) -> tuple[Provenance, ...]:
    """Who did each part of a registration. Call it inside a scope; empty for one that we hold no record of."""
    registration = Registration.objects.filter(pk=registration_id).first()
    if registration is None:
        return ()
    if registration.origin == GIVEN:
        return tuple(Provenance(part, "", registration.proved_at, by_customer=True) for part in STEPS)
    every = frozenset[str]().union(*STEPS.values())
    rows = StepRecord.objects.filter(
        run__registration_id=registration_id, kind__in=every, state=StepState.DONE.value, done_at__isnull=False
    )
    done = list(rows.select_related("run").order_by("done_at"))
    return tuple(_part(part, [row for row in done if row.kind in kinds], registration) for part, kinds in STEPS.items())


def _part(part: Part, done: list[StepRecord], registration: Registration) -> Provenance:
    if not done:
        return Provenance(part, "", registration.proved_at)
    last = done[-1]
    return Provenance(part, str(last.result.get("by", "")) or last.run.signer_upn, last.done_at)
