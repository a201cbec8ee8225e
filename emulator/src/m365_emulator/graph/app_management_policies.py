"""Policies on credentials for single applications: what frees one from the tenant's policy, or binds it more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator.graph import bodies, paths, restriction_form, targets
from m365_emulator.graph.answer import Answer, no_content
from m365_emulator.graph.app_restrictions import assigned, custom_policies
from m365_emulator.graph.errors import bad_request, not_found
from m365_emulator.graph.odata import pages
from m365_emulator.graph.odata.shape import Shape
from m365_emulator.graph.operations import Operations

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject
    from m365_emulator.graph.call import Call

operations = Operations()
shape = Shape(
    type="appManagementPolicy",
    set="policies/appManagementPolicies",
    filterable={"displayName": "eq startsWith", "isEnabled": "eq", "id": "eq"},
)
_root = "/policies/appManagementPolicies"
_one = _root + "/{appManagementPolicy-id}"
_holders = ("/applications/{application-id}", "/servicePrincipals/{servicePrincipal-id}")


@operations.on("GET", _root)
def list_policies(call: Call) -> Answer:
    """All of the tenant's."""
    return pages.collection(call, shape, list(_all(call).values()))


@operations.on("GET", _one)
def get_policy(call: Call) -> Answer:
    """One of them."""
    return pages.single(call, shape, _named(call))


@operations.on("POST", _root)
def create_policy(call: Call) -> Answer:
    """201; it has no effect until it is assigned to an application."""
    wanted = _read(call, needed=("displayName",))
    oid = call.world.ids.uuid("policy")
    body = {"id": oid, "deletedDateTime": None, "description": None, "isEnabled": False, "restrictions": None, **wanted}
    call.tenant.policies.setdefault(custom_policies, {})[oid] = body
    return pages.single(call, shape, body, status=201)


@operations.on("PATCH", _one)
def update_policy(call: Call) -> Answer:
    """204."""
    body = _named(call)
    body.update(_read(call))
    return no_content()


@operations.on("DELETE", _one)
def delete_policy(call: Call) -> Answer:
    """204; applications that had it are under the tenant's policy again."""
    del _all(call)[_named(call)["id"]]
    return no_content()


@operations.on("GET", _holders[0] + "/appManagementPolicies")
def list_assigned(call: Call) -> Answer:
    """The policy of one application, if it has one of its own."""
    own = _assigned(_holder(call))
    return pages.collection(call, shape, [_all(call)[oid] for oid in own if oid in _all(call)])


@operations.on("POST", *(one + "/appManagementPolicies/$ref" for one in _holders))
def assign(call: Call) -> Answer:
    """204; 400 when the application has a policy already: one is the most."""
    holder, address = _holder(call), call.body.get("@odata.id")
    if not isinstance(address, str) or "/" not in address:
        raise bad_request("Invalid object reference in '@odata.id'.")
    oid = paths.read(address.partition("?")[0])[-1].name
    if oid not in _all(call):
        raise not_found(oid)
    if any(one in _all(call) for one in _assigned(holder)):
        raise bad_request("The object has an app management policy already; only one can be assigned.")
    holder.hidden[assigned] = [oid]
    return no_content()


@operations.on("DELETE", *(one + "/appManagementPolicies/{appManagementPolicy-id}/$ref" for one in _holders))
def unassign(call: Call) -> Answer:
    """204; 404 when it does not have this one."""
    holder, oid = _holder(call), call.keys["appManagementPolicy-id"]
    if oid not in _assigned(holder):
        raise not_found(oid)
    holder.hidden[assigned] = []
    return no_content()


def _all(call: Call) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = call.tenant.policies.get(custom_policies, {})
    return rows


def _named(call: Call) -> dict[str, Any]:
    oid = call.keys["appManagementPolicy-id"]
    if oid not in _all(call):
        raise not_found(oid)
    return _all(call)[oid]


def _holder(call: Call) -> DirectoryObject:
    return targets.get(call, targets.kind_of_path(call.operation.path) or "application")


def _assigned(holder: DirectoryObject) -> list[str]:
    rows: list[str] = holder.hidden.get(assigned, [])
    return rows


def _read(call: Call, needed: tuple[str, ...] = ()) -> dict[str, Any]:
    wanted = bodies.checked("appManagementPolicy", call.body, fixed=("id", "deletedDateTime"), needed=needed)
    restriction_form.check(wanted.get("restrictions") or {})
    return wanted
