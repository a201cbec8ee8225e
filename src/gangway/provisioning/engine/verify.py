"""Proving: what was made is read back, and the registration signs in by itself. Success is nothing else.

A first good answer is enough. Only a disagreement starts patience: then several good ones in a row, under a deadline.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from gangway.foundation.errors import GangwayError, WhoActs
from gangway.foundation.sealed import SealedText
from gangway.microsoft.cloud import GRAPH_APP_ID, Cloud
from gangway.microsoft.errors import (
    ApplicationUnknown,
    AuthorityEnded,
    CredentialNotAccepted,
    Forbidden,
    MicrosoftError,
    Missing,
    NotHeard,
    ResourceUnknown,
)
from gangway.microsoft.graph import tenant
from gangway.microsoft.graph.grants import WHOLE_TENANT
from gangway.microsoft.patience import Patience
from gangway.microsoft.signin.client_credentials import AppToken
from gangway.provisioning.engine.blueprint import Blueprint
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.observe import look_again
from gangway.provisioning.engine.plan import Plan, make_plan
from gangway.provisioning.engine.ports import Graph, How, Journal, Look, Looked, OwnSignIn, Proofs
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.engine.steps.credentials import Fresh

T = TypeVar("T")

LABELS: Final = {
    Look.GRAPH_TOKEN: "Signed in as the new registration",
    Look.TEAMS_TOKEN: "Signed in to the Teams service",
    Look.READ_BACK: "What was made, read back from the tenant",
    Look.FIRST_CALL: "First call with the new registration",
}

NOT_CALLED_YET: Final = "Role in token, not called yet."
COPYING: Final = "Microsoft is still copying what was made; usually this takes less than a minute."


class OtherTenant(GangwayError):
    """The registration's own call reached another tenant than the one we work in."""

    code = "provisioning:tenant:other"
    what = "The new registration answered from another tenant than expected."
    cure = "Nothing is used. Tell your provider."
    acts = WhoActs.US


@dataclass(frozen=True)
class Prover:
    """Everything a proof needs. `refused`: parts that wait for somebody else, hence aren't wanted yet."""

    blueprint: Blueprint
    cloud: Cloud
    tenant_id: str
    graph: Graph
    own: OwnSignIn
    journal: Journal
    patience: Patience
    fresh: Fresh
    refused: frozenset[Part] = frozenset()

    async def prove(self, seen: Observation, plan: Plan) -> tuple[Observation, Proofs]:
        """Read back and sign in at the same time, then call: two round trips when all agrees. `plan`: what is withheld.

        Raises OutOfPatience when it doesn't come to agree, and what Microsoft refuses for good.
        """
        if seen.credential is None:
            raise ValueError("there is nothing to prove without a credential")
        secret = await self.journal.secret(seen.credential)
        reading = asyncio.create_task(self._read_back(seen, plan))
        signing = asyncio.create_task(self._token(seen, plan, secret, Look.GRAPH_TOKEN, self.cloud.graph_scope))
        teams = asyncio.create_task(self._token(seen, plan, secret, Look.TEAMS_TOKEN, self.cloud.teams_scope))
        read, token, _ = await _all(reading, signing, teams)
        name = "" if self._withheld(plan, Part.CONSENT) else await self._first_call(token)
        return read, Proofs(self._how(read, plan), name)

    async def _read_back(self, seen: Observation, plan: Plan) -> Observation:
        """What is in the tenant now, without anything we only believe. Needs nothing but what this person may read."""

        async def once() -> tuple[Observation, Looked]:
            read, outcomes = await look_again(self.graph, self.blueprint, seen)
            slowest = max(outcomes, key=lambda outcome: outcome.answer.seconds).answer
            words = self._told(read, plan)
            return read, Looked(
                Look.READ_BACK, good=True, words=words, seconds=slowest.seconds, request_id=slowest.request_id
            )

        read, looked = await self._until(once, good=lambda pair: self._complete(pair[0], seen), lag=_copying)
        await self.journal.looked([looked])
        return read if read.roles is not None else replace(read, roles=seen.roles)

    def _told(self, read: Observation, plan: Plan) -> str:
        """What the reading found, and nothing that still waits for somebody or that this person may not read."""
        there = ["registration", "principal"]
        there += [] if self._withheld(plan, Part.CONSENT) else ["permissions"]
        there += [] if self._withheld(plan, Part.ROLES) or read.roles is None else ["roles"]
        return f"{', '.join(there[:-1])} and {there[-1]} are there.".capitalize()

    def _complete(self, read: Observation, seen: Observation) -> bool:
        """Whether nothing is left to do: but a leftover that shows only now isn't lag, the caller takes it away."""
        known = read if read.roles is not None else replace(read, roles=seen.roles)
        plan = make_plan(self.blueprint, known, fresh=self.fresh, refused=self.refused)
        return all(step.kind == "remove_leftover" for step in plan.steps)

    async def _token(self, seen: Observation, plan: Plan, secret: SealedText, look: Look, scope: str) -> AppToken:
        application = seen.application
        if application is None:
            raise ValueError("there is no application to sign in as")

        async def once() -> AppToken:
            return await self.own.token(app_id=application.app_id, secret=secret, scope=scope)

        wanted_roles, wanted_wids = self._wanted(plan, look)
        token = await self._until(
            once,
            good=lambda token: wanted_roles <= token.claims.roles and wanted_wids <= token.claims.wids,
            lag=_not_known_everywhere,
        )
        words = NOT_CALLED_YET if look is Look.TEAMS_TOKEN and wanted_wids else "The secret works."
        await self.journal.looked([Looked(look, True, words, token.seconds, token.request_id)])
        return token

    async def _first_call(self, token: AppToken) -> str:
        own = self.own.graph(token.text)

        async def once() -> Any:
            (outcome,) = await own.batch([tenant.organization()])
            outcome.get()
            return outcome

        outcome = await self._until(once, good=lambda _outcome: True, lag=_not_allowed_yet)
        organization = outcome.value
        if organization.tenant_id != self.tenant_id:
            raise OtherTenant
        words = f"It read the organization's name: {organization.name}."
        answer = outcome.answer
        await self.journal.looked([Looked(Look.FIRST_CALL, True, words, answer.seconds, answer.request_id)])
        return str(organization.name)

    async def _until(
        self,
        once: Callable[[], Awaitable[T]],
        *,
        good: Callable[[T], bool],
        lag: Callable[[MicrosoftError], bool],
    ) -> T:
        """The first answer when it is good; else several good ones in a row."""

        async def patiently() -> T:
            return await self.patience.through(once, lag=lag)

        first = await patiently()
        if good(first):
            return first
        await self.journal.tell(COPYING)
        return await self.patience.until_good(patiently, good=good)

    def _wanted(self, plan: Plan, look: Look) -> tuple[frozenset[str], frozenset[str]]:
        """Claims that the token must have: permissions only in Graph's own, roles in both; nothing that is withheld."""
        withheld = {step.key for step in plan.withheld}
        roles = frozenset(
            permission.value
            for permission in self.blueprint.permissions
            if permission.resource == GRAPH_APP_ID and f"grant:{permission.value}" not in withheld
        )
        wids = frozenset(
            role.template_id for role in self.blueprint.roles if f"role:{role.template_id}" not in withheld
        )
        return (roles if look is Look.GRAPH_TOKEN else frozenset()), wids

    def _how(self, read: Observation, plan: Plan) -> dict[str, How]:
        """Both tokens had all claims, so what could not be read back is proved by them."""
        withheld = {step.key for step in plan.withheld}
        how: dict[str, How] = {f"grant:{permission.value}": "read_back" for permission in self.blueprint.permissions}
        for role in self.blueprint.roles:
            read_back = read.roles is not None and (role.template_id, WHOLE_TENANT) in read.roles
            how[f"role:{role.template_id}"] = "read_back" if read_back else "token_claim"
        return {key: value for key, value in how.items() if key not in withheld}

    @staticmethod
    def _withheld(plan: Plan, part: Part) -> bool:
        return any(step.part is part for step in plan.withheld)


async def _all(*tasks: "asyncio.Task[Any]") -> list[Any]:
    """All results; at the first error the others are cancelled and awaited, so that nothing goes on behind our back."""
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


def _copying(error: MicrosoftError) -> bool:
    return isinstance(error, (Missing, NotHeard))


def _not_known_everywhere(error: MicrosoftError) -> bool:
    """A fresh credential's first failures are not a verdict."""
    return isinstance(error, (CredentialNotAccepted, ApplicationUnknown, ResourceUnknown, NotHeard))


def _not_allowed_yet(error: MicrosoftError) -> bool:
    """A token whose claims are right, refused: the copies behind it don't know yet."""
    return isinstance(error, (Forbidden, AuthorityEnded, NotHeard))
