"""The observation: what is there, as far as it could be read, in the tenant and in our own journal."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from gangway.foundation.ids import KeyId, ObjectId
from gangway.microsoft.graph.shapes import (
    Application,
    CertificateKey,
    DeletedApplication,
    FederatedKey,
    Password,
    ServicePrincipal,
    Unit,
)
from gangway.provisioning.engine.credential_kinds import Kind

Key = Password | CertificateKey | FederatedKey
"""A credential as Microsoft lists it."""

Right = tuple[str, str]
"""A permission as (resource application id, permission id), or a role as (template id, scope)."""


@dataclass(frozen=True)
class Held:
    """A credential in our journal. Without a `key_id` it was announced under this name and nothing more is known.

    `fresh`: made so shortly ago that Microsoft may not list it yet.
    """

    credential_id: str
    display_name: str
    key_id: KeyId | None
    fresh: bool = False
    kind: Kind = "secret"


@dataclass(frozen=True)
class Observation:
    """What is there. None means: could not be read, except for an application or principal, where it means: not there.

    `owners`: object ids of the application's owners, asked for when the blueprint wants one. `unit`: the administrative
    unit that the blueprint names, found in the tenant.

    `role_ends`: of planned roles, asked for when PIM is to give them with an end, and None for one that was given for
    good; a role that isn't among them ends nobody knows when. `ending`: those that are to be extended.

    `roles` is None when the person may not read role assignments, `signer_roles` when their own can't be read.
    """

    application: Application | None = None
    principal: ServicePrincipal | None = None
    resources: Mapping[str, ServicePrincipal | None] = field(default_factory=dict)
    grants: frozenset[Right] = frozenset()
    roles: frozenset[Right] | None = frozenset()
    role_ends: Mapping[Right, datetime | None] = field(default_factory=dict)
    ending: frozenset[Right] = frozenset()
    owners: frozenset[ObjectId] | None = frozenset()
    unit: Unit | None = None
    held: tuple[Held, ...] = ()
    signer_roles: frozenset[str] | None = None
    sign_in_principal: ServicePrincipal | None = None
    deleted: DeletedApplication | None = None

    @property
    def credential(self) -> Held | None:
        """Our usable credential: made, recorded, and listed by Microsoft or too fresh to be listed."""
        return next((held for held in self.held if held.key_id and held not in self.lost), None)

    @property
    def lost(self) -> tuple[Held, ...]:
        """Credentials of ours that somebody took away in the tenant."""
        listed = {key.key_id for key in self.keys}
        return tuple(held for held in self.held if held.key_id and not held.fresh and held.key_id not in listed)

    @property
    def keys(self) -> tuple[Key, ...]:
        """All credentials of the application, of all kinds."""
        found = self.application
        return (*found.passwords, *found.certificates, *found.federated) if found else ()

    @property
    def leftovers(self) -> tuple[tuple[Held, Key], ...]:
        """Credentials with exactly a name that we announced and no recorded result: made by us, known to nobody."""
        return tuple(
            (held, key)
            for held in self.held
            for key in self.keys
            if held.key_id is None and key.display_name == held.display_name
        )

    def with_memory(self, memory: "Observation") -> "Observation":
        """The same, completed by what we made ourselves a moment ago and Microsoft may still be copying."""
        resources = {app_id: seen or memory.resources.get(app_id) for app_id, seen in self.resources.items()}
        roles = self.roles if self.roles is None else self.roles | (memory.roles or frozenset())
        owners = self.owners if self.owners is None else self.owners | (memory.owners or frozenset())
        return replace(
            self,
            application=self.application or memory.application,
            principal=self.principal or memory.principal,
            resources=resources,
            grants=self.grants | memory.grants,
            roles=roles,
            role_ends={**memory.role_ends, **self.role_ends},
            owners=owners,
        )
