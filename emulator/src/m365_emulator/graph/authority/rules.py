"""Directory roles that each kind of operation asks for, from Microsoft's pages on roles and default permissions.

``source`` names the page (all on learn.microsoft.com/entra/identity/role-based-access-control unless said otherwise).
"""

from __future__ import annotations

from dataclasses import dataclass

from m365_emulator import data


@dataclass(frozen=True, slots=True)
class Rule:
    """Who passes, besides holders of one of ``roles`` (names): members, guests, owners of the object, by policy."""

    roles: tuple[str, ...]
    source: str
    members: bool = False
    guests: bool = False
    owners: bool = False
    policy: str = ""

    @property
    def role_ids(self) -> frozenset[str]:
        return frozenset(data.role_ids_by_name()[name] for name in self.roles)


_permissions = "permissions-reference"
_defaults = "/entra/fundamentals/users-default-permissions"
_readers = (
    "Global Administrator",
    "Global Reader",
    "Directory Readers",
    "Directory Writers",
    "Privileged Role Administrator",
    "Application Administrator",
    "Cloud Application Administrator",
    "User Administrator",
)
_application_administrators = ("Global Administrator", "Application Administrator", "Cloud Application Administrator")
_role_administrators = ("Global Administrator", "Privileged Role Administrator")

reads_directory = Rule(_readers, f"{_defaults}: members read the directory", members=True)
reads_people = Rule(
    _readers, "/graph/api/authorizationpolicy-update: allowedToReadOtherUsers", policy="allowedToReadOtherUsers"
)
reads_company = Rule(_readers, f"{_defaults}: members and guests read company and domains", members=True, guests=True)
reads_self = Rule((), "/graph/api/user-get: the signed-in person", members=True, guests=True)
reads_policies = Rule(
    (
        "Global Administrator",
        "Global Reader",
        "Security Reader",
        "Security Administrator",
        "Application Administrator",
        "Cloud Application Administrator",
        "Privileged Role Administrator",
        "Conditional Access Administrator",
    ),
    "/graph/api/tenantappmanagementpolicy-get, /graph/api/authorizationpolicy-get",
)
reads_eligibilities = Rule(
    (
        "Global Administrator",
        "Global Reader",
        "Security Reader",
        "Security Administrator",
        "Security Operator",
        "Privileged Role Administrator",
    ),
    "/graph/api/rbacapplication-list-roleeligibilityscheduleinstances",
)
creates_applications = Rule(
    (*_application_administrators, "Application Developer"),
    f"{_permissions}, {_defaults}: users can register applications",
    policy="allowedToCreateApps",
)
manages_applications = Rule(_application_administrators, f"{_permissions}; owners: {_defaults}", owners=True)
restores_applications = Rule(
    (*_application_administrators, "Hybrid Identity Administrator"), "/graph/api/directory-deleteditems-restore"
)
creates_principals = Rule(
    (*_application_administrators, "Application Developer"), "/graph/api/serviceprincipal-post-serviceprincipals"
)
grants_anything = Rule(
    _role_administrators,
    "/entra/identity/enterprise-apps/grant-admin-consent: application permissions of Microsoft Graph",
)
grants_other_apis = Rule(
    (*_application_administrators, "Privileged Role Administrator"),
    "/entra/identity/enterprise-apps/grant-admin-consent: everything but application permissions of Microsoft Graph",
)
assigns_roles = Rule(_role_administrators, "manage-roles-portal")
manages_users = Rule(("Global Administrator", "User Administrator"), f"{_permissions}: User Administrator")
changes_own_profile = Rule(manages_users.roles, f"{_defaults}: members manage their own phone number", members=True)
changes_sensitive = Rule(
    (*manages_users.roles, "Privileged Authentication Administrator"),
    "/graph/api/resources/users: Who can perform sensitive actions",
)
creates_groups = Rule(
    ("Global Administrator", "User Administrator", "Groups Administrator", "Directory Writers"),
    f"{_permissions}, {_defaults}: users can create security groups",
    policy="allowedToCreateSecurityGroups",
)
manages_groups = Rule(
    ("Global Administrator", "User Administrator", "Groups Administrator", "Directory Writers"),
    f"{_permissions}: Groups Administrator; owners: {_defaults}",
    owners=True,
)
restores_groups = Rule(manages_groups.roles, "/graph/api/directory-deleteditems-restore")
manages_role_groups = Rule(
    _role_administrators, "groups-concept: who fills a group that can have roles, besides its owners", owners=True
)

changes_app_policies = Rule(
    ("Global Administrator", "Security Administrator", "Application Administrator", "Cloud Application Administrator"),
    "/graph/api/tenantappmanagementpolicy-update, /graph/api/policyroot-post-appmanagementpolicies",
)
changes_authorization = Rule(
    ("Global Administrator", "Privileged Role Administrator"), "/graph/api/authorizationpolicy-update"
)
reads_conditional_access = Rule(
    (
        "Global Administrator",
        "Global Reader",
        "Security Reader",
        "Security Administrator",
        "Conditional Access Administrator",
        "Global Secure Access Administrator",
    ),
    "/graph/api/conditionalaccessroot-list-policies",
)
manages_domains = Rule(("Global Administrator", "Domain Name Administrator"), "/graph/api/domain-post-domains")
reads_domain_records = Rule(
    ("Global Administrator", "Domain Name Administrator", "Global Reader"),
    "/graph/api/domain-list-verificationdnsrecords",
)
manages_units = Rule(
    ("Global Administrator", "Privileged Role Administrator"), "/graph/api/directory-post-administrativeunits"
)
activates_own_roles = Rule(
    _role_administrators, "/graph/api/rbacapplication-post-roleassignmentschedulerequests: selfActivate", members=True
)
assigns_licences = Rule(
    ("Global Administrator", "License Administrator", "User Administrator", "Directory Writers"),
    "/graph/api/user-assignlicense",
)
changes_organization = Rule(("Global Administrator",), "/graph/api/organization-update")
manages_numbers = Rule(
    ("Global Administrator", "Teams Administrator", "Teams Telephony Administrator"),
    "/graph/api/teamsadministration-telephonenumbermanagementroot-list-numberassignments",
)
reads_teams_users = Rule(
    (
        "Global Administrator",
        "Teams Administrator",
        "Teams Telephony Administrator",
        "Teams Communications Administrator",
    ),
    "/graph/api/teamsadministration-teamsadminroot-list-userconfigurations",
)
assigns_teams_policies = Rule(
    ("Global Administrator", "Teams Administrator"), "/graph/api/teamsadministration-teamspolicyassignment-getpolicyid"
)
reads_audits = Rule(
    ("Global Reader", "Reports Reader", "Security Administrator", "Security Operator", "Security Reader"),
    "/graph/api/directoryaudit-list",
)
applications_only = Rule((), "/graph/api/callrecords-callrecord-getdirectroutingcalls: not for people")
