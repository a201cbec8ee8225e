"""The app registration itself: created once under our unique name, later only completed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from gangway.foundation.ids import ObjectId
from gangway.microsoft.graph import applications, deleted_items
from gangway.microsoft.graph.calls import Call
from gangway.microsoft.graph.shapes import Application
from gangway.provisioning.engine.blueprint import TAG, Blueprint
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.engine.steps.deletion import RemoveForGood
from gangway.provisioning.engine.steps.step import Step

KEY = "application"


def needed(blueprint: Blueprint, seen: Observation) -> Iterator[Step]:
    """Create it when it isn't there; else complete its list of permissions and its name, keeping what others added.

    One of ours that was deleted holds our unique name for thirty days. One in use is brought back, since we know its
    credentials; one that was never used makes room for a fresh one.
    """
    if seen.application is not None:
        if _listed(blueprint, seen.application) != seen.application.required or _renamed(blueprint, seen.application):
            yield CompleteApplication(blueprint)
    elif seen.deleted is not None and blueprint.in_use:
        yield RestoreApplication(seen.deleted.object_id)
    else:
        room = [RemoveForGood(seen.deleted.object_id)] if seen.deleted else []
        yield from room
        yield CreateApplication(blueprint, needs=frozenset(step.key for step in room))


def _listed(blueprint: Blueprint, application: Application) -> frozenset[tuple[str, str, str]]:
    """Its list as it shall be: what somebody else put there stays, what we put there and nobody wants goes."""
    return (application.required - blueprint.unlisted) | blueprint.required


def _renamed(blueprint: Blueprint, application: Application) -> bool:
    return not blueprint.in_use and application.display_name != blueprint.display_name


@dataclass(frozen=True)
class RestoreApplication:
    """Bring our deleted registration back; then it has to be looked at again. Its rights don't come back with it."""

    kind: ClassVar[str] = "restore_application"
    part: ClassVar[Part] = Part.REGISTRATION
    object_id: ObjectId
    key: str = KEY
    label: str = "Deleted app registration brought back"
    needs: frozenset[str] = frozenset()

    def call(self, _seen: Observation) -> Call[None]:
        return deleted_items.restore(self.object_id)

    def learn(self, seen: Observation, _value: Any) -> Observation:
        return seen


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


@dataclass(frozen=True)
class CompleteApplication:
    """Bring its list of permissions to what is wanted, and give it the chosen name: one in use keeps its own."""

    kind: ClassVar[str] = "complete_application"
    part: ClassVar[Part] = Part.REGISTRATION
    blueprint: Blueprint
    key: str = KEY
    label: str = "App registration completed"
    needs: frozenset[str] = frozenset()

    def call(self, seen: Observation) -> Call[None]:
        """Only the list and the name."""
        application = _there(seen)
        return applications.change(
            application.object_id,
            displayName=self._name(application),
            requiredResourceAccess=applications.required_resource_access(_listed(self.blueprint, application)),
        )

    def learn(self, seen: Observation, _value: Any) -> Observation:
        application = _there(seen)
        required = _listed(self.blueprint, application)
        changed = replace(application, required=required, display_name=self._name(application))
        return replace(seen, application=changed)

    def _name(self, application: Application) -> str:
        return application.display_name if self.blueprint.in_use else self.blueprint.display_name


def _there(seen: Observation) -> Application:
    if seen.application is None:
        raise ValueError("the application must be seen before it is completed")
    return seen.application
