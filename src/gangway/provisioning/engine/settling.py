"""Settling down: rights that were only for the set-up are taken away again after the proof, and that is read back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from gangway.microsoft.errors import MicrosoftError, Missing
from gangway.microsoft.graph import applications, grants
from gangway.microsoft.graph.calls import Call
from gangway.microsoft.graph.shapes import Grant
from gangway.microsoft.patience import OutOfPatience, Patience
from gangway.provisioning.engine.absence import Left
from gangway.provisioning.engine.blueprint import Blueprint
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.ports import Graph, Journal, Noted
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.engine.steps.deletion import Removal
from gangway.provisioning.engine.steps.removal import RemovePermission
from gangway.provisioning.engine.steps.step import Step
from gangway.provisioning.states import LeftoverKind

STILL_HELD: Final = "It was only for the set-up. We asked Microsoft to take it away, and it is still there."
NOT_SEEN: Final = "It was only for the set-up. Whether Microsoft took it away could not be read."


@dataclass(frozen=True)
class ShortenList(Removal):
    """Take permissions off the registration's own list, so that no consent brings them back."""

    kind: ClassVar[str] = "shorten_list"
    part: ClassVar[Part] = Part.REGISTRATION
    off: frozenset[tuple[str, str, str]]
    key: str = "setup_list"
    label: str = "Permissions of the set-up taken off the list"
    needs: frozenset[str] = frozenset()

    def call(self, seen: Observation) -> Call[None]:
        if seen.application is None:
            raise ValueError("the application must be seen before its list is shortened")
        left = seen.application.required - self.off
        required = applications.required_resource_access(left)
        return applications.change(seen.application.object_id, requiredResourceAccess=required)

    def learn(self, seen: Observation, _value: Any) -> Observation:
        if seen.application is None:
            return seen
        return replace(seen, application=replace(seen.application, required=seen.application.required - self.off))


async def settle_down(
    blueprint: Blueprint, seen: Observation, *, graph: Graph, journal: Journal, patience: Patience
) -> tuple[Left, ...]:
    """Take away what was only for the set-up; what is still there, or can't be seen to be gone, is given back.

    Repeats are harmless: it looks first. A refusal is never raised, since all else is proved; AuthorityEnded and
    silence neither: then nothing can be seen, and the leftovers say so.
    """
    if not blueprint.setup_only or seen.principal is None or seen.application is None:
        return ()
    try:
        held = await _held(blueprint, seen, graph)
        steps: tuple[Step, ...] = (*_removals(blueprint, seen, held), *_shortening(blueprint, seen))
        if steps:
            await _take_away(steps, seen, graph=graph, journal=journal)
        return await _read_back(blueprint, seen, steps, graph=graph, patience=patience)
    except MicrosoftError:
        return not_seen(blueprint, seen)


def not_seen(blueprint: Blueprint, seen: Observation) -> tuple[Left, ...]:
    """Everything that was only for the set-up, when nobody could look."""
    return tuple(_left(seen, permission.id, permission.value, NOT_SEEN) for permission in blueprint.setup_only)


def settled(blueprint: Blueprint, left: Collection[Left]) -> tuple[str, ...]:
    """Values of the permissions of the set-up that are seen gone."""
    still = {one.name for one in left if one.kind is LeftoverKind.PERMISSION}
    return tuple(entry.value for entry in blueprint.setup_only if entry.value not in still)


async def _held(blueprint: Blueprint, seen: Observation, graph: Graph) -> tuple[Grant, ...]:
    if seen.principal is None:
        return ()
    (outcome,) = await graph.batch([grants.of_principal(seen.principal.object_id)])
    resources = {resource.object_id: app for app, resource in seen.resources.items() if resource is not None}
    ours = {(entry.resource, entry.id) for entry in blueprint.setup_only}
    return tuple(row for row in outcome.get() if (resources.get(row.resource_id), row.role_id) in ours)


def _removals(blueprint: Blueprint, seen: Observation, held: Sequence[Grant]) -> list[RemovePermission]:
    names = {entry.id: entry.value for entry in blueprint.setup_only}
    if seen.principal is None:
        return []
    principal = seen.principal.object_id
    return [RemovePermission(row.assignment_id, names[row.role_id], principal=principal) for row in held]


def _shortening(blueprint: Blueprint, seen: Observation) -> list[ShortenList]:
    off = frozenset((entry.resource, entry.id, "Role") for entry in blueprint.setup_only)
    return [ShortenList(off)] if seen.application and off & seen.application.required else []


async def _take_away(steps: Sequence[Step], seen: Observation, *, graph: Graph, journal: Journal) -> None:
    """Intent, call, result; each step for itself, whatever becomes of the others."""
    await journal.show(steps)
    await journal.intend(steps)
    outcomes = await graph.batch([step.call(seen) for step in steps])
    await journal.note(
        [
            Noted(
                step,
                outcome.error is None or isinstance(outcome.error, Missing),
                outcome.answer.seconds,
                outcome.answer.request_id,
                error=outcome.error,
            )
            for step, outcome in zip(steps, outcomes, strict=True)
        ]
    )


async def _read_back(
    blueprint: Blueprint, seen: Observation, steps: Sequence[Step], *, graph: Graph, patience: Patience
) -> tuple[Left, ...]:
    """Until Microsoft lists none of them any more, several times in a row when the first answer still does."""
    if not steps:
        return ()

    async def look() -> tuple[Grant, ...]:
        return await _held(blueprint, seen, graph)

    held = await look()
    if held:
        try:
            held = await patience.until_good(look, good=lambda rows: not rows)
        except OutOfPatience:
            held = await look()
    names = {entry.id: entry.value for entry in blueprint.setup_only}
    return tuple(_left(seen, row.assignment_id, names[row.role_id], STILL_HELD) for row in held)


def _left(seen: Observation, object_id: str, name: str, why: str) -> Left:
    facts = {"app_id": seen.application.app_id if seen.application else ""}
    if seen.principal is not None:
        facts["object_id"] = seen.principal.object_id
    return Left(LeftoverKind.PERMISSION, name, object_id, facts, why)
