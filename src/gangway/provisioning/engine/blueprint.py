"""The blueprint: the one state of a registration that we want, made from a pinned plan."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gangway.foundation.ids import AppId
from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.profile import Permission, Role, Service

UNIQUE_NAME_PREFIX = "gangway-"
TAG = "gangway"


@dataclass(frozen=True)
class Blueprint:
    """What shall be. `farewell`: the sign-in application whose enterprise application leaves the tenant at the end.

    `redirects`: where Microsoft's consent page may send a browser back to; it sends nobody anywhere else.
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

    @property
    def required(self) -> frozenset[tuple[str, str, str]]:
        """What the application's own list of permissions must hold: portal and consent link are driven by it."""
        return frozenset((permission.resource, permission.id, "Role") for permission in self.permissions)

    @property
    def resources(self) -> tuple[str, ...]:
        """Application ids of all APIs that must be present in the tenant."""
        of_permissions = (permission.resource for permission in self.permissions)
        return tuple(dict.fromkeys((*of_permissions, *(service.app_id for service in self.services))))


def draw(
    plan: Mapping[str, Any],
    *,
    registration: str,
    display_name: str,
    notes: str,
    sign_in_client: AppId | None,
    redirects: tuple[str, ...] = (),
) -> Blueprint:
    """The blueprint of a pinned plan for the registration with this uuid. Raises PlanUnknown."""
    pinned = pinning.read(plan)
    return Blueprint(
        unique_name=f"{UNIQUE_NAME_PREFIX}{registration}",
        display_name=display_name,
        notes=notes,
        permissions=pinned.permissions,
        roles=pinned.roles,
        services=pinned.services,
        credential_days=pinned.credential_days,
        farewell=None if pinned.keep_sign_in_application else sign_in_client,
        redirects=redirects,
    )
