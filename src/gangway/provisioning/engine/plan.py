"""The plan: what is missing between observation and blueprint, in waves of steps that travel together."""

from dataclasses import dataclass
from typing import Final

from gangway.provisioning.engine.blueprint import Blueprint
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.rights import Part, verdict
from gangway.provisioning.engine.steps import application, credentials, grants, owner, principals, roles
from gangway.provisioning.engine.steps.credentials import Fresh
from gangway.provisioning.engine.steps.grants import GrantPermission
from gangway.provisioning.engine.steps.step import Step
from gangway.provisioning.engine.wider import instead

Wave = tuple[Step, ...]
RIGHTS: Final = frozenset({GrantPermission.kind, roles.AssignRole.kind, owner.AddOwner.kind})
"""Kinds of steps that go with a feature or a choice of the plan."""


@dataclass(frozen=True)
class Plan:
    """`waves`: steps of one wave need nothing of each other. `withheld`: steps for somebody with more rights.

    `not_offered`: values of permissions that Microsoft's API doesn't offer in this tenant. `skipped`: those that the
    tenant may do without, since their feature is optional.
    """

    waves: tuple[Wave, ...] = ()
    withheld: tuple[Step, ...] = ()
    not_offered: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps that this person can do, in order."""
        return tuple(step for wave in self.waves for step in wave)


def make_plan(blueprint: Blueprint, seen: Observation, *, fresh: Fresh, refused: frozenset[Part] = frozenset()) -> Plan:
    """Compare and order. Nothing that the blueprint doesn't name is ever touched; what is there already is left alone.

    Where something wider is there, nothing narrower is added. `refused`: parts that Microsoft itself refused to this
    person, whatever their roles say.
    """
    covered, absent = instead(blueprint, seen), _not_offered(blueprint, seen)
    skipped = tuple(value for value in absent if value in blueprint.may_lack)
    blueprint = blueprint.without({*covered, *skipped})
    steps = [
        *application.needed(blueprint, seen),
        *principals.needed(blueprint, seen),
        *owner.needed(blueprint, seen),
        *credentials.needed(seen, fresh),
        *grants.needed(blueprint, seen),
        *roles.needed(blueprint, seen),
    ]
    withheld = _withheld(steps, seen, refused)
    missing = tuple(value for value in absent if value not in {*covered, *skipped})
    return Plan(waves(tuple(step for step in steps if step not in withheld)), withheld, missing, skipped)


def is_given_up(kind: str, key: str, blueprint: Blueprint) -> bool:
    """Whether a step was for a right that the blueprint doesn't ask for: then no look says whether it was done."""
    asked = {f"grant:{permission.value}" for permission in blueprint.permissions}
    asked |= {roles.key_of(role, limited=blueprint.is_limited(role)) for role in blueprint.roles}
    asked |= {owner.KEY} if blueprint.owns_itself else set()
    return kind in RIGHTS and key not in asked


def waves(steps: tuple[Step, ...]) -> tuple[Wave, ...]:
    """The fewest waves in which every step comes after what it needs."""
    found: list[Wave] = []
    left = list(steps)
    while left:
        open_keys = {step.key for step in left}
        wave = tuple(step for step in left if not step.needs & open_keys)
        if not wave:
            raise ValueError("the steps need each other in a circle")
        found.append(wave)
        left = [step for step in left if step not in wave]
    return tuple(found)


def _not_offered(blueprint: Blueprint, seen: Observation) -> tuple[str, ...]:
    """Permissions are looked up by value in the tenant's own copy of the API, never believed by their id alone."""
    absent = []
    for permission in blueprint.permissions:
        resource = seen.resources.get(permission.resource)
        offered = resource.app_roles if resource else {}
        if offered and offered.get(permission.value) != permission.id:
            absent.append(permission.value)
    return tuple(absent)


def _withheld(steps: list[Step], seen: Observation, refused: frozenset[Part]) -> tuple[Step, ...]:
    """Steps whose part this person can't do, and everything that needs one of them."""
    forbidden = refused | {part for part in Part if verdict(part, seen.signer_roles) == "needs_other"}
    held_back: list[Step] = []
    for step in steps:
        if step.part in forbidden or step.needs & {other.key for other in held_back}:
            held_back.append(step)
    return tuple(held_back)
