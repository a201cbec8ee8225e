"""Azure Resource Manager as far as azure-cli needs it to sign in: which tenants, and that there are no subscriptions.

A token for the emulator's own address is taken, because that is what a client gets who knows only this one address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse
from starlette.routing import Route

from m365_emulator import data, tokens

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from m365_emulator.world import World

_audiences = tokens.graph_audiences | {
    data.azure_management_app_id,
    *data.resources_by_app_id()[data.azure_management_app_id]["identifierUris"],
}


def routes(world: World) -> list[Route]:
    """The two lists that a sign-in reads."""

    async def subscriptions(request: Request) -> Response:
        tokens.authenticate(world, request.headers.get("authorization"), _audiences)
        return JSONResponse({"value": [], "count": {"type": "Total", "value": 0}})

    async def tenants(request: Request) -> Response:
        caller = tokens.authenticate(world, request.headers.get("authorization"), _audiences)
        return JSONResponse({"value": [_tenant(caller)]})

    return [Route("/subscriptions", subscriptions, methods=["GET"]), Route("/tenants", tenants, methods=["GET"])]


def _tenant(caller: tokens.Caller) -> dict[str, Any]:
    tenant = caller.tenant
    return {
        "id": f"/tenants/{tenant.id}",
        "tenantId": tenant.id,
        "countryCode": tenant.organization["countryLetterCode"],
        "displayName": tenant.display_name,
        "domains": tenant.domain_names(),
        "defaultDomain": tenant.domain_names()[-1],
        "tenantCategory": "Home",
    }
