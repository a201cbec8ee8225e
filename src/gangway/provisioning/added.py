"""What one run added to a registration that was there before it: its credentials, and rights by its journal. Sync.

Whoever undoes a run asks here, wherever it stands: at work, at rest or proved. Call it inside a scope.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from gangway.foundation import clock
from gangway.microsoft.errors import Missing
from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.absence import Left
from gangway.provisioning.engine.apply import GIVEN_UP as NO_ANSWER
from gangway.provisioning.engine.profile import Permission, Role
from gangway.provisioning.engine.steps.roles import key_of
from gangway.provisioning.in_use import credentials_in_use, living_others, not_gone
from gangway.provisioning.models import MADE, Credential, Leftover, Registration, Run, StepRecord
from gangway.provisioning.states import (
    RESTING,
    CredentialState,
    LeftoverKind,
    RegistrationState,
    RunKind,
    RunState,
    StepState,
)

GRANTS: Final = ("grant_permission", "assign_role")
"""Kinds of steps that give rights."""
REACHING: Final = (RunKind.SETUP.value, RunKind.REPAIR.value, RunKind.UPGRADE.value)
"""Kinds of runs that bring a registration to a plan."""
PLAN_BEFORE: Final = "plan_before"
"""Where a repair or an upgrade keeps the plan that its registration had before, in what it wants."""

GIVEN_UP: Final = "given_up"
"""Where a run keeps the rights that its plan asked for before somebody changed it.

By the keys of their steps; what was limited to an administrative unit names that after a blank.
"""

GAVE: Final = (
    Q(state=StepState.DONE.value, words="")
    | Q(words=NO_ANSWER)
    | Q(state=StepState.INTENDED.value)
    | Q(result__error=Missing.code)
)
"""Steps by which a run gave something that wasn't there, or may have: Microsoft doesn't answer, or denies it."""


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
    """What this very run made, or may have made, for its service and nobody uses.

    A right that was there already isn't its own. Nor is one that the plan before needs, or by which another service
    lives.
    """
    rows = Credential.objects.filter(
        registration_id=run.registration_id,
        service_id=run.service_id,
        origin=MADE,
        announced_at__gte=run.created_at,
    )
    rows = rows.exclude(state=CredentialState.REMOVED.value).exclude(pk__in=credentials_in_use(run.registration_id))
    rows = rows.exclude(state=CredentialState.PROVED.value) if run.kind == RunKind.ROTATION else rows
    if _is_lived_by(run):
        return Added(credentials=frozenset(rows.values_list("pk", flat=True)))
    keys = frozenset(StepRecord.objects.filter(GAVE, run_id=run.pk, kind__in=GRANTS).values_list("key", flat=True))
    permissions, roles = rights_known(run.registration.plan)
    before = _kept_by(run.wanted[PLAN_BEFORE]) if PLAN_BEFORE in run.wanted else frozenset[str]()
    given = {entry.id for entry in permissions if f"grant:{entry.value}" in keys}
    assigned = {role.template_id for role in roles if any(role.template_id in key for key in keys)}
    return Added(
        credentials=frozenset(rows.values_list("pk", flat=True)),
        permissions=frozenset(given - before),
        roles=frozenset(assigned - before),
    )


def leaves_nobody(run: Run, added: Added) -> bool:
    """Whether a registration of ours would be nobody's without what this run added: then all of it goes.

    What was never proved for the run's own service holds nothing; what rests yet is taken away when that is over. A
    service whose own run rests may get something of it yet.
    """
    registration = run.registration
    gone = registration.state == RegistrationState.REMOVED
    if registration.origin != MADE or gone or credentials_in_use(registration.pk):
        return False
    held = not_gone(registration.pk, now=clock.now()).exclude(pk__in=added.credentials)
    unproved = [CredentialState.ANNOUNCED.value, CredentialState.MADE.value]
    held = held.exclude(service_id=run.service_id, state__in=unproved)
    others = Run.objects.filter(registration_id=registration.pk, kind__in=REACHING)
    goes_on = others.filter(state__in=[state.value for state in RESTING]).exclude(service_id=run.service_id)
    return not held.exists() and not goes_on.exists()


def left_by(run: Run, *, why: str) -> Iterator[Left]:
    """The same as something for a person to take away."""
    registration, added = run.registration, added_by(run)
    yield from credentials_left(registration, Credential.objects.filter(pk__in=added.credentials), why)
    yield from rights_left(registration, permissions=added.permissions, roles=added.roles, why=why)


def give_back_plan(run: Run) -> None:
    """Let the locked registration of a run that is undone have the plan again that it had before."""
    if PLAN_BEFORE in run.wanted and not _is_lived_by(run):
        run.registration.plan = run.wanted[PLAN_BEFORE]
        run.registration.save(update_fields=["plan"])


def plan_to_give_back(registration: Registration) -> dict[str, Any]:
    """The plan that a registration has, or had before a repair or an upgrade that still rests."""
    resting = Run.objects.filter(registration_id=registration.pk, state__in=[state.value for state in RESTING])
    found = resting.filter(wanted__has_key=PLAN_BEFORE).order_by("-created_at").values_list("wanted", flat=True)
    wanted = found.first()
    return dict(wanted[PLAN_BEFORE] if wanted else registration.plan)


def given_up(run: Run, plan: Mapping[str, Any]) -> list[str]:
    """The rights that a run asked for, or was to ask for, and that another plan gives up; never one of the plan before.

    Call it before the registration has that plan.
    """
    before = _keys(_asked_by(run.wanted[PLAN_BEFORE])) if PLAN_BEFORE in run.wanted else frozenset[str]()
    earlier = _asked_by(run.registration.plan) | set(run.wanted.get(GIVEN_UP, ()))
    return sorted(one for one in earlier - _asked_by(plan) if not _keys([one]) <= before)


def given_up_before(registration_id: UUID, plan: Mapping[str, Any]) -> list[str]:
    """The same for a new run on a registration that was begun before and never proved: whatever it holds is ours."""
    begun = Registration.objects.filter(pk=registration_id, proved_at__isnull=True)
    row = begun.exclude(state=RegistrationState.REMOVED.value).first()
    if row is None:
        return []
    runs = Run.objects.filter(registration_id=registration_id).values_list("wanted", flat=True)
    earlier = _asked_by(row.plan).union(*(wanted.get(GIVEN_UP, ()) for wanted in runs))
    return sorted(earlier - _asked_by(plan))


def given_up_by_resting(registration_id: UUID, plan: Mapping[str, Any]) -> list[str]:
    """The same for a repair or an upgrade that goes on with one that rests, or takes its place."""
    resting = Run.objects.filter(registration_id=registration_id, state__in=[state.value for state in RESTING])
    rows = resting.filter(wanted__has_key=PLAN_BEFORE).select_related("registration")
    return sorted({right for run in rows for right in given_up(run, plan)})


def _asked_by(plan: Mapping[str, Any]) -> frozenset[str]:
    """Nothing that is known for a plan that this release can't read."""
    try:
        pinned = pinning.read(plan)
    except pinning.PlanUnknown:
        return frozenset()
    found = {f"grant:{entry.value}" for entry in pinned.permissions}
    for role in pinned.roles:
        limited = pinned.in_unit and role.in_unit
        found.add(f"{key_of(role, limited=limited)} {pinned.unit}" if limited else key_of(role, limited=False))
    return frozenset(found)


def _keys(rights: Iterable[str]) -> frozenset[str]:
    """The keys of the steps that give these rights, wherever they reach."""
    return frozenset(one.partition(" ")[0] for one in rights)


def given_in_vain(run: Run) -> frozenset[str]:
    """Those of the rights given up that an attempt gave or may have given: by the keys of their steps.

    Nobody else gives the registration of a set-up anything. None while another living service goes on with the
    registration.
    """
    wanted = run.wanted.get(GIVEN_UP, ())
    if not wanted or living_others(run.registration_id, run.service_id).exists():
        return frozenset()
    gave = GAVE | Q(state=StepState.DONE.value) if run.kind == RunKind.SETUP else GAVE
    attempts = Q(run_id=run.pk) | ~Q(run__state=RunState.PROVED.value)
    rows = StepRecord.objects.filter(attempts, gave, run__registration_id=run.registration_id, kind__in=GRANTS)
    return frozenset(rows.filter(key__in=_keys(wanted)).values_list("key", flat=True))


def rights_others_need(registration: Registration, service_id: UUID) -> frozenset[str]:
    """The ids of the rights by which living services beside this one go on."""
    if registration.origin != MADE or not living_others(registration.pk, service_id).exists():
        return frozenset()
    return _kept_by(registration.plan)


def rights_known(plan: Mapping[str, Any]) -> tuple[tuple[Permission, ...], tuple[Role, ...]]:
    """All permissions and roles that the plan's profile knows, since a plan may be given back before its rights go."""
    profile = pinning.read(plan).profile
    chosen = (role for choice in profile.role_choices for role in choice.roles)
    roles = {role.template_id: role for role in (*profile.roles, *chosen)}
    return profile.permissions, tuple(roles.values())


def _kept_by(plan: Mapping[str, Any]) -> frozenset[str]:
    pinned = pinning.read(plan)
    kept = {entry.id for entry in pinned.permissions if entry.stage == "always"}
    return frozenset(kept | {role.template_id for role in pinned.roles})


def _is_lived_by(run: Run) -> bool:
    """Whether another service goes on with the rights that a run gave; whoever was there before lived without them.

    Without a plan before it, all rights of the registration are the run's. A later repair or upgrade needs them, too.
    """
    others = living_others(run.registration_id, run.service_id)
    if PLAN_BEFORE not in run.wanted:
        return others.exists()
    later = Run.objects.filter(registration_id=run.registration_id, kind__in=REACHING, created_at__gt=run.created_at)
    goes_on = later.exclude(state=RunState.CANCELLED.value).exists()
    return goes_on or others.filter(announced_at__gte=run.created_at).exists()


def rights_listed(registration: Registration, rows: Collection[Leftover]) -> dict[str, list[str]]:
    """The permissions and roles among these leftovers, as a tear-down names them: by their ids."""
    permissions, roles = rights_known(registration.plan)
    names = {(row.kind, row.name) for row in rows}
    return {
        "permissions": [each.id for each in permissions if (LeftoverKind.PERMISSION.value, each.value) in names],
        "roles": [each.template_id for each in roles if (LeftoverKind.ROLE.value, each.name) in names],
    }


def credentials_left(registration: Registration, rows: Iterable[Credential], why: str) -> Iterator[Left]:
    """Credentials as something for a person to take away; one whose answer was lost is known by its name."""
    facts = {"app_id": registration.app_id, "application": registration.display_name}
    for row in rows:
        yield Left(LeftoverKind.CREDENTIAL, row.display_name, row.key_id or row.display_name, facts, why)


def rights_left(
    registration: Registration, *, permissions: Collection[str], roles: Collection[str], why: str
) -> Iterator[Left]:
    """The same rights as something for a person to take away, when nobody could look at them."""
    known, facts = rights_known(registration.plan), {"app_id": registration.app_id}
    for entry in known[0]:
        if entry.id in permissions:
            yield Left(LeftoverKind.PERMISSION, entry.value, entry.id, facts, why)
    for role in known[1]:
        if role.template_id in roles:
            yield Left(LeftoverKind.ROLE, role.name, role.template_id, facts, why)
