"""Teams as each person has it: account type, numbers, policies; and the assignment of policies."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from m365_emulator.graph import licences, targets, teams_numbers
from m365_emulator.graph.answer import Answer, no_content
from m365_emulator.graph.errors import bad_request, not_found
from m365_emulator.graph.odata import pages
from m365_emulator.graph.odata.shape import Shape
from m365_emulator.graph.operations import Operations

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject
    from m365_emulator.graph.call import Call

operations = Operations()
_users = "/admin/teams/userConfigurations"
_policy = "/admin/teams/policy"
shape = Shape(
    type="teamsAdministration.teamsUserConfiguration",
    set="admin/teams/userConfigurations",
    directory=False,
    filterable={"id": "eq", "userPrincipalName": "eq", "accountType": "eq", "isEnterpriseVoiceEnabled": "eq"},
)
identifiers = Shape(type="teamsAdministration.policyIdentifierDetail", set="admin/teams/policy", directory=False)
_policies = "teamsPolicies"
_types = frozenset(
    {
        "TeamsCallingPolicy",
        "TeamsMeetingPolicy",
        "TeamsMessagingPolicy",
        "TeamsAppSetupPolicy",
        "TeamsCallHoldPolicy",
        "TeamsCallParkPolicy",
        "TeamsEmergencyCallingPolicy",
        "TeamsEmergencyCallRoutingPolicy",
        "TeamsIPPhonePolicy",
        "TeamsUpgradePolicy",
        "TeamsVoiceApplicationsPolicy",
        "TenantDialPlan",
        "OnlineVoicemailPolicy",
        "OnlineVoiceRoutingPolicy",
    }
)


@operations.on("GET", _users)
def list_configurations(call: Call) -> Answer:
    """Everybody with an account in the tenant."""
    return pages.collection(call, shape, [_shown(call, one) for one in call.tenant.of_kind("user")])


@operations.on("GET", _users + "/{teamsUserConfiguration-id}")
def get_configuration(call: Call) -> Answer:
    """One person's, by object id."""
    person = targets.by_id(call.tenant, "user", call.keys["teamsUserConfiguration-id"])
    if person is None:
        raise not_found(call.keys["teamsUserConfiguration-id"])
    return pages.single(call, shape, _shown(call, person))


@operations.on("GET", _policy + "/getPolicyId(type='{type}',name='{name}')")
def get_policy_id(call: Call) -> Answer:
    """The id of a policy by type and name; every name that is asked for is taken to exist."""
    kind, name = call.keys["type"], call.keys["name"]
    _check_type(kind)
    text = name if name.startswith("Tag:") or name == "Global" else f"Tag:{name}"
    row = {"id": _policy_id(kind, text), "name": text, "policyId": _policy_id(kind, text)}
    return pages.collection(call, identifiers, [row])


@operations.on("POST", _policy + "/userAssignments/assign")
def assign(call: Call) -> Answer:
    """204; one wrong row refuses them all."""
    for user_id, kind, policy_id in _rows(call, with_policy=True):
        held = {"policyId": policy_id, "displayName": _name_of(policy_id), "groupId": None}
        call.tenant.settings.setdefault(_policies, {}).setdefault(user_id, {})[kind] = held
    return no_content()


@operations.on("POST", _policy + "/userAssignments/unassign")
def unassign(call: Call) -> Answer:
    """204; without a policy of their own people have the tenant's."""
    for user_id, kind, _ in _rows(call, with_policy=False):
        call.tenant.settings.get(_policies, {}).get(user_id, {}).pop(kind, None)
    return no_content()


def _rows(call: Call, *, with_policy: bool) -> list[tuple[str, str, str]]:
    rows = call.body.get("value")
    if not isinstance(rows, list) or not rows:
        raise bad_request("The value of parameter 'value' must be a list of assignments.", target="value")
    return [_row(call, row, with_policy=with_policy) for row in rows]


def _row(call: Call, row: dict[str, Any], *, with_policy: bool) -> tuple[str, str, str]:
    person = targets.by_id(call.tenant, "user", str(row.get("userId")))
    if person is None:
        raise not_found(str(row.get("userId")))
    _check_type(str(row.get("policyType")))
    if with_policy and not row.get("policyId"):
        raise bad_request("A policyId is required.", target="policyId")
    return person.id, str(row["policyType"]), str(row.get("policyId"))


def _check_type(kind: str) -> None:
    if kind not in _types:
        raise bad_request(f"The policy type '{kind}' is not supported.", target="policyType")


def _policy_id(kind: str, name: str) -> str:
    """An id that holds type and name, so that no list of policies is needed."""
    return base64.urlsafe_b64encode(f"{kind}/{name}".encode()).rstrip(b"=").decode()


def _name_of(policy_id: str) -> str:
    """The name in an id of ours; ids of clients' own making are their own names."""
    try:
        text = base64.urlsafe_b64decode(policy_id + "=" * (-len(policy_id) % 4)).decode()
    except ValueError:
        return policy_id
    return text.partition("/")[2].removeprefix("Tag:") or policy_id


def _shown(call: Call, person: DirectoryObject) -> dict[str, Any]:
    tenant = call.tenant
    own = teams_numbers.of_person(tenant, person.id)
    plans = licences.plans(tenant, person)
    return {
        "id": person.id,
        "tenantId": tenant.id,
        "userPrincipalName": person.body["userPrincipalName"],
        "accountType": _account_type(person, plans),
        "createdDateTime": person.body["createdDateTime"],
        "modifiedDateTime": person.body["createdDateTime"],
        "featureTypes": [
            name
            for plan, name in (("TEAMS1", "Teams"), ("MCOEV", "PhoneSystem"), ("MCOMEETADV", "AudioConferencing"))
            if plan in plans
        ],
        "isEnterpriseVoiceEnabled": bool(own),
        "telephoneNumbers": [
            {"telephoneNumber": row["telephoneNumber"], "assignmentCategory": row["assignmentCategory"]} for row in own
        ],
        "effectivePolicyAssignments": [
            {"policyType": kind, "policyAssignment": {"assignmentType": "direct", **held}}
            for kind, held in tenant.settings.get(_policies, {}).get(person.id, {}).items()
        ],
    }


def _account_type(person: DirectoryObject, plans: set[str]) -> str:
    if person.body.get("userType") == "Guest":
        return "guest"
    if "MCOEV_VIRTUALUSER" in plans:
        return "resourceAccount"
    return "user" if plans & {"TEAMS1", "MCOSTANDARD"} else "ineligibleUser"
