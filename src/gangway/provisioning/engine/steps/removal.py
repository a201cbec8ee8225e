"""Taking away what hangs on a registration: each step names one thing by the id that Microsoft gave it."""

from dataclasses import dataclass
from typing import Any, ClassVar

from gangway.foundation.ids import KeyId, ObjectId
from gangway.microsoft.graph import grants, service_principals
from gangway.microsoft.graph.calls import Call
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.engine.steps import credentials
from gangway.provisioning.engine.steps.deletion import Removal


@dataclass(frozen=True)
class _RemoveAssignment(Removal):
    """One assignment of a right, by its id."""

    what: ClassVar[str]
    assignment_id: str
    name: str
    needs: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        return f"gone:{self.assignment_id}"[:100]

    @property
    def label(self) -> str:
        return f"{self.what} {self.name} taken away"


@dataclass(frozen=True)
class RemoveRole(_RemoveAssignment):
    """Take one directory role from the registration."""

    kind: ClassVar[str] = "remove_role"
    part: ClassVar[Part] = Part.ROLES
    what: ClassVar[str] = "Role"

    def call(self, _seen: Observation) -> Call[None]:
        return grants.unassign_role(self.assignment_id)


@dataclass(frozen=True, kw_only=True)
class RemovePermission(_RemoveAssignment):
    """Take one permission from the registration."""

    kind: ClassVar[str] = "remove_permission"
    part: ClassVar[Part] = Part.CONSENT
    what: ClassVar[str] = "Permission"
    principal: ObjectId

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
class RemoveCredential:
    """Take one credential of ours from the registration, by its key id and as its kind wants it."""

    kind: ClassVar[str] = "remove_credential"
    part: ClassVar[Part] = Part.REGISTRATION
    credential_id: str
    key_id: KeyId
    needs: frozenset[str] = frozenset()
    label: str = "Our credential removed"

    @property
    def key(self) -> str:
        return f"gone:{self.key_id}"

    def call(self, seen: Observation) -> Call[None]:
        if seen.application is None:
            raise ValueError("the application must be seen before its credentials are touched")
        return credentials.removal(seen.application, self.key_id)

    def learn(self, seen: Observation, _value: Any) -> Observation:
        return credentials.without(seen, self.key_id)
