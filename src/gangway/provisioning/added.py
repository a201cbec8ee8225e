"""What one run added to a registration that was there before it: its credentials, and rights by its journal. Sync.

Whoever undoes a run asks here, wherever it stands: at work, at rest or proved. Call it inside a scope.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.absence import Left
from gangway.provisioning.in_use import credentials_in_use
from gangway.provisioning.models import MADE, Credential, Leftover, Registration, Run, StepRecord
from gangway.provisioning.states import CredentialState, LeftoverKind, RunKind, StepState

GRANTS: Final = ("grant_permission", "assign_role")
"""Kinds of steps that give rights."""


@dataclass(frozen=True, slots=True)
class Added:
    """Our rows of credentials; permissions and roles by their own ids."""

    credentials: frozenset[UUID] = frozenset()
    permissions: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether there is anything to undo."""
        return bool(self.credentials or self.permissions or self.roles)

    def wanted(self) -> dict[str, Any]:
        """The same as a tear-down names it."""
        return {"credentials": self.credentials, "permissions": self.permissions, "roles": self.roles}


def added_by(run: Run) -> Added:
    """What this very run made for its service and nobody uses; a right that was there already isn't its own."""
    rows = Credential.objects.filter(
        registration_id=run.registration_id,
        service_id=run.service_id,
        origin=MADE,
        announced_at__gte=run.created_at,
    )
    rows = rows.exclude(state=CredentialState.REMOVED.value).exclude(pk__in=credentials_in_use(run.registration_id))
    rows = rows.exclude(state=CredentialState.PROVED.value) if run.kind == RunKind.ROTATION else rows
    done = StepRecord.objects.filter(run_id=run.pk, kind__in=GRANTS, state=StepState.DONE.value, words="")
    keys = frozenset(done.values_list("key", flat=True))
    plan = pinning.read(run.registration.plan)
    return Added(
        credentials=frozenset(rows.values_list("pk", flat=True)),
        permissions=frozenset(entry.id for entry in plan.permissions if f"grant:{entry.value}" in keys),
        roles=frozenset(role.template_id for role in plan.roles if any(role.template_id in key for key in keys)),
    )


def rights_listed(registration: Registration, rows: Collection[Leftover]) -> dict[str, list[str]]:
    """The permissions and roles among these leftovers, as a tear-down names them: by the plan's ids."""
    plan, names = pinning.read(registration.plan), {(row.kind, row.name) for row in rows}
    return {
        "permissions": [each.id for each in plan.permissions if (LeftoverKind.PERMISSION.value, each.value) in names],
        "roles": [each.template_id for each in plan.roles if (LeftoverKind.ROLE.value, each.name) in names],
    }


def rights_left(
    registration: Registration, *, permissions: Collection[str], roles: Collection[str], why: str
) -> Iterator[Left]:
    """The same rights as something for a person to take away, when nobody could look at them."""
    plan, facts = pinning.read(registration.plan), {"app_id": registration.app_id}
    for entry in plan.permissions:
        if entry.id in permissions:
            yield Left(LeftoverKind.PERMISSION, entry.value, entry.id, facts, why)
    for role in plan.roles:
        if role.template_id in roles:
            yield Left(LeftoverKind.ROLE, role.name, role.template_id, facts, why)
