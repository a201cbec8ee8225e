"""What the control door can change about a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator import credentials
from m365_emulator.login.policies import lockout

if TYPE_CHECKING:
    from collections.abc import Callable

    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.world import World

_words = {
    "enabled": "true or false: whether the account may sign in (50057)",
    "password": "a new password; refresh tokens from before are refused (50173)",
    "passwordExpired": "true: the next sign-in asks for a new password, refresh tokens get 50055",
    "locked": "true: locked for lockoutSeconds (50053); false: unlocked",
    "mfaNumber": "the number that stands for the second factor; empty: none is registered (50079)",
    "compliantDevice": "whether sign-ins by redirect come from a compliant device (53000 otherwise)",
}


def described() -> dict[str, str]:
    """What can be changed, in words."""
    return dict(_words)


def change(world: World, upn: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """Change a person and show them. Raises ValueError with a sentence, LookupError when there is nobody."""
    tenant = world.directory.tenant_of_upn(upn)
    person = tenant.user(upn) if tenant is not None else None
    if tenant is None or person is None:
        raise LookupError(upn)
    if unknown := sorted(set(wanted) - set(_words)):
        message = f"unknown: {', '.join(unknown)}; known: {', '.join(_words)}"
        raise ValueError(message)
    for name, given in wanted.items():
        _changes[name](world, tenant, person, given)
    return shown(world, person)


def shown(world: World, person: DirectoryObject) -> dict[str, Any]:
    """What the door tells about a person: never a password."""
    return {
        "id": person.id,
        "userPrincipalName": person.body["userPrincipalName"],
        "enabled": person.body["accountEnabled"],
        "passwordExpired": bool(person.hidden.get("password_expired")),
        "locked": lockout.is_locked(world, person),
        "mfaNumber": person.hidden.get("mfa_number", ""),
        "compliantDevice": bool(person.hidden.get("compliant_device")),
    }


def _enabled(_world: World, _tenant: Tenant, person: DirectoryObject, given: Any) -> None:
    person.body["accountEnabled"] = bool(given)


def _password(world: World, _tenant: Tenant, person: DirectoryObject, given: Any) -> None:
    credentials.replace_person_password(world, person, str(given))


def _expired(_world: World, _tenant: Tenant, person: DirectoryObject, given: Any) -> None:
    person.hidden["password_expired"] = bool(given)


def _locked(world: World, tenant: Tenant, person: DirectoryObject, given: Any) -> None:
    lockout.set_locked(world, tenant, person, locked=bool(given))


def _number(_world: World, _tenant: Tenant, person: DirectoryObject, given: Any) -> None:
    person.hidden["mfa_number"] = "".join(str(given).split())


def _device(_world: World, _tenant: Tenant, person: DirectoryObject, given: Any) -> None:
    person.hidden["compliant_device"] = bool(given)


_changes: dict[str, Callable[[World, Tenant, DirectoryObject, Any], None]] = {
    "enabled": _enabled,
    "password": _password,
    "passwordExpired": _expired,
    "locked": _locked,
    "mfaNumber": _number,
    "compliantDevice": _device,
}
