"""The app registration itself: created once under our unique name, later only completed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from gangway.microsoft.graph import applications
from gangway.microsoft.graph.calls import Call
from gangway.microsoft.graph.shapes import Application
from gangway.provisioning.engine.blueprint import TAG, Blueprint
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.engine.steps.step import Step

KEY = "application"


def needed(blueprint: Blueprint, seen: Observation) -> Iterator[Step]:
    """Create it when it isn't there; else complete its list of permissions and its name, keeping what others added."""
    if seen.application is None:
        yield CreateApplication(blueprint)
    elif not blueprint.required <= seen.application.required or seen.application.display_name != blueprint.display_name:
        yield CompleteApplication(blueprint)


@dataclass(frozen=True)
class CreateApplication:
    """An upsert under our own unique name: a crash or a repeat can't make a second one."""

    kind: ClassVar[str] = "create_application"
    part: ClassVar[Part] = Part.REGISTRATION
    blueprint: Blueprint
    key: str = KEY
    label: str = "App registration created"
    needs: frozenset[str] = frozenset()

    def call(self, _seen: Observation) -> Call[Application | None]:
        return applications.create_if_missing(
            unique_name=self.blueprint.unique_name,
            display_name=self.blueprint.display_name,
            required=self.blueprint.required,
            notes=self.blueprint.notes,
            tags=[TAG],
            redirects=self.blueprint.redirects,
        )

    def learn(self, seen: Observation, value: Any) -> Observation:
        """Nothing when it was there already: then it has to be read first."""
        return seen if value is None else replace(seen, application=value)

    def undo(self, seen: Observation) -> Call[None] | None:
        """Its principal, grants, roles and secrets go with it."""
        return applications.delete(seen.application.object_id) if seen.application else None


@dataclass(frozen=True)
class CompleteApplication:
    """Add what its list of permissions lacks, and give it the name that was chosen."""

    kind: ClassVar[str] = "complete_application"
    part: ClassVar[Part] = Part.REGISTRATION
    blueprint: Blueprint
    key: str = KEY
    label: str = "App registration completed"
    needs: frozenset[str] = frozenset()

    def call(self, seen: Observation) -> Call[None]:
        """Only the list and the name; permissions that somebody else listed stay."""
        application = _there(seen)
        return applications.change(
            application.object_id,
            displayName=self.blueprint.display_name,
            requiredResourceAccess=applications.required_resource_access(self._merged(application)),
        )

    def learn(self, seen: Observation, _value: Any) -> Observation:
        application = _there(seen)
        name = self.blueprint.display_name
        changed = replace(application, required=self._merged(application), display_name=name)
        return replace(seen, application=changed)

    def undo(self, _seen: Observation) -> None:
        """Nothing: a registration that was there before stays."""

    def _merged(self, application: Application) -> frozenset[tuple[str, str, str]]:
        return application.required | self.blueprint.required


def _there(seen: Observation) -> Application:
    if seen.application is None:
        raise ValueError("the application must be seen before it is completed")
    return seen.application
