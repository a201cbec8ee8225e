"""Settling down: after the proof rights are taken away again, and that is read back.

Those that were only for the set-up, and those that an earlier attempt gave and that nobody asks for any more.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final

from gangway.foundation.ids import ObjectId
from gangway.microsoft.errors import Forbidden, MicrosoftError, Missing, NotCopiedYet, NotHeard, Refused
from gangway.microsoft.graph import applications, grants
from gangway.microsoft.graph.calls import Call
from gangway.microsoft.graph.shapes import Grant, RoleAssignment
from gangway.microsoft.patience import Patience
from gangway.provisioning.engine.absence import Left
from gangway.provisioning.engine.blueprint import Blueprint
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.ports import Graph, Journal, Noted
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.engine.steps.deletion import Removal
from gangway.provisioning.engine.steps.removal import RemovePermission, RemoveRole
from gangway.provisioning.engine.steps.roles import scope_of
from gangway.provisioning.engine.steps.step import Step
from gangway.provisioning.states import LeftoverKind

LAGS: Final = (NotHeard, Missing, NotCopiedYet)
LONGEST: Final = 60.0
"""Seconds for which they are taken away and looked for: all else is proved, and what stays is listed."""
REFUSALS: Final = 2
"""How often a refusal is taken for a copy that lags."""
STILL_HELD: Final = "It is not needed any more. We asked Microsoft to take it away, and it is still there."
STILL_LISTED: Final = (
    "It is not needed any more. It is granted no more, but the registration's own list still names it."
)
NOT_SEEN: Final = "It is not needed any more. Whether Microsoft took it away could not be read."


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
    """Take away what goes at the end, until it is seen gone; what is still there, or can't be seen, is given.

    Repeats are harmless: it looks first. A refusal is never raised, since all else is proved; AuthorityEnded, silence
    and the end of its time neither: then nothing can be seen, and the leftovers say so.
    """
    if not blueprint.leaves_rights or seen.principal is None or seen.application is None:
        return ()
    settling = _Settling(blueprint, seen, seen.principal.object_id, graph, journal)
    patience = replace(patience, deadline=min(patience.deadline, LONGEST))

    async def patiently() -> tuple[Left, ...]:
        return await patience.through(settling.once, lag=settling.passes)

    try:
        async with asyncio.timeout(LONGEST):
            if await patiently():
                await patience.until_good(patiently, good=lambda left: not left)
            if not settling.shown:
                await journal.show(())  # a lost worker may have taken it away
    except (MicrosoftError, TimeoutError):
        await settling.tell_unanswered()
    return settling.left


def not_seen(blueprint: Blueprint, seen: Observation) -> tuple[Left, ...]:
    """Everything that goes at the end, when nobody could look."""
    permissions = (_left(seen, entry.id, entry.value, NOT_SEEN) for entry in blueprint.setup_only)
    going = (role for role, _limited in blueprint.roles_leaving)
    roles = (_left(seen, role.template_id, role.name, NOT_SEEN, LeftoverKind.ROLE) for role in going)
    return (*permissions, *roles)


def settled(blueprint: Blueprint, left: Collection[Left]) -> tuple[str, ...]:
    """Values of the permissions of the set-up that are seen gone."""
    still = {one.name for one in left if one.kind is LeftoverKind.PERMISSION}
    return tuple(entry.value for entry in blueprint.setup_only if entry.value not in still)


@dataclass
class _Settling:
    """One go at it. `left`: what was there when we last looked; as long as nobody could look, all of it.

    `unanswered`: steps whose intent is written down and whose answer isn't. `shown`: the journal was told of steps.
    """

    blueprint: Blueprint
    seen: Observation
    principal: ObjectId
    graph: Graph
    journal: Journal
    left: tuple[Left, ...] = ()
    refusals: int = 0
    shown: bool = False
    unanswered: dict[str, Step] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.left = not_seen(self.blueprint, self.seen)

    async def once(self) -> tuple[Left, ...]:
        """Look, ask away what is there, look again. Raises a refusal that was given too often to be lag."""
        steps, left = await self._look()
        errors = await self._take_away(steps) if steps else []
        if steps:
            _, left = await self._look()
        self.left = left
        refused = [error for error in errors if isinstance(error, (Forbidden, Refused))]
        self.refusals += bool(refused)
        if refused and self.refusals > REFUSALS:
            raise refused[0]
        return left

    def passes(self, error: MicrosoftError) -> bool:
        """What is waited out, beside Busy; a refused look as long as it may be lag."""
        self.refusals += isinstance(error, Forbidden)
        return isinstance(error, LAGS) or (isinstance(error, Forbidden) and self.refusals <= REFUSALS)

    async def _look(self) -> tuple[tuple[Step, ...], tuple[Left, ...]]:
        """What is to be done, and what it would leave undone."""
        asked: list[Call[Any]] = [grants.of_principal(self.principal)]
        asked += [applications.by_unique_name(self.blueprint.unique_name)]
        asked += [grants.roles_of(self.principal)] if self.blueprint.roles_leaving else []
        rows, application, *given = (outcome.get() for outcome in await self.graph.batch(asked))
        self.seen = replace(self.seen, application=application)
        names = {entry.id: entry.value for entry in self.blueprint.setup_only}
        held = [row for row in rows if self._is_ours(row)]
        off = frozenset((entry.resource, entry.id, "Role") for entry in self.blueprint.setup_only)
        listed = off & application.required
        steps: tuple[Step, ...] = tuple(
            RemovePermission(row.assignment_id, names[row.role_id], principal=self.principal) for row in held
        )
        left = [_left(self.seen, row.assignment_id, names[row.role_id], STILL_HELD) for row in held]
        granted = {row.role_id for row in held}
        left += [_left(self.seen, one, names[one], STILL_LISTED) for _, one, _ in listed if one not in granted]
        steps += (ShortenList(off),) if listed else ()
        going = {role.template_id: role.name for role, _limited in self.blueprint.roles_leaving}
        for row in (row for rows_of_roles in given for row in rows_of_roles if self._leaves(row)):
            steps += (RemoveRole(row.assignment_id, going[row.role_id]),)
            left.append(_left(self.seen, row.assignment_id, going[row.role_id], STILL_HELD, LeftoverKind.ROLE))
        await self._note_what_was_done({step.key for step in steps})
        return steps, tuple(left)

    def _leaves(self, row: RoleAssignment) -> bool:
        """Whether a role goes; never where it is wanted: it may only have been given for another unit before."""
        if not self.blueprint.is_leaving(row.role_id, limited=row.scope != grants.WHOLE_TENANT):
            return False
        wanted = {(role.template_id, scope_of(self.blueprint, role, self.seen)) for role in self.blueprint.roles}
        return (row.role_id, row.scope) not in wanted

    async def _note_what_was_done(self, still: Collection[str]) -> None:
        """What nobody answered and isn't to be done any more was done."""
        done = [step for key, step in self.unanswered.items() if key not in still]
        if done:
            await self.journal.note([Noted(step, good=True, seconds=0.0, request_id="") for step in done])
        self.unanswered = {key: step for key, step in self.unanswered.items() if key in still}

    async def tell_unanswered(self) -> None:
        """At the end nothing stays as if it were still being done."""
        open_ends = [
            Noted(step, good=False, seconds=0.0, request_id="", words=NOT_SEEN) for step in self.unanswered.values()
        ]
        if open_ends:
            await self.journal.note(open_ends)

    def _is_ours(self, row: Grant) -> bool:
        resources = {api.object_id: app for app, api in self.seen.resources.items() if api is not None}
        ours = {(entry.resource, entry.id) for entry in self.blueprint.setup_only}
        return (resources.get(row.resource_id), row.role_id) in ours

    async def _take_away(self, steps: Sequence[Step]) -> list[MicrosoftError]:
        """Intent, call, result; each step for itself, whatever becomes of the others. Gives what went wrong."""
        await self.journal.show(steps)
        self.shown = True
        self.unanswered = {step.key: step for step in steps}
        await self.journal.intend(steps)
        outcomes = await self.graph.batch([step.call(self.seen) for step in steps])
        results = [
            Noted(
                step,
                outcome.error is None or isinstance(outcome.error, Missing),
                outcome.answer.seconds,
                outcome.answer.request_id,
                error=outcome.error,
            )
            for step, outcome in zip(steps, outcomes, strict=True)
        ]
        await self.journal.note(results)
        self.unanswered = {}
        return [result.error for result in results if result.error is not None]


def _left(seen: Observation, object_id: str, name: str, why: str, kind: LeftoverKind = LeftoverKind.PERMISSION) -> Left:
    facts = {"app_id": seen.application.app_id if seen.application else ""}
    if seen.principal is not None:
        facts["object_id"] = seen.principal.object_id
    return Left(kind, name, object_id, facts, why)
