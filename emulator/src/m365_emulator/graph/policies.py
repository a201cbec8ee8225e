"""Policies of the tenant: one of each kind, to be read and partly to be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator.graph import bodies, restriction_form
from m365_emulator.graph.answer import no_content
from m365_emulator.graph.odata import pages
from m365_emulator.graph.odata.shape import Shape
from m365_emulator.graph.operations import Operations
from m365_emulator.graph.policy import change, policy

if TYPE_CHECKING:
    from m365_emulator.graph.answer import Answer
    from m365_emulator.graph.call import Call

operations = Operations()
_shapes = {
    "defaultAppManagementPolicy": Shape(type="tenantAppManagementPolicy", set="policies/defaultAppManagementPolicy"),
    "authorizationPolicy": Shape(type="authorizationPolicy", set="policies/authorizationPolicy"),
    "identitySecurityDefaultsEnforcementPolicy": Shape(
        type="identitySecurityDefaultsEnforcementPolicy", set="policies/identitySecurityDefaultsEnforcementPolicy"
    ),
    "adminConsentRequestPolicy": Shape(type="adminConsentRequestPolicy", set="policies/adminConsentRequestPolicy"),
}
conditional_access = Shape(
    type="conditionalAccessPolicy",
    set="identity/conditionalAccess/policies",
    directory=False,
    filterable={"displayName": "eq startsWith", "state": "eq", "id": "eq"},
)


@operations.on("GET", *(f"/policies/{name}" for name in _shapes))
def get_policy(call: Call) -> Answer:
    """The policy as it is in force."""
    name = call.operation.path.rpartition("/")[2]
    return pages.single(call, _shapes[name], policy(call.tenant, name))


@operations.on("PATCH", "/policies/defaultAppManagementPolicy")
def change_app_management(call: Call) -> Answer:
    """204; in force for the next secret or certificate."""
    wanted = bodies.checked("tenantAppManagementPolicy", call.body, fixed=("id", "deletedDateTime"))
    restriction_form.check_tenant_wide(wanted)
    change(call.tenant, "defaultAppManagementPolicy", wanted)
    return no_content()


@operations.on("PATCH", "/policies/authorizationPolicy")
def change_authorization(call: Call) -> Answer:
    """204; what members may do by themselves, such as registering applications."""
    change(call.tenant, "authorizationPolicy", bodies.checked("authorizationPolicy", call.body, fixed=("id",)))
    return no_content()


@operations.on("GET", "/identity/conditionalAccess/policies")
def list_conditional_access(call: Call) -> Answer:
    """The policies that sign-ins are measured by."""
    rows = [
        {"createdDateTime": None, "modifiedDateTime": None, "sessionControls": None, **row}
        for row in call.tenant.policies.get("conditionalAccess", [])
    ]
    return pages.collection(call, conditional_access, rows)
