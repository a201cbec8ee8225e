"""The reviewed table: operation → directory roles. A test fails when an operation has no row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator.graph.authority import rules
from m365_emulator.graph.authority.beyond_table import beyond_roles
from m365_emulator.graph.authority.choosers import changing_group, creating_group, granting, restoring, updating_person
from m365_emulator.graph.authority.tenant_table import tenant_roles

if TYPE_CHECKING:
    from collections.abc import Callable

    from m365_emulator.graph.authority.rules import Rule
    from m365_emulator.graph.call import Call

    Chooser = Callable[[Call], Rule]


def upserting(call: Call) -> Rule:
    """An upsert makes the application when it is missing and changes it when it is there."""
    missing = call.tenant.find("application", uniqueName=call.keys["uniqueName"]) is None
    return rules.creates_applications if missing else rules.manages_applications


def upserting_principal(call: Call) -> Rule:
    """As for applications."""
    missing = call.tenant.principal(call.keys["appId"]) is None
    return rules.creates_principals if missing else rules.manages_applications


_app = ("/applications/{application-id}", "/applications(appId='{appId}')")
_unique = "/applications(uniqueName='{uniqueName}')"
_sp = ("/servicePrincipals/{servicePrincipal-id}", "/servicePrincipals(appId='{appId}')")
_role = ("/directoryRoles/{directoryRole-id}", "/directoryRoles(roleTemplateId='{roleTemplateId}')")
_definition = "/{unifiedRoleDefinition-id}"
_federated_keys = ("/{federatedIdentityCredential-id}", "(name='{name}')")
_members = ("/members", "/members/$ref", "/transitiveMembers")
_memberships = (
    "/memberOf",
    "/memberOf/microsoft.graph.directoryRole",
    "/memberOf/microsoft.graph.group",
    "/memberOf/microsoft.graph.administrativeUnit",
    "/transitiveMemberOf",
    "/transitiveMemberOf/microsoft.graph.directoryRole",
)


def _rows(rule: Rule | Chooser, method: str, *where: str) -> dict[str, Rule | Chooser]:
    return {f"{method} {path}": rule for path in where}


roles_of_operations: dict[str, Rule | Chooser] = {
    **tenant_roles,
    **beyond_roles,
    **_rows(granting, "POST", "/users/{user-id}/appRoleAssignments"),
    **_rows(
        rules.reads_directory,
        "GET",
        "/applications",
        "/applications/$count",
        _unique,
        *_app,
        *(one + end for one in _app for end in ("/owners", "/owners/$ref", "/federatedIdentityCredentials")),
        _app[0] + "/federatedIdentityCredentials/{federatedIdentityCredential-id}",
    ),
    **_rows(rules.creates_applications, "POST", "/applications"),
    **_rows(upserting, "PATCH", _unique),
    **_rows(rules.manages_applications, "PATCH", *_app),
    **_rows(
        rules.manages_applications,
        "DELETE",
        *_app,
        _unique,
        _app[0] + "/owners/{directoryObject-id}/$ref",
        _app[0] + "/federatedIdentityCredentials/{federatedIdentityCredential-id}",
    ),
    **_rows(
        rules.manages_applications,
        "POST",
        *(
            one + end
            for one in _app
            for end in ("/addPassword", "/removePassword", "/owners/$ref", "/federatedIdentityCredentials")
        ),
    ),
    **_rows(
        rules.restores_applications,
        "GET",
        "/directory/deletedItems/microsoft.graph.application",
        "/directory/deletedItems/microsoft.graph.servicePrincipal",
    ),
    **_rows(restoring, "GET", "/directory/deletedItems/{directoryObject-id}"),
    **_rows(restoring, "POST", "/directory/deletedItems/{directoryObject-id}/restore"),
    **_rows(restoring, "DELETE", "/directory/deletedItems/{directoryObject-id}"),
    **_rows(
        rules.reads_directory,
        "GET",
        "/servicePrincipals",
        "/servicePrincipals/$count",
        *_sp,
        *(
            one + end
            for one in _sp
            for end in (
                "/appRoleAssignments",
                "/appRoleAssignedTo",
                "/oauth2PermissionGrants",
                "/owners",
                *_memberships,
            )
        ),
        _sp[0] + "/owners/$ref",
        *(_sp[0] + end + "/{appRoleAssignment-id}" for end in ("/appRoleAssignments", "/appRoleAssignedTo")),
    ),
    **_rows(rules.creates_principals, "POST", "/servicePrincipals"),
    **_rows(upserting_principal, "PATCH", _sp[1]),
    **_rows(rules.manages_applications, "PATCH", _sp[0]),
    **_rows(rules.manages_applications, "DELETE", *_sp),
    **_rows(
        rules.manages_applications,
        "POST",
        _sp[0] + "/owners/$ref",
        *(one + end for one in _sp for end in ("/addPassword", "/removePassword")),
    ),
    **_rows(granting, "POST", *(one + end for one in _sp for end in ("/appRoleAssignments", "/appRoleAssignedTo"))),
    **_rows(
        granting,
        "DELETE",
        *(_sp[0] + end + "/{appRoleAssignment-id}" for end in ("/appRoleAssignments", "/appRoleAssignedTo")),
    ),
    **_rows(
        rules.reads_directory, "GET", "/oauth2PermissionGrants", "/oauth2PermissionGrants/{oAuth2PermissionGrant-id}"
    ),
    **_rows(rules.grants_other_apis, "POST", "/oauth2PermissionGrants"),
    **_rows(rules.grants_other_apis, "PATCH", "/oauth2PermissionGrants/{oAuth2PermissionGrant-id}"),
    **_rows(rules.grants_other_apis, "DELETE", "/oauth2PermissionGrants/{oAuth2PermissionGrant-id}"),
    **_rows(
        rules.reads_directory,
        "GET",
        "/directoryRoles",
        *_role,
        _role[0] + "/members",
        _role[0] + "/members/$ref",
        "/directoryRoleTemplates",
        "/directoryRoleTemplates/{directoryRoleTemplate-id}",
        "/roleManagement/directory/roleDefinitions",
        "/roleManagement/directory/roleAssignments",
        "/roleManagement/directory/roleDefinitions/{unifiedRoleDefinition-id}",
        "/roleManagement/directory/roleAssignments/{unifiedRoleAssignment-id}",
    ),
    **_rows(
        rules.assigns_roles,
        "POST",
        "/directoryRoles",
        *(one + "/members/$ref" for one in _role),
        "/roleManagement/directory/roleAssignments",
    ),
    **_rows(
        rules.assigns_roles,
        "DELETE",
        _role[0] + "/members/{directoryObject-id}/$ref",
        "/roleManagement/directory/roleAssignments/{unifiedRoleAssignment-id}",
    ),
    **{
        f"{method} /roleManagement/directory/roleDefinitions{one}": rules.assigns_roles
        for method, one in (("POST", ""), ("PATCH", _definition), ("DELETE", _definition))
    },
    **_rows(rules.reads_eligibilities, "GET", "/roleManagement/directory/roleEligibilityScheduleInstances"),
    **_rows(
        rules.reads_self,
        "GET",
        "/roleManagement/directory/roleEligibilityScheduleInstances/filterByCurrentUser(on='{on}')",
        "/me",
        *("/me" + end for end in _memberships if "group" not in end and "Unit" not in end),
    ),
    **_rows(
        rules.reads_company,
        "GET",
        "/organization",
        "/organization/{organization-id}",
        "/domains",
        "/domains/{domain-id}",
    ),
    **_rows(
        rules.reads_directory,
        "GET",
        "/subscribedSkus",
        "/subscribedSkus/{subscribedSku-id}",
        "/users",
        "/users/{user-id}",
        *("/users/{user-id}" + end for end in _memberships),
        "/groups",
        "/groups/{group-id}",
        *("/groups/{group-id}" + end for end in _members),
        "/directory/administrativeUnits",
        "/directory/administrativeUnits/{administrativeUnit-id}",
        "/directory/administrativeUnits/{administrativeUnit-id}/members",
        "/tenantRelationships/findTenantInformationByDomainName(domainName='{domainName}')",
        "/tenantRelationships/findTenantInformationByTenantId(tenantId='{tenantId}')",
    ),
    **_rows(rules.manages_users, "POST", "/users"),
    **_rows(updating_person, "PATCH", "/users/{user-id}"),
    **_rows(rules.manages_users, "DELETE", "/users/{user-id}"),
    **_rows(creating_group, "POST", "/groups"),
    **_rows(changing_group, "DELETE", "/groups/{group-id}", "/groups/{group-id}/members/{directoryObject-id}/$ref"),
    **_rows(changing_group, "POST", "/groups/{group-id}/members/$ref"),
    **_rows(
        rules.reads_policies,
        "GET",
        "/policies/defaultAppManagementPolicy",
        "/policies/authorizationPolicy",
        "/policies/identitySecurityDefaultsEnforcementPolicy",
        "/policies/adminConsentRequestPolicy",
        "/policies/appManagementPolicies",
        "/policies/appManagementPolicies/{appManagementPolicy-id}",
        _app[0] + "/appManagementPolicies",
    ),
    **_rows(rules.reads_conditional_access, "GET", "/identity/conditionalAccess/policies"),
    **_rows(rules.changes_authorization, "PATCH", "/policies/authorizationPolicy"),
    **_rows(
        rules.changes_app_policies,
        "PATCH",
        "/policies/defaultAppManagementPolicy",
        "/policies/appManagementPolicies/{appManagementPolicy-id}",
    ),
    **_rows(
        rules.changes_app_policies,
        "POST",
        "/policies/appManagementPolicies",
        *(one + "/appManagementPolicies/$ref" for one in (_app[0], _sp[0])),
    ),
    **_rows(
        rules.changes_app_policies,
        "DELETE",
        "/policies/appManagementPolicies/{appManagementPolicy-id}",
        *(one + "/appManagementPolicies/{appManagementPolicy-id}/$ref" for one in (_app[0], _sp[0])),
    ),
    **_rows(
        rules.manages_applications,
        "PATCH",
        *(_app[0] + "/federatedIdentityCredentials" + key for key in _federated_keys),
    ),
    **_rows(rules.manages_applications, "DELETE", _app[0] + "/federatedIdentityCredentials" + _federated_keys[1]),
    **_rows(rules.reads_directory, "GET", _app[0] + "/federatedIdentityCredentials" + _federated_keys[1]),
    **_rows(rules.manages_applications, "POST", *(one + end for one in _app for end in ("/addKey", "/removeKey"))),
}
