"""The tenant where Microsoft registers its own clients: azure-cli, Azure PowerShell, the Graph and Teams modules.

Nobody signs in there and no list shows it; it is only the home of applications that every other tenant accepts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from m365_emulator import data, principals
from m365_emulator.directory import DirectoryObject, Tenant

if TYPE_CHECKING:
    from collections.abc import Mapping

_addresses = ("http://localhost", "https://login.microsoftonline.com/common/oauth2/nativeclient")


def tenant() -> Tenant:
    """The tenant with its clients, and with the APIs that they may ask for before any other tenant is known."""
    made = Tenant(data.microsoft_services_tenant, "Microsoft Services", domains=[])
    for app_id in data.resources_by_app_id():
        _add(made, "servicePrincipal", principals.first_party_body(app_id))
    for row in data.clients_by_app_id().values():
        _add(made, "application", _body(row))
    return made


def _add(made: Tenant, kind: str, body: dict[str, Any]) -> None:
    object_id = str(uuid5(UUID(made.id), f"{kind}/{body['appId']}"))
    made.objects[object_id] = DirectoryObject(kind, object_id, {"id": object_id, **body})


def _body(row: Mapping[str, Any]) -> dict[str, Any]:
    own = [row["redirectUri"]] if "redirectUri" in row else []
    return {
        "appId": row["appId"],
        "displayName": row["name"],
        "signInAudience": "AzureADMultipleOrgs",
        "isFallbackPublicClient": True,
        "publicClient": {"redirectUris": [*_addresses, *own]},
    }
