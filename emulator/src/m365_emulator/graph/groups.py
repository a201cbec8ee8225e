"""Groups."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from m365_emulator.clock import graph_time
from m365_emulator.directory import DirectoryObject
from m365_emulator.graph import app_role_assignments, bodies, containers, targets
from m365_emulator.graph.answer import Answer, no_content
from m365_emulator.graph.authority.rules import creates_groups
from m365_emulator.graph.errors import invalid_value, reference_exists, value_required
from m365_emulator.graph.odata import pages
from m365_emulator.graph.odata.shape import Shape
from m365_emulator.graph.operations import Operations
from m365_emulator.graph.owners import shown, shown_owners
from m365_emulator.graph.removal import soft_delete

if TYPE_CHECKING:
    from m365_emulator.graph.call import Call

operations = Operations()
shape = Shape(
    type="group",
    set="groups",
    filterable={
        "id": "eq ne not in",
        "displayName": "eq ne not ge le in startsWith",
        "securityEnabled": "eq ne not in",
        "mailEnabled": "eq ne not",
        "mailNickname": "eq ne not ge le in startsWith",
        "groupTypes": "any not",
        "createdDateTime": "eq ne not ge le in",
        "isAssignableToRole": "eq ne not",
        "mail": "eq ne not ge le in startsWith",
        "description": "eq not ge le startsWith",
        "visibility": "eq",
        "uniqueName": "eq in startsWith",
        "proxyAddresses": "any not eq ge le startsWith endsWith",
        "assignedLicenses": "any not",
        "owners": "any not",
        "members": "any not",
    },
    sortable=frozenset({"displayName"}),
    expandable={
        "appRoleAssignments": app_role_assignments.held_by,
        "members": lambda call, item: shown(call.tenant, call.tenant.memberships.get(item["id"], [])),
        "memberOf": lambda call, item: containers.direct(call, item["id"]),
        "owners": lambda call, item: shown_owners(call.tenant, call.tenant.objects[item["id"]]),
    },
)
_one = "/groups/{group-id}"
_unified = "Unified"
_no_alias = re.compile(r"[^\x21-\x7e]|[@()\\\[\]\";:<>,]")
can_be_members = ("user", "group", "servicePrincipal")
_fixed = ("id", "createdDateTime", "deletedDateTime", "mail", "proxyAddresses")
_kept = ("displayName", "mailEnabled", "mailNickname", "securityEnabled")


@operations.on("GET", "/groups")
def list_groups(call: Call) -> Answer:
    """The tenant's groups."""
    return pages.collection(call, shape, [item.body for item in call.tenant.of_kind("group") if call.sees(item)])


@operations.on("GET", "/groups/$count")
def count_groups(call: Call) -> Answer:
    """How many there are, as plain text."""
    return pages.counted(call, shape, [item.body for item in call.tenant.of_kind("group") if call.sees(item)])


@operations.on("GET", _one)
def get_group(call: Call) -> Answer:
    """One group."""
    return pages.single(call, shape, targets.get(call, "group").body)


@operations.on("POST", "/groups")
def create_group(call: Call) -> Answer:
    """201; a member without a role becomes its owner."""
    wanted = bodies.checked(
        "group",
        call.body,
        needed=("displayName", "mailNickname"),
        fixed=_fixed,
        bound=("members", "owners"),
    )
    members = targets.bound(call, "members", can_be_members)
    owners = [item.id for item in targets.bound(call, "owners", ("user", "servicePrincipal"))]
    for name in ("mailEnabled", "securityEnabled"):
        if not isinstance(wanted.get(name), bool):
            raise value_required(name, "Group")
    _check_form(wanted)
    oid = call.world.ids.uuid("group")
    body: dict[str, Any] = {
        "id": oid,
        "deletedDateTime": None,
        "createdDateTime": graph_time(call.world.clock.now()),
        "description": None,
        "groupTypes": [],
        "isAssignableToRole": None,
        "mail": None,
        "proxyAddresses": [],
        "visibility": None,
        **wanted,
    }
    if _unified in body["groupTypes"]:
        mail = f"{body['mailNickname']}@{call.tenant.default_domain()}"
        body.update(
            mail=mail,
            proxyAddresses=[f"SMTP:{mail}"],
            renewedDateTime=body["createdDateTime"],
            visibility=body["visibility"] or "Public",
        )
    by_role = call.caller.is_app or creates_groups.role_ids & call.caller.directory_roles
    own = [] if by_role else [call.caller.principal_id]
    call.tenant.objects[oid] = DirectoryObject("group", oid, body, owners=[*dict.fromkeys([*own, *owners])])
    call.tenant.memberships[oid] = [member.id for member in members]
    call.world.replica.wrote("group", oid)
    return pages.single(call, shape, body, status=201)


def _check_form(wanted: dict[str, Any]) -> None:
    """Raises 400 for an alias of other characters, and for mail without ``Unified``: Graph makes no other mail groups.

    Source: Create group.
    """
    if _no_alias.search(wanted["mailNickname"]):
        raise invalid_value("mailNickname", "Group")
    if wanted["mailEnabled"] and _unified not in (wanted.get("groupTypes") or []):
        raise invalid_value("mailEnabled", "Group")


@operations.on("PATCH", _one)
def update_group(call: Call) -> Answer:
    """204; only what is named changes. Whether it can have roles is decided when it is made."""
    group = targets.get(call, "group")
    fixed = (*_fixed, "isAssignableToRole", "groupTypes")
    wanted = bodies.checked("group", call.body, fixed=fixed, bound=("members",), kept=_kept)
    added = [item.id for item in targets.bound(call, "members", can_be_members)]
    if set(added) & set(_members(call)):
        raise reference_exists()
    group.body.update(wanted)
    _members(call).extend(added)
    return no_content()


@operations.on("DELETE", _one)
def delete_group(call: Call) -> Answer:
    """Into the deleted items."""
    soft_delete(call, targets.get(call, "group"))
    return no_content()


def _members(call: Call) -> list[str]:
    return call.tenant.memberships.setdefault(targets.get(call, "group").id, [])
