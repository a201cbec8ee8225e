"""The tenant segment of an address: an id, a verified domain, ``common`` or ``organizations``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from m365_emulator.errors import EntraError

if TYPE_CHECKING:
    from m365_emulator.directory import Tenant
    from m365_emulator.world import World

shared_segments = frozenset({"common", "organizations"})
_id = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_domain = re.compile(r"([a-z0-9-]+\.)+[a-z0-9-]+", re.IGNORECASE)


def resolve(world: World, segment: str) -> Tenant | None:
    """The tenant; None for ``common`` and ``organizations``. Raises EntraError 900023 or 90002."""
    if segment.lower() in shared_segments:
        return None
    if not (_id.fullmatch(segment) or _domain.fullmatch(segment)):
        raise EntraError(
            900023, f"Specified tenant identifier '{segment}' is neither a valid DNS name, nor a valid external domain."
        )
    tenant = world.directory.tenant(segment)
    if tenant is None:
        raise EntraError(
            90002,
            f"Tenant '{segment}' not found. Check to make sure you have the correct tenant ID and "
            "are signing into the correct cloud. Check with your subscription administrator, this "
            "may happen if there are no active subscriptions for the tenant.",
        )
    return tenant


def check_same(world: World, began_at: str, tenant: Tenant | None, person_tenant_id: str) -> None:
    """Raises EntraError 700005 for a code of another tenant; one of a shared segment is good where its person is."""
    first = resolve(world, began_at)
    if tenant is not first and (first is not None or tenant is None or tenant.id != person_tenant_id):
        raise EntraError(700005, "Provided Authorization Code is intended to use against other tenant, thus rejected.")


def require(world: World, segment: str) -> Tenant:
    """The tenant, where the grant needs one. Raises EntraError 50059 for the shared segments."""
    tenant = resolve(world, segment)
    if tenant is None:
        raise EntraError(
            50059,
            "No tenant-identifying information found in either the request or implied by any provided credentials.",
        )
    return tenant
