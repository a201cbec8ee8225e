"""Rows of the reviewed table for operations that neither Microsoft's data nor our copy of its description lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from m365_emulator.graph.authority import rules
from m365_emulator.graph.authority.choosers import changing_group, deleting, granting, updating_person

if TYPE_CHECKING:
    from collections.abc import Callable

    from m365_emulator.graph.authority.rules import Rule
    from m365_emulator.graph.call import Call

    Who = Rule | Callable[[Call], Rule]


@dataclass(frozen=True, slots=True)
class Row:
    """``like`` is an operation whose permissions hold here too; ``permissions`` are this one's own, where none fits."""

    who: Who
    page: str
    like: str = ""
    permissions: tuple[str, ...] = ()


_reference = "https://learn.microsoft.com/graph/api/"
_me, _user, _group = "/me", "/users/{user-id}", "/groups/{group-id}"
_sp = ("/servicePrincipals/{servicePrincipal-id}", "/servicePrincipals(appId='{appId}')")
_app = ("/applications/{application-id}", "/applications(appId='{appId}')")
_role = ("/directoryRoles/{directoryRole-id}", "/directoryRoles(roleTemplateId='{roleTemplateId}')")
_object = "/directoryObjects/{directoryObject-id}"
_pim = "/roleManagement/directory/"
_filter = "/filterByCurrentUser(on='{on}')"
_assignment = "/{appRoleAssignment-id}"
_owner = "/owners/{directoryObject-id}/$ref"
_writes_groups = ("GroupMember.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All")
_grants = ("AppRoleAssignment.ReadWrite.All",)
_reads_objects = ("Directory.Read.All", "Directory.ReadWrite.All")
_reads_members = ("GroupMember.Read.All", "Group.Read.All", *_reads_objects)
_reads_owners = (*_reads_members, "Group.ReadWrite.All", "GroupMember.ReadWrite.All")
_deletes_objects = ("Application.ReadWrite.All", "Group.ReadWrite.All", "User.ReadWrite.All", "Directory.ReadWrite.All")
_owned_kinds = ("microsoft.graph.application", "microsoft.graph.servicePrincipal", "microsoft.graph.group")
_owner_ends = ("/microsoft.graph.user", "/microsoft.graph.servicePrincipal", "/$count")
_group_and_unit = ("microsoft.graph.group", "microsoft.graph.administrativeUnit")
_who_is_member = {
    _me: rules.reads_self,
    _user: rules.reads_directory,
    _sp[0]: rules.reads_directory,
    _group: rules.reads_directory,
    _object: rules.reads_directory,
}
_questions = ("getMemberGroups", "checkMemberGroups", "getMemberObjects", "checkMemberObjects")

beyond: dict[str, Row] = {
    # Memberships by type, and how many there are.
    **{
        f"GET {one}/transitiveMemberOf/{cast}": Row(
            _who_is_member.get(one, rules.reads_directory), f"{page}-list-transitivememberof", f"GET {like}"
        )
        for one, page, like in (
            (_me, "user", f"{_me}/transitiveMemberOf"),
            (_user, "user", f"{_user}/transitiveMemberOf"),
            (_sp[0], "serviceprincipal", f"{_sp[0]}/transitiveMemberOf"),
            (_sp[1], "serviceprincipal", f"{_sp[0]}/transitiveMemberOf"),
        )
        for cast in _group_and_unit
    },
    **{
        f"GET {_me}/memberOf/{cast}": Row(rules.reads_self, "user-list-memberof", f"GET {_me}/memberOf")
        for cast in _group_and_unit
    },
    **{
        f"GET {one}/{name}/{end}": Row(_who_is_member[one], f"{page}-list-{name.lower()}", f"GET {one}/{name}")
        for one, page in ((_me, "user"), (_user, "user"), (_sp[0], "serviceprincipal"))
        for name in ("memberOf", "transitiveMemberOf")
        for end in ("$count", "microsoft.graph.group/$count", "microsoft.graph.directoryRole/$count")
    },
    **{
        f"GET {_group}/{name}{end}": Row(
            rules.reads_directory, f"group-list-{name.lower()}", permissions=_reads_members
        )
        for name in ("memberOf", "transitiveMemberOf")
        for end in ("", "/$count", "/microsoft.graph.group")
    },
    **{
        f"GET {_group}/{name}/{end}": Row(rules.reads_directory, f"group-list-{name.lower()}", f"GET {_group}/{name}")
        for name in ("members", "transitiveMembers")
        for end in (
            "$count",
            *(f"microsoft.graph.{kind}" for kind in ("user", "group", "servicePrincipal")),
            "microsoft.graph.user/$count",
        )
    },
    "GET /users/$count": Row(rules.reads_directory, "user-list", "GET /users"),
    f"PATCH {_me}": Row(updating_person, "user-update", f"PATCH {_user}"),
    "GET /groups/$count": Row(rules.reads_directory, "group-list", "GET /groups"),
    # What changed: "the same permissions that are required to read" (Use delta query).
    **{
        f"GET /{name}/delta": Row(rules.reads_directory, f"{page}-delta", f"GET /{name}")
        for name, page in (
            ("applications", "application"),
            ("servicePrincipals", "serviceprincipal"),
            ("users", "user"),
            ("groups", "group"),
            ("oauth2PermissionGrants", "oauth2permissiongrant"),
        )
    },
    # Directory objects of any type, and questions about membership.
    "POST /directoryObjects/getByIds": Row(
        rules.reads_directory, "directoryobject-getbyids", permissions=_reads_objects
    ),
    f"GET {_object}": Row(rules.reads_directory, "directoryobject-get", permissions=_reads_objects),
    f"DELETE {_object}": Row(deleting, "directoryobject-delete", permissions=_deletes_objects),
    **{
        f"POST {one}/{name}": Row(
            rule,
            f"directoryobject-{name.lower()}",
            like=f"POST {one}/getMemberGroups" if one in (_me, _user, _sp[0]) else "",
            permissions=() if one in (_me, _user, _sp[0]) else (*_reads_members, "Group.ReadWrite.All"),
        )
        for one, rule in _who_is_member.items()
        for name in _questions
        if f"POST {one}/{name}"
        not in {
            *(f"POST {person}/{known}" for person in (_me, _user, _sp[0]) for known in _questions[::3]),
            f"POST {_user}/checkMemberGroups",
        }
    },
    **{
        f"GET /directory/deletedItems/microsoft.graph.{kind}": Row(
            rule,
            "directory-deleteditems-list",
            permissions=(f"{kind.capitalize()}.Read.All", f"{kind.capitalize()}.ReadWrite.All", *_reads_objects),
        )
        for kind, rule in (("user", rules.manages_users), ("group", rules.restores_groups))
    },
    # Applications that people and groups may use, what was granted, and taking it back.
    f"GET {_user}/appRoleAssignments{_assignment}": Row(
        rules.reads_directory, "user-list-approleassignments", f"GET {_user}/appRoleAssignments"
    ),
    f"DELETE {_user}/appRoleAssignments{_assignment}": Row(
        granting, "user-delete-approleassignments", permissions=_grants
    ),
    f"GET {_me}/appRoleAssignments": Row(
        rules.reads_self, "user-list-approleassignments", f"GET {_user}/appRoleAssignments"
    ),
    **{
        f"GET {_group}/appRoleAssignments{end}": Row(
            rules.reads_directory, "group-list-approleassignments", permissions=_reads_objects
        )
        for end in ("", _assignment)
    },
    f"POST {_group}/appRoleAssignments": Row(granting, "group-post-approleassignments", permissions=_grants),
    f"DELETE {_group}/appRoleAssignments{_assignment}": Row(
        granting, "group-delete-approleassignments", permissions=_grants
    ),
    **{
        f"{method} {_sp[1]}/{name}{_assignment}": Row(
            who, f"serviceprincipal-{page}-{name.lower()}", f"{method} {_sp[0]}/{name}{_assignment}"
        )
        for name in ("appRoleAssignments", "appRoleAssignedTo")
        for method, who, page in (("GET", rules.reads_directory, "list"), ("DELETE", granting, "delete"))
    },
    f"GET {_user}/oauth2PermissionGrants": Row(
        rules.reads_directory, "user-list-oauth2permissiongrants", "GET /oauth2PermissionGrants"
    ),
    f"GET {_me}/oauth2PermissionGrants": Row(
        rules.reads_self, "user-list-oauth2permissiongrants", "GET /oauth2PermissionGrants"
    ),
    # Owners.
    **{
        f"GET {one}/ownedObjects{end}": Row(
            _who_is_member[one], f"{page}-list-ownedobjects", permissions=(*_extra, *_reads_objects)
        )
        for end in ("", *(f"/{kind}" for kind in _owned_kinds), "/$count")
        for one, page, _extra in (
            (_me, "user", ("User.Read", "User.Read.All")),
            (_user, "user", ("User.Read.All",)),
            (_sp[0], "serviceprincipal", ("Application.Read.All", "Application.ReadWrite.All")),
        )
    },
    f"DELETE {_app[1]}{_owner}": Row(
        rules.manages_applications, "application-delete-owners", f"DELETE {_app[0]}{_owner}"
    ),
    **{
        f"DELETE {one}{_owner}": Row(
            rules.manages_applications, "serviceprincipal-delete-owners", f"POST {_sp[0]}/owners/$ref"
        )
        for one in _sp
    },
    f"GET {_sp[1]}/owners/$ref": Row(
        rules.reads_directory, "serviceprincipal-list-owners", f"GET {_sp[0]}/owners/$ref"
    ),
    f"POST {_sp[1]}/owners/$ref": Row(
        rules.manages_applications, "serviceprincipal-post-owners", f"POST {_sp[0]}/owners/$ref"
    ),
    **{
        f"GET {one}/owners{end}": Row(rules.reads_directory, f"{page}-list-owners", f"GET {like}/owners")
        for one, like, page in (
            *((one, _app[0], "application") for one in _app),
            *((one, _sp[0], "serviceprincipal") for one in _sp),
        )
        for end in _owner_ends
    },
    **{
        f"GET {_group}/owners{end}": Row(rules.reads_directory, "group-list-owners", permissions=_reads_owners)
        for end in ("", "/$ref", *_owner_ends)
    },
    f"POST {_group}/owners/$ref": Row(changing_group, "group-post-owners", permissions=_writes_groups),
    f"DELETE {_group}{_owner}": Row(changing_group, "group-delete-owners", permissions=_writes_groups),
    # The second key of applications, service principals and roles.
    **{
        f"{method} {_app[1]}/federatedIdentityCredentials{key}": Row(
            rules.reads_directory if method == "GET" else rules.manages_applications,
            f"federatedidentitycredential-{page}",
            f"{method} {_app[0]}/federatedIdentityCredentials{key}",
        )
        for method, page in (("GET", "get"), ("PATCH", "update"), ("DELETE", "delete"))
        for key in ("/{federatedIdentityCredential-id}", "(name='{name}')")
    },
    **{
        f"POST {one}/{name}": Row(
            rules.manages_applications, f"serviceprincipal-{name.lower()}", f"POST {_app[0]}/{name}"
        )
        for one in _sp
        for name in ("addKey", "removeKey")
    },
    **{
        f"GET {_role[1]}/members{end}": Row(
            rules.reads_directory, "directoryrole-list-members", f"GET {_role[0]}/members"
        )
        for end in ("", "/$ref")
    },
    f"DELETE {_role[1]}/members/{{directoryObject-id}}/$ref": Row(
        rules.assigns_roles, "directoryrole-delete-member", "POST /directoryRoles"
    ),
    # Ending what people have open.
    f"POST {_user}/revokeSignInSessions": Row(
        rules.manages_users,
        "user-revokesigninsessions",
        permissions=("User.RevokeSessions.All", "User.ReadWrite.All", "Directory.ReadWrite.All"),
    ),
    f"POST {_me}/revokeSignInSessions": Row(
        rules.reads_self,
        "user-revokesigninsessions",
        permissions=("User.RevokeSessions.All", "User.ReadWrite", "User.ReadWrite.All", "Directory.ReadWrite.All"),
    ),
    # Privileged Identity Management.
    **{
        f"GET {_pim}{name}{end}": Row(
            rules.reads_self if end == _filter else rules.reads_eligibilities,
            f"rbacapplication-list-{name.lower()}",
            f"GET {_pim}{like}",
        )
        for name, like, ends in (
            (
                "roleEligibilityScheduleRequests",
                "roleEligibilityScheduleInstances",
                ("", _filter, "/{unifiedRoleEligibilityScheduleRequest-id}"),
            ),
            ("roleEligibilitySchedules", "roleEligibilityScheduleInstances", ("", _filter)),
            ("roleAssignmentSchedules", "roleAssignmentScheduleInstances", ("", _filter)),
            ("roleAssignmentScheduleInstances", "roleAssignmentScheduleInstances", (_filter,)),
            ("roleAssignmentScheduleRequests", "roleAssignmentScheduleRequests", (_filter,)),
        )
        for end in ends
    },
}

beyond_roles = {operation: row.who for operation, row in beyond.items()}
beyond_same = {operation: (row.like, f"{_reference}{row.page}") for operation, row in beyond.items() if row.like}
beyond_permissions = {
    operation: ({"delegated": row.permissions, "application": row.permissions}, f"{_reference}{row.page}")
    for operation, row in beyond.items()
    if row.permissions
}
