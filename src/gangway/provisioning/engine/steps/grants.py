"""Consent: each permission of the blueprint, given to the principal for the whole tenant."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from gangway.microsoft.graph import grants
from gangway.microsoft.graph.calls import Call
from gangway.microsoft.graph.shapes import Grant
from gangway.provisioning.engine.blueprint import Blueprint
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.profile import Permission
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.engine.steps import principals
from gangway.provisioning.engine.steps.step import Step


def needed(blueprint: Blueprint, seen: Observation) -> Iterator[Step]:
    """Every permission that the principal doesn't hold."""
    for permission in blueprint.permissions:
        if (permission.resource, permission.id) not in seen.grants:
            yield GrantPermission(permission, _before(seen, permission.resource))


def _before(seen: Observation, resource: str) -> frozenset[str]:
    wanted = {principals.KEY} if seen.principal is None else set()
    if seen.resources.get(resource) is None:
        wanted.add(f"resource:{resource}")
    return frozenset(wanted)


@dataclass(frozen=True)
class GrantPermission:
    """Give one application permission."""

    kind: ClassVar[str] = "grant_permission"
    part: ClassVar[Part] = Part.CONSENT
    permission: Permission
    needs: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        return f"grant:{self.permission.value}"

    @property
    def label(self) -> str:
        return f"Permission {self.permission.value} granted"

    def call(self, seen: Observation) -> Call[Grant]:
        resource = seen.resources.get(self.permission.resource)
        if seen.principal is None or resource is None:
            raise ValueError("principal and resource must be seen before a permission is granted")
        return grants.grant(seen.principal.object_id, resource=resource.object_id, role_id=self.permission.id)

    def learn(self, seen: Observation, _value: Any) -> Observation:
        return replace(seen, grants=seen.grants | {(self.permission.resource, self.permission.id)})
