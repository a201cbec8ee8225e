"""Microsoft's public identifiers, read once from the files in ``data/`` (their sources stand in ``data/SOURCE.md``)."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

graph_app_id = "00000003-0000-0000-c000-000000000000"
teams_app_id = "48ac35b8-9aa8-4d74-927d-1f4a14a0b239"
token_exchange_app_id = "fb60f99c-7a34-4190-8149-302f77469936"  # noqa: S105 an application id
azure_management_app_id = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
microsoft_services_tenant = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
default_member_role = "b79fbf4d-3ef9-4689-8143-76b194e85509"

global_administrator = "62e90394-69f5-4237-9190-012177145e10"
privileged_role_administrator = "e8611ab8-c189-46e8-94e1-60213ab1f814"
application_administrator = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"
cloud_application_administrator = "158c047a-c907-4556-b7ef-446551a6b5f7"


@cache
def _load(name: str) -> Any:
    return json.loads((resources.files("m365_emulator") / "data" / name).read_text("utf-8"))


@cache
def errors() -> dict[int, dict[str, Any]]:
    """AADSTS numbers: OAuth errors, HTTP status and meaning."""
    return {row["code"]: row for row in _load("aadsts-errors.json")["errors"]}


@cache
def role_templates() -> dict[str, dict[str, Any]]:
    """Built-in directory roles by template id: ``displayName``, ``privileged``, ``administrativeUnitScope``."""
    return {row["id"]: row for row in _load("directory-role-templates.json")["roles"]}


@cache
def role_ids_by_name() -> dict[str, str]:
    """Template ids of built-in directory roles by display name, as seeds name them."""
    return {row["displayName"]: row["id"] for row in role_templates().values()}


@cache
def resources_by_app_id() -> dict[str, dict[str, Any]]:
    """Microsoft's own APIs: ``appId``, ``name``, ``identifierUris``, sometimes ``scopes``."""
    return {row["appId"]: row for row in _load("well-known-apps.json")["resources"]}


@cache
def clients_by_app_id() -> dict[str, dict[str, Any]]:
    """Microsoft's own public clients, which every tenant knows: ``name``, ``family`` (of refresh tokens), and more."""
    return {row["appId"]: row for row in _load("well-known-apps.json")["clients"] if row.get("publicClient")}


def family(client_app_id: str) -> str:
    """The family of Microsoft's clients that share their refresh tokens; empty for everybody else's."""
    return str(clients_by_app_id().get(client_app_id, {}).get("family", ""))


@cache
def skus_by_part_number() -> dict[str, dict[str, Any]]:
    """Licences that carry Teams or Teams Phone: ``skuId`` and the names of their ``plans``."""
    return {row["skuPartNumber"]: row for row in _load("teams-license-skus.json")["skus"]}


@cache
def service_plans_by_name() -> dict[str, dict[str, Any]]:
    """Service plans of those licences, by name."""
    return {row["servicePlanName"]: row for row in _load("teams-license-skus.json")["servicePlans"]}


@cache
def app_roles(app_id: str) -> list[dict[str, Any]]:
    """Application permissions of one of Microsoft's APIs in the shape of ``servicePrincipal.appRoles``."""
    if app_id != graph_app_id:
        return []
    return [
        {
            "allowedMemberTypes": ["Application"],
            "description": row["displayName"],
            "displayName": row["displayName"],
            "id": row["id"],
            "isEnabled": True,
            "origin": "Application",
            "value": row["value"],
        }
        for row in _load("graph-permissions.json")["application"]
    ]


@cache
def names_of_app_roles(app_id: str) -> dict[str, str]:
    """Values of those permissions by id; empty for an API that isn't Microsoft's or has none."""
    return {row["id"]: row["value"] for row in app_roles(app_id)}


@cache
def scopes(app_id: str) -> list[dict[str, Any]]:
    """Delegated permissions of one of Microsoft's APIs in the shape of ``oauth2PermissionScopes``."""
    if app_id == graph_app_id:
        return [_scope(row) for row in _load("graph-permissions.json")["delegated"]]
    return [_scope({**row, "displayName": row["value"]}) for row in resources_by_app_id()[app_id].get("scopes", [])]


def _scope(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "adminConsentDescription": row["displayName"],
        "adminConsentDisplayName": row["displayName"],
        "id": row["id"],
        "isEnabled": True,
        "type": "Admin" if row.get("adminConsentRequired") else "User",
        "userConsentDescription": row["displayName"],
        "userConsentDisplayName": row["displayName"],
        "value": row["value"],
    }
