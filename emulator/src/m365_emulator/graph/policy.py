"""A tenant's policies: Microsoft's defaults, with what the seed or a client changed laid over them."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from m365_emulator.directory import Tenant

_defaults: dict[str, dict[str, Any]] = {
    "authorizationPolicy": {
        "id": "authorizationPolicy",
        "deletedDateTime": None,
        "displayName": "Authorization Policy",
        "description": "Used to manage authorization related settings across the company.",
        "allowInvitesFrom": "everyone",
        "allowUserConsentForRiskyApps": None,
        "allowedToSignUpEmailBasedSubscriptions": True,
        "allowedToUseSSPR": True,
        "allowEmailVerifiedUsersToJoinOrganization": False,
        "blockMsolPowerShell": False,
        "guestUserRoleId": "10dae51f-b6af-4016-8d66-8c2a99b929b3",
        "defaultUserRolePermissions": {
            "allowedToCreateApps": True,
            "allowedToCreateSecurityGroups": True,
            "allowedToCreateTenants": True,
            "allowedToReadBitlockerKeysForOwnedDevice": True,
            "allowedToReadOtherUsers": True,
            "permissionGrantPoliciesAssigned": ["ManagePermissionGrantsForSelf.microsoft-user-default-legacy"],
        },
    },
    "defaultAppManagementPolicy": {
        "id": "00000000-0000-0000-0000-000000000000",
        "deletedDateTime": None,
        "displayName": "Default app management tenant policy",
        "description": "Default tenant policy that enforces app management restrictions on applications and service "
        "principals. To apply policy to targeted resources, create a new policy under "
        "appManagementPolicies collection.",
        "isEnabled": False,
        "applicationRestrictions": {"passwordCredentials": [], "keyCredentials": []},
        "servicePrincipalRestrictions": {"passwordCredentials": [], "keyCredentials": []},
    },
    "identitySecurityDefaultsEnforcementPolicy": {
        "id": "00000000-0000-0000-0000-000000000005",
        "deletedDateTime": None,
        "displayName": "Security Defaults",
        "description": "Security defaults is a set of basic identity security mechanisms recommended by Microsoft. "
        "When enabled, these recommendations will be automatically enforced in your organization. "
        "Administrators and users will be better protected from common identity related attacks.",
        "isEnabled": False,
    },
    "adminConsentRequestPolicy": {
        "id": "adminConsentRequestPolicy",
        "isEnabled": False,
        "notifyReviewers": True,
        "remindersEnabled": True,
        "requestDurationInDays": 30,
        "reviewers": [],
        "version": 0,
    },
}


def policy(tenant: Tenant, name: str) -> dict[str, Any]:
    """The policy as Graph shows it."""
    return {**_defaults[name], **tenant.policies.get(name, {})}


def change(tenant: Tenant, name: str, wanted: dict[str, Any]) -> None:
    """Lay properties over the policy; of complex ones only the members that are named."""
    have = policy(tenant, name)
    laid = {
        key: {**have[key], **value} if isinstance(value, dict) and isinstance(have.get(key), dict) else value
        for key, value in wanted.items()
    }
    tenant.policies.setdefault(name, {}).update(copy.deepcopy(laid))


def member_may(tenant: Tenant, right: str) -> bool:
    """A right of every member by the authorization policy, such as ``allowedToCreateApps``."""
    return bool(policy(tenant, "authorizationPolicy")["defaultUserRolePermissions"].get(right))
