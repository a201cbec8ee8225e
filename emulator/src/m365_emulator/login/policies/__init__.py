"""What a tenant demands of sign-ins. One file per policy; seed and control door set them by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m365_emulator.login.policies import (
    admin_consent,
    assertions,
    conditional_access,
    consent_requests,
    directory,
    lockout,
    names,
    user_consent,
)

if TYPE_CHECKING:
    from m365_emulator.directory import Tenant

_all = {
    one.name: one
    for one in (
        user_consent.policy,
        consent_requests.policy,
        admin_consent.policy,
        conditional_access.policy,
        conditional_access.device_code_policy,
        lockout.threshold,
        lockout.seconds,
        assertions.policy,
        names.policy,
        *directory.every,
    )
}


def value(tenant: Tenant, name: str) -> Any:
    """The value of a policy in force at a tenant."""
    return _all[name].value(tenant)


def change(tenant: Tenant, wanted: dict[str, Any]) -> None:
    """Put some policies in force, all or none. Raises ValueError with a sentence."""
    if unknown := sorted(set(wanted) - set(_all)):
        message = f"unknown policies: {', '.join(unknown)}; known: {', '.join(sorted(_all))}"
        raise ValueError(message)
    for name, given in wanted.items():
        _all[name].check(tenant, given)
    for name, given in wanted.items():
        _all[name].change(tenant, given)


def values(tenant: Tenant) -> dict[str, Any]:
    """All policies of a tenant as they are in force."""
    return {name: one.value(tenant) for name, one in _all.items()}


def described() -> dict[str, dict[str, Any]]:
    """Each policy with its default and what it means."""
    return {name: {"default": one.default, "means": one.words} for name, one in _all.items()}
