"""The first page, and the search in the menu bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator import data
from m365_emulator.errors import GraphError
from m365_emulator.portal.desk import Crumb, Shown, address

if TYPE_CHECKING:
    from m365_emulator.portal.desk import Desk

crumb = Crumb("Home", address())
services = (
    ("App registrations", address("registrations"), "Applications of this organization: credentials and permissions"),
    ("Enterprise applications", address("enterprise"), "Applications that are used here, whoever registered them"),
    ("Microsoft Entra roles and administrators", address("roles"), "Who may administer what"),
    ("Users", address("users"), "People of this organization and guests"),
)


def show(desk: Desk) -> Shown:
    """The tenant at a glance."""
    organization = desk.graph.get("/organization")["value"][0]
    default = next(one["name"] for one in organization["verifiedDomains"] if one["isDefault"])
    return Shown(
        "home",
        organization["displayName"],
        content={
            "organization": organization,
            "default_domain": default,
            "services": services,
            "counts": _counts(desk),
            "own_roles": own_roles(desk),
        },
    )


def search(desk: Desk) -> Shown:
    """Services, applications and people whose name, or id, has the text."""
    text = desk.asked("q")
    found = [one for one in services if text.casefold() in one[0].casefold()] if text else list(services)
    return Shown("search", "Search", (crumb,), {"text": text, "services": found, "results": _results(desk, text)})


def show_nothing(_desk: Desk) -> Shown:
    """For an address that leads nowhere."""
    raise GraphError(404, "", "There is no such page in this portal.")


def own_roles(desk: Desk) -> list[str]:
    """Names of the directory roles of the person who is looking."""
    names = data.role_templates()
    return sorted(names[one]["displayName"] for one in desk.graph.caller.directory_roles if one in names)


def _counts(desk: Desk) -> list[tuple[str, int, str]]:
    """How many there are of each; nothing for somebody who may not list them, as a guest."""
    lists = (
        ("Users", "users"),
        ("App registrations", "applications"),
        ("Groups", "groups"),
        ("Enterprise applications", "servicePrincipals"),
    )
    where = {
        "Users": address("users"),
        "App registrations": address("registrations"),
        "Enterprise applications": address("enterprise"),
    }
    try:
        return [(label, len(desk.graph.every(f"/{name}?$select=id")), where.get(label, "")) for label, name in lists]
    except GraphError:
        return []


def _results(desk: Desk, text: str) -> list[dict[str, Any]]:
    if not text:
        return []
    rows = [
        {"kind": kind, "name": one["displayName"], "more": one[second], "address": address(place, one["id"])}
        for kind, path, second, place in (
            ("App registration", "/applications?$select=id,displayName,appId", "appId", "registrations"),
            ("Enterprise application", "/servicePrincipals?$select=id,displayName,appId", "appId", "enterprise"),
            ("User", "/users?$select=id,displayName,userPrincipalName", "userPrincipalName", "users"),
        )
        for one in desk.graph.every(path)
    ]
    return [one for one in rows if matches(text, one["name"], one["more"])]


def matches(text: str, *values: str | None) -> bool:
    """Whether one of the values holds the text, without case."""
    return any(text.casefold() in (value or "").casefold() for value in values)
