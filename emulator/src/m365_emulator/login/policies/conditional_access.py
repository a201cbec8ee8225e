"""Conditional Access: policies in Graph's own shape, some ready-made ones by name, and what they decide.

Evaluated where Entra does: on the pages once the person is known, and again whenever tokens are issued.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from m365_emulator import tokens
from m365_emulator.errors import EntraError
from m365_emulator.login.policies.policy import Policy, one_of

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.world import World

_where = "conditionalAccess"
_states = ("enabled", "disabled", "enabledForReportingButNotEnforced")
_controls = ("block", "mfa", "compliantDevice")
_device_code = "deviceCodeFlow"
_everybody = {"includeUsers": ["All"], "excludeUsers": [], "includeRoles": [], "excludeRoles": []}
_ready: dict[str, tuple[dict[str, Any], str]] = {
    "blockDeviceCodeFlow": (
        {"authenticationFlows": {"transferMethods": _device_code}, "users": _everybody},
        "block",
    ),
    "requireMfa": ({"users": _everybody}, "mfa"),
    "requireCompliantDevice": ({"users": _everybody}, "compliantDevice"),
    "blockWorkloadIdentities": (
        {"clientApplications": {"includeServicePrincipals": ["ServicePrincipalsInMyTenant"]}},
        "block",
    ),
}
_sentences = {
    53003: "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
    53000: "Device is not in required device state: compliant. Conditional Access policy requires a compliant device, "
    "and the device is not compliant. The user must enroll their device with an approved MDM provider like Intune.",
    50076: "Due to a configuration change made by your administrator, or because you moved to a new location, you must "
    "use multi-factor authentication to access the resource.",
    530036: "The refresh token is of a session that began with device code flow, which a Conditional Access policy "
    "on authentication flows does not allow.",
}
_number_of = {"block": 53003, "compliantDevice": 53000, "mfa": 50076}


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a policy looks at: the person, the client, the flow the session began with, and what was proved.

    ``flow`` is ``deviceCodeFlow``, ``authorizationCode``, ``password`` or ``onBehalfOf``; ``renewed`` says that a
    refresh token asks.
    """

    person: DirectoryObject
    client_app_id: str
    resource_app_id: str
    flow: str
    methods: tuple[str, ...] = ("pwd",)
    compliant_device: bool = False
    renewed: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """A policy's refusal: the AADSTS number (50076: not without a second factor) and the ids of the policies."""

    number: int
    policy_ids: list[str] = field(default_factory=list)

    def error(self) -> EntraError:
        """The refusal as the token endpoint gives it."""
        claims = {"access_token": {"capolids": {"essential": True, "values": self.policy_ids}}}
        return EntraError(self.number, _sentences[self.number], claims=json.dumps(claims, separators=(",", ":")))


def judge(world: World, tenant: Tenant, sign_in: SignIn, *, on_page: bool = False) -> Verdict | None:
    """What stands in the way of this sign-in; None when nothing does. The hardest refusal wins.

    ``on_page`` leaves out blocks of the device code flow where the tenant's are met at redemption only.
    """
    late = on_page and device_code_policy.value(tenant) == "redemption"
    unmet: dict[int, list[str]] = {}
    for row in tenant.policies.get(_where, []):
        if not _applies(world, tenant, row, sign_in) or (late and _on_flow(row)):
            continue
        number = _unmet(row, sign_in)
        if number:
            unmet.setdefault(number, []).append(row["id"])
    for number in (530036, 53003, 53000, 50076):
        if number in unmet:
            return Verdict(number, unmet[number])
    return None


def has_compliant_device(person: DirectoryObject, flow: str) -> bool:
    """Whether the person's device counts: the seed says so; a device code or a bare password can't prove any device."""
    return flow not in (_device_code, "password") and bool(person.hidden.get("compliant_device"))


def judge_application(tenant: Tenant, principal: DirectoryObject) -> Verdict | None:
    """Conditional Access for workload identities: single-tenant applications of one's own can be blocked."""
    ids = [row["id"] for row in tenant.policies.get(_where, []) if _blocks(tenant, row, principal)]
    return Verdict(53003, ids) if ids else None


def _blocks(tenant: Tenant, row: dict[str, Any], principal: DirectoryObject) -> bool:
    chosen = row["conditions"].get("clientApplications") or {}
    included, excluded = chosen.get("includeServicePrincipals", []), chosen.get("excludeServicePrincipals", [])
    own = principal.body.get("appOwnerOrganizationId") == tenant.id
    meant = principal.id in included or (own and "ServicePrincipalsInMyTenant" in included)
    return row["state"] == "enabled" and meant and principal.id not in excluded


def _applies(world: World, tenant: Tenant, row: dict[str, Any], sign_in: SignIn) -> bool:
    conditions = row["conditions"]
    if row["state"] != "enabled" or "users" not in conditions:
        return False
    if _on_flow(row) and sign_in.flow not in conditions["authenticationFlows"]["transferMethods"].split(","):
        return False
    applications = conditions.get("applications", {})
    named = {sign_in.client_app_id, sign_in.resource_app_id, "All"}
    if named.isdisjoint(applications.get("includeApplications", ["All"])):
        return False
    if not (named - {"All"}).isdisjoint(applications.get("excludeApplications", [])):
        return False
    return _is_meant(world, tenant, conditions["users"], sign_in.person)


def _is_meant(world: World, tenant: Tenant, users: dict[str, Any], person: DirectoryObject) -> bool:
    names = {person.id, person.body["userPrincipalName"]}
    kinds = {"All", "GuestsOrExternalUsers"} if tokens.is_guest(person) else {"All"}
    roles = set(tokens.directory_roles(world, tenant, person.id))
    if names & set(users.get("excludeUsers", [])) or roles & set(users.get("excludeRoles", [])):
        return False
    return bool((names | kinds) & set(users.get("includeUsers", [])) or roles & set(users.get("includeRoles", [])))


def _unmet(row: dict[str, Any], sign_in: SignIn) -> int:
    """The number of the control that is not met; 0 when the policy lets the sign-in pass."""
    controls = row["grantControls"]["builtInControls"]
    met = {"mfa": "mfa" in sign_in.methods, "compliantDevice": sign_in.compliant_device, "block": False}
    missing = [control for control in controls if not met[control]]
    if "block" in missing:
        return 530036 if _on_flow(row) and sign_in.renewed else 53003
    if not missing or (row["grantControls"].get("operator") == "OR" and len(missing) < len(controls)):
        return 0
    wanted = "mfa" if row["grantControls"].get("operator") == "OR" and "mfa" in missing else missing[0]
    return _number_of[wanted]


def _on_flow(row: dict[str, Any]) -> bool:
    return bool(row["conditions"].get("authenticationFlows"))


def _check(tenant: Tenant, given: Any) -> list[dict[str, Any]]:
    if not isinstance(given, list):
        message = "conditionalAccess must be a list of names and of policies in Graph's shape"
        raise ValueError(message)  # noqa: TRY004 one kind of error for all of them
    return [_read(tenant, item) for item in given]


def _read(tenant: Tenant, item: Any) -> dict[str, Any]:
    if isinstance(item, str):
        if item not in _ready:
            message = f"no ready-made policy is called {item!r}; there are {', '.join(_ready)}"
            raise ValueError(message)
        conditions, control = _ready[item]
        item = {"displayName": item, "conditions": conditions, "grantControls": {"builtInControls": [control]}}
    try:
        row = {
            "id": str(uuid.uuid5(uuid.UUID(tenant.id), item["displayName"])),
            "state": "enabled",
            **item,
            "conditions": dict(item["conditions"]),
            "grantControls": {"operator": "OR", **item["grantControls"]},
        }
        unknown = set(row["grantControls"]["builtInControls"]) - set(_controls)
    except (KeyError, TypeError) as error:
        message = f"a policy needs displayName, conditions and grantControls.builtInControls: {error}"
        raise ValueError(message) from error
    if unknown or row["state"] not in _states:
        message = f"states are {', '.join(_states)}; controls are {', '.join(_controls)}"
        raise ValueError(message)
    return row


def _get(tenant: Tenant) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = tenant.policies.get(_where, [])
    return rows


def _put(tenant: Tenant, wanted: Any) -> None:
    tenant.policies[_where] = wanted


policy = Policy(
    name="conditionalAccess",
    default=[],
    words=f"a list: ready-made names ({', '.join(_ready)}) or policies in the shape of Graph's conditionalAccessPolicy "
    f"with users, applications, authenticationFlows or clientApplications, and the controls {', '.join(_controls)}",
    check=_check,
    get=_get,
    put=_put,
)
device_code_policy = Policy(
    name="deviceCodeBlockAt",
    default="signIn",
    words="where a block of the device code flow is met: signIn (53003 in the browser, the poller goes on seeing "
    "authorization_pending) or redemption (the browser ends well, the poller gets 400 with 53003)",
    check=one_of("deviceCodeBlockAt", "signIn", "redemption"),
)
