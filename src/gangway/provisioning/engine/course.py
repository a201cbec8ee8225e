"""One course of the engine: observe, plan, apply until nothing is left to do, prove, say goodbye.

It is the same for a first set-up, for a run that was interrupted anywhere, and for one that somebody else goes on with:
it never asks what was done before, only what is there now.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from gangway.foundation.errors import GangwayError, WhoActs
from gangway.foundation.ids import AppId
from gangway.microsoft.cloud import Cloud
from gangway.microsoft.errors import Busy, Forbidden, MicrosoftError, Missing, NotCopiedYet, NotHeard, Refused
from gangway.microsoft.graph import service_principals
from gangway.microsoft.patience import OutOfPatience, Patience
from gangway.microsoft.throttling import Waits
from gangway.provisioning.engine.apply import Applied, apply
from gangway.provisioning.engine.blueprint import Blueprint
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.observe import observe, with_rights
from gangway.provisioning.engine.plan import Plan, make_plan
from gangway.provisioning.engine.ports import Graph, Journal, Noted, OwnSignIn, Proofs
from gangway.provisioning.engine.rights import Part, verdict
from gangway.provisioning.engine.steps import farewell
from gangway.provisioning.engine.steps.credentials import Fresh
from gangway.provisioning.engine.steps.step import Step
from gangway.provisioning.engine.undo import TakenBack, undo
from gangway.provisioning.engine.verify import COPYING, Prover, StillCopying

GOES_ON = "We go on by ourselves."
UNKNOWN_TURNS = 2
"""How often a refusal is believed to be lag when we could not read what the person may do."""

Gone = Literal["yes", "no", "unknown"]


class PermissionNotOffered(GangwayError):
    """Microsoft's API has no such permission in this tenant's cloud."""

    code = "provisioning:permission:not_offered"
    what = "Microsoft does not offer a permission that is needed."
    cure = "Tell your provider: the profile does not fit this cloud."
    acts = WhoActs.US


class ServiceMissing(GangwayError):
    """A service of Microsoft's that nothing works without can't be made known in the tenant."""

    code = "provisioning:service:missing"
    what = "A service of Microsoft's that calling needs is not in this tenant."
    cure = "Check that the tenant has a licence with Microsoft Teams, wait some minutes, then sign in again."
    acts = WhoActs.ADMINISTRATOR


@dataclass(frozen=True)
class Ending:
    """Where the course ended. `withheld` are steps for somebody with more rights; without any, everything is proved."""

    seen: Observation
    withheld: tuple[Step, ...]
    proofs: Proofs
    gone: Gone = "no"


@dataclass
class Course:
    """One go at reaching the blueprint, with one person's token. `fresh` gives a new credential's id, name and end."""

    blueprint: Blueprint
    client: AppId | None
    cloud: Cloud
    tenant_id: str
    graph: Graph
    own: OwnSignIn
    journal: Journal
    patience: Patience
    fresh: Callable[[], Fresh]
    refused: frozenset[Part] = frozenset()
    _memory: Observation = field(default_factory=Observation)
    _made_at: float | None = None
    _born_at: float | None = None
    _turns: Counter[Part] = field(default_factory=Counter)
    _settled: set[str] = field(default_factory=set)

    async def run(self) -> Ending:
        """Reach and prove. Raises what can't be waited out; what was made so far is journalled and found again."""
        while True:
            seen, plan = await self._reach()
            if seen.credential is None:
                return Ending(seen, plan.withheld, Proofs({}))
            try:
                read, proofs = await self._prover().prove(seen, plan)
            except StillCopying:
                if not plan.withheld:
                    raise
                return Ending(seen, plan.withheld, Proofs({}))
            if not read.leftovers:
                break
            self._memory = Observation()
        if plan.withheld:
            return Ending(read, plan.withheld, proofs)
        await self.journal.proved(read, proofs)
        return Ending(read, (), proofs, await self._say_goodbye(read))

    async def finish(self) -> Gone:
        """For a run that was interrupted after it was proved: only the goodbye is left. Never fails."""
        try:
            seen = await observe(self.graph, self.blueprint, held=(), client=self.client)
        except MicrosoftError:
            return "unknown"
        return await self._say_goodbye(seen)

    async def take_back(self) -> TakenBack:
        """Undo what this run made, in reverse order, and remove the sign-in application. Raises MicrosoftError."""
        seen = await observe(self.graph, self.blueprint, held=await self.journal.held(), client=self.client)
        taken = await undo(await self.journal.made(), seen, graph=self.graph, journal=self.journal)
        if not taken.left:
            await self._say_goodbye(seen)
        return taken

    async def _say_goodbye(self, seen: Observation) -> Gone:
        """Remove the sign-in application from the tenant and look whether it is gone. Never fails."""
        steps = tuple(farewell.needed(self.blueprint, seen))
        if not steps:
            return "no" if self.blueprint.farewell is None else "unknown"
        await self.journal.intend(steps)
        look = service_principals.by_app_id(str(self.blueprint.farewell))
        try:
            done, read = await self.graph.batch([steps[0].call(seen), look], in_order=True)
        except MicrosoftError:
            return "unknown"
        good = done.error is None or isinstance(done.error, Missing)
        gone: Gone = "no" if not good else "yes" if isinstance(read.error, Missing) or done.error else "unknown"
        noted = Noted(steps[0], good, done.answer.seconds, done.answer.request_id, _GOODBYE[gone], done.error)
        await self.journal.note([noted])
        return gone

    async def _reach(self) -> tuple[Observation, Plan]:
        """Apply until nothing is left that this person can do; look again after every trouble that may pass."""
        waits = Waits(self.patience.first_wait, self.patience.longest_wait)
        ends = self.patience.ticks() + self.patience.deadline
        while True:
            try:
                seen = await self._observe()
                plan = self._plan(seen)
                await self.journal.show(plan.steps + plan.withheld)
                applied = await apply(plan, seen, graph=self.graph, journal=self.journal)
                self._remember(plan, applied)
                after = self._plan(applied.seen)
                if not applied.troubles and not after.steps:
                    return applied.seen, after
                trouble = self._passing(applied)
            except (NotHeard, Busy, NotCopiedYet) as error:
                trouble = error
            await self._wait(waits, ends, trouble)

    async def _wait(self, waits: Waits, ends: float, trouble: MicrosoftError) -> None:
        busy = isinstance(trouble, Busy)
        seconds = waits.next(trouble.wait if isinstance(trouble, Busy) else None)
        if self.patience.ticks() + seconds > ends:
            raise trouble if busy or isinstance(trouble, NotHeard) else OutOfPatience(fault=trouble.fault) from trouble
        await self.journal.tell(_words_of(trouble))
        await self.patience.sleep(seconds)

    async def _observe(self) -> Observation:
        seen = await observe(self.graph, self.blueprint, held=await self.journal.held(), client=self.client)
        if seen.application is not None and seen.lost:
            await self.journal.gone(seen.lost)
        seen = await self._settle(seen.with_memory(self._believed()))
        if seen.principal is None:
            return seen
        return (await with_rights(self.graph, self.blueprint, seen)).with_memory(self._believed())

    async def _settle(self, seen: Observation) -> Observation:
        """After a crash while making a secret: look several times whether it was made, before making another."""
        shown = {held.credential_id for held, _ in seen.leftovers}
        open_ends = {held.credential_id for held in seen.held if held.key_id is None} - shown - self._settled
        looks = 0
        while seen.application is not None and open_ends and looks < self.patience.good_in_a_row:
            await self.patience.sleep(self.patience.first_wait)
            again = await observe(self.graph, self.blueprint, held=seen.held, client=self.client)
            seen, looks = again.with_memory(self._believed()), looks + 1
            open_ends -= {held.credential_id for held, _ in seen.leftovers}
        self._settled |= open_ends
        return seen

    def _believed(self) -> Observation:
        """What we made ourselves counts as there while Microsoft may still be copying it, and not a moment longer."""
        return self._memory if self._within(self._made_at, self.patience.deadline) else Observation()

    def _remember(self, plan: Plan, applied: Applied) -> None:
        if not plan.steps:
            return
        self._memory, self._made_at = applied.seen, self.patience.ticks()
        kinds = {step.kind for step in plan.steps}
        born = "create_application" in kinds and applied.seen.application is not None
        born = born or ("create_principal" in kinds and applied.seen.principal is not None)
        if born and self._born_at is None:
            self._born_at = self._made_at

    def _plan(self, seen: Observation) -> Plan:
        plan = make_plan(self.blueprint, seen, fresh=self.fresh(), refused=self.refused)
        if plan.not_offered:
            raise PermissionNotOffered(permissions=", ".join(plan.not_offered))
        if plan.skipped:
            self.blueprint = self.blueprint.lacks(plan.skipped)
        return plan

    def _passing(self, applied: Applied) -> MicrosoftError:
        """The trouble to wait out. Raises one that won't pass; a part that is refused for good is withheld."""
        waited: MicrosoftError = Missing()
        for step, error in applied.troubles:
            if step.kind == "create_resource" and isinstance(error, (Missing, NotCopiedYet, Refused)):
                raise ServiceMissing(step=step.label) from error
            if isinstance(error, Forbidden):
                self._forbidden(step, error, applied.seen)
            elif not isinstance(error, (NotHeard, Busy, Missing, NotCopiedYet)):
                raise error
            waited = error
        return waited

    def _forbidden(self, step: Step, error: Forbidden, seen: Observation) -> None:
        """A 403 is lag only shortly after we made the object ourselves; else somebody with more rights has to do it."""
        self._turns[step.part] += 1
        known = verdict(step.part, seen.signer_roles) == "can"
        plausible = known or self._turns[step.part] <= UNKNOWN_TURNS
        if plausible and self._within(self._born_at, self.patience.deadline / 2):
            return
        if step.part is Part.REGISTRATION:
            raise error
        self.refused |= {step.part}

    def _within(self, since: float | None, seconds: float) -> bool:
        return since is not None and self.patience.ticks() - since < seconds

    def _prover(self) -> Prover:
        return Prover(
            blueprint=self.blueprint,
            cloud=self.cloud,
            tenant_id=self.tenant_id,
            graph=self.graph,
            own=self.own,
            journal=self.journal,
            patience=self.patience,
            fresh=self.fresh(),
            refused=self.refused,
        )


async def without_goodbye(journal: Journal, blueprint: Blueprint) -> Gone:
    """Say of a run that ended without anybody's token that the sign-in application stayed. Nothing is called."""
    if blueprint.farewell is not None:
        step = farewell.RemoveSignInApplication()
        await journal.intend([step])
        await journal.note([Noted(step, good=False, seconds=0.0, request_id="", words=_GOODBYE["no"])])
    return "no"


def _words_of(trouble: MicrosoftError) -> str:
    """Why it waits, for the person who watches."""
    return f"{trouble.what} {GOES_ON}" if isinstance(trouble, (Busy, NotHeard)) else COPYING


_GOODBYE: dict[Gone, str] = {
    "yes": "It is gone.",
    "no": "It is still there: an administrator can remove it in Enterprise applications.",
    "unknown": "It was removed; that could not be read back.",
}
