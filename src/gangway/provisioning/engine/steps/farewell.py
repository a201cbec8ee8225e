"""The last write: the sign-in application's enterprise application leaves the tenant, with its consented rights."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from gangway.microsoft.graph import service_principals
from gangway.microsoft.graph.calls import Call
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.rights import Part


@dataclass(frozen=True)
class RemoveSignInApplication:
    """Take our own sign-in application out of the tenant."""

    kind: ClassVar[str] = "remove_sign_in_application"
    part: ClassVar[Part] = Part.REGISTRATION
    key: str = "farewell"
    label: str = "Sign-in application removed from the tenant"
    needs: frozenset[str] = frozenset()

    def call(self, seen: Observation) -> Call[None]:
        if seen.sign_in_principal is None:
            raise ValueError("the sign-in application must be seen before it is removed")
        return service_principals.delete(seen.sign_in_principal.object_id)

    def learn(self, seen: Observation, _value: Any) -> Observation:
        return replace(seen, sign_in_principal=None)
