"""What we read from Graph, as frozen values. Only what we use; Graph sends more."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from gangway.foundation.ids import AppId, KeyId, ObjectId, TenantId
from gangway.foundation.sealed import SealedText

T = TypeVar("T")


@dataclass(frozen=True)
class Listed(Generic[T]):
    """What was read of a list; `whole` when there is no more of it."""

    rows: tuple[T, ...] = ()
    whole: bool = True


@dataclass(frozen=True)
class Password:
    """A secret on an application, as Graph lists it: never its text."""

    key_id: KeyId
    display_name: str
    ends_at: datetime | None
    hint: str = ""
    """The first characters of its text, which Microsoft keeps for people to recognise it by."""


@dataclass(frozen=True)
class NewPassword:
    """The answer of addPassword: the only time the text is seen, sealed at once."""

    key_id: KeyId
    display_name: str
    ends_at: datetime
    text: SealedText


@dataclass(frozen=True)
class CertificateKey:
    """A certificate on an application. `row` is the whole entry, which a changed list must hold again to keep it."""

    key_id: KeyId
    display_name: str
    ends_at: datetime | None
    row: Mapping[str, Any] = field(repr=False, hash=False)


@dataclass(frozen=True)
class FederatedKey:
    """A federated identity credential: the application trusts this subject of this issuer."""

    key_id: KeyId
    display_name: str
    issuer: str
    subject: str


@dataclass(frozen=True)
class Application:
    """An app registration. `required` holds (resource application id, permission id, "Role" or "Scope").

    `redirects`: the addresses that Microsoft's pages may send a browser back to. `federated`: the issuers that it
    trusts; Graph lists them apart, and `tells_trust` says whether this answer did.
    """

    object_id: ObjectId
    app_id: AppId
    display_name: str
    unique_name: str
    required: frozenset[tuple[str, str, str]] = frozenset()
    passwords: tuple[Password, ...] = ()
    certificates: tuple[CertificateKey, ...] = ()
    federated: tuple[FederatedKey, ...] = ()
    redirects: tuple[str, ...] = ()
    tells_trust: bool = False
    made_at: datetime | None = None
    """When, where it was read."""


@dataclass(frozen=True)
class ServicePrincipal:
    """An enterprise application. `app_roles` maps an application permission's value to its id, enabled ones only."""

    object_id: ObjectId
    app_id: AppId
    display_name: str
    app_roles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Grant:
    """An application permission that a principal holds at a resource's principal."""

    assignment_id: str
    resource_id: ObjectId
    role_id: str


@dataclass(frozen=True)
class RoleAssignment:
    """A directory role that a principal holds. `role_id` is the template's id, `scope` "/" or a unit.

    `ends_at`: when it was given through PIM with an end, and that was read.
    """

    assignment_id: str
    role_id: str
    scope: str
    ends_at: datetime | None = None


@dataclass(frozen=True)
class Unit:
    """An administrative unit of a tenant."""

    object_id: str
    name: str


@dataclass(frozen=True)
class Domain:
    """A verified domain of a tenant."""

    name: str


@dataclass(frozen=True)
class Organization:
    """A tenant as its organization object describes it."""

    tenant_id: TenantId
    name: str
    domains: tuple[Domain, ...]


@dataclass(frozen=True)
class Person:
    """The person who signed in. `user_type` is "Member" or "Guest" (empty when Graph doesn't say)."""

    object_id: ObjectId
    upn: str
    name: str
    user_type: str


@dataclass(frozen=True)
class DirectoryRole:
    """An active directory role of a person."""

    template_id: str
    name: str


@dataclass(frozen=True)
class Licence:
    """A subscription of the tenant and the service plans in it."""

    sku_id: str
    part_number: str
    enabled: int
    consumed: int
    plan_ids: frozenset[str]


@dataclass(frozen=True)
class Namesake:
    """A registration under a unique name of ours, living or deleted."""

    unique_name: str
    display_name: str
    deleted_at: datetime | None = None


@dataclass(frozen=True)
class DeletedApplication:
    """An application that was deleted and that Microsoft still keeps."""

    object_id: ObjectId
    app_id: AppId
    display_name: str
    unique_name: str
    deleted_at: datetime | None


@dataclass(frozen=True)
class SecretRule:
    """What a tenant's policy says of credentials on one registration. Longest days: None when it says nothing."""

    forbidden: bool
    longest_days: int | None
    longest_certificate_days: int | None = None


@dataclass(frozen=True)
class Restriction:
    """One restriction of a policy that is in force. `since`: registrations made before are spared; None spares none."""

    kind: str
    since: datetime | None
    longest_days: int | None


@dataclass(frozen=True)
class CredentialPolicy:
    """A tenant's restrictions of credentials as they were read at a moment."""

    read_at: datetime
    restrictions: tuple[Restriction, ...] = ()

    def rule(self, made_at: datetime | None = None) -> SecretRule:
        """What binds a registration that was made then; None: that is made now."""
        at = made_at or self.read_at
        binding = [one for one in self.restrictions if one.since is None or one.since <= at]
        return SecretRule(
            forbidden=any(one.kind == "passwordAddition" for one in binding),
            longest_days=_shortest(binding, "passwordLifetime"),
            longest_certificate_days=_shortest(binding, "asymmetricKeyLifetime"),
        )


def _shortest(restrictions: list[Restriction], kind: str) -> int | None:
    lives = (one.longest_days for one in restrictions if one.kind == kind)
    return min((life for life in lives if life is not None), default=None)
