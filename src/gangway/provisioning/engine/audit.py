"""Auditing: the plan beside what is there, without a single write. A pure function.

What could not be read and stands in no token is *unknown*, never *as planned*.
"""

from dataclasses import dataclass
from typing import Literal

from gangway.provisioning.engine.blueprint import Blueprint
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.steps.roles import is_held
from gangway.provisioning.engine.surplus import surplus
from gangway.provisioning.engine.verify import wanted_permissions
from gangway.provisioning.engine.wider import instead, not_satisfied

State = Literal["as_planned", "missing", "more_than_needed", "unknown"]


@dataclass(frozen=True)
class Own:
    """What the registration's own fresh token says: its permissions and its directory roles."""

    permissions: frozenset[str]
    roles: frozenset[str]


@dataclass(frozen=True)
class Item:
    """One thing of the plan, or one too many, and how it stands."""

    kind: Literal["application", "principal", "credential", "permission", "role"]
    name: str
    state: State


def compare(blueprint: Blueprint, *, seen: Observation | None, own: Own | None) -> tuple[Item, ...]:
    """`seen`: what somebody could read in the tenant, `own`: what the token says; None when there is no such source."""
    return (
        Item("application", blueprint.display_name, _there(seen, own, there=bool(seen and seen.application))),
        Item("principal", blueprint.display_name, _there(seen, own, there=bool(seen and seen.principal))),
        *_permissions(blueprint, seen, own),
        *_roles(blueprint, seen, own),
        *_beyond(blueprint, seen, own),
    )


def _there(seen: Observation | None, own: Own | None, *, there: bool) -> State:
    """Whoever gets a token exists."""
    if own is not None or there:
        return "as_planned"
    return "unknown" if seen is None else "missing"


def _permissions(blueprint: Blueprint, seen: Observation | None, own: Own | None) -> tuple[Item, ...]:
    """Who has a wider one lacks nothing."""
    lacking = None if own is None else not_satisfied(wanted_permissions(blueprint, frozenset()), own.permissions)
    covered = instead(blueprint, seen) if seen else {}
    found = []
    for entry in blueprint.permissions:
        read = None if seen is None else (entry.resource, entry.id) in seen.grants or entry.value in covered
        told = None if lacking is None else entry.value not in lacking
        found.append(Item("permission", entry.value, _state(read=read, told=told)))
    return tuple(found)


def _roles(blueprint: Blueprint, seen: Observation | None, own: Own | None) -> tuple[Item, ...]:
    """A role that reaches only an administrative unit stands in no token, and another unit isn't the planned one."""
    found = []
    for role in blueprint.roles:
        held = None if seen is None or seen.roles is None else is_held(blueprint, role, seen)
        told = None if own is None or blueprint.is_limited(role) else role.template_id in own.roles
        found.append(Item("role", role.name, _state(read=held, told=told)))
    return tuple(found)


def _state(*, read: bool | None, told: bool | None) -> State:
    """Either source is enough to say that it is there; both together, or the only one, that it isn't."""
    if read or told:
        return "as_planned"
    return "unknown" if read is None and told is None else "missing"


def _beyond(blueprint: Blueprint, seen: Observation | None, own: Own | None) -> tuple[Item, ...]:
    if seen is not None:
        return tuple(Item(row.kind, row.name, "more_than_needed") for row in surplus(blueprint, seen))
    wanted = {entry.value for entry in blueprint.permissions}
    more = sorted(own.permissions - wanted) if own else []
    return tuple(Item("permission", value, "more_than_needed") for value in more)
