"""Directory roles of the principal: for the whole tenant, or for one administrative unit."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from gangway.microsoft.graph import grants, units
from gangway.microsoft.graph.calls import Call
from gangway.microsoft.graph.shapes import RoleAssignment, Unit
from gangway.provisioning.engine.blueprint import Blueprint
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.profile import Role
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.engine.steps import principals
from gangway.provisioning.engine.steps.step import Step

WHY: Final = "The calling connection works by this role; its provider is named in the registration's notes."
"""The justification that PIM asks for and keeps. Names nobody."""


def needed(blueprint: Blueprint, seen: Observation) -> Iterator[Step]:
    """Every role that the principal doesn't hold, or that can't be read: giving a role twice does no harm."""
    before = frozenset({principals.KEY}) if seen.principal is None else frozenset[str]()
    for role in blueprint.roles:
        unit = seen.unit if blueprint.is_limited(role) else None
        if not is_held(blueprint, role, seen):
            yield AssignRole(role, before, unit, blueprint.role_days)
        elif any((role.template_id, scope) in seen.ending for scope in _enough(blueprint, role, seen)):
            yield AssignRole(role, before, unit, blueprint.role_days, extends=True)


def is_held(blueprint: Blueprint, role: Role, seen: Observation) -> bool:
    """Whether the principal was seen with a role where the blueprint wants it."""
    held = seen.roles or frozenset()
    return any((role.template_id, scope) in held for scope in _enough(blueprint, role, seen))


def _enough(blueprint: Blueprint, role: Role, seen: Observation) -> set[str]:
    """Where a role may reach: who has it in the whole tenant, and keeps it, has it in each of its units as well."""
    wide = set() if blueprint.is_leaving(role.template_id, limited=False) else {grants.WHOLE_TENANT}
    return wide | {scope_of(blueprint, role, seen)}


def scope_of(blueprint: Blueprint, role: Role, seen: Observation) -> str:
    """Where the blueprint wants a role. Raises ValueError when its administrative unit was not looked up."""
    if not blueprint.is_limited(role):
        return grants.WHOLE_TENANT
    if seen.unit is None:
        raise ValueError("the administrative unit must be seen before a role is limited to it")
    return units.scope_of(seen.unit)


def key_of(role: Role, *, limited: bool) -> str:
    """How plans, journals and proofs name a role; `limited`: for one administrative unit only."""
    return f"role:{role.template_id}:unit" if limited else f"role:{role.template_id}"


@dataclass(frozen=True)
class AssignRole:
    """Give one directory role; with a `unit`, for that unit only; with `days`, through PIM and until then.

    `extends`: it is there and ends soon.
    """

    kind: ClassVar[str] = "assign_role"
    part: ClassVar[Part] = Part.ROLES
    role: Role
    needs: frozenset[str] = frozenset()
    unit: Unit | None = None
    days: int = 0
    extends: bool = False

    @property
    def key(self) -> str:
        return key_of(self.role, limited=self.unit is not None)

    @property
    def label(self) -> str:
        role = f"Role {self.role.name} extended" if self.extends else f"Role {self.role.name} given"
        if self.unit:
            role = f"{role} for the administrative unit {self._unit_name}"
        return f"{role} for {self.days} days" if self.days else role

    def call(self, seen: Observation) -> Call[RoleAssignment]:
        if seen.principal is None:
            raise ValueError("the principal must be seen before it is given a role")
        principal, role_id = seen.principal.object_id, self.role.template_id
        if not self.days:
            return grants.assign_role(principal, role_id=role_id, scope=self._scope)
        return grants.schedule_role(
            principal, role_id=role_id, scope=self._scope, days=self.days, why=WHY, extend=self.extends
        )

    def learn(self, seen: Observation, value: Any) -> Observation:
        right = (self.role.template_id, self._scope)
        ends = {right: value.ends_at} if isinstance(value, RoleAssignment) and value.ends_at else {}
        return replace(
            seen,
            roles=(seen.roles or frozenset()) | {right},
            role_ends={**seen.role_ends, **ends},
            ending=seen.ending - {right},
        )

    @property
    def _scope(self) -> str:
        return units.scope_of(self.unit) if self.unit else grants.WHOLE_TENANT

    @property
    def _unit_name(self) -> str:
        return (self.unit.name or self.unit.object_id) if self.unit else ""
