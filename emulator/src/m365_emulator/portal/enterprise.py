"""Enterprise applications: service principals of this tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator import data
from m365_emulator.portal import home, permissions, roles
from m365_emulator.portal.desk import Crumb, Shown, Went, address

if TYPE_CHECKING:
    from m365_emulator.portal.desk import Desk

crumb = Crumb("Enterprise applications", address("enterprise"))
kinds = {"enterprise": "Enterprise applications", "microsoft": "Microsoft applications", "all": "All applications"}


def show_list(desk: Desk) -> Shown:
    """Those of one kind, by name, object id or client id."""
    kind, text = desk.asked("kind") or "enterprise", desk.asked("q")
    rows = [row for row in desk.graph.every("/servicePrincipals") if kind == "all" or _kind(row) == kind]
    shown = [row for row in rows if home.matches(text, row["displayName"], row["appId"], row["id"])]
    shown.sort(key=lambda row: str(row["displayName"]).casefold())
    return Shown(
        "enterprise_list",
        "Enterprise applications",
        (home.crumb,),
        {"rows": shown, "kind": kind, "kinds": kinds, "text": text, "all_count": len(rows)},
    )


def show(desk: Desk) -> Shown:
    """Properties."""
    principal = _principal(desk)
    owner = desk.world.directory.tenants.get(principal["appOwnerOrganizationId"])
    registration = next(iter(desk.graph.get(f"/applications?$filter=appId eq '{principal['appId']}'")["value"]), None)
    return Shown(
        "enterprise",
        principal["displayName"],
        way(desk, principal),
        {
            "principal": principal,
            "section": "overview",
            "registration": registration,
            "publisher": _publisher(principal, owner.display_name if owner else None),
        },
    )


def show_permissions(desk: Desk) -> Shown:
    """What it was granted, by administrators and by people for themselves."""
    principal = _principal(desk)
    rows = permissions.granted_rows(desk, principal["id"])
    return Shown(
        "enterprise_permissions",
        "Permissions",
        way(desk, principal),
        {
            "principal": principal,
            "section": "permissions",
            "admin": [row for row in rows if row["through"] == "Admin consent"],
            "user": [row for row in rows if row["through"] == "User consent"],
        },
    )


def show_roles(desk: Desk) -> Shown:
    """Its directory roles."""
    principal = _principal(desk)
    return Shown(
        "enterprise_roles",
        "Roles and administrators",
        way(desk, principal),
        {"principal": principal, "section": "roles", "held": roles.held_by(desk, principal["id"])},
    )


def ask_delete(desk: Desk) -> Shown:
    """Say what goes before it goes."""
    principal = _principal(desk)
    return Shown(
        "enterprise_delete",
        "Delete this enterprise application",
        way(desk, principal),
        {
            "principal": principal,
            "section": "overview",
            "granted": permissions.granted_rows(desk, principal["id"]),
            "held": roles.held_by(desk, principal["id"]),
        },
    )


def delete(desk: Desk) -> Went:
    """Remove it from this organization, with its grants and roles."""
    name = _principal(desk)["displayName"]
    desk.graph.delete(f"/servicePrincipals/{desk.id}")
    return Went(crumb.address, f"“{name}” was removed from {desk.tenant.display_name}.")


def _principal(desk: Desk) -> dict[str, Any]:
    return desk.graph.get(f"/servicePrincipals/{desk.id}")


def _kind(row: dict[str, Any]) -> str:
    return "microsoft" if row["appOwnerOrganizationId"] == data.microsoft_services_tenant else "enterprise"


def _publisher(principal: dict[str, Any], owner: str | None) -> str:
    if _kind(principal) == "microsoft":
        return "Microsoft Services"
    return owner or f"An organization that is not in this cloud ({principal['appOwnerOrganizationId']})"


def way(desk: Desk, principal: dict[str, Any]) -> tuple[Crumb, ...]:
    """The way back from a page about one of them."""
    own = Crumb(principal["displayName"], address("enterprise", principal["id"]))
    return (home.crumb, crumb, own) if desk.path != own.address else (home.crumb, crumb)
