"""Owners of a registration."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from m365_emulator.errors import GraphError
from m365_emulator.portal import registrations
from m365_emulator.portal.desk import Shown, Went, address

if TYPE_CHECKING:
    from m365_emulator.portal.desk import Desk


def show(desk: Desk) -> Shown:
    """Who owns it, and a form to add somebody."""
    registration = registrations.application(desk)
    people = desk.graph.every("/users?$select=id,displayName,userPrincipalName")
    return Shown(
        "owners",
        "Owners",
        registrations.way(desk, registration),
        {
            "registration": registration,
            "section": "owners",
            "people": people,
            "owners": desk.graph.every(f"/applications/{registration['id']}/owners"),
        },
    )


def add(desk: Desk) -> Went:
    """Add a person by their user principal name."""
    upn = desk.typed("upn")
    if not upn:
        raise GraphError(400, "", "Type the user principal name of the new owner.")
    person = desk.graph.get(f"/users/{quote(upn, safe='')}?$select=id,displayName")
    desk.graph.post(
        f"/applications/{desk.id}/owners/$ref",
        {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{person['id']}"},
    )
    return Went(_own(desk), f"{person['displayName']} is an owner now.")


def remove(desk: Desk) -> Went:
    """Remove one owner."""
    desk.graph.delete(f"/applications/{desk.id}/owners/{desk.typed_id('owner')}/$ref")
    return Went(_own(desk), "The owner was removed.")


def _own(desk: Desk) -> str:
    return address("registrations", desk.keys["id"], "owners")
