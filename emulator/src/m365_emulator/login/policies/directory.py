"""What a tenant's directory allows and has, as far as the control door sets it: registrations, editions, PIM, DNS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator import durations
from m365_emulator.errors import GraphError
from m365_emulator.graph import licensing, restriction_form, schedule_terms, throttle
from m365_emulator.graph import policy as graph_policy
from m365_emulator.login.policies.policy import Policy, one_of, switch

if TYPE_CHECKING:
    from m365_emulator.directory import Tenant

_authorization, _management = "authorizationPolicy", "defaultAppManagementPolicy"
_rights, _create = "defaultUserRolePermissions", "allowedToCreateApps"


def _put_create(tenant: Tenant, wanted: Any) -> None:
    graph_policy.change(tenant, _authorization, {_rights: {_create: wanted}})


def _check_management(_tenant: Tenant, given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        message = "appManagement must be an object such as Graph's tenantAppManagementPolicy"
        raise ValueError(message)  # noqa: TRY004 one kind of error for all of them
    try:
        restriction_form.check_tenant_wide(given)
    except GraphError as error:
        raise ValueError(error.message) from error
    return {"isEnabled": True, **given}


def _check_pim(_tenant: Tenant, given: Any) -> dict[str, Any]:
    known = schedule_terms.usual_rules
    if not isinstance(given, dict) or set(given) - set(known):
        message = f"pim must be an object with some of {', '.join(known)}"
        raise ValueError(message)
    durations.read(str(given.get("longestActivation", known["longestActivation"])))
    return given


def _check_dns(_tenant: Tenant, given: Any) -> dict[str, list[str]]:
    if not isinstance(given, dict) or not all(isinstance(texts, list) for texts in given.values()):
        message = 'dns must be an object such as {"voice.example": ["MS=ms12345678"]}'
        raise ValueError(message)
    return {str(name).lower(): [str(text) for text in texts] for name, texts in given.items()}


def _check_calls(_tenant: Tenant, given: Any) -> list[dict[str, Any]]:
    if not isinstance(given, list) or not all(isinstance(row, dict) and row.get("startDateTime") for row in given):
        message = "directRoutingCalls must be a list of Graph's directRoutingLogRow with startDateTime"
        raise ValueError(message)
    return given


def _setting(name: str, default: Any, words: str, check: Any) -> Policy:
    """A policy that stands in the tenant's settings under its own name."""

    def get(tenant: Tenant) -> Any:
        return tenant.settings.get(name, default)

    def put(tenant: Tenant, wanted: Any) -> None:
        tenant.settings[name] = wanted

    return Policy(name=name, default=default, words=words, check=check, get=get, put=put)


every = (
    Policy(
        name=_create,
        default=True,
        words="false: members without a role register no applications (403)",
        check=switch(_create),
        get=lambda tenant: graph_policy.member_may(tenant, _create),
        put=_put_create,
    ),
    Policy(
        name="appManagement",
        default={},
        words="Graph's tenantAppManagementPolicy: forbids secrets, caps the life of secrets and certificates",
        check=_check_management,
        get=lambda tenant: tenant.policies.get(_management, {}),
        put=lambda tenant, wanted: graph_policy.change(tenant, _management, wanted),
    ),
    Policy(
        name="entraEdition",
        default="P2",
        words="Free, P1 or P2: administrative units want P1, Privileged Identity Management wants P2",
        check=one_of("entraEdition", *licensing.editions),
        get=licensing.edition,
        put=licensing.set_edition,
    ),
    Policy(
        name="pim",
        default=schedule_terms.usual_rules,
        words="what PIM asks of requests: justification, ticket, longestActivation (PT8H), permanent (may be for ever)",
        check=_check_pim,
        get=schedule_terms.rules,
        put=schedule_terms.set_rules,
    ),
    _setting(
        "dns", {}, "TXT records that the DNS shows, by name: domains are verified when theirs is there", _check_dns
    ),
    _setting("directRoutingCalls", [], "rows of Graph's getDirectRoutingCalls", _check_calls),
    Policy(
        name="throttling",
        default=False,
        words="true: Graph's token buckets by application and tenant; or an object with some of "
        f"{', '.join(throttle.usual)} in their place",
        check=lambda _tenant, given: throttle.checked(given),
        get=throttle.wanted,
        put=throttle.switch,
    ),
)
