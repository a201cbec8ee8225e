"""What two pinned plans ask for differently, in words: told before somebody agrees to the newer one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.credential_kinds import KINDS, NAMES
from gangway.provisioning.engine.pinning import Pinned

ChangeKind = Literal["added", "removed", "changed"]

STAYS: Final = "The application that you sign in to stays in your tenant"
GOES: Final = "The application that you sign in to is removed from your tenant"


@dataclass(frozen=True)
class Change:
    """One thing that is otherwise now. `of_credential`: only of one that is made, the one in use stays as it is."""

    kind: ChangeKind
    what: str
    of_credential: bool = field(default=False, compare=False)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Everything that differs, what is added first; nothing for plans that ask for the same. Raises PlanUnknown."""
    if pinning.fingerprint(before) == pinning.fingerprint(after):
        return ()
    old, new = pinning.read(before), pinning.read(after)
    order: list[ChangeKind] = ["added", "removed", "changed"]
    return tuple(sorted(_changes(old, new), key=lambda change: order.index(change.kind)))


def _changes(old: Pinned, new: Pinned) -> Iterator[Change]:
    yield from _compared("", _features(old), _features(new))
    yield from _compared("", _permissions(old), _permissions(new))
    yield from _compared("Role ", {role.name for role in old.roles}, {role.name for role in new.roles})
    if old.profile.name != new.profile.name or old.version != new.version:
        yield Change("changed", f"Profile {new.profile.name}, version {new.version}, instead of version {old.version}")
    if new.in_unit and old.in_unit and old.unit != new.unit:
        yield Change("changed", _unit(new.unit, old.unit))
    if old.role_days != new.role_days:
        yield Change("changed", f"Roles: {_role_life(new)}, instead of {_role_life(old)}")
    if old.credential_kind != new.credential_kind:
        kind, before = NAMES[KINDS[new.credential_kind]], NAMES[KINDS[old.credential_kind]]
        yield Change("changed", f"Kind of credential: {kind}, instead of {before}", of_credential=True)
    if old.credential_days != new.credential_days:
        yield Change("changed", _life(new.credential_days, old.credential_days), of_credential=True)
    if old.keep_sign_in_application != new.keep_sign_in_application:
        yield Change("changed", STAYS if new.keep_sign_in_application else GOES)


def _unit(unit: str, before: str) -> str:
    if not before:
        return f"Administrative unit, named now: {unit}"
    if not unit:
        return f"Administrative unit: not named yet, instead of {before}"
    return f"Administrative unit: {unit}, instead of {before}"


def _life(days: int, before: int) -> str:
    if days > before:
        return f"The credential lives longer: {days} days, instead of {before}"
    return f"The credential lives shorter: {days} days, instead of {before}"


def _role_life(plan: Pinned) -> str:
    return f"{plan.role_days} days, through PIM" if plan.role_days else "without an end"


def _features(plan: Pinned) -> set[str]:
    return {feature.title for feature in plan.features}


def _permissions(plan: Pinned) -> set[str]:
    """Each by its name; those of a registration beside with what that one is for."""
    besides = [pinning.read(one) for one in plan.beside]
    names = {entry.value for entry in plan.permissions}
    return {f"Permission {name}" for name in names} | {
        f"Permission {entry.value}, for {one.profile.title}" for one in besides for entry in one.permissions
    }


def _compared(prefix: str, old: set[str], new: set[str]) -> Iterator[Change]:
    yield from (Change("added", f"{prefix}{name}") for name in sorted(new - old))
    yield from (Change("removed", f"{prefix}{name}") for name in sorted(old - new))
