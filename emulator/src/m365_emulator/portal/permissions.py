"""API permissions of a registration: what it asks for, and what of it was granted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from m365_emulator import data
from m365_emulator.errors import GraphError
from m365_emulator.graph.authority import rules
from m365_emulator.portal import home, registrations
from m365_emulator.portal.desk import Crumb, Shown, Went, address

if TYPE_CHECKING:
    from m365_emulator.portal.desk import Desk

kinds = {"Role": "Application", "Scope": "Delegated"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One permission of a registration. ``type`` is Role or Scope, as in ``requiredResourceAccess``."""

    resource_app_id: str
    resource_name: str
    id: str
    type: str
    value: str
    description: str
    needs_admin: bool
    granted: bool

    @property
    def kind(self) -> str:
        return kinds[self.type]


def show(desk: Desk) -> Shown:
    """Configured permissions with their consent, and permissions that were granted but are not configured."""
    registration = registrations.application(desk)
    wanted = read(desk, registration)
    return Shown(
        "permissions",
        "API permissions",
        registrations.way(desk, registration),
        {
            "registration": registration,
            "section": "permissions",
            "wanted": wanted,
            "others": others(desk, registration, wanted),
            "may_consent": desk.graph.fits(_needed(wanted)),
            "missing": sum(not one.granted for one in wanted),
        },
    )


def show_add(desk: Desk) -> Shown:
    """Choose an API's permissions: application or delegated ones, with a search."""
    registration = registrations.application(desk)
    kind, text = desk.asked("kind") or "Role", desk.asked("q")
    resource = _resource(desk, desk.asked("api") or data.graph_app_id)
    have = {one.id for one in read(desk, registration)}
    choices = [
        {
            "id": row["id"],
            "value": row["value"],
            "description": words(row),
            "have": row["id"] in have,
            "needs_admin": kind == "Role" or row.get("type") == "Admin",
        }
        for row in _offered(resource or {}, kind)
        if home.matches(text, row["value"], words(row))
    ]
    crumbs = (
        *registrations.way(desk, registration),
        Crumb("API permissions", address("registrations", registration["id"], "permissions")),
    )
    return Shown(
        "permission_add",
        "Request API permissions",
        crumbs,
        {
            "registration": registration,
            "section": "permissions",
            "kind": kind,
            "text": text,
            "kinds": kinds,
            "resource": resource,
            "choices": sorted(choices, key=lambda one: str(one["value"])) if text else [],
            "total": len(choices),
        },
    )


def add(desk: Desk) -> Went:
    """Put the chosen permissions into the registration; nothing is granted by it."""
    registration = registrations.application(desk)
    chosen = desk.form.get("permission", [])
    if not chosen:
        raise GraphError(400, "", "Choose at least one permission.")
    access = list(registration["requiredResourceAccess"])
    rows = _rows_of(access, desk.typed("api"))
    rows += [{"id": one, "type": desk.typed("kind")} for one in chosen if one not in {row["id"] for row in rows}]
    desk.graph.patch(f"/applications/{registration['id']}", {"requiredResourceAccess": access})
    count = "The permission was" if len(chosen) == 1 else f"{len(chosen)} permissions were"
    return Went(_own(desk), f"{count} added. They work once an administrator has granted consent.")


def remove(desk: Desk) -> Went:
    """Take a permission out of the registration; what was granted stays until it is revoked."""
    registration = registrations.application(desk)
    access = [
        {**api, "resourceAccess": [row for row in api["resourceAccess"] if row["id"] != desk.typed("permission")]}
        for api in registration["requiredResourceAccess"]
    ]
    desk.graph.patch(
        f"/applications/{registration['id']}",
        {"requiredResourceAccess": [api for api in access if api["resourceAccess"]]},
    )
    return Went(_own(desk), "The permission was removed from the registration.")


def read(desk: Desk, registration: dict[str, Any]) -> list[Wanted]:
    """The configured permissions by API, each with whether it is granted for the organization."""
    principal = registrations.principal_of(desk, registration)
    found = []
    for api in registration["requiredResourceAccess"]:
        resource = _resource(desk, api["resourceAppId"])
        granted = granted_ids(desk, principal, resource)
        unknown = f"An API that is not in this organization ({api['resourceAppId']})"
        name = resource["displayName"] if resource else unknown
        for row in api["resourceAccess"]:
            known = _known(resource or {}, row)
            found.append(
                Wanted(
                    api["resourceAppId"],
                    name,
                    row["id"],
                    row["type"],
                    known.get("value") or row["id"],
                    words(known),
                    row["type"] == "Role" or known.get("type") == "Admin",
                    row["id"] in granted,
                )
            )
    return sorted(found, key=lambda one: (one.resource_name, one.value))


def granted_ids(desk: Desk, principal: dict[str, Any] | None, resource: dict[str, Any] | None) -> set[str]:
    """Ids of the permissions that a principal has at one API for the whole organization."""
    if principal is None or resource is None:
        return set()
    assignments = desk.graph.every(f"/servicePrincipals/{principal['id']}/appRoleAssignments")
    grants = desk.graph.every(f"/servicePrincipals/{principal['id']}/oauth2PermissionGrants")
    values = {
        value
        for row in grants
        if row["resourceId"] == resource["id"] and row["consentType"] == "AllPrincipals"
        for value in row["scope"].split()
    }
    return {row["appRoleId"] for row in assignments if row["resourceId"] == resource["id"]} | {
        scope["id"] for scope in resource["oauth2PermissionScopes"] if scope["value"] in values
    }


def others(desk: Desk, registration: dict[str, Any], wanted: list[Wanted]) -> list[dict[str, Any]]:
    """What was granted without being configured."""
    principal = registrations.principal_of(desk, registration)
    if principal is None:
        return []
    configured = {(one.resource_name, one.value) for one in wanted}
    return [one for one in granted_rows(desk, principal["id"]) if (one["api"], one["value"]) not in configured]


def granted_rows(desk: Desk, principal_id: str) -> list[dict[str, Any]]:
    """Everything that a service principal was granted, one row for each permission."""
    rows = []
    for one in desk.graph.every(f"/servicePrincipals/{principal_id}/appRoleAssignments"):
        resource = desk.graph.get(f"/servicePrincipals/{one['resourceId']}")
        role = _known(resource, {"id": one["appRoleId"], "type": "Role"})
        rows.append(
            {
                "api": resource["displayName"],
                "value": role.get("value") or one["appRoleId"],
                "kind": "Application",
                "description": words(role),
                "through": "Admin consent",
                "by": "An administrator",
            }
        )
    for one in desk.graph.every(f"/servicePrincipals/{principal_id}/oauth2PermissionGrants"):
        resource = desk.graph.get(f"/servicePrincipals/{one['resourceId']}")
        rows += [_delegated(desk, one, resource, value) for value in one["scope"].split()]
    return sorted(rows, key=lambda row: (row["api"], row["kind"], row["value"]))


def words(row: dict[str, Any]) -> str:
    """A permission in words."""
    return str(row.get("displayName") or row.get("adminConsentDisplayName") or "")


def _delegated(desk: Desk, grant: dict[str, Any], resource: dict[str, Any], value: str) -> dict[str, Any]:
    scope: dict[str, Any] = next((one for one in resource["oauth2PermissionScopes"] if one["value"] == value), {})
    everybody = grant["consentType"] == "AllPrincipals"
    by = "An administrator" if everybody else _name_of(desk, grant["principalId"])
    return {
        "api": resource["displayName"],
        "value": value,
        "kind": "Delegated",
        "description": words(scope),
        "through": "Admin consent" if everybody else "User consent",
        "by": by,
    }


def _name_of(desk: Desk, user_id: str) -> str:
    try:
        return str(desk.graph.get(f"/users/{user_id}")["displayName"])
    except GraphError:
        return "somebody who is no longer here"


def _resource(desk: Desk, app_id: str) -> dict[str, Any] | None:
    try:
        return desk.graph.get(f"/servicePrincipals(appId='{app_id}')")
    except GraphError:
        return None


def _offered(resource: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return list(resource.get("appRoles" if kind == "Role" else "oauth2PermissionScopes", []))


def _known(resource: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    return next((one for one in _offered(resource, row["type"]) if one["id"] == row["id"]), {})


def _rows_of(access: list[dict[str, Any]], app_id: str) -> list[dict[str, Any]]:
    """The rows of one API, which is put in when it is new."""
    for index, api in enumerate(access):
        if api["resourceAppId"] == app_id:
            access[index] = {**api, "resourceAccess": list(api["resourceAccess"])}
            return access[index]["resourceAccess"]  # type: ignore[no-any-return]
    rows: list[dict[str, Any]] = []
    access.append({"resourceAppId": app_id, "resourceAccess": rows})
    return rows


def _needed(wanted: list[Wanted]) -> rules.Rule:
    graphs = any(one.type == "Role" and one.resource_app_id == data.graph_app_id for one in wanted)
    return rules.grants_anything if graphs else rules.grants_other_apis


def _own(desk: Desk) -> str:
    return address("registrations", desk.keys["id"], "permissions")
