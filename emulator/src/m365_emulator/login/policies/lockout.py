"""Smart lockout: too many wrong passwords lock an account for a while, even against the right one (50053)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator.login.policies.policy import Policy, whole_number

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.world import World

threshold = Policy(
    name="lockoutThreshold",
    default=10,
    words="wrong passwords in a row that lock an account (50053)",
    check=whole_number("lockoutThreshold", 1),
)
seconds = Policy(
    name="lockoutSeconds",
    default=60,
    words="how long a lockout lasts, in seconds of the emulator's clock",
    check=whole_number("lockoutSeconds", 1),
)


def is_locked(world: World, person: DirectoryObject) -> bool:
    """Whether the account is locked now."""
    return world.clock.seconds() < float(person.hidden.get("locked_until", 0))


def failed(world: World, tenant: Tenant, person: DirectoryObject) -> None:
    """A wrong password: count it, and lock the account when there were too many."""
    failures = int(person.hidden.get("failures", 0)) + 1
    if failures >= threshold.value(tenant):
        person.hidden["locked_until"] = world.clock.seconds() + float(seconds.value(tenant))
        failures = 0
    person.hidden["failures"] = failures


def succeeded(person: DirectoryObject) -> None:
    """The right password: start counting anew."""
    person.hidden.pop("failures", None)


def set_locked(world: World, tenant: Tenant, person: DirectoryObject, *, locked: bool) -> None:
    """Lock for the usual time, or unlock, as the control door does."""
    until = world.clock.seconds() + float(seconds.value(tenant)) if locked else 0
    person.hidden["locked_until"] = until
    person.hidden.pop("failures", None)
