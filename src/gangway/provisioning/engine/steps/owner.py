"""Ownership: the registration owns itself, so that it may change its own credentials and nobody else's."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from gangway.microsoft.graph import owners
from gangway.microsoft.graph.calls import Call
from gangway.provisioning.engine.blueprint import Blueprint
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.engine.steps import principals
from gangway.provisioning.engine.steps.step import Step

KEY = "owner"


def needed(blueprint: Blueprint, seen: Observation) -> Iterator[Step]:
    """Only when the blueprint wants it. Owners that somebody else added stay."""
    if not blueprint.owns_itself:
        return
    if seen.principal is None:
        yield AddOwner(frozenset({principals.KEY}))
    elif seen.principal.object_id not in (seen.owners or frozenset()):
        yield AddOwner()


@dataclass(frozen=True)
class AddOwner:
    """Make the principal an owner of its own application."""

    kind: ClassVar[str] = "add_owner"
    part: ClassVar[Part] = Part.REGISTRATION
    needs: frozenset[str] = frozenset()
    key: str = KEY
    label: str = "Registration made its own owner"

    def call(self, seen: Observation) -> Call[None]:
        if seen.application is None or seen.principal is None:
            raise ValueError("application and principal must be seen before one owns the other")
        return owners.add(seen.application.object_id, owner=seen.principal.object_id)

    def learn(self, seen: Observation, _value: Any) -> Observation:
        if seen.principal is None:
            return seen
        return replace(seen, owners=(seen.owners or frozenset()) | {seen.principal.object_id})
