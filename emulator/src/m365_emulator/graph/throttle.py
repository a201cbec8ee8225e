"""Graph's token buckets for identity and access, as an option: resource units and writes, by application and tenant.

Numbers from "Microsoft Graph service-specific throttling limits". Buckets fill steadily by the emulator's clock.
"""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from m365_emulator.errors import GraphError

if TYPE_CHECKING:
    from m365_emulator.directory import Tenant
    from m365_emulator.graph.call import Call

_where, _buckets = "throttling", "throttleBuckets"
usual: dict[str, float] = {"units": 0, "unitsSeconds": 10, "writes": 3000, "writesSeconds": 150}
_sizes = ((50, 3500), (500, 5000), (math.inf, 8000))
_costs = {"/applications": 2, "/users": 2, "/oauth2PermissionGrants": 2, "/subscribedSkus": 3, "/me/memberOf": 2}
_costly_ends = {"/appRoleAssignments": 2, "/members": 3, "/domainNameReferences": 4}
_small_page = 20
_tell_from = 0.8


def checked(given: Any) -> bool | dict[str, float]:
    """A wanted setting. Raises ValueError."""
    if isinstance(given, bool):
        return given
    if isinstance(given, dict) and set(given) <= set(usual) and all(_is_positive(one) for one in given.values()):
        return dict(given)
    message = f"throttling must be true, false or an object with positive numbers for some of {', '.join(usual)}"
    raise ValueError(message)


def wanted(tenant: Tenant) -> Any:
    """The setting in force."""
    return tenant.settings.get(_where, False)


def switch(tenant: Tenant, to: Any) -> None:
    """Put another setting in force, with full buckets."""
    tenant.settings[_where] = to
    tenant.settings.pop(_buckets, None)


def cost(call: Call) -> int:
    """Resource units of a request."""
    path = call.operation.path
    units = _costs.get(path) or next((one for end, one in _costly_ends.items() if path.endswith(end)), 1)
    options = call.options
    units += bool(options.expand) - bool(options.select) - bool(options.top and options.top < _small_page)
    return max(units, 1)


def take(call: Call) -> dict[str, str]:
    """Pay for a request; the headers that its answer carries. Raises GraphError 429 when a bucket is too empty."""
    units = cost(call)
    headers = {"x-ms-resource-unit": str(units)}
    limits = _limits(call.tenant)
    if limits is None:
        return headers
    used = _pour(call, "units", limits["units"], limits["unitsSeconds"], units)
    if call.operation.method != "GET":
        used = max(used, _pour(call, "writes", limits["writes"], limits["writesSeconds"], 1))
    if used >= _tell_from:
        headers["x-ms-throttle-limit-percentage"] = f"{used:.1f}"
    return headers


def _limits(tenant: Tenant) -> dict[str, float] | None:
    setting = wanted(tenant)
    if setting is False:
        return None
    people = sum(1 for _ in tenant.of_kind("user"))
    size = next(units for most, units in _sizes if people < most)
    return {**usual, "units": size, **(setting if isinstance(setting, dict) else {})}


def _pour(call: Call, kind: str, limit: float, seconds: float, amount: int) -> float:
    """Take from a bucket; the part of it that is used now."""
    now = call.world.clock.seconds()
    buckets: dict[str, tuple[float, float]] = call.tenant.settings.setdefault(_buckets, {})
    key = f"{call.caller.app_id}/{kind}"
    left, at = buckets.get(key, (limit, now))
    left = min(limit, float(left) + max(0.0, now - at) * limit / seconds)
    if left < amount:
        buckets[key] = (left, now)
        raise _too_many(kind, math.ceil((amount - left) * seconds / limit))
    buckets[key] = (left - amount, now)
    return 1 - (left - amount) / limit


def _too_many(kind: str, wait: int) -> GraphError:
    reason = {"units": "ResourceUnitLimitExceeded", "writes": "WriteLimitExceeded"}[kind]
    scope = {"units": "Tenant_Application/Read", "writes": "Tenant_Application/Write"}[kind]
    return GraphError(
        HTTPStatus.TOO_MANY_REQUESTS,
        "TooManyRequests",
        "Too many requests. Please try again after the time in the Retry-After header.",
        headers={
            "Retry-After": str(max(wait, 1)),
            "x-ms-throttle-limit-percentage": "1.0",
            "x-ms-throttle-scope": scope,
            "x-ms-throttle-information": reason,
        },
    )


def _is_positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
