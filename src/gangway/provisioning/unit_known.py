"""Which administrative unit a plan names: plans hold its name or its id, role assignments say nothing but its id."""

from typing import Any
from uuid import UUID

from gangway.microsoft.graph.shapes import Unit
from gangway.provisioning.engine.pinning import GUID
from gangway.provisioning.engine.steps.roles import AssignRole
from gangway.provisioning.engine.steps.step import Step
from gangway.provisioning.models import StepRecord


def kept(step: Step) -> dict[str, Any]:
    """What a step's row keeps of the unit that was found for it."""
    if not isinstance(step, AssignRole) or step.unit is None:
        return {}
    return {"unit": {"id": step.unit.object_id, "name": step.unit.name}}


def known(registration_id: UUID, named: str) -> Unit | None:
    """The unit of that name or id as a run found it for this registration; None when none has. Inside a scope."""
    if GUID.fullmatch(named):
        return Unit(object_id=named, name="")
    rows = StepRecord.objects.filter(run__registration_id=registration_id, kind=AssignRole.kind)
    found = rows.filter(result__unit__name__iexact=named).order_by("-pk") if named else rows.none()
    row = found.first()
    return Unit(object_id=row.result["unit"]["id"], name=row.result["unit"]["name"]) if row else None
