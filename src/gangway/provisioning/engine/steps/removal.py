"""Taking away: each step names one thing by the id that Microsoft gave it. What is gone already counts as removed."""

from dataclasses import dataclass
from typing import Any, ClassVar

from gangway.foundation.ids import ObjectId
from gangway.microsoft.graph import applications, deleted_items, grants, service_principals
from gangway.microsoft.graph.calls import Call
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.rights import Part

FOR_GOOD = "for_good"


class Removal:
    """What all of them share: nothing is learned from the answer, and nothing takes it back."""

    needs: frozenset[str]

    def learn(self, seen: Observation, _value: Any) -> Observation:
        return seen

    def undo(self, _seen: Observation) -> None:
        """Nothing: it was meant."""


@dataclass(frozen=True)
class RemoveRole(Removal):
    """Take one directory role from the registration."""

    kind: ClassVar[str] = "remove_role"
    part: ClassVar[Part] = Part.ROLES
    assignment_id: str
    name: str
    needs: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        return f"gone:{self.assignment_id}"[:100]

    @property
    def label(self) -> str:
        return f"Role {self.name} taken away"

    def call(self, _seen: Observation) -> Call[None]:
        return grants.unassign_role(self.assignment_id)


@dataclass(frozen=True)
class RemovePermission(Removal):
    """Take one permission from the registration."""

    kind: ClassVar[str] = "remove_permission"
    part: ClassVar[Part] = Part.CONSENT
    principal: ObjectId
    assignment_id: str
    name: str
    needs: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        return f"gone:{self.assignment_id}"[:100]

    @property
    def label(self) -> str:
        return f"Permission {self.name} taken away"

    def call(self, _seen: Observation) -> Call[None]:
        return grants.revoke(self.principal, self.assignment_id)


@dataclass(frozen=True)
class RemovePrincipal(Removal):
    """Take the registration's enterprise application out of the tenant."""

    kind: ClassVar[str] = "remove_principal"
    part: ClassVar[Part] = Part.REGISTRATION
    principal: ObjectId
    needs: frozenset[str] = frozenset()
    label: str = "Enterprise application removed"

    @property
    def key(self) -> str:
        return f"gone:{self.principal}"

    def call(self, _seen: Observation) -> Call[None]:
        return service_principals.delete(self.principal)


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
