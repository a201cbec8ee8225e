"""The portal's pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.routing import Route

    from m365_emulator.world import World


def routes(_world: World) -> list[Route]:
    return []
