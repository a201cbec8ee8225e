"""Absence: the blueprint of a tear-down, what is still there of it, and the pure plan between the two.

Nothing is named here that our journal doesn't say is ours: the registration with our unique name, and credentials by
their key ids. What a registration has beside that, a credential of somebody else, stays as long as it stays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gangway.foundation.ids import AppId
from gangway.microsoft.graph.shapes import (
    Application,
    DeletedApplication,
    Grant,
    RoleAssignment,
    ServicePrincipal,
)
from gangway.provisioning.engine.observation import Held, Observation
from gangway.provisioning.engine.plan import Plan, waves
from gangway.provisioning.engine.rights import Part, verdict
from gangway.provisioning.engine.steps.credentials import RemoveLeftover
from gangway.provisioning.engine.steps.deletion import RemoveApplication, RemoveForGood
from gangway.provisioning.engine.steps.removal import RemoveCredential, RemovePermission, RemovePrincipal, RemoveRole
from gangway.provisioning.engine.steps.step import Step
from gangway.provisioning.states import LeftoverKind


@dataclass(frozen=True)
class Absence:
    """What shall not be. `whole`: the registration and all that hangs on it; else only credentials, rights by id.

    `for_good`: nor among the deleted ones. `app_id`: as our journal knows it, perhaps empty. `alone`: the registration
    acts by itself, so that it can't take away what it needs to go on; deleting itself is its one and last step.
    """

    unique_name: str
    whole: bool
    app_id: str = ""
    for_good: bool = False
    alone: bool = False
    permissions: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict)
    farewell: AppId | None = None


@dataclass(frozen=True)
class Presence:
    """What is still there. `grants` and `roles` are None when they can't be read, as `bin_read` says of the deleted."""

    application: Application | None = None
    principal: ServicePrincipal | None = None
    grants: tuple[Grant, ...] | None = ()
    roles: tuple[RoleAssignment, ...] | None = ()
    deleted: DeletedApplication | None = None
    bin_read: bool = True
    signer_roles: frozenset[str] | None = None
    sign_in_principal: ServicePrincipal | None = None
    held: tuple[Held, ...] = ()

    @property
    def observed(self) -> Observation:
        """The same as the steps of the other plans know it."""
        return Observation(application=self.application, principal=self.principal, held=self.held)


@dataclass(frozen=True)
class Left:
    """Something that stays, with the ids that a person needs to find it."""

    kind: LeftoverKind
    name: str
    object_id: str
    facts: Mapping[str, str] = field(default_factory=dict)
    why: str = ""


def plan_absence(absence: Absence, there: Presence, *, refused: frozenset[Part] = frozenset()) -> Plan:
    """What is to be taken away, in waves: what hangs on a thing before the thing. Empty when nothing is there."""
    hanging = () if absence.alone and absence.whole else _hanging(absence, there)
    forbidden = refused | {part for part in Part if verdict(part, there.signer_roles) == "needs_other"}
    covered = absence.whole and Part.REGISTRATION not in forbidden
    small = tuple(step for step in hanging if step.part not in forbidden)
    left = () if covered else tuple(step for step in hanging if step.part in forbidden)
    large = _registration(absence, there, before=frozenset(step.key for step in small)) if absence.whole else ()
    if Part.REGISTRATION in forbidden:
        return Plan(waves(small), (*left, *large))
    return Plan(waves((*small, *large)), left)


def credentials_there(seen: Observation) -> tuple[RemoveCredential | RemoveLeftover, ...]:
    """Our credentials that the tenant lists, or that are too fresh to be listed; and those that lost attempts left.

    Certificates are one list that is set as a whole, so changes of it never travel together.
    """
    if seen.application is None:
        return ()
    listed = {key.key_id for key in seen.keys}
    found: list[RemoveCredential | RemoveLeftover] = []
    before: frozenset[str] = frozenset()
    ours = [(held, held.key_id) for held in seen.held if held.key_id and (held.fresh or held.key_id in listed)]
    for held, key_id in ours:
        found.append(RemoveCredential(held.credential_id, key_id, before))
        before |= {found[-1].key} if held.kind == "certificate" else frozenset()
    for held, key in seen.leftovers:
        found.append(RemoveLeftover(held.credential_id, key.key_id, before))
        before |= {found[-1].key} if held.kind == "certificate" else frozenset()
    return tuple(found)


def left_over(absence: Absence, there: Presence, *, why: str) -> tuple[Left, ...]:
    """Everything that is still there, for a person to take away."""
    found: list[Left] = []
    app = there.application
    if app is not None and absence.whole:
        facts = {"app_id": app.app_id, "unique_name": app.unique_name}
        found.append(Left(LeftoverKind.APPLICATION, app.display_name, app.object_id, facts, why))
    if there.principal is not None and absence.whole:
        principal, facts = there.principal, {"app_id": there.principal.app_id}
        found.append(Left(LeftoverKind.PRINCIPAL, principal.display_name, principal.object_id, facts, why))
    found += kept_for_a_while(there) if absence.whole and absence.for_good else []
    if app is not None:
        found += [_of_credential(app, step, there, why) for step in credentials_there(there.observed)]
    return (*found, *_rights_left(absence, there, why), *unread_rights(absence, there, why=why))


def kept_for_a_while(there: Presence) -> list[Left]:
    """The deleted registration that Microsoft keeps, said honestly: it can be brought back for thirty days."""
    if there.deleted is None:
        return []
    facts = {"app_id": there.deleted.app_id, "unique_name": there.deleted.unique_name}
    why = "It is deleted. Microsoft keeps it for 30 days, in which an administrator can bring it back."
    return [
        Left(LeftoverKind.DELETED_APPLICATION, there.deleted.display_name, there.deleted.object_id, facts, why),
    ]


def _of_credential(app: Application, step: RemoveCredential | RemoveLeftover, there: Presence, why: str) -> Left:
    names = {key.key_id: key.display_name for key in there.observed.keys}
    facts = {"app_id": app.app_id, "application": app.display_name, "object_id": app.object_id}
    return Left(LeftoverKind.CREDENTIAL, names.get(step.key_id) or step.key_id, step.key_id, facts, why)


def unread_rights(absence: Absence, there: Presence, *, why: str) -> tuple[Left, ...]:
    """The named rights that nobody could look at: they count as there while anything of the registration is.

    By the ids of the rights themselves, since those of their assignments aren't known.
    """
    if absence.whole or (there.application is None and there.principal is None):
        return ()
    facts, names = {"app_id": absence.app_id}, absence.names
    kinds = {
        LeftoverKind.ROLE: absence.roles if there.roles is None else frozenset[str](),
        LeftoverKind.PERMISSION: absence.permissions if there.grants is None else frozenset[str](),
    }
    return tuple(Left(kind, names.get(one, one), one, facts, why) for kind, ids in kinds.items() for one in sorted(ids))


def _rights_left(absence: Absence, there: Presence, why: str) -> list[Left]:
    if absence.whole or there.principal is None:
        return []
    facts = {"app_id": there.principal.app_id, "object_id": there.principal.object_id}
    kinds = {"remove_role": LeftoverKind.ROLE, "remove_permission": LeftoverKind.PERMISSION}
    return [Left(kinds[step.kind], step.name, step.assignment_id, facts, why) for step in _rights(absence, there)]


def _hanging(absence: Absence, there: Presence) -> tuple[Step, ...]:
    return (*credentials_there(there.observed), *_rights(absence, there))


def _rights(absence: Absence, there: Presence) -> Sequence[RemoveRole | RemovePermission]:
    """All rights of a registration that goes, else those that are named."""
    if there.principal is None:
        return ()
    principal, names = there.principal.object_id, absence.names
    roles = tuple(
        RemoveRole(row.assignment_id, names.get(row.role_id, row.role_id))
        for row in there.roles or ()
        if absence.whole or row.role_id in absence.roles
    )
    permissions = tuple(
        RemovePermission(row.assignment_id, names.get(row.role_id, row.role_id), principal=principal)
        for row in there.grants or ()
        if absence.whole or row.role_id in absence.permissions
    )
    return (*roles, *permissions)


def _registration(absence: Absence, there: Presence, *, before: frozenset[str]) -> tuple[Step, ...]:
    steps: list[Step] = []
    if there.principal is not None and not (absence.alone and there.application is not None):
        steps.append(RemovePrincipal(there.principal.object_id, needs=before))
        before = frozenset({steps[-1].key})
    if there.application is not None:
        steps.append(RemoveApplication(there.application.object_id, needs=before))
        before = frozenset({steps[-1].key})
    gone = there.application or there.deleted
    if absence.for_good and gone is not None:
        steps.append(RemoveForGood(gone.object_id, needs=before if there.application else frozenset()))
    return tuple(steps)
