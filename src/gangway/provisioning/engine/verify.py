"""Proving: what was made is read back, and the registration signs in by itself. Success is nothing else.

A first good answer is enough. Only a disagreement starts patience: then several good ones in a row, under a deadline.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from gangway.foundation.errors import GangwayError, WhoActs
from gangway.microsoft.cloud import GRAPH_APP_ID, Cloud
from gangway.microsoft.errors import (
    ApplicationUnknown,
    AuthorityEnded,
    CredentialNotAccepted,
    Forbidden,
    MicrosoftError,
    Missing,
    NotCopiedYet,
    NotHeard,
    ResourceUnknown,
)
from gangway.microsoft.graph import teams, tenant
from gangway.microsoft.graph.calls import Call
from gangway.microsoft.graph.grants import WHOLE_TENANT
from gangway.microsoft.graph.session import Outcome
from gangway.microsoft.patience import OutOfPatience, Patience
from gangway.microsoft.signin.client_credentials import AppToken
from gangway.microsoft.signin.own_credentials import OwnCredential
from gangway.provisioning.engine.blueprint import Blueprint
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.observe import look_again
from gangway.provisioning.engine.plan import Plan, make_plan
from gangway.provisioning.engine.ports import Graph, How, Journal, Look, Looked, OwnSignIn, Proofs
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.engine.steps.credentials import Fresh
from gangway.provisioning.engine.steps.roles import key_of, scope_of
from gangway.provisioning.engine.steps.step import Step
from gangway.provisioning.engine.surplus import beyond
from gangway.provisioning.engine.wider import not_satisfied

T = TypeVar("T")

LABELS: Final = {
    Look.GRAPH_TOKEN: "Signed in as the new registration",
    Look.TEAMS_TOKEN: "Signed in to the Teams service",
    Look.READ_BACK: "What was made, read back from the tenant",
    Look.FIRST_CALL: "First call with the new registration",
    Look.TEAMS_READ: "First read from Teams",
}

SIGNED_IN: Final = "It signed in by itself."
NOT_CALLED_YET: Final = "Role in token, not called yet."
TEAMS_WAS_READ: Final = "Teams answered: how it has set up one person was read, and not kept."
ARE_THERE: Final = {
    (True, True): "Registration, principal, permissions and roles are there.",
    (True, False): "Registration, principal and permissions are there.",
    (False, True): "Registration, principal and roles are there.",
    (False, False): "Registration and principal are there.",
}
"""By whether permissions, and roles, are among what was read."""
COPYING: Final = "Microsoft is still copying this; usually under a minute."


class StillCopying(OutOfPatience):
    """All is made that this person may make, and only Microsoft's copies don't agree yet."""


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

        Raises StillCopying when it doesn't come to agree, and what Microsoft refuses for good.
        """
        try:
            return await self._prove(seen, plan)
        except OutOfPatience as error:
            raise StillCopying(fault=error.fault) from error

    async def _prove(self, seen: Observation, plan: Plan) -> tuple[Observation, Proofs]:
        if seen.credential is None:
            raise ValueError("there is nothing to prove without a credential")
        own = await self.journal.credential(seen.credential)
        reading = asyncio.create_task(self._read_back(seen, plan))
        signing = asyncio.create_task(self._token(seen, plan, own, Look.GRAPH_TOKEN, self.cloud.graph_scope))
        others = [Look.TEAMS_TOKEN] if self.blueprint.services else []
        teams = (self._token(seen, plan, own, look, self.cloud.teams_scope) for look in others)
        read, token, *_ = await _all(reading, signing, *(asyncio.create_task(signing_in) for signing_in in teams))
        name = "" if self._withheld(plan, Part.CONSENT) else await self._first_calls(token, plan)
        return read, Proofs(self._how(read, plan), name, beyond(self.blueprint, read))

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
        roles = not self._withheld(plan, Part.ROLES) and read.roles is not None
        return ARE_THERE[not self._withheld(plan, Part.CONSENT), roles]

    def _complete(self, read: Observation, seen: Observation) -> bool:
        """Whether nothing is left to do: but a leftover that shows only now isn't lag, the caller takes it away."""
        known = read if read.roles is not None else replace(read, roles=seen.roles)
        plan = make_plan(self.blueprint, known, fresh=self.fresh, refused=self.refused)
        return all(step.kind == "remove_leftover" for step in plan.steps)

    async def _token(self, seen: Observation, plan: Plan, own: OwnCredential, look: Look, scope: str) -> AppToken:
        application = seen.application
        if application is None:
            raise ValueError("there is no application to sign in as")

        async def once() -> AppToken:
            return await self.own.token(app_id=application.app_id, credential=own, scope=scope)

        wanted, wanted_wids = self._wanted(plan, look)
        token = await self._until(
            once,
            good=lambda token: not not_satisfied(wanted, token.claims.roles) and wanted_wids <= token.claims.wids,
            lag=not_known_everywhere,
        )
        words = NOT_CALLED_YET if look is Look.TEAMS_TOKEN and wanted_wids else SIGNED_IN
        await self.journal.looked([Looked(look, True, words, token.seconds, token.request_id)])
        return token

    async def _first_calls(self, token: AppToken, plan: Plan) -> str:
        """A harmless read of Graph's, and one of Teams' where the profile allows it: together, until they agree."""
        own, asks_teams = self.own.graph(token.text), reads_teams(self.blueprint, _keys(plan.withheld))

        async def once() -> Sequence[Outcome[Any]]:
            outcomes = await own.batch(first_calls(teams_too=asks_teams))
            for outcome in outcomes:
                outcome.get()
            return outcomes

        outcomes = await self._until(once, good=lambda _outcomes: True, lag=not_allowed_yet)
        name, looks = told_of_calls(outcomes, self.tenant_id)
        await self.journal.looked(looks)
        return name

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
        withheld = _keys(plan.withheld)
        permissions = wanted_permissions(self.blueprint, withheld) if look is Look.GRAPH_TOKEN else frozenset[str]()
        return permissions, wanted_roles(self.blueprint, withheld)

    def _how(self, read: Observation, plan: Plan) -> dict[str, How]:
        """Both tokens had all claims, so what could not be read back is proved by them."""
        withheld = _keys(plan.withheld)
        how: dict[str, How] = {f"grant:{permission.value}": "read_back" for permission in self.blueprint.permissions}
        for role in self.blueprint.roles:
            limited = self.blueprint.is_limited(role)
            scopes = {WHOLE_TENANT, scope_of(self.blueprint, role, read)}
            if any((role.template_id, scope) in (read.roles or ()) for scope in scopes):
                how[key_of(role, limited=limited)] = "read_back"
            elif not limited:
                how[key_of(role, limited=False)] = "token_claim"
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
    return isinstance(error, (Missing, NotCopiedYet, NotHeard))


def not_known_everywhere(error: MicrosoftError) -> bool:
    """A fresh credential's first failures are not a verdict."""
    return isinstance(error, (CredentialNotAccepted, ApplicationUnknown, ResourceUnknown, NotHeard))


def not_allowed_yet(error: MicrosoftError) -> bool:
    """A token whose claims are right, refused: the copies behind it don't know yet."""
    return isinstance(error, (Forbidden, AuthorityEnded, NotHeard))


def wanted_permissions(blueprint: Blueprint, withheld: frozenset[str]) -> frozenset[str]:
    """Values of Graph's permissions that the fresh token must have, but for those that wait for somebody else."""
    return frozenset(
        permission.value
        for permission in blueprint.permissions
        if permission.resource == GRAPH_APP_ID and f"grant:{permission.value}" not in withheld
    )


def wanted_roles(blueprint: Blueprint, withheld: frozenset[str]) -> frozenset[str]:
    """Template ids of the directory roles that the fresh tokens must have, likewise; those of a unit are in none."""
    of_tenant = (role for role in blueprint.roles if not blueprint.is_limited(role))
    return frozenset(role.template_id for role in of_tenant if key_of(role, limited=False) not in withheld)


def reads_teams(blueprint: Blueprint, withheld: frozenset[str]) -> bool:
    """Whether the registration may read from Teams at all; without it, its role is only seen in the token."""
    return teams.READ_PERMISSION in wanted_permissions(blueprint, withheld)


def looks_of(blueprint: Blueprint) -> tuple[Look, ...]:
    """The looks that stand on the list of a run, in their order."""
    left_out = set() if blueprint.services else {Look.TEAMS_TOKEN}
    left_out |= set() if reads_teams(blueprint, frozenset()) else {Look.TEAMS_READ}
    return tuple(look for look in Look if look not in left_out)


def first_calls(*, teams_too: bool) -> list[Call[Any]]:
    """What the registration calls first, in one batch."""
    return [tenant.organization(), *([teams.some_user_configuration()] if teams_too else [])]


def told_of_calls(outcomes: Sequence[Outcome[Any]], tenant_id: str) -> tuple[str, tuple[Looked, ...]]:
    """The tenant's name and what to show of the first calls. Raises their errors, and OtherTenant."""
    organization, first = outcomes[0].get(), outcomes[0].answer
    if organization.tenant_id != tenant_id:
        raise OtherTenant
    words = f"It read the organization's name: {organization.name}."
    looks = [Looked(Look.FIRST_CALL, True, words, first.seconds, first.request_id)]
    for outcome in outcomes[1:]:
        outcome.get()
        answer = outcome.answer
        looks.append(Looked(Look.TEAMS_READ, True, TEAMS_WAS_READ, answer.seconds, answer.request_id))
    return str(organization.name), tuple(looks)


def _keys(steps: Sequence[Step]) -> frozenset[str]:
    return frozenset(step.key for step in steps)
