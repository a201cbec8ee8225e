"""Which edition of Entra ID a tenant has: units and role scopes want P1, PIM wants P2. Switchable by seed and door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator.errors import GraphError

if TYPE_CHECKING:
    from m365_emulator.directory import Tenant

editions = ("Free", "P1", "P2")
_where = "entraEdition"
_numbers = {"P1": "1", "P2": "2"}


def edition(tenant: Tenant) -> str:
    """``Free``, ``P1`` or ``P2``; the emulator's tenants have P2 unless they are told otherwise."""
    return str(tenant.settings.get(_where, "P2"))


def set_edition(tenant: Tenant, wanted: str) -> None:
    """Give the tenant another edition."""
    tenant.settings[_where] = wanted


def require(tenant: Tenant, least: str) -> None:
    """Raise 400 unless the tenant's edition is this one or a higher one."""
    if editions.index(edition(tenant)) < editions.index(least):
        raise GraphError(
            400, "AadPremiumLicenseRequired", f"The tenant needs to have Microsoft Entra ID P{_numbers[least]} license."
        )
