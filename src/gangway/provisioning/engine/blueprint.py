"""The blueprint: the one state of a registration that we want, made from a pinned plan."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gangway.foundation.ids import AppId
from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.profile import Permission, Role, Service

UNIQUE_NAME_PREFIX = "gangway-"
TAG = "gangway"


@dataclass(frozen=True)
class Blueprint:
    """What shall be. `farewell`: the sign-in application whose enterprise application leaves the tenant at the end.

    `setup_only`: permissions that go when the set-up is over, which are among `permissions` until then; and those that
    an earlier attempt gave and nobody asks for any more. `roles_leaving`: roles of the latter sort, and whether they
    were limited to a unit. `unlisted`: what the application's own list may hold since such an attempt. `may_lack`:
    values of permissions that a tenant may not offer, since their feature is optional. `owns_itself`: the principal is
    an owner of its application. `unit`: id or name of the administrative unit that limits roles; empty for none.
    `role_days`: for how many days PIM gives the roles; 0: without an end.
    `lacking`: what was left out since the tenant doesn't offer it.
    `redirects`: where Microsoft's consent page may send a browser back to; it sends nobody anywhere else.
    `in_use`: proved before; it keeps the name that the customer gave it, and is brought back when it was deleted.
    """

    unique_name: str
    display_name: str
    notes: str
    permissions: tuple[Permission, ...]
    roles: tuple[Role, ...]
    services: tuple[Service, ...]
    credential_days: int
    farewell: AppId | None
    redirects: tuple[str, ...] = ()
    credential_kind: str = "secret"
    setup_only: tuple[Permission, ...] = ()
    roles_leaving: tuple[tuple[Role, bool], ...] = ()
    unlisted: frozenset[tuple[str, str, str]] = frozenset()
    may_lack: frozenset[str] = frozenset()
    owns_itself: bool = False
    unit: str = ""
    role_days: int = 0
    in_use: bool = False

    lacking: tuple[str, ...] = ()

    @property
    def required(self) -> frozenset[tuple[str, str, str]]:
        """What the application's own list of permissions must hold: portal and consent link are driven by it."""
        return frozenset((permission.resource, permission.id, "Role") for permission in self.permissions)

    @property
    def resources(self) -> tuple[str, ...]:
        """Application ids of all APIs that must be present in the tenant."""
        of_permissions = (permission.resource for permission in self.permissions)
        return tuple(dict.fromkeys((*of_permissions, *(service.app_id for service in self.services))))

    @property
    def leaves_rights(self) -> bool:
        """Whether rights go at the end."""
        return bool(self.setup_only or self.roles_leaving)

    def without(self, values: Collection[str]) -> "Blueprint":
        """The same without these permissions."""
        return replace(self, permissions=tuple(entry for entry in self.permissions if entry.value not in values))

    def lacks(self, values: Collection[str]) -> "Blueprint":
        """The same for a tenant that doesn't offer these permissions."""
        return replace(self.without(values), lacking=(*self.lacking, *values))

    def is_leaving(self, template_id: str, *, limited: bool) -> bool:
        """Whether a role goes at the end: of the whole tenant, or of a unit."""
        return any(role.template_id == template_id and limited == only for role, only in self.roles_leaving)

    def is_limited(self, role: Role) -> bool:
        """Whether the role reaches only the administrative unit. Such roles never stand in a token."""
        return bool(self.unit) and role.in_unit


def draw(
    plan: Mapping[str, Any],
    *,
    registration: str,
    display_name: str,
    notes: str,
    sign_in_client: AppId | None,
    redirects: tuple[str, ...] = (),
    set_up: bool = False,
) -> Blueprint:
    """The blueprint of a pinned plan for the registration with this uuid. `set_up`: the set-up is over.

    Raises PlanUnknown, UnitNotNamed.
    """
    pinned = pinning.read(plan)
    if pinned.in_unit and not pinned.unit:
        raise pinning.UnitNotNamed
    setup_only = tuple(entry for entry in pinned.permissions if entry.stage == "setup")
    return Blueprint(
        unique_name=f"{UNIQUE_NAME_PREFIX}{registration}",
        display_name=display_name,
        notes=notes,
        permissions=tuple(entry for entry in pinned.permissions if not (set_up and entry in setup_only)),
        roles=pinned.roles,
        services=pinned.services,
        credential_days=pinned.credential_days,
        farewell=None if pinned.keep_sign_in_application else sign_in_client,
        redirects=redirects,
        credential_kind=pinned.credential_kind,
        setup_only=setup_only,
        may_lack=frozenset(entry.value for entry in pinned.permissions if entry.feature in pinned.optional),
        owns_itself=pinned.owns_itself,
        unit=pinned.unit if pinned.in_unit else "",
        role_days=pinned.role_days,
    )
