"""App instance property lock: what an application's owner forbids to change on its service principals.

Source: servicePrincipalLockConfiguration resource type. The code is seen in Azure/azure-cli #28734, which says as well
that the lock holds at home. Microsoft's own service principals are taken to be locked in the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator import data
from m365_emulator.errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from m365_emulator.directory import DirectoryObject
    from m365_emulator.graph.call import Call

_credentials = ("credentialsWithUsageVerify", "credentialsWithUsageSign")
_locked_by = {
    "passwordCredentials": _credentials,
    "keyCredentials": _credentials,
    "tokenEncryptionKeyId": ("tokenEncryptionKeyId",),
    "servicePrincipalNames": ("identifierUris",),
}


def check(call: Call, item: DirectoryObject, names: Iterable[str]) -> None:
    """Raises 400 when one of these properties of a service principal is locked; applications never are."""
    if item.kind != "servicePrincipal":
        return
    lock = _lock(call, item)
    locked = [name for name in names if lock.get("isEnabled") and _holds(lock, name)]
    if locked:
        words = f"Property {locked[0]} on the service principal is locked."
        details = [{"code": "PropertyIsLocked", "message": words, "target": locked[0]}]
        raise GraphError(400, "CannotUpdateLockedServicePrincipalProperty", words, details=details)


def _holds(lock: Mapping[str, Any], name: str) -> bool:
    return name in _locked_by and any(lock.get(one) for one in ("allProperties", *_locked_by[name]))


def _lock(call: Call, item: DirectoryObject) -> Mapping[str, Any]:
    if item.body.get("appOwnerOrganizationId") == data.microsoft_services_tenant:
        return {"isEnabled": True, "allProperties": True}
    found = call.world.directory.home_of_application(str(item.body["appId"]))
    lock = found[1].body.get("servicePrincipalLockConfiguration") if found is not None else None
    return lock or {}
