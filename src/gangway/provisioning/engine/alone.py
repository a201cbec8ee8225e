"""Proving with nothing but the registration's own sign-in: nobody's delegated token is needed.

It is what can be done while a run rests: Microsoft is still copying, or another administrator has to act. What the
registration may read of itself is read back; the rest is proved by its fresh token's claims, and the proof says which.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gangway.foundation.ids import AppId, ObjectId
from gangway.microsoft.cloud import Cloud
from gangway.microsoft.errors import Forbidden, MicrosoftError, Missing
from gangway.microsoft.graph import grants, units
from gangway.microsoft.graph.grants import WHOLE_TENANT
from gangway.microsoft.graph.shapes import RoleAssignment, Unit
from gangway.microsoft.patience import Patience
from gangway.microsoft.signin.client_credentials import AppToken
from gangway.microsoft.signin.own_credentials import OwnCredential
from gangway.provisioning.engine.blueprint import Blueprint
from gangway.provisioning.engine.ports import How, Look, Looked, OwnSignIn, Proofs
from gangway.provisioning.engine.steps.roles import key_of
from gangway.provisioning.engine.verify import (
    NOT_CALLED_YET,
    SIGNED_IN,
    first_calls,
    not_allowed_yet,
    not_known_everywhere,
    reads_teams,
    told_of_calls,
    wanted_permissions,
    wanted_roles,
)
from gangway.provisioning.engine.wider import not_satisfied

OWN_WORDS: Final = "Read by the registration itself, as far as its own rights allow."


@dataclass(frozen=True)
class Standing:
    """What one look showed. `missing`: keys of the rights that are not in the fresh token, as steps spell them."""

    missing: tuple[str, ...]
    rights: Mapping[str, How]
    tenant_name: str = ""
    looks: tuple[Looked, ...] = field(default=(), repr=False)

    @property
    def proofs(self) -> Proofs:
        """Every right that is there, and how we know."""
        return Proofs(self.rights, self.tenant_name)


@dataclass(frozen=True)
class Alone:
    """A registration that looks at itself. `principal`: the object id of its enterprise application.

    `unit`: the administrative unit that limits roles, where a run found it; its name alone can't be compared.
    """

    blueprint: Blueprint
    cloud: Cloud
    tenant_id: str
    own: OwnSignIn
    app_id: AppId
    principal: ObjectId
    credential: OwnCredential
    patience: Patience
    unit: Unit | None = None

    async def look(self) -> Standing:
        """One look: two fresh tokens at the same time, then one batch. Raises the MicrosoftError of what failed.

        With rights missing nothing is called: it would be refused, and that would say nothing new.
        """
        graph, teams = await self._tokens()
        missing = self._missing(graph, teams)
        looks = [Looked(Look.GRAPH_TOKEN, not missing, SIGNED_IN, graph.seconds, graph.request_id)]
        if self.blueprint.services:
            looks.append(Looked(Look.TEAMS_TOKEN, not missing, NOT_CALLED_YET, teams.seconds, teams.request_id))
        if missing:
            return Standing(missing, self._how(missing, frozenset()), looks=tuple(looks))
        rows, name, called = await self._calls(graph)
        unseen = () if rows is None else tuple(self._unseen(rows))
        return Standing(unseen, self._how(unseen, self._held(rows or ())), name, (*looks, *called))

    async def prove(self) -> Standing | None:
        """Several good looks in a row; None when the patience ends before. What is refused for good is raised."""
        good = 0
        ends = self.patience.ticks() + self.patience.deadline
        while True:
            standing = await self._look_through_lag()
            good = good + 1 if standing is not None and not standing.missing else 0
            if standing is not None and good >= self.patience.good_in_a_row:
                return standing
            if self.patience.ticks() + self.patience.first_wait > ends:
                return None
            await self.patience.sleep(self.patience.first_wait)

    async def _look_through_lag(self) -> Standing | None:
        try:
            return await self.look()
        except MicrosoftError as error:
            if not_known_everywhere(error) or not_allowed_yet(error):
                return None
            raise

    async def _tokens(self) -> tuple[AppToken, AppToken]:
        """One for Graph and one for Teams; a registration that has nothing to do in Teams asks for no token there."""
        if not self.blueprint.services:
            only = await self._token(self.cloud.graph_scope)
            return only, only
        graph, teams = await asyncio.gather(
            self._token(self.cloud.graph_scope), self._token(self.cloud.teams_scope), return_exceptions=True
        )
        if isinstance(graph, BaseException):
            raise graph
        if isinstance(teams, BaseException):
            raise teams
        return graph, teams

    async def _token(self, scope: str) -> AppToken:
        return await self.own.token(app_id=self.app_id, credential=self.credential, scope=scope)

    async def _calls(self, token: AppToken) -> tuple[Sequence[RoleAssignment] | None, str, Sequence[Looked]]:
        """The roles as the registration reads them itself (None: it may not), the tenant's name, and what to show."""
        wanted = first_calls(teams_too=reads_teams(self.blueprint, frozenset()))
        outcomes = await self.own.graph(token.text).batch([*wanted, grants.roles_of(self.principal)])
        name, looks = told_of_calls(outcomes[:-1], self.tenant_id)
        roles = outcomes[-1]
        if isinstance(roles.error, (Forbidden, Missing)):
            return None, name, looks
        read = Looked(Look.READ_BACK, True, OWN_WORDS, roles.answer.seconds, roles.answer.request_id)
        return roles.get(), name, (*looks, read)

    def _missing(self, graph: AppToken, teams: AppToken) -> tuple[str, ...]:
        wanted = wanted_permissions(self.blueprint, frozenset())
        held = {f"grant:{value}" for value in wanted - not_satisfied(wanted, graph.claims.roles)}
        held |= {f"role:{role}" for role in graph.claims.wids & teams.claims.wids}
        return tuple(key for key in self._keys() if key not in held)

    def _keys(self) -> list[str]:
        permissions = [f"grant:{value}" for value in sorted(wanted_permissions(self.blueprint, frozenset()))]
        return [*permissions, *(f"role:{role}" for role in sorted(wanted_roles(self.blueprint, frozenset())))]

    def _unseen(self, rows: Sequence[RoleAssignment]) -> Iterator[str]:
        """The roles for one administrative unit that it was read without: these stand in no token.

        While nobody knows which unit is meant, one for any unit may be it.
        """
        held, somewhere = self._held(rows), {row.role_id for row in rows}
        for role in self.blueprint.roles:
            key, unsure = key_of(role, limited=True), self.unit is None and role.template_id in somewhere
            if self.blueprint.is_limited(role) and key not in held and not unsure:
                yield key

    def _held(self, rows: Sequence[RoleAssignment]) -> frozenset[str]:
        """The wanted roles among these. Who has one in the whole tenant has it in each of its units as well."""
        given, found = {(row.role_id, row.scope) for row in rows}, set()
        for role in self.blueprint.roles:
            limited, scopes = self.blueprint.is_limited(role), {WHOLE_TENANT}
            scopes |= {units.scope_of(self.unit)} if limited and self.unit else set()
            if any((role.template_id, scope) in given for scope in scopes):
                found.add(key_of(role, limited=limited))
        return frozenset(found)

    def _how(self, missing: Sequence[str], read: frozenset[str]) -> dict[str, How]:
        """Roles that were read back say so; a permission is never read back here, its claim is the proof."""
        how: dict[str, How] = {key: "token_claim" for key in self._keys() if key not in missing}
        return how | dict.fromkeys(read - set(missing), "read_back")
