"""Directory roles of the principal, for the whole tenant."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from gangway.microsoft.graph import grants
from gangway.microsoft.graph.calls import Call
from gangway.microsoft.graph.shapes import RoleAssignment
from gangway.provisioning.engine.blueprint import Blueprint
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.profile import Role
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.engine.steps import principals
from gangway.provisioning.engine.steps.step import Step


def needed(blueprint: Blueprint, seen: Observation) -> Iterator[Step]:
    """Every role that the principal doesn't hold, or that can't be read: giving a role twice does no harm."""
    held = seen.roles or frozenset()
    before = frozenset({principals.KEY}) if seen.principal is None else frozenset[str]()
    for role in blueprint.roles:
        if (role.template_id, grants.WHOLE_TENANT) not in held:
            yield AssignRole(role, before)


@dataclass(frozen=True)
class AssignRole:
    """Give one directory role."""

    kind: ClassVar[str] = "assign_role"
    part: ClassVar[Part] = Part.ROLES
    role: Role
    needs: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        return f"role:{self.role.template_id}"

    @property
    def label(self) -> str:
        return f"Role {self.role.name} given"

    def call(self, seen: Observation) -> Call[RoleAssignment]:
        if seen.principal is None:
            raise ValueError("the principal must be seen before it is given a role")
        return grants.assign_role(seen.principal.object_id, role_id=self.role.template_id)

    def learn(self, seen: Observation, _value: Any) -> Observation:
        given = (self.role.template_id, grants.WHOLE_TENANT)
        return replace(seen, roles=(seen.roles or frozenset()) | {given})

    def undo(self, _seen: Observation) -> None:
        """Covered: it goes with the principal."""
