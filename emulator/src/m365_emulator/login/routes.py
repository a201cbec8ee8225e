"""All routes of Entra ID, the busiest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator.login import (
    admin_consent_endpoint,
    authorize,
    device,
    discovery,
    pages,
    sign_out,
    token_endpoint,
    userinfo,
)

if TYPE_CHECKING:
    from starlette.routing import Route

    from m365_emulator.world import World


def routes(world: World) -> list[Route]:
    """Everything that is not Graph, portal or control door."""
    return [
        *token_endpoint.routes(world),
        *device.routes(world),
        *discovery.routes(world),
        *authorize.routes(world),
        *admin_consent_endpoint.routes(world),
        *userinfo.routes(world),
        *sign_out.routes(world),
        *pages.routes(world),
    ]
