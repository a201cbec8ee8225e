"""Enterprise applications: the registration's own, and those of the APIs it works with."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from gangway.microsoft.graph import service_principals
from gangway.microsoft.graph.calls import Call
from gangway.microsoft.graph.shapes import ServicePrincipal
from gangway.provisioning.engine.blueprint import Blueprint
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.engine.steps import application
from gangway.provisioning.engine.steps.step import Step

KEY = "principal"


def needed(blueprint: Blueprint, seen: Observation) -> Iterator[Step]:
    """The registration's principal, and every API's that the tenant lacks."""
    if seen.principal is None:
        needs = frozenset({application.KEY}) if seen.application is None else frozenset[str]()
        yield CreatePrincipal(needs=needs)
    names = {service.app_id: service.name for service in blueprint.services}
    for app_id in blueprint.resources:
        if seen.resources.get(app_id) is None:
            yield CreateResource(app_id, names.get(app_id, app_id))


@dataclass(frozen=True)
class CreatePrincipal:
    """Let the registration exist as a principal that can be given rights."""

    kind: ClassVar[str] = "create_principal"
    part: ClassVar[Part] = Part.REGISTRATION
    needs: frozenset[str] = frozenset()
    key: str = KEY
    label: str = "Enterprise application created"

    def call(self, seen: Observation) -> Call[ServicePrincipal | None]:
        if seen.application is None:
            raise ValueError("the application must be seen before its principal is made")
        return service_principals.create_if_missing(seen.application.app_id)

    def learn(self, seen: Observation, value: Any) -> Observation:
        """Nothing when it was there already: then it has to be read first."""
        return seen if value is None else replace(seen, principal=value)


def resource_key(app_id: str) -> str:
    """How plans and journals name the step that lets an API exist in the tenant."""
    return f"resource:{app_id}"


@dataclass(frozen=True)
class CreateResource:
    """Let an API of Microsoft exist in a tenant that never used it; without it nobody gets a token for it."""

    kind: ClassVar[str] = "create_resource"
    part: ClassVar[Part] = Part.REGISTRATION
    app_id: str
    name: str
    needs: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        return resource_key(self.app_id)

    @property
    def label(self) -> str:
        return f"{self.name} made known in the tenant"

    def call(self, _seen: Observation) -> Call[ServicePrincipal | None]:
        return service_principals.create_if_missing(self.app_id)

    def learn(self, seen: Observation, value: Any) -> Observation:
        return seen if value is None else replace(seen, resources={**seen.resources, self.app_id: value})
