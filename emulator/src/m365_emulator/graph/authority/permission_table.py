"""The reviewed table of permissions that Microsoft's data (``endpoint-permissions.json``) lacks or garbles."""

from __future__ import annotations

from m365_emulator.graph.authority.beyond_table import beyond_permissions, beyond_same
from m365_emulator.graph.authority.tenant_table import tenant_permissions, tenant_same

_app = ("/applications/{application-id}", "/applications(appId='{appId}')")
_sp = ("/servicePrincipals/{servicePrincipal-id}", "/servicePrincipals(appId='{appId}')")
_role = ("/directoryRoles/{directoryRole-id}", "/directoryRoles(roleTemplateId='{roleTemplateId}')")
_reference = "https://learn.microsoft.com/graph/api/"
same_permissions: dict[str, tuple[str, str]] = {
    # operation whose permissions the data lacks or garbles: (operation whose permissions hold for it too, source)
    **tenant_same,
    **beyond_same,
    **{
        f"{method} {one}{end}": (f"{like} {one}{of}", f"{_reference}{page}")
        for one in (_app[0], _app[1], _sp[0])
        for method, end, like, of, page in (
            ("GET", "/owners/$ref", "GET", "/owners", "application-list-owners"),
            ("POST", "/owners/$ref", "PATCH", "", "application-post-owners"),
        )
    },
    f"DELETE {_app[0]}/owners/{{directoryObject-id}}/$ref": (
        f"PATCH {_app[0]}",
        f"{_reference}application-delete-owners",
    ),
    "GET /applications/$count": ("GET /applications", f"{_reference}application-list"),
    "GET /servicePrincipals/$count": ("GET /servicePrincipals", f"{_reference}serviceprincipal-list"),
    **{
        f"GET {one}/{name}/microsoft.graph.{cast}": (f"GET {one}/{name}", f"{_reference}user-list-memberof")
        for one in (*_sp, "/users/{user-id}", "/me")
        for name in ("memberOf", "transitiveMemberOf")
        for cast in ("directoryRole", "group", "administrativeUnit")
    },
    f"GET {_sp[1]}/transitiveMemberOf": (
        f"GET {_sp[0]}/transitiveMemberOf",
        f"{_reference}serviceprincipal-list-transitivememberof",
    ),
    **{
        f"GET {_sp[0]}/{name}/{{appRoleAssignment-id}}": (
            f"GET {_sp[0]}/{name}",
            f"{_reference}serviceprincipal-list-approleassignments",
        )
        for name in ("appRoleAssignments", "appRoleAssignedTo")
    },
    "GET /organization/{organization-id}": ("GET /organization", f"{_reference}organization-get"),
    f"GET {_role[0]}/members/$ref": (f"GET {_role[0]}/members", f"{_reference}directoryrole-list-members"),
    **{
        f"POST {one}/members/$ref": ("POST /directoryRoles", f"{_reference}directoryrole-post-members") for one in _role
    },
    f"DELETE {_role[0]}/members/{{directoryObject-id}}/$ref": (
        "POST /directoryRoles",
        f"{_reference}directoryrole-delete-member",
    ),
}

_owned = ("Application.ReadWrite.OwnedBy",)
# What is good for a deleted object of one kind; an operation takes those of any, and asks again about the object.
restoring_of_kind: dict[str, tuple[str, ...]] = {
    "application": ("Application.ReadWrite.All", *_owned),
    "servicePrincipal": ("Application.ReadWrite.All", *_owned),
    "user": ("User.DeleteRestore.All", "User.ReadWrite.All"),
    "group": ("Group.ReadWrite.All",),
}
_directory = ("Directory.Read.All", "Directory.ReadWrite.All", "Directory.AccessAsUser.All")
reading_of_kind: dict[str, tuple[str, ...]] = {
    kind: (*names, f"{names[0].partition('.')[0]}.Read.All", *_directory) for kind, names in restoring_of_kind.items()
}


def _of_any_kind(table: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    names = tuple(dict.fromkeys(name for row in table.values() for name in row))
    return {"delegated": tuple(name for name in names if name not in _owned), "application": names}


_granting: dict[str, tuple[str, ...]] = {
    "delegated": ("AppRoleAssignment.ReadWrite.All",),
    "application": ("AppRoleAssignment.ReadWrite.All",),
}
_app_policies: dict[str, tuple[str, ...]] = dict.fromkeys(
    ("delegated", "application"), ("Policy.ReadWrite.ApplicationConfiguration",)
)
_group_members = {"delegated": ("GroupMember.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All")}
own_permissions: dict[str, tuple[dict[str, tuple[str, ...]], str]] = {
    # operation: (permissions of people and of applications, source)
    **tenant_permissions,
    **beyond_permissions,
    **{
        f"{method} /directory/deletedItems/{{directoryObject-id}}{end}": (
            _of_any_kind(reading_of_kind if method == "GET" else restoring_of_kind),
            f"{_reference}directory-deleteditems-{page}",
        )
        for method, end, page in (("GET", "", "get"), ("DELETE", "", "delete"), ("POST", "/restore", "restore"))
    },
    **{
        f"GET /directory/deletedItems/microsoft.graph.{kind}": (
            {
                "delegated": ("Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All"),
                "application": (
                    "Application.Read.All",
                    "Application.ReadWrite.All",
                    "Application.ReadWrite.OwnedBy",
                    "Directory.Read.All",
                ),
            },
            f"{_reference}directory-deleteditems-list",
        )
        for kind in ("application", "servicePrincipal")
    },
    # The data lists Application permissions as enough here: an artefact, as its own note says.
    **{
        f"{method} {one}/{name}{end}": (_granting, f"{_reference}serviceprincipal-{page}")
        for name in ("appRoleAssignments", "appRoleAssignedTo")
        for method, one, end, page in (
            ("POST", _sp[0], "", "post-approleassignments"),
            ("POST", _sp[1], "", "post-approleassignments"),
            ("DELETE", _sp[0], "/{appRoleAssignment-id}", "delete-approleassignments"),
        )
    },
    **{
        f"{method} /groups/{{group-id}}/members{end}": (
            {**_group_members, "application": _group_members["delegated"]},
            f"{_reference}{page}",
        )
        for method, end, page in (
            ("POST", "/$ref", "group-post-members"),
            ("DELETE", "/{directoryObject-id}/$ref", "group-delete-members"),
        )
    },
    **{
        f"{method} {one}/appManagementPolicies{end}/$ref": (_app_policies, f"{_reference}appmanagementpolicy-{page}")
        for one in (_app[0], _sp[0])
        for method, end, page in (
            ("POST", "", "post-appliesto"),
            ("DELETE", "/{appManagementPolicy-id}", "delete-appliesto"),
        )
    },
    f"GET {_app[0]}/appManagementPolicies": (
        dict.fromkeys(
            ("delegated", "application"),
            ("Policy.Read.All", "Policy.Read.ApplicationConfiguration", "Policy.ReadWrite.ApplicationConfiguration"),
        ),
        f"{_reference}appmanagementpolicy-list-appliesto",
    ),
    "PATCH /policies/authorizationPolicy": (
        dict.fromkeys(("delegated", "application"), ("Policy.ReadWrite.Authorization",)),
        f"{_reference}authorizationpolicy-update",
    ),
    "GET /groups/{group-id}/members/$ref": (
        {
            "delegated": ("GroupMember.Read.All", "Group.Read.All", "Directory.Read.All"),
            "application": ("GroupMember.Read.All", "Group.Read.All", "Directory.Read.All"),
        },
        f"{_reference}group-list-members",
    ),
}

# To grant, a caller must also be able to read the two ends: alsoRequiresAnyOf in the data, and whatever implies it.
also_needed: dict[str, frozenset[str]] = {
    f"POST {one}/{name}": frozenset(
        {
            "Application.Read.All",
            "Application.ReadWrite.All",
            "Application.ReadWrite.OwnedBy",
            "Directory.Read.All",
            "Directory.ReadWrite.All",
        }
    )
    for one in _sp
    for name in ("appRoleAssignments", "appRoleAssignedTo")
}
