"""The directory's audit log: one row for each change that went through, as Entra names it. The newest 1,000 stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator.clock import graph_time
from m365_emulator.graph.odata import pages
from m365_emulator.graph.odata.shape import Shape
from m365_emulator.graph.operations import Operations

if TYPE_CHECKING:
    from m365_emulator.graph.answer import Answer
    from m365_emulator.graph.call import Call

operations = Operations()
shape = Shape(
    type="directoryAudit",
    set="auditLogs/directoryAudits",
    directory=False,
    filterable={
        "activityDateTime": "eq ge le gt lt",
        "activityDisplayName": "eq startsWith",
        "category": "eq",
        "correlationId": "eq",
        "loggedByService": "eq",
        "operationType": "eq",
        "result": "eq",
        "initiatedBy": "eq startsWith",
        "targetResources": "any",
    },
    sortable=frozenset({"activityDateTime"}),
)
_where = "directoryAudits"
_at_most = 1000
_kinds = {
    "users": "User",
    "me": "User",
    "groups": "Group",
    "applications": "Application",
    "servicePrincipals": "ServicePrincipal",
}
_operation_types = {"POST": "Add", "PATCH": "Update", "DELETE": "Delete"}
_secrets = "Update application – Certificates and secrets management"
_activities: dict[tuple[str, str], tuple[str, str]] = {
    # (method, end of the path): (activity, category), as "Microsoft Entra audit log categories and activities" has them
    ("POST", "/applications"): ("Add application", "ApplicationManagement"),
    ("PATCH", "/applications"): ("Update application", "ApplicationManagement"),
    ("DELETE", "/applications"): ("Delete application", "ApplicationManagement"),
    ("POST", "/addPassword"): (_secrets, "ApplicationManagement"),
    ("POST", "/removePassword"): (_secrets, "ApplicationManagement"),
    ("POST", "/addKey"): (_secrets, "ApplicationManagement"),
    ("POST", "/removeKey"): (_secrets, "ApplicationManagement"),
    ("POST", "/servicePrincipals"): ("Add service principal", "ApplicationManagement"),
    ("PATCH", "/servicePrincipals"): ("Update service principal", "ApplicationManagement"),
    ("DELETE", "/servicePrincipals"): ("Remove service principal", "ApplicationManagement"),
    ("POST", "/appRoleAssignments"): ("Add app role assignment to service principal", "ApplicationManagement"),
    ("POST", "/appRoleAssignedTo"): ("Add app role assignment to service principal", "ApplicationManagement"),
    ("DELETE", "/appRoleAssignments"): (
        "Remove app role assignment from service principal",
        "ApplicationManagement",
    ),
    ("POST", "/oauth2PermissionGrants"): ("Add delegated permission grant", "ApplicationManagement"),
    ("DELETE", "/oauth2PermissionGrants"): ("Remove delegated permission grant", "ApplicationManagement"),
    ("POST", "/roleAssignments"): ("Add member to role", "RoleManagement"),
    ("DELETE", "/roleAssignments"): ("Remove member from role", "RoleManagement"),
    ("POST", "/roleAssignmentScheduleRequests"): ("Add member to role in PIM requested", "RoleManagement"),
    ("POST", "/users"): ("Add user", "UserManagement"),
    ("PATCH", "/users"): ("Update user", "UserManagement"),
    ("PATCH", "/me"): ("Update user", "UserManagement"),
    ("DELETE", "/users"): ("Delete user", "UserManagement"),
    ("POST", "/assignLicense"): ("Change user license", "UserManagement"),
    ("POST", "/groups"): ("Add group", "GroupManagement"),
    ("PATCH", "/groups"): ("Update group", "GroupManagement"),
    ("DELETE", "/groups"): ("Delete group", "GroupManagement"),
    ("POST", "/domains"): ("Add unverified domain", "DirectoryManagement"),
    ("DELETE", "/domains"): ("Remove unverified domain", "DirectoryManagement"),
    ("POST", "/verify"): ("Verify domain", "DirectoryManagement"),
    ("POST", "/administrativeUnits"): ("Add administrative unit", "AdministrativeUnit"),
    ("DELETE", "/administrativeUnits"): ("Delete administrative unit", "AdministrativeUnit"),
}


@operations.on("GET", "/auditLogs/directoryAudits")
def list_audits(call: Call) -> Answer:
    """Newest first, unless another order is asked for."""
    return pages.collection(call, shape, list(reversed(call.tenant.settings.get(_where, []))))


def record(call: Call, answer: Answer) -> None:
    """Note a change that went through, if it is one that Entra notes."""
    known = _activities.get((call.operation.method, _end(call.operation.path)))
    if known is None:
        return
    rows = call.tenant.settings.setdefault(_where, [])
    oid = call.world.ids.uuid("audit")
    rows.append(
        {
            "id": f"Directory_{oid}",
            "activityDateTime": graph_time(call.world.clock.now()),
            "activityDisplayName": known[0],
            "additionalDetails": [],
            "category": known[1],
            "correlationId": call.headers.get("client-request-id") or oid,
            "initiatedBy": _initiator(call),
            "loggedByService": "Core Directory",
            "operationType": _operation_types[call.operation.method],
            "result": "success",
            "resultReason": "",
            "targetResources": [_target(call, answer)],
        }
    )
    del rows[:-_at_most]


def _end(path: str) -> str:
    """The last segment that is neither an id nor a key in parentheses: the collection or the action."""
    names = [part.partition("(")[0] for part in path.split("/") if not part.startswith("{")]
    return f"/{names[-1]}"


def _initiator(call: Call) -> dict[str, Any]:
    who = call.tenant.objects.get(call.caller.principal_id)
    name = who.body["displayName"] if who is not None else None
    if call.caller.is_app:
        app = {"appId": None, "displayName": name, "servicePrincipalId": call.caller.principal_id}
        return {"user": None, "app": {**app, "servicePrincipalName": None}}
    upn = who.body.get("userPrincipalName") if who is not None else None
    user = {"id": call.caller.principal_id, "displayName": None, "userPrincipalName": upn, "ipAddress": "127.0.0.1"}
    return {"app": None, "user": user}


def _target(call: Call, answer: Answer) -> dict[str, Any]:
    """What was changed: the object in the answer, or else the one that the path names."""
    body = answer.body if isinstance(answer.body, dict) else {}
    oid = body.get("id") or next(iter(call.keys.values()), call.caller.principal_id)
    item = call.tenant.objects.get(str(oid)) or call.tenant.deleted.get(str(oid))
    return {
        "id": oid,
        "displayName": body.get("displayName") or (item.body.get("displayName") if item is not None else None),
        "type": _kinds.get(call.operation.path.split("/")[1].partition("(")[0], "Other"),
        "userPrincipalName": item.body.get("userPrincipalName") if item is not None else None,
        "groupType": None,
        "modifiedProperties": [],
    }
