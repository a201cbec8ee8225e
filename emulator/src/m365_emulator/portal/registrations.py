"""App registrations: the list, the overview, authentication, the manifest, deletion."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from m365_emulator.credentials import moment
from m365_emulator.errors import GraphError
from m365_emulator.portal import home
from m365_emulator.portal.desk import Crumb, Shown, Went, address

if TYPE_CHECKING:
    from m365_emulator.portal.desk import Desk

crumb = Crumb("App registrations", address("registrations"))
soon = timedelta(days=30)
account_types = {
    "AzureADMyOrg": "My organization only",
    "AzureADMultipleOrgs": "Multiple organizations",
    "AzureADandPersonalMicrosoftAccount": "All Microsoft account users",
    "PersonalMicrosoftAccount": "Personal Microsoft account users",
}


def application(desk: Desk) -> dict[str, Any]:
    """The registration that the address names."""
    return desk.graph.get(f"/applications/{desk.id}")


def way(desk: Desk, registration: dict[str, Any]) -> tuple[Crumb, ...]:
    """The way back from a page of one registration."""
    own = Crumb(registration["displayName"], address("registrations", registration["id"]))
    return (home.crumb, crumb, own) if desk.path != own.address else (home.crumb, crumb)


def show_list(desk: Desk) -> Shown:
    """All, owned or deleted registrations, by name or client id."""
    view, text = desk.asked("view") or "all", desk.asked("q")
    rows = _rows(desk, view)
    shown = [
        {**row, "credentials": credentials_state(desk, row)}
        for row in rows
        if home.matches(text, row["displayName"], row["appId"])
    ]
    shown.sort(key=lambda row: str(row["displayName"]).casefold())
    return Shown(
        "registrations",
        "App registrations",
        (home.crumb,),
        {"rows": shown, "view": view, "text": text, "all_count": len(rows)},
    )


def _rows(desk: Desk, view: str) -> list[dict[str, Any]]:
    if view == "deleted":
        return desk.graph.every("/directory/deletedItems/microsoft.graph.application")
    rows = desk.graph.every("/applications?$expand=owners($select=id)")
    return [row for row in rows if view != "owned" or any(one["id"] == desk.person.id for one in row["owners"])]


def credentials_state(desk: Desk, registration: dict[str, Any]) -> str:
    """``Current``, ``Expiring soon``, ``Expired``, or nothing when there are no credentials."""
    ends = [
        moment(one["endDateTime"]) for one in (*registration["passwordCredentials"], *registration["keyCredentials"])
    ]
    if not ends:
        return ""
    now = desk.world.clock.now()
    if min(ends) <= now:
        return "Expired"
    return "Expiring soon" if min(ends) - now <= soon else "Current"


def show(desk: Desk) -> Shown:
    """The overview with its essentials."""
    registration = application(desk)
    return Shown(
        "registration",
        registration["displayName"],
        way(desk, registration),
        {
            "registration": registration,
            "principal": principal_of(desk, registration),
            "account_type": account_types.get(registration["signInAudience"], registration["signInAudience"]),
            "credentials": credentials_state(desk, registration),
            "section": "overview",
        },
    )


def principal_of(desk: Desk, registration: dict[str, Any]) -> dict[str, Any] | None:
    """The registration's own enterprise application in this tenant, if there is one."""
    try:
        return desk.graph.get(f"/servicePrincipals(appId='{registration['appId']}')?$select=id,displayName,appId")
    except GraphError:
        return None


def show_authentication(desk: Desk) -> Shown:
    """Redirect addresses and public client flows."""
    registration = application(desk)
    platforms = (
        ("Web", registration.get("web") or {}),
        ("Single-page application", registration.get("spa") or {}),
        ("Mobile and desktop applications", registration.get("publicClient") or {}),
    )
    return Shown(
        "authentication",
        "Authentication",
        way(desk, registration),
        {
            "registration": registration,
            "section": "authentication",
            "platforms": [(name, one.get("redirectUris") or []) for name, one in platforms],
            "account_type": account_types.get(registration["signInAudience"], registration["signInAudience"]),
        },
    )


def show_manifest(desk: Desk) -> Shown:
    """The registration as Graph shows it."""
    registration = application(desk)
    plain = {key: value for key, value in registration.items() if not key.startswith("@")}
    return Shown(
        "manifest",
        "Manifest",
        way(desk, registration),
        {
            "registration": registration,
            "section": "manifest",
            "manifest": json.dumps(plain, indent=2, ensure_ascii=False),
        },
    )


def ask_delete(desk: Desk) -> Shown:
    """Say what goes before it goes."""
    registration = application(desk)
    return Shown(
        "registration_delete",
        "Delete this app registration",
        way(desk, registration),
        {"registration": registration, "principal": principal_of(desk, registration), "section": "overview"},
    )


def delete(desk: Desk) -> Went:
    """Into the deleted items."""
    name = application(desk)["displayName"]
    desk.graph.delete(f"/applications/{desk.id}")
    return Went(crumb.address, f"“{name}” was deleted. It can be restored for 30 days, under Deleted applications.")


def restore(desk: Desk) -> Went:
    """Out of the deleted items again."""
    desk.graph.post(f"/directory/deletedItems/{desk.id}/restore")
    return Went(
        address("registrations", desk.keys["id"]),
        "The registration is back. Its enterprise application, grants and roles are not: make them again.",
    )
