"""What a sign-in policy is: a named value of one tenant, with a default, a description and a check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from m365_emulator.directory import Tenant

_kept_under = "signIn"


@dataclass(frozen=True, slots=True)
class Policy:
    """``check`` turns a given value into the kept one and raises ValueError with a sentence for a wrong one.

    ``get`` and ``put`` are for values that Graph keeps in a policy of its own; without them the value stands in
    ``Tenant.policies["signIn"]``.
    """

    name: str
    default: Any
    words: str
    check: Callable[[Tenant, Any], Any]
    get: Callable[[Tenant], Any] | None = None
    put: Callable[[Tenant, Any], None] | None = None

    def value(self, tenant: Tenant) -> Any:
        """The value in force."""
        if self.get is not None:
            return self.get(tenant)
        return tenant.policies.get(_kept_under, {}).get(self.name, self.default)

    def change(self, tenant: Tenant, given: Any) -> None:
        """Put another value in force. Raises ValueError."""
        wanted = self.check(tenant, given)
        if self.put is not None:
            self.put(tenant, wanted)
        else:
            tenant.policies.setdefault(_kept_under, {})[self.name] = wanted


def switch(name: str) -> Callable[[Tenant, Any], bool]:
    """A check for true or false."""

    def check(_tenant: Tenant, given: Any) -> bool:
        if not isinstance(given, bool):
            message = f"{name} must be true or false, not {given!r}"
            raise ValueError(message)  # noqa: TRY004 one kind of error for all of them
        return given

    return check


def whole_number(name: str, least: int) -> Callable[[Tenant, Any], int]:
    """A check for a whole number."""

    def check(_tenant: Tenant, given: Any) -> int:
        if not isinstance(given, int) or isinstance(given, bool) or given < least:
            message = f"{name} must be a whole number from {least} on, not {given!r}"
            raise ValueError(message)
        return given

    return check


def one_of(name: str, *choices: str) -> Callable[[Tenant, Any], str]:
    """A check for one of some words."""

    def check(_tenant: Tenant, given: Any) -> str:
        if given not in choices:
            message = f"{name} must be one of {', '.join(choices)}, not {given!r}"
            raise ValueError(message)
        return str(given)

    return check
