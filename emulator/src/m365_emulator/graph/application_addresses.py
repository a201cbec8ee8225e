"""Addresses that an application may register: where people are sent back to, and what names it as an API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator.addresses import split
from m365_emulator.errors import GraphError
from m365_emulator.graph.errors import bad_request, invalid_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from m365_emulator.directory import DirectoryObject, Tenant

_types = {"web": "WebApplication", "spa": "SpaApplication"}
_loopback = frozenset({"localhost", "127.0.0.1", "::1"})


def check(tenant: Tenant, wanted: Mapping[str, Any]) -> None:
    """Raise 400 for plain http off this machine, and for an API's address on a domain that is not the tenant's."""
    for kind, name in _types.items():
        for address in (wanted.get(kind) or {}).get("redirectUris") or []:
            if not _may_be_sent_back_to(str(address)):
                raise invalid_value("redirectUris", name)
    for uri in wanted.get("identifierUris") or []:
        _check_domain(tenant, str(uri))


def require_free(tenant: Tenant, uris: list[str], own: DirectoryObject | None = None) -> None:
    """Raise 400 when another application of the tenant is named so already."""
    wanted = {str(uri).casefold() for uri in uris}
    for other in tenant.of_kind("application"):
        if other is not own and wanted & {str(uri).casefold() for uri in other.body.get("identifierUris") or []}:
            raise bad_request(
                "Another object with the same value for property identifierUris already exists.",
                target="identifierUris",
                detail="ObjectConflict",
            )


def _may_be_sent_back_to(address: str) -> bool:
    parts = split(address)
    return parts.scheme not in ("http", "") or (parts.scheme == "http" and parts.hostname in _loopback)


def _check_domain(tenant: Tenant, uri: str) -> None:
    parts = split(uri)
    if not parts.scheme:
        raise invalid_value("identifierUris", "Application")
    host, verified = (parts.hostname or "").lower(), [name.lower() for name in tenant.domain_names()]
    if parts.scheme in ("http", "https") and not any(host == one or host.endswith(f".{one}") for one in verified):
        raise GraphError(
            400,
            "HostNameNotOnVerifiedDomain",
            "Values of identifierUris property must use a verified domain of the organization or its subdomain: "
            f"'{uri}'",
        )
