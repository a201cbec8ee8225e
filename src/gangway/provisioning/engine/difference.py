"""What two pinned plans ask for differently, in words: told before somebody agrees to the newer one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.pinning import Pinned

ChangeKind = Literal["added", "removed", "changed"]


@dataclass(frozen=True)
class Change:
    """One thing that is otherwise now."""

    kind: ChangeKind
    what: str


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Everything that differs, what is added first; nothing for plans that ask for the same. Raises PlanUnknown."""
    if pinning.fingerprint(before) == pinning.fingerprint(after):
        return ()
    old, new = pinning.read(before), pinning.read(after)
    order: list[ChangeKind] = ["added", "removed", "changed"]
    return tuple(sorted(_changes(old, new), key=lambda change: order.index(change.kind)))


def _changes(old: Pinned, new: Pinned) -> Iterator[Change]:
    yield from _compared("", _features(old), _features(new))
    yield from _compared("Permission ", _permissions(old), _permissions(new))
    yield from _compared("Role ", {role.name for role in old.roles}, {role.name for role in new.roles})
    if old.profile.name != new.profile.name or old.version != new.version:
        yield Change("changed", f"Profile {new.profile.name}, version {new.version}, instead of version {old.version}")
    if new.in_unit and old.in_unit and old.unit != new.unit:
        yield Change("changed", f"Administrative unit: {new.unit or 'not named yet'}, instead of {old.unit or 'none'}")
    if old.role_days != new.role_days:
        yield Change("changed", f"Roles: {_role_life(new)}, instead of {_role_life(old)}")
    if old.credential_kind != new.credential_kind:
        yield Change("changed", f"Kind of credential: {new.credential_kind}, instead of {old.credential_kind}")
    if old.credential_days != new.credential_days:
        how = "longer" if new.credential_days > old.credential_days else "shorter"
        days = f"{new.credential_days} days, instead of {old.credential_days}"
        yield Change("changed", f"The credential lives {how}: {days}")
    if old.keep_sign_in_application != new.keep_sign_in_application:
        stays = "stays in" if new.keep_sign_in_application else "is removed from"
        yield Change("changed", f"The application that you sign in to {stays} your tenant")


def _role_life(plan: Pinned) -> str:
    return f"{plan.role_days} days, through PIM" if plan.role_days else "without an end"


def _features(plan: Pinned) -> set[str]:
    return {feature.title for feature in plan.features}


def _permissions(plan: Pinned) -> set[str]:
    """Each by its name; those of a registration beside with what that one is for."""
    besides = [pinning.read(one) for one in plan.beside]
    own = {entry.value for entry in plan.permissions}
    return own | {f"{entry.value} ({one.profile.title})" for one in besides for entry in one.permissions}


def _compared(prefix: str, old: set[str], new: set[str]) -> Iterator[Change]:
    yield from (Change("added", f"{prefix}{name}") for name in sorted(new - old))
    yield from (Change("removed", f"{prefix}{name}") for name in sorted(old - new))
