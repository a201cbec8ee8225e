"""Decides whether a caller may do what it asks: both keys are needed, the token's permission and the person's role."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from m365_emulator.graph import policy, targets
from m365_emulator.graph.authority import people, role_groups
from m365_emulator.graph.authority.permission_table import also_needed, own_permissions, same_permissions
from m365_emulator.graph.authority.rules import Rule, reads_directory, reads_people
from m365_emulator.graph.authority.table import roles_of_operations
from m365_emulator.graph.errors import denied, malformed

if TYPE_CHECKING:
    from m365_emulator.graph.call import Call

_rolls_keys = ("/addKey", "/removeKey")
_as_user = frozenset({"Directory.AccessAsUser.All"})
_whole_directory = frozenset({"Directory.Read.All", "Directory.ReadWrite.All"})
_owned_only = frozenset({"Application.ReadWrite.OwnedBy"})


@dataclass(frozen=True, slots=True)
class Permissions:
    """Any one of these admits a caller of that kind."""

    delegated: frozenset[str]
    application: frozenset[str]

    def admit(self, call: Call) -> frozenset[str]:
        """Those of the caller's permissions that admit this call; empty when none does."""
        caller = call.caller
        have = (self.application & caller.roles) if caller.is_app else (self.delegated & caller.scopes)
        have = people.admitted(call, have)
        beside = also_needed.get(call.operation.name)
        return frozenset() if beside and not beside & (caller.roles | caller.scopes) else have


def require(call: Call) -> None:
    """Raise 403 unless the caller has permission and role for the operation.

    People need a scope in the token **and** a directory role, ownership or the right of every member. Applications
    need an application permission, or a directory role of their own in its place.
    """
    if call.caller.is_app and call.operation.path.startswith("/me"):
        raise malformed("/me request is only valid with delegated authentication flow.")
    rule = roles_of_operations[call.operation.name]
    rule = rule if isinstance(rule, Rule) else rule(call)
    if rule is reads_directory and people.are_read(call):
        rule = reads_people
    allowed = _application_may(call, rule) if call.caller.is_app else _person_may(call, rule)
    if not allowed or not role_groups.may(call) or not people.may_act_on(call):
        raise denied()


@cache
def permissions(operation: str) -> Permissions:
    """Which permissions admit an operation, from Microsoft's data and the reviewed table.

    ``Directory.AccessAsUser.All`` is good for what ``Directory.Read.All`` or ``Directory.ReadWrite.All`` is good for:
    "the same access to information in the directory as the signed-in user" (Microsoft Graph permissions reference).
    """
    if operation in same_permissions and operation not in own_permissions:
        return permissions(same_permissions[operation][0])
    if operation in own_permissions:
        own, _ = own_permissions[operation]
        delegated, application = frozenset(own["delegated"]), frozenset(own["application"])
    else:
        row = _published()[operation]
        delegated, application = _names(row.get("delegated")), _names(row.get("application"))
    return Permissions(delegated | _as_user if delegated & _whole_directory else delegated, application)


@cache
def _published() -> dict[str, Any]:
    text = (resources.files("m365_emulator.graph") / "data" / "endpoint-permissions.json").read_text("utf-8")
    return dict(json.loads(text)["operations"])


def _names(row: dict[str, list[str]] | None) -> frozenset[str]:
    return frozenset([*row["least"], *row["alsoAllowed"]]) if row else frozenset()


def _person_may(call: Call, rule: Rule) -> bool:
    return bool(permissions(call.operation.name).admit(call)) and _person_fits(call, rule)


def _person_fits(call: Call, rule: Rule) -> bool:
    caller = call.caller
    if rule.guests or rule.role_ids & caller.directory_roles:
        return True
    person = call.tenant.objects.get(caller.principal_id)
    if person is None:  # a partner's person has no object in the customer's tenant
        return False
    member = person.body.get("userType") != "Guest"
    by_policy = bool(rule.policy) and policy.member_may(call.tenant, rule.policy)
    return (member and (rule.members or by_policy)) or (rule.owners and owns(call))


def _application_may(call: Call, rule: Rule) -> bool:
    if call.operation.path.endswith(_rolls_keys) and _is_itself(call):
        return True
    have = permissions(call.operation.name).admit(call)
    if have and (have != _owned_only or _owned_is_enough(call)):
        return True
    return bool(rule.role_ids & call.caller.directory_roles)


def _is_itself(call: Call) -> bool:
    """An application needs no permission to roll its own keys: the proof is checked instead."""
    item = targets.find(call, targets.kind_of_path(call.operation.path) or "application")
    return item is not None and item.body["appId"] == call.caller.app_id


def _owned_is_enough(call: Call) -> bool:
    """``OwnedBy`` may list and create; everything else only on what the application owns."""
    kind = targets.kind_of_path(call.operation.path)
    if kind is None or "{" not in call.operation.path:
        return True
    return targets.find(call, kind) is None or owns(call)


def owns(call: Call) -> bool:
    """Whether the caller is an owner of the object that the path names."""
    kind = targets.kind_of_path(call.operation.path)
    if kind is None or "{" not in call.operation.path:
        return False
    item = targets.find(call, kind)
    return item is not None and call.caller.principal_id in item.owners
