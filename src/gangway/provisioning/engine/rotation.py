"""Rotating: the registration gives itself a new credential, proves it, and only then is it used in the old one's place.

With the right to change itself it reads what is there first. A certificate can also make way for another one without
any right, by a proof of possession (`steps.keys`).

planned → made → sealed → proved → in use → the old one rests → removed by its key id. Until the switch the old one does
all the work, so that a failure at any moment costs nothing: what was made is taken away again by its key id.
"""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, Protocol

from gangway.foundation import clock
from gangway.foundation.errors import GangwayError
from gangway.foundation.ids import AppId, ObjectId
from gangway.foundation.sealed import SealedText
from gangway.microsoft.cloud import Cloud
from gangway.microsoft.errors import (
    AuthorityEnded,
    Busy,
    Forbidden,
    MicrosoftError,
    Missing,
    NotCopiedYet,
    NotHeard,
)
from gangway.microsoft.graph import applications, federation
from gangway.microsoft.graph.shapes import Application
from gangway.microsoft.patience import OutOfPatience, Patience
from gangway.microsoft.signin.client_credentials import AppToken
from gangway.microsoft.signin.own_credentials import Certificate, OwnCredential, proof_of_possession
from gangway.microsoft.throttling import Waits
from gangway.provisioning.engine.absence import credentials_there
from gangway.provisioning.engine.apply import Applied, apply
from gangway.provisioning.engine.credential_kinds import AVOIDABLE
from gangway.provisioning.engine.observation import Held, Observation
from gangway.provisioning.engine.plan import Plan, waves
from gangway.provisioning.engine.ports import Graph, Journal, Look, Looked, OwnSignIn
from gangway.provisioning.engine.steps import credentials, keys
from gangway.provisioning.engine.steps.credentials import Fresh
from gangway.provisioning.engine.steps.step import Step
from gangway.provisioning.engine.verify import COPYING, SIGNED_IN, not_known_everywhere

CHANGES_ITSELF: Final = frozenset({"Application.ReadWrite.OwnedBy", "Application.ReadWrite.All"})
"""Permissions with which a registration that owns itself may change itself."""

REFUSALS: Final = 2
"""How often a refusal is taken for a copy that lags."""

TAKING_BACK: Final = 30.0
"""Seconds for which taking back is tried again when Microsoft is busy or its copies don't show all of it yet."""


class MayNotRotate(Exception):
    """The registration lacks the right to change itself, or ownership of itself."""


class RotationJournal(Journal, Protocol):
    """`held` gives only what this rotation made."""

    async def switched(self, new: Held) -> None:
        """The new one is proved: from now on it is used, and the old one rests. One transaction."""
        ...


@dataclass
class Rotation:
    """One go at it. `current` does the work until the switch; `teams`: whether the Teams service must know it, too.

    `object_id`: the application's, as our journal knows it. `adapt` is told when a policy refuses a credential, and
    says whether `fresh` gives another now.
    """

    unique_name: str
    app_id: AppId
    cloud: Cloud
    own: OwnSignIn
    journal: RotationJournal
    patience: Patience
    fresh: Callable[[], Fresh]
    current: OwnCredential
    teams: bool = True
    object_id: ObjectId | None = None
    adapt: Callable[[MicrosoftError], bool] = field(default=lambda _refusal: False)
    _proves: Certificate | None = None
    _turns: Counter[str] = field(default_factory=Counter)
    _settled: set[str] = field(default_factory=set)

    async def run(self) -> Held:
        """Give the credential that is in use now. Raises MayNotRotate, and what can't be waited out.

        Whatever stops it for good, what it made is taken away before the error goes on; when Microsoft can't be reached
        or is still copying it stays in the journal, and whoever comes next goes on with it.
        """
        try:
            return await self._rotate()
        except (NotHeard, Busy, OutOfPatience):
            raise
        except (GangwayError, MayNotRotate):
            await self.take_back()
            raise

    async def take_back(self) -> tuple[Held, ...]:
        """Remove what this rotation made, by key id, as far as that goes now; gives what is left."""
        patience = replace(self.patience, deadline=min(self.patience.deadline, TAKING_BACK))
        with contextlib.suppress(MicrosoftError, MayNotRotate):
            await patience.through(self._take_back, lag=lambda error: isinstance(error, (NotHeard, NotCopiedYet)))
        return tuple(held for held in await self.journal.held() if held.key_id)

    async def _take_back(self) -> None:
        """By key ids, listed or not. Raises the first trouble: whoever comes again looks first."""
        seen, graph = await self._seen(await self._sign_in(self.current, Look.GRAPH_TOKEN))
        all_of_it = replace(seen, held=tuple(replace(held, fresh=True) for held in seen.held))
        steps = self._as_it_may(credentials_there(all_of_it), seen)
        await self.journal.show(steps)
        applied = await apply(Plan(waves(steps)), seen, graph=graph, journal=self.journal)
        for _step, error in applied.troubles:
            raise error

    async def _rotate(self) -> Held:
        waits = Waits(self.patience.first_wait, self.patience.longest_wait)
        ends = self.patience.ticks() + self.patience.deadline
        while True:
            trouble: MicrosoftError | None
            try:
                token = await self._sign_in(self.current, Look.GRAPH_TOKEN)
                seen, graph = await self._seen(token)
                seen = await self._settle(seen, token)
                steps = self._as_it_may(credentials.needed(seen, self._fresh()), seen)
                await self.journal.show(steps)
                applied = await apply(Plan(waves(steps)), seen, graph=graph, journal=self.journal)
                new = applied.seen.credential
                if not applied.troubles and new is not None:
                    await self._prove(new, token)
                    await self.journal.switched(new)
                    return new
                trouble = self._passing(applied)
            except (NotHeard, Busy, NotCopiedYet, Missing) as error:
                trouble = error
            except (AuthorityEnded, Forbidden) as error:
                trouble = self._once_more(error)
            if trouble is not None:
                await self._wait(waits, ends, trouble)

    async def _seen(self, token: AppToken) -> tuple[Observation, Graph]:
        """The application as it reads itself, with what this rotation holds; unread where only a proof helps."""
        graph = self.own.graph(token.text)
        if not CHANGES_ITSELF & token.claims.roles:
            if not isinstance(self.current, Certificate) or self.object_id is None:
                raise MayNotRotate
            self._proves, held = self.current, await self.journal.held()
            return Observation(application=keys.unread(self.object_id, self.app_id, held), held=held), graph
        (outcome,) = await graph.batch([applications.by_unique_name(self.unique_name)])
        found = outcome.get()
        if self._fresh().kind == "federated":
            (trusted,) = await graph.batch([federation.federated_of(found.object_id)])
            found = replace(found, federated=trusted.get())
        return Observation(application=found, held=await self.journal.held()), graph

    def _fresh(self) -> Fresh:
        """By a proof, a certificate makes way for nothing but another one."""
        fresh = self.fresh()
        return fresh if self._proves is None else replace(fresh, kind="certificate", trust=None)

    def _as_it_may(self, steps: Iterable[Step], seen: Observation) -> tuple[Step, ...]:
        return tuple(self._step_as_it_may(step, seen) for step in steps)

    def _step_as_it_may(self, step: Step, seen: Observation) -> Step:
        """By a proof where nothing else helps, and where the list of certificates would be set as a whole.

        So nobody else's certificate is ever lost that was added in the same moment.
        """
        there, holds = seen.application, isinstance(self.current, Certificate)
        sets = holds and there is not None and keys.sets_the_list(step, there)
        return keys.by_proof(step, partial(self._proof, there)) if sets or self._proves is not None else step

    def _proof(self, application: Application | None) -> SealedText:
        if not isinstance(self.current, Certificate) or application is None:
            raise MayNotRotate
        return proof_of_possession(self.current, application=application.object_id, now=clock.now())

    async def _settle(self, seen: Observation, token: AppToken) -> Observation:
        """After a crash while making one: look several times whether it was made, before making another."""
        open_ends = {held.credential_id for held in seen.held if held.key_id is None} - self._settled
        looks = 0
        while open_ends - _shown(seen) and looks < self.patience.good_in_a_row:
            await self.patience.sleep(self.patience.first_wait)
            seen, looks = (await self._seen(token))[0], looks + 1
        self._settled |= open_ends - _shown(seen)
        return seen

    async def _prove(self, new: Held, old: AppToken) -> None:
        """It must open all doors that the old one opens: fresh tokens with the same permissions and roles."""
        credential = await self.journal.credential(new)
        await self._proved_by(credential, Look.GRAPH_TOKEN, old)
        if self.teams:
            await self._proved_by(credential, Look.TEAMS_TOKEN, old)

    async def _proved_by(self, credential: OwnCredential, look: Look, old: AppToken) -> None:
        async def once() -> AppToken:
            return await self._sign_in(credential, look)

        async def patiently() -> AppToken:
            return await self.patience.through(once, lag=not_known_everywhere)

        wanted = old.claims.roles if look is Look.GRAPH_TOKEN else frozenset[str]()
        token = await patiently()
        if not (wanted <= token.claims.roles and old.claims.wids <= token.claims.wids):
            await self.journal.tell(COPYING)
            token = await self.patience.until_good(
                patiently,
                good=lambda token: wanted <= token.claims.roles and old.claims.wids <= token.claims.wids,
            )
        await self.journal.looked([Looked(look, True, SIGNED_IN, token.seconds, token.request_id)])

    async def _sign_in(self, credential: OwnCredential, look: Look) -> AppToken:
        scope = self.cloud.graph_scope if look is Look.GRAPH_TOKEN else self.cloud.teams_scope
        return await self.own.token(app_id=self.app_id, credential=credential, scope=scope)

    def _passing(self, applied: Applied) -> MicrosoftError | None:
        """The trouble to wait out; None when there is a way round it at once."""
        waited: MicrosoftError | None = None if applied.troubles else Missing()
        for _step, error in applied.troubles:
            if isinstance(error, AVOIDABLE) and self.adapt(error):
                continue
            if isinstance(error, (AuthorityEnded, Forbidden)):
                self._once_more(error)
            elif not isinstance(error, (NotHeard, Busy, Missing, NotCopiedYet)):
                raise error
            waited = error
        return waited

    def _once_more(self, error: AuthorityEnded | Forbidden) -> MicrosoftError:
        """A token of its own is always a fresh one, and what it may do was just read: once or twice that is lag."""
        self._turns[error.code] += 1
        if self._turns[error.code] > REFUSALS:
            raise MayNotRotate from error
        return error

    async def _wait(self, waits: Waits, ends: float, trouble: MicrosoftError) -> None:
        seconds = waits.next(trouble.wait if isinstance(trouble, Busy) else None)
        heard = isinstance(trouble, (Busy, NotHeard))
        if self.patience.ticks() + seconds > ends:
            raise trouble if heard else OutOfPatience(fault=trouble.fault) from trouble
        await self.journal.tell(trouble.what if heard else COPYING)
        await self.patience.sleep(seconds)


def _shown(seen: Observation) -> set[str]:
    return {held.credential_id for held, _ in seen.leftovers}
