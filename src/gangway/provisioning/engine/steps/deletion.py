"""Deleting the registration, and ending what Microsoft keeps of it. What is gone already counts as removed."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from gangway.foundation.ids import ObjectId
from gangway.microsoft.graph import applications, deleted_items
from gangway.microsoft.graph.calls import Call
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.rights import Part

FOR_GOOD = "for_good"


class Removal:
    """What all removals share: nothing is learned from the answer."""

    def learn(self, seen: Observation, _value: Any) -> Observation:
        return seen


@dataclass(frozen=True)
class RemoveApplication(Removal):
    """Delete the app registration. Microsoft keeps it among the deleted ones; `RemoveForGood` ends that."""

    kind: ClassVar[str] = "remove_application"
    part: ClassVar[Part] = Part.REGISTRATION
    application: ObjectId
    needs: frozenset[str] = frozenset()
    label: str = "App registration deleted"

    @property
    def key(self) -> str:
        return f"gone:{self.application}"

    def call(self, _seen: Observation) -> Call[None]:
        return applications.delete(self.application)


@dataclass(frozen=True)
class RemoveForGood(Removal):
    """Take a deleted app registration of ours from among the deleted ones: only then its unique name is free again."""

    kind: ClassVar[str] = "remove_for_good"
    part: ClassVar[Part] = Part.REGISTRATION
    application: ObjectId
    needs: frozenset[str] = frozenset()
    label: str = "Deleted app registration removed for good"

    @property
    def key(self) -> str:
        return f"{FOR_GOOD}:{self.application}"

    def call(self, _seen: Observation) -> Call[None]:
        return deleted_items.delete_for_good(self.application)

    def learn(self, seen: Observation, _value: Any) -> Observation:
        return replace(seen, deleted=None)
