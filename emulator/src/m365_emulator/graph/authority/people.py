"""What permissions and roles for people are good for: oneself, single properties, and whom one may act on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator import data
from m365_emulator.graph import removal, targets

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.graph.call import Call

own_properties = frozenset({"mobilePhone", "businessPhones"})
_user = "/users/{user-id}"
_changing = frozenset({f"PATCH {_user}", "PATCH /me"})
_for_oneself = frozenset({"User.Read", "User.ReadWrite"})
_for_properties = {
    "User-Mail.ReadWrite.All": frozenset({"otherMails"}),
    "User-PasswordProfile.ReadWrite.All": frozenset({"passwordProfile"}),
    "User-Phone.ReadWrite.All": frozenset({"businessPhones", "mobilePhone"}),
    "User.EnableDisableAccount.All": frozenset({"accountEnabled"}),
    "User.ManageIdentities.All": frozenset({"identities"}),
}
sensitive = frozenset(
    {
        "accountEnabled",
        "businessPhones",
        "mobilePhone",
        "onPremisesImmutableId",
        "otherMails",
        "passwordProfile",
        "userPrincipalName",
    }
)
_acting = frozenset(
    {
        f"DELETE {_user}",
        f"POST {_user}/revokeSignInSessions",
        "DELETE /directoryObjects/{directoryObject-id}",
        "POST /directory/deletedItems/{directoryObject-id}/restore",
        "DELETE /directory/deletedItems/{directoryObject-id}",
    }
)
# Whoever has other roles than these is only for the two at the bottom (User Administrator: the column of that name).
_for_user_administrators = (
    "Directory Readers",
    "Groups Administrator",
    "Guest Inviter",
    "Helpdesk Administrator",
    "Message Center Reader",
    "Password Administrator",
    "Reports Reader",
    "User Administrator",
    "Usage Summary Reports Reader",
)
_for_everybody = ("Global Administrator", "Privileged Authentication Administrator")


def admitted(call: Call, have: frozenset[str]) -> frozenset[str]:
    """Of the caller's permissions those that are good for this person and these properties.

    ``User.Read`` and ``User.ReadWrite`` are for the signed-in person alone (Get a user); some are for single
    properties (Update user: permissions for specific scenarios).
    """
    if call.operation.path.startswith(_user) and not is_oneself(call):
        have -= _for_oneself
    if call.operation.name not in _changing:
        return have
    special = have & _for_properties.keys()
    covered = frozenset[str]().union(*(_for_properties[name] for name in special))
    return have if special and set(call.body) <= covered else have - special


def is_oneself(call: Call) -> bool:
    """Whether the path names the person who calls."""
    if "user-id" not in call.keys:
        return call.operation.path.startswith("/me")
    person = targets.find(call, "user")
    return person is not None and not call.caller.is_app and person.id == call.caller.principal_id


def are_read(call: Call) -> bool:
    """Whether the path is about other people than the one who calls, which a tenant may forbid its members."""
    return call.operation.path.startswith("/users") and not ("user-id" in call.keys and is_oneself(call))


def may_act_on(call: Call) -> bool:
    """Whether the caller's roles are high enough for this person's: sensitive properties, deletion, restoring.

    Source: Working with users in Microsoft Graph, Who can perform sensitive actions. An application without a role
    may do it to people without one.
    """
    person = _acted_on(call)
    if person is None or person.id == call.caller.principal_id:
        return True
    held = _roles(call.tenant, person)
    if call.caller.directory_roles & _ids(_for_everybody):
        return True
    if held - _ids(_for_user_administrators) or _in_role_group(call.tenant, person):
        return False
    return not held or not call.caller.is_app or bool(call.caller.directory_roles & _ids(("User Administrator",)))


def _acted_on(call: Call) -> DirectoryObject | None:
    """The person, when the request is one of the sensitive ones."""
    if call.operation.name == f"PATCH {_user}":
        return targets.find(call, "user") if sensitive & call.body.keys() else None
    if call.operation.name not in _acting:
        return None
    oid = call.keys.get("directoryObject-id")
    if oid is None:
        return targets.find(call, "user")
    rows = call.tenant.deleted if "deletedItems" in call.operation.path else call.tenant.objects
    item = rows.get(oid.lower())
    return item if item is not None and item.kind == "user" else None


def _roles(tenant: Tenant, person: DirectoryObject) -> set[str]:
    """Roles at any scope, one's own and through groups; of the deleted those that they had."""
    held = tenant.role_holders_for(person.id)
    live = {row["roleDefinitionId"] for row in tenant.role_assignments.values() if row["principalId"] in held}
    return live | set(person.hidden.get(removal.roles_when_deleted, []))


def _in_role_group(tenant: Tenant, person: DirectoryObject) -> bool:
    """Members and owners of groups that can have roles count as holders of high ones."""
    owned = (item.id for item in tenant.of_kind("group") if person.id in item.owners)
    return any(map(tenant.is_role_assignable, owned)) or len(tenant.role_holders_for(person.id)) > 1


def _ids(names: tuple[str, ...]) -> frozenset[str]:
    known = data.role_ids_by_name()
    return frozenset(known[name] for name in names)
