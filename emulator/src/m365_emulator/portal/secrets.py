"""Certificates & secrets of a registration."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from m365_emulator.clock import graph_time
from m365_emulator.credentials import moment
from m365_emulator.errors import GraphError
from m365_emulator.portal import registrations
from m365_emulator.portal.desk import Crumb, Shown, Went, address

if TYPE_CHECKING:
    from m365_emulator.portal.desk import Desk

lives = (
    (180, "180 days (6 months), recommended"),
    (90, "90 days (3 months)"),
    (365, "365 days (12 months)"),
    (545, "545 days (18 months)"),
    (730, "730 days (24 months)"),
)


def show(desk: Desk) -> Shown:
    """All secrets, certificates and federated credentials; never a value."""
    registration = registrations.application(desk)
    federated = desk.graph.every(f"/applications/{registration['id']}/federatedIdentityCredentials")
    return Shown(
        "secrets",
        "Certificates & secrets",
        registrations.way(desk, registration),
        {
            "registration": registration,
            "section": "secrets",
            "federated": federated,
            "secrets": [{**one, "state": _state(desk, one)} for one in registration["passwordCredentials"]],
            "certificates": [{**one, "state": _state(desk, one)} for one in registration["keyCredentials"]],
        },
    )


def show_new(desk: Desk) -> Shown:
    """The form for a new secret."""
    registration = registrations.application(desk)
    crumbs = (
        *registrations.way(desk, registration),
        Crumb("Certificates & secrets", address("registrations", registration["id"], "secrets")),
    )
    return Shown(
        "secret_new",
        "Add a client secret",
        crumbs,
        {"registration": registration, "section": "secrets", "lives": lives},
    )


def create(desk: Desk) -> Went:
    """Make a secret; the next page shows its value, once."""
    days = desk.typed("days")
    if days not in {str(one) for one, _ in lives}:
        raise GraphError(400, "", "Choose how long the secret shall be valid.")
    ends = desk.world.clock.now() + timedelta(days=int(days))
    wanted = {"displayName": desk.typed("description") or None, "endDateTime": graph_time(ends)}
    made = desk.graph.post(f"/applications/{desk.id}/addPassword", {"passwordCredential": wanted})
    return Went(
        address("registrations", desk.keys["id"], "secrets"),
        "The secret was made. Copy its value now: it will never be shown again.",
        secret=made["secretText"],
    )


def delete(desk: Desk) -> Went:
    """Remove one secret by its id."""
    desk.graph.post(f"/applications/{desk.id}/removePassword", {"keyId": desk.typed("key")})
    return Went(address("registrations", desk.keys["id"], "secrets"), "The secret was deleted.")


def _state(desk: Desk, credential: dict[str, Any]) -> str:
    left = moment(credential["endDateTime"]) - desk.world.clock.now()
    if left <= timedelta(0):
        return "Expired"
    return f"{left.days} days left" if left.days != 1 else "1 day left"
