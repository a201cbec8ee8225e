"""One course of the engine: observe, plan, apply until nothing is left to do, prove, say goodbye.

It is the same for a first set-up, for a run that was interrupted anywhere, and for one that somebody else goes on with:
it never asks what was done before, only what is there now.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from gangway.foundation.errors import GangwayError, WhoActs
from gangway.foundation.ids import AppId
from gangway.microsoft.cloud import Cloud
from gangway.microsoft.errors import (
    Busy,
    Contended,
    Forbidden,
    MicrosoftError,
    Missing,
    NotCopiedYet,
    NotHeard,
    Refused,
    TrustFull,
)
from gangway.microsoft.graph import deleted_items
from gangway.microsoft.graph.shapes import DeletedApplication
from gangway.microsoft.patience import OutOfPatience, Patience
from gangway.microsoft.throttling import Waits
from gangway.provisioning.engine import goodbye, settling
from gangway.provisioning.engine.absence import Left
from gangway.provisioning.engine.apply import Applied, apply
from gangway.provisioning.engine.blueprint import Blueprint
from gangway.provisioning.engine.credential_kinds import AVOIDABLE
from gangway.provisioning.engine.goodbye import Gone, say_goodbye, sign_in_application_left, unseen_goodbye
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.observe import observe, with_rights
from gangway.provisioning.engine.plan import Plan, make_plan
from gangway.provisioning.engine.ports import Graph, Journal, OwnSignIn, Proofs
from gangway.provisioning.engine.rights import Part, verdict
from gangway.provisioning.engine.settling import not_seen, settle_down, settled
from gangway.provisioning.engine.steps.credentials import Fresh, is_too_many
from gangway.provisioning.engine.steps.farewell import RemoveSignInApplication
from gangway.provisioning.engine.steps.grants import GrantPermission
from gangway.provisioning.engine.steps.principals import CreateResource
from gangway.provisioning.engine.steps.step import Step
from gangway.provisioning.engine.surplus import beyond
from gangway.provisioning.engine.verify import COPYING, Prover, StillCopying

GOES_ON = "We go on by ourselves."
END_MAY_TAKE: Final = settling.LONGEST + goodbye.LONGEST
"""Seconds that the end of a proved run may take: it bounds itself, and no deadline of its run makes it a failure."""
DENIED_TURNS = 2
"""How often a refusal is believed to be lag, when we could not read what the person may do or nothing is new."""


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
    """Where the course ended. `withheld` are steps for somebody with more rights; without any, everything is proved.

    `settled`: values of permissions that were only for the set-up and are seen gone; `left`: what is still there.
    """

    seen: Observation
    withheld: tuple[Step, ...]
    proofs: Proofs
    gone: Gone = "no"
    settled: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()


@dataclass
class Course:
    """One go at reaching the blueprint, with one person's token. `fresh` gives a new credential's id, name and end.

    `adapt` is told when Microsoft refuses a credential's kind or life, and says whether `fresh` gives another now.
    `on_proof` is called when all is proved and written down: what comes then never fails and bounds itself.
    """

    blueprint: Blueprint
    client: AppId | None
    cloud: Cloud
    tenant_id: str
    graph: Graph
    own: OwnSignIn
    journal: Journal
    patience: Patience
    fresh: Callable[[], Fresh]
    adapt: Callable[[MicrosoftError], bool] = field(default=lambda _refusal: False)
    refused: frozenset[Part] = frozenset()
    on_proof: Callable[[], None] = field(default=lambda: None)
    _memory: Observation = field(default_factory=Observation)
    _made_at: float | None = None
    _born_at: float | None = None
    _turns: Counter[str] = field(default_factory=Counter)
    _denials: Counter[str] = field(default_factory=Counter)
    _settled: set[str] = field(default_factory=set)
    _name_taken: bool = False

    async def run(self) -> Ending:
        """Reach and prove. Raises what can't be waited out; what was made so far is journalled and found again."""
        while True:
            seen, plan = await self._reach()
            if seen.credential is None:
                return Ending(seen, plan.withheld, Proofs({}))
            try:
                read, proofs = await self._prover().prove(seen, plan)
            except (StillCopying, Busy, NotHeard):
                if not plan.withheld:  # else what is left to another administrator keeps what is made, proved or not
                    raise
                return Ending(seen, plan.withheld, Proofs({}, beyond=beyond(self.blueprint, seen)))
            if not read.leftovers:
                break
            self._memory = Observation()
        if plan.withheld:
            return Ending(read, plan.withheld, proofs)
        following = self._goodbye(read)
        await self.journal.proved(read, proofs, following=following)
        self.on_proof()
        return await self._end(read, proofs, intended=bool(following))

    async def finish(self) -> Ending:
        """For a run that was interrupted after it was proved: only what ends it is left. Never fails."""

        async def look() -> Observation:
            return await observe(self.graph, self.blueprint, held=(), client=self.client)

        await self.journal.show((), looked=False)  # whoever was here before may have had no goodbye to say
        try:
            async with asyncio.timeout(settling.LONGEST):
                seen = await self.patience.through(look, lag=lambda error: isinstance(error, (NotHeard, NotCopiedYet)))
        except (MicrosoftError, TimeoutError):
            return await unseen(self.blueprint, journal=self.journal)
        return await self._end(seen, Proofs({}))

    def _goodbye(self, seen: Observation) -> tuple[Step, ...]:
        """What comes next at once when everything is proved: the goodbye, unless something of the set-up goes first."""
        leaves = self.blueprint.farewell is not None and seen.sign_in_principal is not None
        return (RemoveSignInApplication(),) if leaves and not self.blueprint.leaves_rights else ()

    async def _end(self, seen: Observation, proofs: Proofs, *, intended: bool = False) -> Ending:
        """What was only for the set-up goes, then the sign-in application; what stays is said, never a failure."""
        left = await settle_down(self.blueprint, seen, graph=self.graph, journal=self.journal, patience=self.patience)
        gone = await self._say_goodbye(seen, intended=intended)
        if gone != "yes" and self.blueprint.farewell is not None:
            left += (sign_in_application_left(self.blueprint.farewell, seen.sign_in_principal, gone),)
        return Ending(seen, (), proofs, gone, settled(self.blueprint, left), left)

    async def _say_goodbye(self, seen: Observation, *, intended: bool) -> Gone:
        return await say_goodbye(
            self.blueprint.farewell,
            seen.sign_in_principal,
            graph=self.graph,
            journal=self.journal,
            patience=self.patience,
            intended=intended,
        )

    async def _reach(self) -> tuple[Observation, Plan]:
        """Apply until nothing is left that this person can do; look again after every trouble that may pass."""
        waits = Waits(self.patience.first_wait, self.patience.longest_wait)
        ends = self.patience.ticks() + self.patience.deadline
        while True:
            try:
                seen = await self._observe()
                plan = self._plan(seen)
                applied = await apply(plan, seen, graph=self.graph, journal=self.journal)
                self._remember(plan, applied)
                after = self._plan(applied.seen)
                if not applied.troubles and not after.steps:
                    return applied.seen, after
                refused = self.refused
                trouble = self._passing(applied)
                if trouble is None or self.refused != refused:
                    continue  # there is another way, or it is somebody else's part now: nothing to wait for
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
        seen = await self._settle(seen.with_memory(self._believed()))
        if seen.application is None and self._name_taken:
            return replace(seen, deleted=await self._deleted())
        if seen.principal is None:
            return seen
        return (await with_rights(self.graph, self.blueprint, seen)).with_memory(self._believed())

    async def _settle(self, seen: Observation) -> Observation:
        """What one copy doesn't show is looked for several times.

        Whether a crash came after a secret was made, before another is; and whether one of ours was taken away.
        """
        shown = {held.credential_id for held, _ in seen.leftovers}
        open_ends = {held.credential_id for held in seen.held if held.key_id is None} - shown - self._settled
        lost, looks = set(seen.lost), 0
        while seen.application is not None and (open_ends or lost) and looks < self.patience.good_in_a_row:
            await self.patience.sleep(self.patience.first_wait)
            again = await observe(self.graph, self.blueprint, held=seen.held, client=self.client)
            seen, looks = again.with_memory(self._believed()), looks + 1
            open_ends -= {held.credential_id for held, _ in seen.leftovers}
            lost &= set(seen.lost)
        self._settled |= open_ends
        if lost and seen.application is not None:
            await self.journal.gone(tuple(lost))
        return seen

    async def _deleted(self) -> DeletedApplication | None:
        """Who has our unique name, when it is taken and nobody is to be seen: one of ours that was deleted."""
        (outcome,) = await self.graph.batch([deleted_items.application(self.blueprint.unique_name)])
        found: DeletedApplication | None = None if isinstance(outcome.error, Forbidden) else outcome.get()
        return found

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
        plan = make_plan(self.blueprint, seen, fresh=self._fresh(seen), refused=self.refused)
        if plan.not_offered:
            raise PermissionNotOffered(permissions=", ".join(plan.not_offered))
        if plan.skipped:
            self.blueprint = self.blueprint.lacks(plan.skipped)
        return plan

    def _fresh(self, seen: Observation) -> Fresh:
        """Before Microsoft has to refuse one issuer too many, another kind is made."""
        fresh, full = self.fresh(), TrustFull()
        if not is_too_many(fresh, seen):
            return fresh
        if not self.adapt(full):
            raise full
        return self.fresh()

    def _passing(self, applied: Applied) -> MicrosoftError | None:
        """The trouble to wait out; None when there is another way at once.

        Raises one that won't pass; a part that is refused for good is withheld.
        """
        waited: MicrosoftError | None = None if applied.troubles else Missing()
        for step, error in applied.troubles:
            if isinstance(error, AVOIDABLE) and self.adapt(error):
                continue
            self._name_taken |= step.kind == "create_application" and isinstance(error, Contended)
            if self._goes_without(step, error):
                continue
            if isinstance(error, Forbidden):
                self._forbidden(step, error, applied.seen)
            elif not isinstance(error, (NotHeard, Busy, Missing, NotCopiedYet)) and step.key not in self._denials:
                raise error
            waited = error
        return waited

    def _goes_without(self, step: Step, error: MicrosoftError) -> bool:
        """Whether the tenant doesn't offer what a step is for, and everything that wants it is optional.

        Raises ServiceMissing and PermissionNotOffered for what nothing works without.
        """
        if isinstance(step, CreateResource) and isinstance(error, (Missing, NotCopiedYet, Refused)):
            return self._not_there(step, error)
        return isinstance(step, GrantPermission) and isinstance(error, Refused) and self._not_given(step, error)

    def _not_there(self, step: CreateResource, error: MicrosoftError) -> bool:
        """Microsoft's own services are made long ago: one refusal may be a slip, several say that it isn't for us.

        Says whether it goes on without: when only optional features wanted something of that service.
        """
        self._denials[step.key] += 1
        if self._denials[step.key] <= DENIED_TURNS and not isinstance(error, Refused):
            return False
        values = [entry.value for entry in self.blueprint.permissions if entry.resource == step.app_id]
        needed = any(service.app_id == step.app_id for service in self.blueprint.services)
        if needed or not self.blueprint.may_lack.issuperset(values):
            raise ServiceMissing(step=step.label) from error
        self.blueprint = self.blueprint.lacks(values)
        return True

    def _not_given(self, step: GrantPermission, error: Refused) -> bool:
        """The service is there, but refuses this permission: an optional one is left out and shown as such."""
        self._denials[step.key] += 1
        if self._denials[step.key] <= DENIED_TURNS:
            return False
        value = step.permission.value
        if value not in self.blueprint.may_lack:
            raise PermissionNotOffered(permissions=value) from error
        self.blueprint = self.blueprint.lacks([value])
        return True

    def _forbidden(self, step: Step, error: Forbidden, seen: Observation) -> None:
        """A 403 is lag only shortly after we made the object ourselves; else somebody with more rights has to do it.

        Who may give a right by their roles is believed a little longer, before they are told that it takes others.
        """
        self._turns[step.key] += 1
        known, few = verdict(step.part, seen.signer_roles) == "can", self._turns[step.key] <= DENIED_TURNS
        if (known or few) and self._within(self._born_at, self.patience.deadline / 2):
            return
        if step.part is Part.REGISTRATION:
            raise error
        if known and few:
            return
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


async def unseen(blueprint: Blueprint, *, journal: Journal) -> Ending:
    """Of a run that is proved and whose end nobody could look at: nothing is claimed to be gone, all is listed."""
    left, gone = not_seen(blueprint, Observation()), await unseen_goodbye(blueprint.farewell, journal=journal)
    if blueprint.farewell is not None:
        left += (sign_in_application_left(blueprint.farewell, None, gone),)
    return Ending(Observation(), (), Proofs({}), gone, left=left)


def _words_of(trouble: MicrosoftError) -> str:
    """Why it waits, for the person who watches."""
    return f"{trouble.what} {GOES_ON}" if isinstance(trouble, (Busy, NotHeard)) else COPYING
