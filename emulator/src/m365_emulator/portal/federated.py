"""Federated credentials of a registration: other issuers that may vouch for it instead of a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator.portal import registrations
from m365_emulator.portal.desk import Crumb, Shown, Went, address

if TYPE_CHECKING:
    from m365_emulator.portal.desk import Desk

_audience = "api://AzureADTokenExchange"


def show_new(desk: Desk) -> Shown:
    """The form for another issuer."""
    registration = registrations.application(desk)
    crumbs = (*registrations.way(desk, registration), Crumb("Certificates & secrets", _secrets(desk)))
    content = {"registration": registration, "section": "secrets", "audience": _audience}
    return Shown("federated_new", "Add a credential", crumbs, content)


def create(desk: Desk) -> Went:
    """Trust the issuer."""
    wanted = {
        "name": desk.typed("name"),
        "issuer": desk.typed("issuer"),
        "subject": desk.typed("subject"),
        "audiences": [desk.typed("audience") or _audience],
        "description": desk.typed("description") or None,
    }
    desk.graph.post(f"/applications/{desk.id}/federatedIdentityCredentials", wanted)
    return Went(_secrets(desk), f"The credential “{desk.typed('name')}” was added.")


def delete(desk: Desk) -> Went:
    """Trust it no longer."""
    desk.graph.delete(f"/applications/{desk.id}/federatedIdentityCredentials/{desk.typed_id('credential')}")
    return Went(_secrets(desk), "The credential was deleted.")


def _secrets(desk: Desk) -> str:
    return address("registrations", desk.keys["id"], "secrets")
