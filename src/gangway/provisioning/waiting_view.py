"""What a run waits for, as both sides see it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from gangway.provisioning import consent, faults, waiting
from gangway.provisioning.engine.pinning import PlanUnknown
from gangway.provisioning.engine.remaining import WaitsFor
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.models import StepRecord, Waiting
from gangway.provisioning.plans import explain
from gangway.provisioning.shapes import ErrorView
from gangway.provisioning.states import RunState, StepState

WHO: Final = {
    Part.REGISTRATION: "Application Administrator, Cloud Application Administrator or Global Administrator",
    Part.CONSENT: "Privileged Role Administrator or Global Administrator",
    Part.ROLES: "Privileged Role Administrator or Global Administrator",
}
WHAT: Final = {
    Part.REGISTRATION: "App registration",
    Part.CONSENT: "Permission",
    Part.ROLES: "Directory role",
}


@dataclass(frozen=True, slots=True)
class RemainingRow:
    """One thing that is missing: what it is, its name, which Microsoft role may do it, and why it is asked for.

    `risk`: of a permission, as its plan grades it; 0 where there is no grade.
    """

    part: Part
    what: str
    name: str
    who: str
    why: str = ""
    risk: int = 0

    @property
    def words(self) -> str:
        """The thing with its name, as a line of a mail."""
        if self.part is Part.REGISTRATION:
            return f"App registration {self.name}"
        return f"Permission {self.name}" if self.part is Part.CONSENT else f"Directory role {self.name}"


@dataclass(frozen=True, slots=True)
class WaitingView:
    """A run's wait; its `deadline_at` is apart from any link's life. `consent_url` is empty where it isn't offered.

    `can_check`: whether we see from here what comes; else only a sign-in goes on.
    """

    run_id: UUID
    kind: WaitsFor
    remaining: tuple[RemainingRow, ...]
    done: tuple[str, ...]
    done_by: str
    registration_name: str
    app_id: str
    tenant_id: str
    tenant_name: str
    domains: tuple[str, ...]
    since: datetime
    deadline_at: datetime
    can_check: bool
    checked_at: datetime | None
    next_check_at: datetime | None
    found: str
    trouble: ErrorView | None
    consent_url: str
    planned_on: date | None
    reminders: int
    next_reminder_at: datetime | None
    reminders_stopped_at: datetime | None

    @property
    def parts(self) -> frozenset[Part]:
        """The parts of the work that somebody else has to do."""
        return frozenset(row.part for row in self.remaining)

    @property
    def roles_remain(self) -> bool:
        """Whether directory roles are among it: Microsoft's consent page gives none."""
        return Part.ROLES in self.parts

    @property
    def who(self) -> tuple[str, ...]:
        """The Microsoft roles that may do what remains, each set once."""
        return tuple(dict.fromkeys(row.who for row in self.remaining))


def waiting_of(run_id: UUID) -> WaitingView | None:
    """What a run waits for; None for one that doesn't wait."""
    row = (
        Waiting.objects.filter(run_id=run_id, run__state=RunState.WAITING.value)
        .select_related("run__registration")
        .first()
    )
    return None if row is None else _view(row)


def rest_of(run_id: UUID) -> WaitingView | None:
    """What a run waited for last, wherever it stands now; None for one that never waited."""
    row = Waiting.objects.filter(run_id=run_id).select_related("run__registration").first()
    return None if row is None else _view(row)


def parts_left(run_id: UUID) -> frozenset[Part]:
    """The parts that somebody else has to do after what was done; empty for a run that never waited."""
    row = Waiting.objects.filter(run_id=run_id).first()
    return frozenset() if row is None else frozenset(one.part for one in waiting.remaining(row))


def kinds_of(registration_ids: Collection[UUID]) -> dict[UUID, WaitsFor]:
    """What the waiting runs of several registrations wait for, in one query, by registration."""
    rows = Waiting.objects.filter(
        run__registration_id__in=list(registration_ids), run__state=RunState.WAITING.value
    ).values_list("run__registration_id", "kind")
    return {registration_id: WaitsFor(kind) for registration_id, kind in rows}


def _view(row: Waiting) -> WaitingView:
    run = row.run
    registration = run.registration
    done = StepRecord.objects.filter(run_id=run.pk, state=StepState.DONE.value).order_by("number")
    return WaitingView(
        run_id=run.pk,
        kind=WaitsFor(row.kind),
        remaining=_remaining(row),
        done=tuple(done.values_list("label", flat=True)),
        done_by=run.signer_upn,
        registration_name=registration.display_name,
        app_id=registration.app_id,
        tenant_id=registration.tenant_id,
        tenant_name=registration.tenant_name,
        domains=tuple(registration.domains),
        since=row.since,
        deadline_at=row.deadline_at,
        can_check=row.next_check_at is not None,
        checked_at=row.checked_at,
        next_check_at=row.next_check_at,
        found=row.found,
        trouble=faults.view(row.trouble),
        consent_url=_consent_url(row),
        planned_on=row.planned_on,
        reminders=row.reminders,
        next_reminder_at=row.next_reminder_at,
        reminders_stopped_at=row.reminders_stopped_at,
    )


def _remaining(row: Waiting) -> tuple[RemainingRow, ...]:
    told = _reasons(row.run.registration.plan)
    return tuple(
        RemainingRow(one.part, WHAT[one.part], one.name, WHO[one.part], *told.get((one.part, one.name), ()))
        for one in waiting.remaining(row)
    )


def _reasons(plan: Mapping[str, Any]) -> dict[tuple[Part, str], tuple[str, int]]:
    """Why each right is asked for, and a permission's risk; nothing of a plan that this release doesn't know."""
    try:
        known = explain(plan)
    except PlanUnknown:
        return {}
    permissions = {(Part.CONSENT, one.name): (one.why, one.risk) for one in known.permissions}
    return permissions | {(Part.ROLES, one.name): (one.why, 0) for one in known.roles}


def _consent_url(row: Waiting) -> str:
    registration = row.run.registration
    if not row.consent_link or not registration.app_id:
        return ""
    return consent.link(
        cloud=registration.cloud,
        tenant_id=registration.tenant_id,
        app_id=registration.app_id,
        run_id=row.run.after_id or row.run_id,
    )
