"""Users: people of the tenant, to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator.portal import home, roles
from m365_emulator.portal.desk import Crumb, Shown, address

if TYPE_CHECKING:
    from m365_emulator.portal.desk import Desk

crumb = Crumb("Users", address("users"))
_columns = (
    "$select=id,displayName,userPrincipalName,userType,accountEnabled,mail,jobTitle,usageLocation,createdDateTime"
)


def show_list(desk: Desk) -> Shown:
    """People by name or user principal name."""
    text = desk.asked("q")
    rows = desk.graph.every(f"/users?{_columns}")
    shown = [row for row in rows if home.matches(text, row["displayName"], row["userPrincipalName"])]
    return Shown("users", "Users", (home.crumb,), {"rows": shown, "text": text, "all_count": len(rows)})


def show(desk: Desk) -> Shown:
    """One person with their roles."""
    person = desk.graph.get(f"/users/{desk.id}?{_columns}")
    return Shown(
        "user", person["displayName"], (home.crumb, crumb), {"user": person, "held": roles.held_by(desk, person["id"])}
    )
