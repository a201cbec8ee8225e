"""May people agree to everyday permissions themselves? Graph keeps the answer in the authorization policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator.graph.policy import policy as graph_policy
from m365_emulator.login.policies.policy import Policy, switch

if TYPE_CHECKING:
    from m365_emulator.directory import Tenant

_where = "authorizationPolicy"
_rights = "defaultUserRolePermissions"
_assigned = "permissionGrantPoliciesAssigned"
_for_self = "ManagePermissionGrantsForSelf."


def _get(tenant: Tenant) -> bool:
    assigned = graph_policy(tenant, _where)[_rights].get(_assigned, [])
    return any(str(name).startswith(_for_self) for name in assigned)


def _put(tenant: Tenant, wanted: Any) -> None:
    rights = graph_policy(tenant, _where)[_rights]
    others = [name for name in rights.get(_assigned, []) if not str(name).startswith(_for_self)]
    allowed = [f"{_for_self}microsoft-user-default-legacy"] if wanted else []
    tenant.policies.setdefault(_where, {})[_rights] = {**rights, _assigned: [*allowed, *others]}


policy = Policy(
    name="userConsent",
    default=True,
    words="false: people may not consent themselves; every permission needs an administrator (90094)",
    check=switch("userConsent"),
    get=_get,
    put=_put,
)
