"""The admin consent workflow: who may not consent asks an administrator, with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator.clock import graph_time
from m365_emulator.login.policies.policy import Policy, switch

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.login.clients import Client
    from m365_emulator.world import World

_where = "adminConsentRequestPolicy"
_rows = "appConsentRequests"


def _get(tenant: Tenant) -> bool:
    return bool(tenant.policies.get(_where, {}).get("isEnabled", False))


def _put(tenant: Tenant, wanted: Any) -> None:
    tenant.policies.setdefault(_where, {})["isEnabled"] = wanted


policy = Policy(
    name="adminConsentRequests",
    default=False,
    words="true: instead of 'Need admin approval' people may send a request with a reason (90095)",
    check=switch("adminConsentRequests"),
    get=_get,
    put=_put,
)


def send(
    world: World, tenant: Tenant, person: DirectoryObject, client: Client, *, values: list[str], reason: str
) -> None:
    """Keep a request, in the words of Graph's ``appConsentRequest``; a second one of the same person replaces it."""
    row = {
        "id": world.ids.uuid("consent-request"),
        "appId": client.app_id,
        "appDisplayName": client.name,
        "pendingScopes": [{"displayName": value} for value in values],
        "status": "InProgress",
        "reason": reason,
        "createdDateTime": graph_time(world.clock.now()),
        "createdBy": {"id": person.id, "userPrincipalName": person.body["userPrincipalName"]},
    }
    kept = [old for old in requests(tenant) if (old["appId"], old["createdBy"]["id"]) != (client.app_id, person.id)]
    tenant.settings[_rows] = [*kept, row]


def requests(tenant: Tenant) -> list[dict[str, Any]]:
    """All requests of a tenant, oldest first."""
    rows: list[dict[str, Any]] = tenant.settings.get(_rows, [])
    return rows


def complete(tenant: Tenant, app_id: str) -> None:
    """An administrator consented for everybody: nobody waits for this application any more."""
    for row in requests(tenant):
        if row["appId"] == app_id:
            row["status"] = "Completed"
