"""*New registration*: a name, who may use it, a redirect address. Its enterprise application is made with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator.errors import GraphError
from m365_emulator.graph.authority.rules import creates_applications
from m365_emulator.graph.policy import member_may
from m365_emulator.portal import home, registrations
from m365_emulator.portal.desk import Shown, Went, address

if TYPE_CHECKING:
    from m365_emulator.portal.desk import Desk

platforms = (("web", "Web"), ("spa", "Single-page application (SPA)"), ("publicClient", "Public client/native"))


def show(desk: Desk) -> Shown:
    """The form; who may not register is told so before they type."""
    allowed = desk.graph.fits(creates_applications) or member_may(desk.tenant, creates_applications.policy)
    return Shown(
        "registration_new",
        "Register an application",
        (home.crumb, registrations.crumb),
        {"account_types": registrations.account_types, "platforms": platforms, "allowed": allowed},
    )


def create(desk: Desk) -> Went:
    """Make the registration and, as the portal does, its enterprise application."""
    made = desk.graph.post("/applications", _wanted(desk))
    try:
        desk.graph.post("/servicePrincipals", {"appId": made["appId"]})
    except GraphError:
        words = "The registration was made, but not its enterprise application: your role does not allow that."
        return Went(address("registrations", made["id"]), words)
    return Went(address("registrations", made["id"]), f"“{made['displayName']}” was registered.")


def _wanted(desk: Desk) -> dict[str, Any]:
    if not desk.typed("name"):
        raise GraphError(400, "", "Give the application a name.")
    wanted: dict[str, Any] = {"displayName": desk.typed("name"), "signInAudience": desk.typed("audience")}
    if desk.typed("redirect"):
        if desk.typed("platform") not in dict(platforms):
            raise GraphError(400, "", "Choose a platform for the redirect URI.")
        wanted[desk.typed("platform")] = {"redirectUris": [desk.typed("redirect")]}
    return wanted
