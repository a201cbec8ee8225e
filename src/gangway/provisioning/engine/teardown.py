"""Tearing down: look, plan absence, take away, until nothing of it is there any more. Success is what was not found.

It is the same for a run that is cancelled, for a service that leaves and for one that was interrupted anywhere: what is
gone already is as good as removed, so whoever comes next begins at the top.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from gangway.foundation.ids import AppId
from gangway.microsoft.errors import (
    AuthorityEnded,
    Busy,
    Forbidden,
    MicrosoftError,
    Missing,
    NotCopiedYet,
    NotHeard,
    Refused,
)
from gangway.microsoft.graph import (
    applications,
    deleted_items,
    federation,
    grants,
    service_principals,
    tenant,
)
from gangway.microsoft.graph.session import Outcome
from gangway.microsoft.graph.shapes import DeletedApplication
from gangway.microsoft.patience import OutOfPatience, Patience
from gangway.microsoft.throttling import Waits
from gangway.provisioning.engine.absence import (
    Absence,
    Left,
    Presence,
    kept_for_a_while,
    left_over,
    plan_absence,
    unread_rights,
)
from gangway.provisioning.engine.apply import Applied, apply
from gangway.provisioning.engine.goodbye import Gone, say_goodbye
from gangway.provisioning.engine.plan import Plan
from gangway.provisioning.engine.ports import Graph, Journal
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.engine.steps.step import Step

if TYPE_CHECKING:
    from gangway.microsoft.graph.calls import Call

REFUSALS: Final = 2
"""How often a refusal is taken for a copy that lags; after that somebody with more rights has to do it."""

STILL_THERE: Final = "Microsoft still shows what was removed; usually this takes less than a minute."


@dataclass(frozen=True)
class TornDown:
    """How it ended. `left`: what nobody could take away; `kept`: what Microsoft keeps after a deletion."""

    left: tuple[Left, ...] = ()
    kept: tuple[Left, ...] = ()
    gone: Gone = "no"


@dataclass
class Teardown:
    """One go at reaching absence, with somebody's token or the registration's own.

    `vanished` is for a registration that deletes itself: whether Entra knows it no longer, the only proof there is.
    """

    absence: Absence
    client: AppId | None
    graph: Graph
    journal: Journal
    patience: Patience
    vanished: Callable[[], Awaitable[bool]] | None = None
    refused: frozenset[Part] = frozenset()
    _turns: Counter[str] = field(default_factory=Counter)
    _deleted: bool = False
    _for_good_done: bool = False
    _empty_looks: int = 0
    _why: str = ""

    async def run(self) -> TornDown:
        """Reach absence and see it. Raises what can't be waited out; what was removed so far is journalled."""
        waits = Waits(self.patience.first_wait, self.patience.longest_wait)
        ends = self.patience.ticks() + self.patience.deadline
        last = Presence()
        while True:
            trouble: MicrosoftError | None = None
            try:
                if self._deleted_itself and await self._is_unknown():
                    return self._went(last)
                there = last if self._deleted_itself else await self._look()
                plan = plan_absence(self.absence, there, refused=self.refused)
                await self.journal.show(plan.steps + plan.withheld)
                if not plan.steps and self._certain(there, plan):
                    return await self._end(there, plan)
                last, trouble = there, await self._take_away(plan, there)
            except (NotHeard, Busy, NotCopiedYet, Missing) as error:
                trouble = error
            except Forbidden as error:
                trouble = self._refused_look(error)
            if trouble is not None:
                await self._wait(waits, ends, trouble)

    async def _take_away(self, plan: Plan, there: Presence) -> MicrosoftError | None:
        """What is to be waited out before the next look, if anything."""
        if self._deleted_itself:
            return Missing()
        if not plan.steps:
            self._empty_looks += 1
            return Missing()
        self._empty_looks = 0
        applied = await apply(plan, there.observed, graph=self.graph, journal=self.journal)
        troubled = {step.kind for step, _ in applied.troubles}
        if self.absence.alone and "remove_for_good" in troubled and "remove_application" not in troubled:
            self._deleted = True
            return None
        if applied.troubles:
            return self._passing(applied)
        self._for_good_done = any(step.kind == "remove_for_good" for step in plan.steps)
        turn = self._count(plan.steps)
        self._deleted = True
        return Missing() if turn > 1 else None

    @property
    def _deleted_itself(self) -> bool:
        return self.absence.alone and self.absence.whole and self._deleted

    async def _is_unknown(self) -> bool:
        return self.vanished is None or await self.vanished()

    def _went(self, last: Presence) -> TornDown:
        """A registration that deleted itself can't look among the deleted ones any more; Microsoft keeps it there."""
        app = last.application
        if app is None or self._for_good_done:
            return TornDown()
        gone = DeletedApplication(app.object_id, app.app_id, app.display_name, app.unique_name, None)
        return TornDown(kept=tuple(kept_for_a_while(replace(last, deleted=gone))))

    def _certain(self, there: Presence, plan: Plan) -> bool:
        """What we saw deleted and don't find is gone; what we never found must be missing several times in a row."""
        if plan.withheld or there.application is not None or self._deleted:
            return True
        return self._empty_looks >= self.patience.good_in_a_row - 1

    async def _end(self, there: Presence, plan: Plan) -> TornDown:
        if plan.withheld:
            return TornDown(left=left_over(self.absence, there, why=self._why or NOT_THIS_PERSON))
        kept = tuple(kept_for_a_while(there)) if self.absence.whole else ()
        gone = await say_goodbye(
            self.absence.farewell,
            there.sign_in_principal,
            graph=self.graph,
            journal=self.journal,
            patience=self.patience,
        )
        await self.journal.flush()
        return TornDown(unread_rights(self.absence, there, why=NOT_THIS_PERSON), kept, gone)

    def _count(self, steps: Sequence[Step]) -> int:
        """How often the most stubborn of these was done by now."""
        for step in steps:
            self._turns[step.key] += 1
        return max(self._turns[step.key] for step in steps)

    def _passing(self, applied: Applied) -> MicrosoftError:
        """The trouble to wait out; a part that is refused for good is left for somebody with more rights."""
        waited: MicrosoftError = Missing()
        for step, error in applied.troubles:
            if isinstance(error, AuthorityEnded):
                raise error
            if isinstance(error, (Forbidden, Refused)):
                self._turns[f"refused:{step.part}"] += 1
                if self._turns[f"refused:{step.part}"] > REFUSALS:
                    self.refused |= {step.part}
                    self._why = error.what
            elif not isinstance(error, (NotHeard, Busy, Missing, NotCopiedYet)):
                raise error
            waited = error
        return waited

    def _refused_look(self, error: Forbidden) -> MicrosoftError:
        self._turns["look"] += 1
        if self._turns["look"] > REFUSALS:
            raise error
        return error

    async def _wait(self, waits: Waits, ends: float, trouble: MicrosoftError) -> None:
        seconds = waits.next(trouble.wait if isinstance(trouble, Busy) else None)
        if self.patience.ticks() + seconds > ends:
            heard = isinstance(trouble, (Busy, NotHeard))
            raise trouble if heard else OutOfPatience(fault=trouble.fault) from trouble
        await self.journal.tell(trouble.what if isinstance(trouble, (Busy, NotHeard)) else STILL_THERE)
        await self.patience.sleep(seconds)

    async def _look(self) -> Presence:
        """One round trip when nothing is there, else two. What can't be read is None and decides nothing."""
        absence, held = self.absence, await self.journal.held()
        calls: list[Call[Any]] = [applications.by_unique_name(absence.unique_name)]
        calls += [] if absence.alone else [tenant.my_roles()]
        calls += [deleted_items.application(absence.unique_name)] if absence.whole else []
        calls += [service_principals.by_app_id(absence.app_id)] if absence.app_id else []
        calls += [service_principals.by_app_id(self.client)] if self.client else []
        outcomes = iter(await self.graph.batch(calls))
        found = _or_none(next(outcomes))
        roles = None if absence.alone else _signer_roles(next(outcomes))
        deleted = next(outcomes) if absence.whole else None
        principal = _readable(next(outcomes), alone=absence.alone) if absence.app_id else None
        client = _or_none(next(outcomes)) if self.client else None
        there = Presence(
            application=found,
            principal=principal,
            deleted=None if deleted is None or isinstance(deleted.error, Forbidden) else deleted.get(),
            bin_read=deleted is not None and not isinstance(deleted.error, Forbidden),
            signer_roles=roles,
            sign_in_principal=client,
            held=held,
        )
        return await self._what_hangs(there)

    async def _what_hangs(self, there: Presence) -> Presence:
        """Its other credentials, its principal when the journal didn't know it, then the principal's rights."""
        found = there.application
        if found is not None:
            calls: list[Call[Any]] = [federation.federated_of(found.object_id)]
            calls += [service_principals.by_app_id(found.app_id)] if there.principal is None else []
            outcomes = await self.graph.batch(calls)
            principal = there.principal or _readable(outcomes[-1], alone=self.absence.alone)
            found = replace(found, federated=_or_none(outcomes[0]) or ())
            there = replace(there, application=found, principal=principal)
        if self.absence.alone:
            return replace(there, grants=None, roles=None)
        if there.principal is None:
            return there
        principal_id = there.principal.object_id
        held, given = await self.graph.batch([grants.of_principal(principal_id), grants.roles_of(principal_id)])
        return replace(there, grants=_rows(held), roles=_rows(given))


NOT_THIS_PERSON: Final = "Whoever signed in may not remove it."


def _or_none(outcome: Outcome[Any]) -> Any:
    return None if isinstance(outcome.error, Missing) else outcome.get()


def _readable(outcome: Outcome[Any], *, alone: bool) -> Any:
    """A registration may not read its own principal with every right it can have: then it goes by its application."""
    return None if alone and isinstance(outcome.error, Forbidden) else _or_none(outcome)


def _rows(outcome: Outcome[Any]) -> Any:
    if isinstance(outcome.error, Forbidden):
        return None
    return () if isinstance(outcome.error, Missing) else outcome.get()


def _signer_roles(outcome: Outcome[Any]) -> frozenset[str] | None:
    if isinstance(outcome.error, Forbidden):
        return None
    return frozenset(role.template_id for role in outcome.get())
