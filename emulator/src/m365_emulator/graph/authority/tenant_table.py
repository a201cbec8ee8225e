"""Rows of the reviewed table for the tenant's own things: domains, units, licences, PIM, Teams, audit logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator.graph.authority import rules
from m365_emulator.graph.authority.choosers import changing_group

if TYPE_CHECKING:
    from collections.abc import Callable

    from m365_emulator.graph.authority.rules import Rule
    from m365_emulator.graph.call import Call


def requesting(call: Call) -> Rule:
    """Who activates an eligible role does it alone; everything else is the work of role administrators."""
    own = str(call.body.get("action", "")).startswith("self")
    return rules.activates_own_roles if own else rules.assigns_roles


_domain = "/domains/{domain-id}"
_units = "/directory/administrativeUnits"
_unit = _units + "/{administrativeUnit-id}"
_pim = "/roleManagement/directory/"
_numbers = "/admin/teams/telephoneNumberManagement/numberAssignments"
_membership_checks = ("/checkMemberObjects", "/getMemberGroups")
_reference = "https://learn.microsoft.com/graph/api/"

tenant_roles: dict[str, Rule | Callable[[Call], Rule]] = {
    **dict.fromkeys(
        (
            "POST /domains",
            f"PATCH {_domain}",
            f"DELETE {_domain}",
            *(f"POST {_domain}/{name}" for name in ("forceDelete", "promote", "verify")),
        ),
        rules.manages_domains,
    ),
    **dict.fromkeys(
        (
            f"GET {_domain}/{name}"
            for name in ("domainNameReferences", "serviceConfigurationRecords", "verificationDnsRecords")
        ),
        rules.reads_domain_records,
    ),
    **dict.fromkeys(
        (
            f"POST {_units}",
            f"PATCH {_unit}",
            f"DELETE {_unit}",
            f"POST {_unit}/members/$ref",
            f"DELETE {_unit}/members/{{directoryObject-id}}/$ref",
        ),
        rules.manages_units,
    ),
    **dict.fromkeys(
        (
            f"POST {_unit}/scopedRoleMembers",
            f"DELETE {_unit}/scopedRoleMembers/{{scopedRoleMembership-id}}",
        ),
        rules.assigns_roles,
    ),
    **dict.fromkeys(
        (
            f"GET {_unit}/members/$ref",
            f"GET {_unit}/scopedRoleMembers",
            f"GET {_unit}/scopedRoleMembers/{{scopedRoleMembership-id}}",
            "GET /directoryRoles/{directoryRole-id}/scopedMembers",
            "GET /directory/subscriptions",
            "GET /users/{user-id}/appRoleAssignments",
            "GET /users/{user-id}/licenseDetails",
            *(f"POST /users/{{user-id}}{one}" for one in (*_membership_checks, "/checkMemberGroups")),
            *(f"POST /servicePrincipals/{{servicePrincipal-id}}{one}" for one in _membership_checks),
        ),
        rules.reads_directory,
    ),
    **dict.fromkeys(("GET /me/licenseDetails", *(f"POST /me{one}" for one in _membership_checks)), rules.reads_self),
    "POST /users/{user-id}/assignLicense": rules.assigns_licences,
    "PATCH /groups/{group-id}": changing_group,
    "PATCH /organization/{organization-id}": rules.changes_organization,
    f"GET {_pim}roleAssignmentScheduleInstances": rules.reads_eligibilities,
    f"GET {_pim}roleAssignmentScheduleRequests": rules.reads_eligibilities,
    f"GET {_pim}roleAssignmentScheduleRequests/{{unifiedRoleAssignmentScheduleRequest-id}}": rules.reads_eligibilities,
    f"POST {_pim}roleAssignmentScheduleRequests": requesting,
    f"POST {_pim}roleEligibilityScheduleRequests": rules.assigns_roles,
    **dict.fromkeys(
        (
            f"GET {_numbers}",
            f"GET {_numbers}/{{numberAssignment-id}}",
            "GET /admin/teams/telephoneNumberManagement/operations/{telephoneNumberLongRunningOperation-id}",
            *(f"POST {_numbers}/{name}" for name in ("assignNumber", "unassignNumber", "updateNumber")),
        ),
        rules.manages_numbers,
    ),
    "GET /admin/teams/userConfigurations": rules.reads_teams_users,
    "GET /admin/teams/userConfigurations/{teamsUserConfiguration-id}": rules.reads_teams_users,
    **dict.fromkeys(
        (
            "GET /admin/teams/policy/getPolicyId(type='{type}',name='{name}')",
            "POST /admin/teams/policy/userAssignments/assign",
            "POST /admin/teams/policy/userAssignments/unassign",
        ),
        rules.assigns_teams_policies,
    ),
    "GET /auditLogs/directoryAudits": rules.reads_audits,
    "GET /communications/callRecords/getDirectRoutingCalls(fromDateTime={fromDateTime},toDateTime={toDateTime})": (
        rules.applications_only
    ),
}

tenant_same: dict[str, tuple[str, str]] = {
    f"{method} {_unit}/members{end}": (like, f"{_reference}administrativeunit-{page}")
    for method, end, like, page in (
        ("GET", "/$ref", f"GET {_unit}/members", "list-members"),
        ("POST", "/$ref", f"PATCH {_unit}", "post-members"),
        ("DELETE", "/{directoryObject-id}/$ref", f"PATCH {_unit}", "delete-members"),
    )
} | {
    f"GET {_pim}roleAssignmentScheduleRequests/{{unifiedRoleAssignmentScheduleRequest-id}}": (
        f"GET {_pim}roleAssignmentScheduleRequests",
        f"{_reference}unifiedroleassignmentschedulerequest-get",
    ),
}

_subscriptions = (
    "LicenseAssignment.Read.All",
    "Organization.Read.All",
    "Organization.ReadWrite.All",
    "Directory.Read.All",
)
_eligibility = (
    "RoleEligibilitySchedule.ReadWrite.Directory",
    "RoleManagement.ReadWrite.Directory",
)
tenant_permissions: dict[str, tuple[dict[str, tuple[str, ...]], str]] = {
    "GET /directory/subscriptions": (
        {"delegated": _subscriptions, "application": _subscriptions},
        f"{_reference}directory-list-subscriptions",
    ),
    f"POST {_pim}roleEligibilityScheduleRequests": (
        {"delegated": _eligibility, "application": _eligibility},
        f"{_reference}rbacapplication-post-roleeligibilityschedulerequests",
    ),
}
